//! How the certificates of earlier editions go on to a new one.

use std::collections::BTreeSet;

use crate::certificate::{Certificate, Circuit};
use crate::counts::Shift;
use crate::room::Room;
use crate::search::MARGIN;
use crate::suppression::{Suppression, Target};

/// Detours of one certificate in one edition.
const MOST_DETOURS: usize = 8;

/// How a certificate goes on to a new edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Along the same circuit, whose cells are hidden anyway.
    Free,
    /// Along the cheapest circuit found.
    Cheapest,
    /// Around what has no room left.
    Detour,
}

impl Suppression<'_> {
    /// Certificates that were open end, where they can; else they go on, if something needs them.
    pub(crate) fn go_on(&mut self, kept: Vec<Certificate>) {
        let last = self.editions.last();
        let Some(before) = last.checked_sub(1) else {
            return;
        };
        let protected = kept.iter().flat_map(|one| self.targets_of(one, before));
        self.due = protected.collect();
        let mut open = Vec::new();
        for mut certificate in kept {
            let Some(circuit) = certificate.circuit(before).cloned() else {
                self.add(certificate);
                continue;
            };
            let room = self.step(&certificate, &circuit, &Circuit::new());
            if self.is_enough(room) {
                certificate.room = room;
                self.add(certificate);
            } else {
                open.push((certificate, circuit));
            }
        }
        // What costs nothing first, then what does, then what needs a detour.
        for way in [Way::Free, Way::Cheapest, Way::Detour] {
            open.retain(|(certificate, circuit)| {
                let is_needed = self
                    .targets_of(certificate, before)
                    .into_iter()
                    .any(|target| !self.is_protected(target));
                !(is_needed && self.extend(certificate, circuit, way))
            });
        }
    }

    /// How far a certificate can go if the new edition is shifted along this circuit.
    fn step(&self, certificate: &Certificate, before: &Circuit, now: &Circuit) -> Room {
        let shift = self.shifts.get(certificate.shift);
        let room = shift.map_or(Room::NONE, |shift| {
            self.editions
                .room_of(shift, self.editions.last(), before, now)
        });
        certificate.room.and(room)
    }

    /// Lets a certificate go on to the new edition, whose cells are hidden then.
    fn extend(&mut self, certificate: &Certificate, before: &Circuit, way: Way) -> bool {
        let Some(moved) = self.shifts.get(certificate.shift).map(|shift| shift.moved) else {
            return false;
        };
        let is_free = |now: &Circuit| now.keys().all(|cell| self.cost(*cell, moved) == 0);
        let now = match way {
            Way::Free => Some(before.clone()).filter(is_free),
            Way::Cheapest => self
                .detour(certificate, before, true)
                .or_else(|| Some(before.clone())),
            Way::Detour => self.detour(certificate, before, false),
        };
        let Some(now) = now else {
            return false;
        };
        let room = self.step(certificate, before, &now);
        if !self.is_enough(room) {
            return false;
        }
        now.keys().for_each(|cell| self.hide(*cell, moved));
        let mut longer = Certificate {
            room,
            ..certificate.clone()
        };
        longer.circuits.push(now);
        self.add(longer);
        true
    }

    /// What a certificate protects up to an edition.
    fn targets_of(&self, certificate: &Certificate, up_to: usize) -> Vec<Target> {
        let Some(shift) = self.shifts.get(certificate.shift) else {
            return Vec::new();
        };
        let moved = self
            .quantities
            .iter()
            .enumerate()
            .filter(|(_, one)| one.moved_by(shift) != 0);
        let moved: Vec<usize> = moved.map(|(quantity, _)| quantity).collect();
        let each = certificate
            .cells()
            .into_iter()
            .flat_map(|cell| moved.iter().map(move |quantity| (cell, *quantity)));
        let mut targets: Vec<Target> = each
            .flat_map(|(cell, quantity)| self.targets_in(cell, quantity, up_to))
            .collect();
        targets.retain(|target| target.is_moved(|edition| certificate.moves(edition, target.cell)));
        targets
    }

    /// A circuit that keeps clear of the cells which a correction has left no room in; or, to tell
    /// what it can, of those that one would have to hide for it.
    fn detour(
        &self,
        certificate: &Certificate,
        before: &Circuit,
        is_cheap: bool,
    ) -> Option<Circuit> {
        let shift = self.shifts.get(certificate.shift)?;
        let levels = (0..self.threshold).map(|down| Room {
            down,
            up: self.threshold - 1 - down,
        });
        let mut levels = levels.filter(|levels| certificate.room.covers(*levels));
        levels.find_map(|levels| {
            let detour = Detour {
                suppression: self,
                shift,
                before,
                levels,
                is_cheap,
                now: before.clone(),
                kept: BTreeSet::new(),
            };
            detour.find()
        })
    }
}

/// A circuit on its way around some cells.
struct Detour<'a, 'b> {
    suppression: &'a Suppression<'b>,
    shift: &'a Shift,
    /// That of the edition before.
    before: &'a Circuit,
    /// How far it must be possible to shift.
    levels: Room,
    /// Whether dear cells are left, too.
    is_cheap: bool,
    now: Circuit,
    /// Dear cells that it cannot leave at a better price.
    kept: BTreeSet<usize>,
}

fn of(circuit: &Circuit, cell: usize) -> i64 {
    circuit.get(&cell).copied().unwrap_or_default()
}

impl Detour<'_, '_> {
    fn find(mut self) -> Option<Circuit> {
        for _ in 0..MOST_DETOURS {
            let Some((cell, most)) = self.next() else {
                return Some(self.now);
            };
            if !self.leave(cell, most) {
                // What has no room must be left, what is dear need not.
                if most == i64::MAX {
                    return None;
                }
                self.kept.insert(cell);
            }
        }
        None
    }

    fn has_room(&self, cell: usize, sum: i64) -> bool {
        let editions = &self.suppression.editions;
        let room = editions.room(
            self.shift,
            editions.last(),
            cell,
            of(self.before, cell),
            sum,
        );
        room.covers(self.levels)
    }

    fn cost(&self, cell: usize) -> i64 {
        self.suppression.cost(cell, self.shift.moved)
    }

    /// The next cell to leave, and at what price.
    fn next(&self) -> Option<(usize, i64)> {
        let mut cells = self.now.keys().copied();
        if let Some(full) = cells.find(|cell| !self.has_room(*cell, of(&self.now, *cell))) {
            return Some((full, i64::MAX));
        }
        let others = self
            .now
            .keys()
            .copied()
            .filter(|cell| self.is_cheap && !self.kept.contains(cell));
        let dearest = others
            .map(|cell| (cell, self.cost(cell)))
            .max_by_key(|(_, cost)| *cost);
        dearest.filter(|(_, cost)| *cost >= MARGIN)
    }

    /// Adds the cheapest circuit that goes through the cell the other way.
    fn leave(&mut self, cell: usize, most: i64) -> bool {
        let back = of(&self.now, cell) < 0;
        let sign = |is_up: bool| if is_up == back { 1 } else { -1 };
        let price = |cell: usize, is_up: bool| {
            let sum = of(&self.now, cell) + sign(is_up);
            let is_open = sum.abs() <= 1 && self.has_room(cell, sum);
            is_open.then(|| if sum == 0 { 0 } else { self.cost(cell) })
        };
        let circuits = &self.suppression.circuits;
        let path = circuits.within_tables(cell, &price, most);
        let Some(path) = path.or_else(|| circuits.across_tables(cell, &price, most)) else {
            return false;
        };
        for (cell, is_up) in path.steps {
            *self.now.entry(cell).or_default() += sign(is_up);
        }
        self.now.retain(|_, sign| *sign != 0);
        true
    }
}
