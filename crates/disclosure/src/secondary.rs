//! Secondary suppression: the further counts that are hidden so that nobody can compute the primary
//! ones.

use super::certificate::Certificate;
use super::circuits::{Candidates, Circuit, Priced, Search};
use super::edition::Hidden;
use super::editions::Editions;
use super::figures::{Measure, Shift};
use super::interval::{Interval, protection_levels};
use super::table_shape::Cell;

/// The shifts, in the order of their candidates.
const SHIFTS: [Shift; 5] = [
    Shift::Alone(Measure::Pupils),
    Shift::Alone(Measure::Girls),
    Shift::WithPupils(Measure::Girls),
    Shift::Alone(Measure::Priority),
    Shift::WithPupils(Measure::Priority),
];

/// The suppression under way.
pub struct Suppression<'a> {
    editions: Editions<'a>,
    /// What is known of the cells, for each shift: by whoever knows which figures did not change
    /// since the edition before, as numbers of reports tell; and by whoever does not.
    candidates: [[(Shift, Candidates<'a>); 5]; 2],
    unproved: Hidden,
}

impl<'a> Suppression<'a> {
    /// Of the last of these editions, where its primary suppressions are all that is hidden yet.
    pub fn new(editions: Editions<'a>) -> Self {
        let candidates =
            |strictly| SHIFTS.map(|shift| (shift, editions.candidates(shift, strictly)));
        Self {
            candidates: [candidates(true), candidates(false)],
            editions,
            unproved: Hidden::new(),
        }
    }

    /// Hides what the guarantee needs: everything hidden, all certificates, and what lacks one.
    pub fn run(mut self) -> (Hidden, Vec<Certificate>, Hidden) {
        self.protect_current();
        self.protect_earlier();
        let (hidden, certificates) = self.editions.into_result();
        (hidden, certificates, self.unproved)
    }

    /// Finds a circuit for each hidden cell of the new edition: pupils first, for what is hidden of
    /// them is free to the circuits of their parts; the most detailed cells first, for theirs hide
    /// the least.
    fn protect_current(&mut self) {
        for measure in Measure::ALL {
            let all = self.editions.hidden_now().iter().rev();
            let of_measure = all.filter(|(own, _)| *own == measure);
            let cells: Vec<usize> = of_measure.map(|(_, cell)| *cell).collect();
            for cell in cells {
                // What was hidden before and is 0 now is no group any more.
                let is_group = self.editions.now().of(cell).of(measure) > 0;
                if is_group
                    && !self
                        .editions
                        .is_protected(measure, cell, self.editions.last())
                {
                    self.protect_one(measure, cell);
                }
            }
        }
    }

    fn protect_one(&mut self, measure: Measure, cell: usize) {
        let mut candidates = self.candidates.iter();
        match candidates.find_map(|known| self.cheapest(known, Shift::of(measure), cell)) {
            Some(circuit) => self.suppress(circuit),
            None => self.hide_above(measure, cell),
        }
    }

    /// The cheapest circuit through a cell that nothing known contradicts.
    fn cheapest(
        &self,
        known: &[(Shift, Candidates<'a>)],
        shifts: &[Shift],
        cell: usize,
    ) -> Option<Circuit> {
        let mut found: Vec<(Interval, Shift, Priced)> = Vec::new();
        for (shift, candidates) in known.iter().filter(|(one, _)| shifts.contains(one)) {
            for levels in protection_levels(self.editions.protection()) {
                let through = Search { candidates, levels }.through(cell);
                found.extend(through.into_iter().map(|priced| (levels, *shift, priced)));
            }
        }
        found.sort_by_key(|(_, _, priced)| (priced.cost, priced.plus.len() + priced.minus.len()));
        let circuits = found.into_iter().map(|(levels, shift, priced)| {
            let (plus, minus) = (priced.plus, priced.minus);
            (levels, Circuit { shift, plus, minus })
        });
        let last = self.editions.last();
        let mut admitted = circuits
            .filter(|(levels, one)| self.editions.admits(one, (last, last), *levels))
            .map(|(_, one)| one);
        admitted.next()
    }

    /// Hides the cells of a circuit, which protects them.
    fn suppress(&mut self, circuit: Circuit) {
        for (cell, _) in circuit.cells() {
            for measure in circuit.shift.measures() {
                self.hide(measure, cell);
            }
        }
        self.editions.add(Certificate {
            circuit,
            first: self.editions.last(),
            closed: None,
        });
    }

    fn hide(&mut self, measure: Measure, cell: usize) {
        if self.editions.hide(measure, cell) {
            let figure = self.editions.now().of(cell).of(measure);
            let known = self.candidates.iter_mut().flatten();
            for (_, candidates) in known.filter(|(shift, _)| shift.has(measure)) {
                if let Some(cost) = candidates.cost.get_mut(cell) {
                    *cost -= figure;
                }
            }
        }
    }

    /// Without a circuit: what the cell is a part of is hidden, as far as the total, and said to be
    /// unproved.
    fn hide_above(&mut self, measure: Measure, cell: usize) {
        self.unproved.insert((measure, cell));
        let shape = self.editions.shape();
        let of_academy = |academy| [Cell::Academy(academy), Cell::Region(shape.region(academy))];
        let mut above = vec![Cell::Total];
        match shape.cell(cell) {
            Cell::Academy(academy) => above.extend(of_academy(academy)),
            Cell::Cross(dimension, academy, value) => {
                above.extend(of_academy(academy));
                above.push(Cell::Value(dimension, value));
            }
            Cell::Total | Cell::Region(_) | Cell::Value(..) => {}
        }
        for cell in above {
            let number = shape.number(cell);
            if self.editions.now().of(number).of(measure) > 0 {
                self.hide(measure, number);
            }
        }
    }

    /// The counts that earlier editions hide stay protected, whatever the new one shows: where a
    /// correction narrowed their intervals, the new edition is lifted out of their way.
    fn protect_earlier(&mut self) {
        for (edition, measure, cell) in self.editions.hidden_earlier() {
            if self.editions.is_protected(measure, cell, edition) {
                continue;
            }
            match self.editions.without_last(measure, cell, edition) {
                Some(certificate) => self.lift(certificate),
                None => {
                    self.unproved.insert((measure, cell));
                }
            }
        }
    }

    /// Hides in the new edition a circuit upwards through each cell of a certificate of the earlier
    /// ones, so that these can shift without the new figures.
    fn lift(&mut self, certificate: Certificate) {
        let upwards = match certificate.circuit.shift {
            Shift::Alone(Measure::Pupils) => Shift::Alone(Measure::Pupils),
            Shift::Alone(part) | Shift::WithPupils(part) => Shift::WithPupils(part),
        };
        let levels = Interval {
            down: 0,
            up: self.editions.protection(),
        };
        for (cell, _) in certificate.circuit.cells() {
            if !self.editions.last_binds(&certificate.circuit, cell) {
                continue;
            }
            let mut known = self.candidates.iter().flatten();
            let lift = known.find_map(|(shift, candidates)| {
                let through = || Search { candidates, levels }.total_through(cell);
                (*shift == upwards).then(through).flatten()
            });
            let Some(Priced { plus, minus, .. }) = lift else {
                self.unproved.extend(
                    certificate
                        .circuit
                        .shift
                        .measures()
                        .map(|measure| (measure, cell)),
                );
                continue;
            };
            self.suppress(Circuit {
                shift: upwards,
                plus,
                minus,
            });
        }
        let closed = Some(self.editions.last().saturating_sub(1));
        self.editions.add(Certificate {
            closed,
            ..certificate
        });
    }
}
