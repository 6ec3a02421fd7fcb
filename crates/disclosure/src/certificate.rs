//! Certificates: circuits that prove that a number cannot be told.

use std::collections::BTreeMap;

use crate::counts::Shift;
use crate::network::Step;
use crate::room::{Editions, Room};

/// Where a circuit shifts up (1) and down (-1).
pub type Circuit = BTreeMap<usize, i64>;

/// A circuit through these cells.
pub fn circuit(steps: &[Step]) -> Circuit {
    steps
        .iter()
        .map(|(cell, is_up)| (*cell, if *is_up { 1 } else { -1 }))
        .collect()
}

/// Consecutive editions, each shifted along a circuit: all that is told stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The number of the shift, among all.
    pub shift: usize,
    /// The first edition shifted.
    pub first: usize,
    /// The circuit of each edition from there on; it ends where the next edition has none.
    pub circuits: Vec<Circuit>,
    /// How far it can be shifted.
    pub(crate) room: Room,
}

impl Certificate {
    /// One that was found for earlier editions, and has this much room in them.
    pub fn kept(shift: usize, first: usize, circuits: Vec<Circuit>, down: i64, up: i64) -> Self {
        Self {
            shift,
            first,
            circuits,
            room: Room { down, up },
        }
    }

    /// How far down and up it can be shifted.
    pub const fn room(&self) -> (i64, i64) {
        (self.room.down, self.room.up)
    }

    /// Along the same circuit in several editions.
    pub(crate) fn along(
        circuit: &Circuit,
        shift: (usize, &Shift),
        span: (usize, usize),
        editions: &Editions,
    ) -> Self {
        let circuits = vec![circuit.clone(); span.1 + 1 - span.0];
        let mut certificate = Self {
            shift: shift.0,
            first: span.0,
            circuits,
            room: Room::FREE,
        };
        let mut before = Circuit::new();
        let none = Circuit::new();
        for edition in span.0..=(span.1 + 1).min(editions.last()) {
            let now = if edition <= span.1 { circuit } else { &none };
            certificate.room = certificate
                .room
                .and(editions.room_of(shift.1, edition, &before, now));
            before.clone_from(now);
        }
        certificate
    }

    /// By how much it shifts a cell of an edition.
    pub fn moves(&self, edition: usize, cell: usize) -> i64 {
        let circuit = edition
            .checked_sub(self.first)
            .and_then(|place| self.circuits.get(place));
        circuit
            .and_then(|circuit| circuit.get(&cell))
            .copied()
            .unwrap_or_default()
    }

    /// The circuit of an edition.
    pub(crate) fn circuit(&self, edition: usize) -> Option<&Circuit> {
        edition
            .checked_sub(self.first)
            .and_then(|place| self.circuits.get(place))
    }

    /// All its cells.
    pub fn cells(&self) -> Vec<usize> {
        let mut cells: Vec<usize> = self
            .circuits
            .iter()
            .flat_map(|one| one.keys().copied())
            .collect();
        cells.sort_unstable();
        cells.dedup();
        cells
    }
}
