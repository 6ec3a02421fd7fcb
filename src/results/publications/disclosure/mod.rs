//! Disclosure control: which figures of a publication are hidden.
//!
//! Pure: true figures in, hidden cells out, nothing read and nothing written. The model of attack,
//! the guarantee and its proof are in `docs/PUBLICATIONS.md`. In short: small counts are hidden;
//! for each hidden count a [`Move`] is found, as many further cells being hidden as it needs, that
//! shifts it by `threshold - 1` or more without changing anything shown, in this publication or in
//! the earlier ones of the year.

pub mod moves;
mod overlap;
pub mod room;
mod series;
pub mod shape;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub use moves::Move;
pub use room::{Counts, Figures, Measure, Shift};
use series::Series;
pub use series::Witness;
pub use shape::{Cell, Dimension, Shape};

use moves::{Board, Priced, Search};
use room::Room;

/// Cells hidden, each with the measure.
pub type Hidden = BTreeSet<(Measure, usize)>;

/// What was published of the year before, true figures and hidden cells.
#[derive(Debug, Clone)]
pub struct Edition {
    /// The true figures.
    pub figures: Figures,
    /// What was hidden of them.
    pub hidden: Hidden,
}

/// What is to be hidden, and why nobody can undo it.
#[derive(Debug, Clone)]
pub struct Protected {
    /// The cells hidden.
    pub hidden: Hidden,
    /// The moves found now.
    pub witnesses: Vec<Witness>,
    /// Hidden cells no move protects: only where parts were counted and the whole was not.
    pub unproved: Hidden,
}

/// Decides what is hidden of these figures, which follow the editions of the same year.
/// `witnesses` are those found for the earlier editions, in their order.
pub fn protect(
    shape: &Shape,
    earlier: &[Edition],
    figures: Figures,
    witnesses: Vec<Witness>,
    threshold: i64,
) -> Protected {
    let hidden = must_hide(shape, earlier, &figures, threshold);
    let found = witnesses.len();
    let mut editions = earlier.to_vec();
    editions.push(Edition { figures, hidden });
    let series = Series::new(shape, editions, witnesses, threshold - 1);
    let boards = |strictly| SHIFTS.map(|shift| (shift, series.board(shift, strictly)));
    let mut work = Work {
        boards: [boards(true), boards(false)],
        series,
        unproved: Hidden::new(),
    };
    work.protect_current();
    work.protect_earlier();
    let (hidden, witnesses) = work.series.into_result();
    Protected {
        hidden,
        witnesses: witnesses.into_iter().skip(found).collect(),
        unproved: work.unproved,
    }
}

/// What is hidden for itself: small counts, counts that an earlier edition shows a little smaller or
/// larger, and what was hidden before.
fn must_hide(shape: &Shape, earlier: &[Edition], figures: &Figures, threshold: i64) -> Hidden {
    let small = 1..threshold;
    let mut hidden: Hidden = earlier
        .iter()
        .flat_map(|edition| edition.hidden.iter().copied())
        .collect();
    for cell in 0..shape.size() {
        for measure in Measure::ALL {
            let figure = figures.of(cell).of(measure);
            let near = |edition: &Edition| {
                let before = edition.figures.of(cell).of(measure);
                small.contains(&(figure - before).abs())
            };
            let is_shown = |edition: &&Edition| !edition.hidden.contains(&(measure, cell));
            let mut shown = earlier.iter().filter(is_shown);
            if small.contains(&figure) || (figure > 0 && shown.any(near)) {
                hidden.insert((measure, cell));
            }
        }
    }
    hidden
}

/// The ways a move may share its room out: all up, all down, and half of it each way.
fn reaches(room: i64) -> [Room; 4] {
    let half = room / 2;
    [
        (0, room),
        (room, 0),
        (half, room - half),
        (room - half, half),
    ]
    .map(|(down, up)| Room { down, up })
}

/// The shifts, in the order of their boards.
const SHIFTS: [Shift; 5] = [
    Shift::Alone(Measure::Pupils),
    Shift::Alone(Measure::Girls),
    Shift::WithPupils(Measure::Girls),
    Shift::Alone(Measure::Priority),
    Shift::WithPupils(Measure::Priority),
];

/// The search under way.
struct Work<'a> {
    series: Series<'a>,
    /// What is known of the cells, for each shift: by whoever knows which figures did not change
    /// since the edition before, as numbers of reports tell; and by whoever does not.
    boards: [[(Shift, Board<'a>); 5]; 2],
    unproved: Hidden,
}

impl<'a> Work<'a> {
    /// Finds a move for each hidden cell of the new edition: pupils first, for what is hidden of
    /// them is free to the moves of their parts; the most detailed cells first, for their moves
    /// hide the least.
    fn protect_current(&mut self) {
        for measure in Measure::ALL {
            let all = self.series.hidden_now().iter().rev();
            let of_measure = all.filter(|(own, _)| *own == measure);
            let cells: Vec<usize> = of_measure.map(|(_, cell)| *cell).collect();
            for cell in cells {
                // What was hidden before and is 0 now is no group any more.
                let is_group = self.series.now().of(cell).of(measure) > 0;
                if is_group && !self.series.is_protected(measure, cell, self.series.last()) {
                    self.protect_one(measure, cell);
                }
            }
        }
    }

    fn protect_one(&mut self, measure: Measure, cell: usize) {
        let mut boards = self.boards.iter();
        match boards.find_map(|boards| self.cheapest(boards, Shift::of(measure), cell)) {
            Some(found) => self.take(found),
            None => self.hide_above(measure, cell),
        }
    }

    /// The cheapest move through a cell that nothing known contradicts.
    fn cheapest(
        &self,
        boards: &[(Shift, Board<'a>)],
        shifts: &[Shift],
        cell: usize,
    ) -> Option<Move> {
        let mut found: Vec<(Room, Shift, Priced)> = Vec::new();
        for (shift, board) in boards.iter().filter(|(one, _)| shifts.contains(one)) {
            for reach in reaches(self.series.room()) {
                let through = Search { board, reach }.through(cell);
                found.extend(through.into_iter().map(|priced| (reach, *shift, priced)));
            }
        }
        found.sort_by_key(|(_, _, priced)| (priced.cost, priced.plus.len() + priced.minus.len()));
        let candidates = found.into_iter().map(|(reach, shift, priced)| {
            let (plus, minus) = (priced.plus, priced.minus);
            (reach, Move { shift, plus, minus })
        });
        let last = self.series.last();
        let mut admitted = candidates
            .filter(|(reach, one)| self.series.admits(one, (last, last), *reach))
            .map(|(_, one)| one);
        admitted.next()
    }

    /// Hides the cells of a move, which protects them.
    fn take(&mut self, found: Move) {
        for (cell, _) in found.cells() {
            for measure in found.shift.measures() {
                self.hide(measure, cell);
            }
        }
        self.series.add(Witness {
            found,
            first: self.series.last(),
            closed: None,
        });
    }

    fn hide(&mut self, measure: Measure, cell: usize) {
        if self.series.hide(measure, cell) {
            let figure = self.series.now().of(cell).of(measure);
            let boards = self.boards.iter_mut().flatten();
            for (_, board) in boards.filter(|(shift, _)| shift.has(measure)) {
                if let Some(cost) = board.cost.get_mut(cell) {
                    *cost -= figure;
                }
            }
        }
    }

    /// Without a move: what the cell is a part of is hidden, as far as the total, and said to be
    /// unproved.
    fn hide_above(&mut self, measure: Measure, cell: usize) {
        self.unproved.insert((measure, cell));
        let shape = self.series.shape();
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
            if self.series.now().of(number).of(measure) > 0 {
                self.hide(measure, number);
            }
        }
    }

    /// The counts that earlier editions hide stay protected, whatever the new one shows: where a
    /// correction took their moves' room away, the new edition is lifted out of their way.
    fn protect_earlier(&mut self) {
        for (edition, measure, cell) in self.series.exposed() {
            if self.series.is_protected(measure, cell, edition) {
                continue;
            }
            match self.series.without_last(measure, cell, edition) {
                Some(witness) => self.lift(witness),
                None => {
                    self.unproved.insert((measure, cell));
                }
            }
        }
    }

    /// Hides in the new edition a move upwards through each cell of a witness of the earlier ones,
    /// so that these can shift without the new figures.
    fn lift(&mut self, witness: Witness) {
        let upwards = match witness.found.shift {
            Shift::Alone(Measure::Pupils) => Shift::Alone(Measure::Pupils),
            Shift::Alone(part) | Shift::WithPupils(part) => Shift::WithPupils(part),
        };
        let reach = Room {
            down: 0,
            up: self.series.room(),
        };
        for (cell, _) in witness.found.cells() {
            if !self.series.last_binds(&witness.found, cell) {
                continue;
            }
            let mut boards = self.boards.iter().flatten();
            let lift = boards.find_map(|(shift, board)| {
                let through = || Search { board, reach }.total_through(cell);
                (*shift == upwards).then(through).flatten()
            });
            let Some(Priced { plus, minus, .. }) = lift else {
                self.unproved.extend(
                    witness
                        .found
                        .shift
                        .measures()
                        .map(|measure| (measure, cell)),
                );
                continue;
            };
            self.take(Move {
                shift: upwards,
                plus,
                minus,
            });
        }
        let closed = Some(self.series.last().saturating_sub(1));
        self.series.add(Witness { closed, ..witness });
    }
}
