//! The search for the cheapest circuit through a number.

use crate::certificate::{Certificate, circuit};
use crate::counts::{Measure, Measures, Quantity, Shift};
use crate::network::Path;
use crate::room::{Room, Span};
use crate::suppression::{Suppression, Target};
use crate::table_shape::Cell;

/// Whatever is not a margin that people look at first costs less.
pub const MARGIN: i64 = 10_000;
/// The total is the last resort.
const TOTAL: i64 = 10_000_000;

impl Suppression<'_> {
    /// Finds the cheapest circuit through a number, and hides its cells.
    pub(crate) fn protect(&mut self, target: Target) -> bool {
        let Some((path, shift, span)) = self.cheapest(target) else {
            return false;
        };
        self.take(&path, shift, span);
        true
    }

    /// The editions that a circuit can shift to protect a number.
    fn spans(&self, target: Target, quantity: &Quantity) -> Vec<Span> {
        let last = self.editions.last();
        let from = target.since.unwrap_or(target.edition);
        let begun = self
            .editions
            .untold_since(quantity.measure, target.cell, from);
        let spans = (begun..=target.edition)
            .flat_map(|first| (first.max(from)..=last).map(move |end| (first, end)));
        let moves = |span: &Span| {
            target.is_moved(|edition| i64::from((span.0..=span.1).contains(&edition)))
        };
        spans.filter(moves).collect()
    }

    /// Of all shifts and spans, within the tables or, where only margins could be hidden, across them.
    fn cheapest(&mut self, target: Target) -> Option<(Path, usize, Span)> {
        let quantity = *self.quantities.get(target.quantity)?;
        let moves = |number: &usize| {
            self.shifts
                .get(*number)
                .is_some_and(|shift| quantity.moved_by(shift) != 0)
        };
        let shifts: Vec<usize> = (0..self.shifts.len()).filter(moves).collect();
        let spans = self.spans(target, &quantity);
        let mut best: Option<(Path, usize, Span)> = None;
        for across in [false, true] {
            for (shift, span) in shifts
                .iter()
                .flat_map(|shift| spans.iter().map(move |span| (*shift, *span)))
            {
                let most = best.as_ref().map_or(i64::MAX, |(path, ..)| path.cost);
                if let Some(path) = self.search(target.cell, shift, span, most, across) {
                    best = Some((path, shift, span));
                }
            }
            if best.as_ref().is_some_and(|(path, ..)| path.cost < MARGIN) {
                break;
            }
        }
        best
    }

    /// Hides the cells of a path; whatever else can be shifted along it is protected as well.
    fn take(&mut self, path: &Path, shift: usize, span: Span) {
        let last = self.editions.last();
        if span.1 == last {
            let moved = self
                .shifts
                .get(shift)
                .map(|shift| shift.moved)
                .unwrap_or_default();
            for (cell, _) in &path.steps {
                self.hide(*cell, moved);
            }
        }
        let circuit = circuit(&path.steps);
        for other in 0..self.shifts.len() {
            let Some(shift) = self.shifts.get(other) else {
                continue;
            };
            let is_untold =
                |cell: &usize| self.editions.is_untold(shift, *cell, span.0..span.1 + 1);
            if circuit.keys().all(is_untold) {
                let certificate =
                    Certificate::along(&circuit, (other, shift), span, &self.editions);
                if self.is_enough(certificate.room) {
                    self.add(certificate);
                }
            }
        }
    }

    /// The cheapest path through a cell, however far down and up.
    fn search(
        &mut self,
        cell: usize,
        shift: usize,
        span: Span,
        most: i64,
        across: bool,
    ) -> Option<Path> {
        if !self.rooms.contains_key(&(shift, span)) {
            let own = self.shifts.get(shift)?;
            let room = |cell| self.room_to_search(own, cell, span);
            let rooms = (0..self.shape.size()).map(room).collect();
            self.rooms.insert((shift, span), rooms);
        }
        let rooms = self.rooms.get(&(shift, span))?;
        let moved = self.shifts.get(shift)?.moved;
        let is_now = span.1 == self.editions.last();
        let mut best: Option<Path> = None;
        for down in 0..self.threshold {
            let levels = Room {
                down,
                up: self.threshold - 1 - down,
            };
            let price = |number: usize, is_up: bool| {
                let room = rooms.get(number).copied().unwrap_or(Room::NONE);
                let room = if is_up { room } else { room.times(-1) };
                room.covers(levels)
                    .then(|| if is_now { self.cost(number, moved) } else { 0 })
            };
            let most = best.as_ref().map_or(most, |path| path.cost);
            let found = if across {
                self.circuits.across_tables(cell, &price, most)
            } else {
                self.circuits.within_tables(cell, &price, most)
            };
            best = found.filter(|path| path.cost < most).or(best);
        }
        best
    }

    /// How far a cell can be shifted if it is hidden in the new edition too.
    fn room_to_search(&self, shift: &Shift, cell: usize, span: Span) -> Room {
        let last = self.editions.last();
        let before = span.0..(span.1 + 1).min(last);
        if !self.editions.is_untold(shift, cell, before) {
            return Room::NONE;
        }
        let editions = span.0..=(span.1 + 1).min(last);
        let is_shifted = |edition: usize| i64::from((span.0..=span.1).contains(&edition));
        let before = |edition: usize| edition.checked_sub(1).map_or(0, is_shifted);
        let rooms = editions.map(|one| {
            self.editions
                .room(shift, one, cell, before(one), is_shifted(one))
        });
        rooms.fold(Room::FREE, Room::and)
    }

    /// What it costs to hide these measures of a cell in the new edition.
    pub(crate) fn cost(&self, cell: usize, measures: Measures) -> i64 {
        let last = self.editions.last();
        let (untold, counts) = (self.untold(last, cell), self.counts(last, cell));
        if untold.has_all(measures) {
            return 0;
        }
        let price = match self.shape.cell(cell) {
            Cell::Total => TOTAL,
            Cell::Region(_) | Cell::Academy(_) => MARGIN,
            Cell::Value(dimension, _) if self.shape.is_headline(dimension) => MARGIN,
            Cell::Value(..) => 3,
            Cell::Cross(..) => 1,
        };
        let mut cost = 1;
        for quantity in self
            .quantities
            .iter()
            .filter(|one| one.is_published && measures.has(one.measure))
        {
            if untold.has(quantity.measure) {
                continue;
            }
            let value = quantity.value(&counts);
            cost += if quantity.measure == Measure::Pupils {
                4 * value
            } else {
                value
            };
        }
        cost * price
    }
}
