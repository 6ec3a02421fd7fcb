//! Which measures of a new edition are not told.

use std::collections::{BTreeMap, BTreeSet};

use crate::certificate::Certificate;
use crate::circuits::Circuits;
use crate::counts::{Counts, Measure, Measures, Quantity, Shift};
use crate::edition::Change;
use crate::room::{Editions, Room, Span};
use crate::table_shape::TableShape;

/// A number that must not be found: what a cell counts of a quantity in an edition, or by how much that
/// has changed since an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    pub(crate) cell: usize,
    pub(crate) quantity: usize,
    pub(crate) edition: usize,
    pub(crate) since: Option<usize>,
}

impl Target {
    /// Whether what shifts its cell by so much in each edition shifts it.
    pub(crate) fn is_moved(self, moves: impl Fn(usize) -> i64) -> bool {
        moves(self.edition) != self.since.map_or(0, moves)
    }
}

/// The decision on a new edition.
pub struct Suppression<'a> {
    pub(crate) shape: &'a TableShape,
    pub(crate) circuits: Circuits<'a>,
    pub(crate) editions: Editions,
    pub(crate) quantities: Vec<Quantity>,
    pub(crate) shifts: Vec<Shift>,
    pub(crate) certificates: Vec<Certificate>,
    /// The certificates through each cell.
    pub(crate) through: BTreeMap<usize, Vec<usize>>,
    /// How far each shift of a span can go in each cell.
    pub(crate) rooms: BTreeMap<(usize, Span), Vec<Room>>,
    /// What the certificates of the earlier editions protect: they, or others, must go on to.
    pub(crate) due: BTreeSet<Target>,
    pub(crate) threshold: i64,
}

impl<'a> Suppression<'a> {
    /// Of the last of these editions.
    pub fn new(shape: &'a TableShape, editions: Editions, threshold: i64) -> Self {
        let is_counted = |cell: usize| {
            (0..=editions.last()).any(|one| {
                editions
                    .get(one)
                    .is_some_and(|one| one.counts(cell) != Counts::default())
            })
        };
        Self {
            shape,
            circuits: Circuits::new(shape, is_counted),
            quantities: Quantity::all(),
            shifts: Shift::all(),
            certificates: Vec::new(),
            through: BTreeMap::new(),
            rooms: BTreeMap::new(),
            due: BTreeSet::new(),
            threshold,
            editions,
        }
    }

    /// Hides what is to be hidden for itself, goes on with the certificates there are, and finds
    /// others for what they do not protect. What nothing protects is left over.
    pub fn run(&mut self, kept: Vec<Certificate>) -> BTreeSet<Target> {
        self.hide_small();
        self.go_on(kept);
        let mut unproved = BTreeSet::new();
        loop {
            let open: Vec<Target> = self.targets(&unproved);
            if open.is_empty() {
                return unproved;
            }
            for target in open {
                if !self.is_protected(target) && !self.protect(target) {
                    unproved.insert(target);
                }
            }
        }
    }

    /// Tells nothing new of the measures of these: of what changed, nobody learns anything. What is
    /// found then for them protects them; the rest is told how many there are.
    pub fn hold(&mut self, unproved: &BTreeSet<Target>) -> usize {
        let measures = unproved
            .iter()
            .filter_map(|target| self.quantities.get(target.quantity));
        let held = measures.fold(Measures::default(), |held, one| held.with(one.measure));
        for cell in 0..self.shape.size() {
            self.hide(cell, held);
        }
        let open = unproved
            .iter()
            .filter(|target| !self.is_protected(**target) && !self.protect(**target));
        open.count()
    }

    /// The editions and the certificates found.
    pub fn into_parts(self) -> (Editions, Vec<Certificate>) {
        (self.editions, self.certificates)
    }

    pub(crate) fn counts(&self, edition: usize, cell: usize) -> Counts {
        self.editions
            .get(edition)
            .map(|one| one.counts(cell))
            .unwrap_or_default()
    }

    pub(crate) fn untold(&self, edition: usize, cell: usize) -> Measures {
        self.editions
            .get(edition)
            .map(|one| one.untold(cell))
            .unwrap_or_default()
    }

    pub(crate) fn hide(&mut self, cell: usize, measures: Measures) {
        if self.is_as_before(cell) || self.counts(self.editions.last(), cell).is_empty() {
            return;
        }
        let own = self
            .editions
            .new_one()
            .and_then(|one| one.untold.get_mut(cell));
        if let Some(own) = own {
            *own = Measure::ALL
                .into_iter()
                .filter(|one| measures.has(*one))
                .fold(*own, Measures::with);
        }
    }

    fn set(&mut self, cell: usize, untold: Measures) {
        if let Some(own) = self
            .editions
            .new_one()
            .and_then(|one| one.untold.get_mut(cell))
        {
            *own = untold;
        }
    }

    /// Whether everyone knows that a cell is in the new edition what it was in the one before.
    fn is_as_before(&self, cell: usize) -> bool {
        let last = self.editions.last();
        last > 0 && self.editions.change(last, cell) == Change::None
    }

    /// Whether everyone knows that a cell is what an edition before told of it.
    fn is_known(&self, edition: usize, cell: usize, measure: Measure) -> bool {
        let before = edition.checked_sub(1).map(|one| self.untold(one, cell));
        before.is_some_and(|untold| !untold.has(measure))
            && self.editions.change(edition, cell) == Change::None
    }

    /// Small counts, small changes since they were told, and what has not changed since it was not.
    fn hide_small(&mut self) {
        let last = self.editions.last();
        for cell in 0..self.shape.size() {
            if self.is_as_before(cell) {
                // As known, and as little known.
                self.set(cell, self.untold(last - 1, cell));
                continue;
            }
            let counts = self.counts(last, cell);
            let mut untold = Measures::default();
            for quantity in &self.quantities {
                let measure = quantity.measure;
                let value = quantity.value(&counts);
                let is_small = |value: i64| (1..self.threshold).contains(&value.abs());
                let is_near = |edition: usize| {
                    let is_told = !self.untold(edition, cell).has(measure);
                    is_told && is_small(value - quantity.value(&self.counts(edition, cell)))
                };
                if (value > 0 && is_small(value)) || (0..last).any(is_near) {
                    untold = untold.with(measure);
                }
            }
            self.hide(cell, untold);
        }
    }

    pub(crate) fn is_enough(&self, room: Room) -> bool {
        room.down.saturating_add(room.up) >= self.threshold - 1
    }

    pub(crate) fn add(&mut self, certificate: Certificate) {
        let number = self.certificates.len();
        for cell in certificate.cells() {
            self.through.entry(cell).or_default().push(number);
        }
        self.certificates.push(certificate);
    }

    /// What must not be found of a cell up to an edition.
    pub(crate) fn targets_in(&self, cell: usize, quantity: usize, up_to: usize) -> Vec<Target> {
        let Some(own) = self.quantities.get(quantity).filter(|one| one.is_protected) else {
            return Vec::new();
        };
        let is_untold = |edition: &usize| {
            self.untold(*edition, cell).has(own.measure)
                && !self.is_known(*edition, cell, own.measure)
        };
        let value = |edition| own.value(&self.counts(edition, cell));
        let mut targets = Vec::new();
        for edition in (0..=up_to).filter(is_untold) {
            if value(edition) > 0 || (own.is_published && !self.is_zero_above(edition, cell, own)) {
                targets.push(Target {
                    cell,
                    quantity,
                    edition,
                    since: None,
                });
            }
            let is_near = |since: &usize| {
                (1..self.threshold).contains(&(value(edition) - value(*since)).abs())
            };
            let others = (0..edition).filter(is_untold).filter(is_near);
            targets.extend(others.map(|since| Target {
                cell,
                quantity,
                edition,
                since: Some(since),
            }));
        }
        targets
    }

    /// Whether a margin that is told says that there is none.
    fn is_zero_above(&self, edition: usize, cell: usize, quantity: &Quantity) -> bool {
        self.shape.above(cell).into_iter().any(|above| {
            !self.untold(edition, above).has(quantity.measure)
                && quantity.value(&self.counts(edition, above)) == 0
        })
    }

    /// All that nothing protects yet: details first, whose circuits hide the least.
    fn targets(&self, without: &BTreeSet<Target>) -> Vec<Target> {
        let last = self.editions.last();
        let mut targets: Vec<Target> = self.due.iter().copied().collect();
        for quantity in 0..self.quantities.len() {
            for cell in (0..self.shape.size()).rev() {
                let own = self.targets_in(cell, quantity, last).into_iter();
                targets.extend(own.filter(|target| target.edition == last));
            }
        }
        targets.retain(|target| !without.contains(target) && !self.is_protected(*target));
        targets
    }

    pub(crate) fn is_protected(&self, target: Target) -> bool {
        let moves = |certificate: &Certificate| {
            let shift = self.shifts.get(certificate.shift);
            let quantity = self.quantities.get(target.quantity);
            shift
                .zip(quantity)
                .is_some_and(|(shift, quantity)| quantity.moved_by(shift) != 0)
        };
        let through = self.through.get(&target.cell).into_iter().flatten();
        let mut certificates = through.filter_map(|number| self.certificates.get(*number));
        certificates
            .any(|one| target.is_moved(|edition| one.moves(edition, target.cell)) && moves(one))
    }

    /// Tells zeros that nobody can doubt: a margin that is told says them.
    pub fn tell_zeros(&mut self) {
        let last = self.editions.last();
        for cell in 0..self.shape.size() {
            let untold = self.untold(last, cell);
            let counts = self.counts(last, cell);
            let all = self
                .quantities
                .iter()
                .filter(|one| one.is_published && untold.has(one.measure));
            let zeros =
                all.filter(|one| one.value(&counts) == 0 && self.is_zero_above(last, cell, one));
            let told = zeros.fold(untold, |untold, one| untold.without(one.measure));
            self.set(cell, told);
        }
    }
}
