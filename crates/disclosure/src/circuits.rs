//! Circuits: figures shifted up in some cells and down in others so that every sum stays what it
//! was.
//!
//! A circuit whose cells are all hidden is a *certificate*: whoever reads what is shown cannot tell
//! the true figures from the shifted ones. The families are documented in `docs/PUBLICATIONS.md`.

use super::figures::Shift;
use super::interval::Interval;
use super::table_shape::{Cell, TableShape, at};

/// A circuit: which measures are shifted, in which cells up and in which down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circuit {
    /// What is shifted.
    pub shift: Shift,
    /// Up, or with a negative shift down.
    pub plus: Vec<usize>,
    /// The other way.
    pub minus: Vec<usize>,
}

impl Circuit {
    /// Each cell with the direction it is shifted in.
    pub fn cells(&self) -> impl Iterator<Item = (usize, i64)> + '_ {
        let plus = self.plus.iter().map(|cell| (*cell, 1));
        plus.chain(self.minus.iter().map(|cell| (*cell, -1)))
    }
}

/// The cells that a circuit can go through, for one kind of shift: how far, and at what cost.
#[derive(Debug, Clone)]
pub struct Candidates<'a> {
    /// The cells.
    pub shape: &'a TableShape,
    /// The feasibility interval of each; none where a cell can be in no circuit.
    pub interval: Vec<Option<Interval>>,
    /// What hiding each costs: what of its figures is shown yet.
    pub cost: Vec<i64>,
}

/// A priced set of cells, up and down.
#[derive(Debug, Clone, Default)]
pub struct Priced {
    /// The cost of hiding what is shown yet.
    pub cost: i64,
    /// Up.
    pub plus: Vec<usize>,
    /// Down.
    pub minus: Vec<usize>,
}

impl Priced {
    fn and(mut self, other: Self) -> Self {
        self.cost += other.cost;
        self.plus.extend(other.plus);
        self.minus.extend(other.minus);
        self
    }
}

/// The search for the cheapest circuit through a cell that can be shifted as far as this both ways.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// What is known of the cells.
    pub candidates: &'a Candidates<'a>,
    /// The lower and the upper protection level: how far down and how far up it must go.
    pub levels: Interval,
}

/// A value fixed for its dimension.
type Fixed = Option<(usize, usize)>;

/// The cheaper of two, the first of equals: what is found depends on nothing else.
fn cheaper(best: Option<Priced>, other: Option<Priced>) -> Option<Priced> {
    match (best, other) {
        (Some(best), Some(other)) if other.cost < best.cost => Some(other),
        (best, other) => best.or(other),
    }
}

impl Search<'_> {
    /// The cheapest of each family through this cell.
    pub fn through(&self, number: usize) -> Vec<Priced> {
        let cell = self.candidates.shape.cell(number);
        let families = match cell {
            Cell::Total => [self.totals(cell), None, None, None],
            Cell::Region(_) | Cell::Academy(_) => {
                [self.academy_swaps(cell), self.totals(cell), None, None]
            }
            Cell::Value(..) => [self.value_swaps(cell), self.totals(cell), None, None],
            Cell::Cross(dimension, academy, value) => [
                self.rectangles(dimension, academy, value),
                self.academy_swaps(cell),
                self.value_swaps(cell),
                self.totals(cell),
            ],
        };
        families.into_iter().flatten().collect()
    }

    /// The cheapest circuit through this cell that shifts everything up.
    pub fn total_through(&self, number: usize) -> Option<Priced> {
        self.totals(self.candidates.shape.cell(number))
    }

    fn plus(&self, cell: Cell) -> Option<i64> {
        self.price(cell, self.levels)
    }

    fn minus(&self, cell: Cell) -> Option<i64> {
        self.price(cell, self.levels.reversed())
    }

    fn price(&self, cell: Cell, levels: Interval) -> Option<i64> {
        let number = self.candidates.shape.number(cell);
        let interval = self.candidates.interval.get(number).copied().flatten()?;
        let is_enough = interval.covers(levels);
        is_enough.then(|| at(&self.candidates.cost, number))
    }

    /// What hiding these cells costs, if they can all be shifted so.
    fn cost(&self, plus: &[Cell], minus: &[Cell]) -> Option<i64> {
        let up: Option<i64> = plus.iter().map(|cell| self.plus(*cell)).sum();
        let down: Option<i64> = minus.iter().map(|cell| self.minus(*cell)).sum();
        Some(up? + down?)
    }

    /// These cells, if they can all be shifted so.
    fn priced(&self, plus: &[Cell], minus: &[Cell]) -> Option<Priced> {
        let numbers = |cells: &[Cell]| {
            let numbers = cells.iter().map(|cell| self.candidates.shape.number(*cell));
            numbers.collect()
        };
        Some(Priced {
            cost: self.cost(plus, minus)?,
            plus: numbers(plus),
            minus: numbers(minus),
        })
    }

    /// Two academies and two values of a dimension, crosswise: no margin changes.
    fn rectangles(&self, dimension: usize, academy: usize, value: usize) -> Option<Priced> {
        let cell = |academy, value| Cell::Cross(dimension, academy, value);
        let own = self.plus(cell(academy, value))?;
        let mut best: Option<(i64, usize, usize)> = None;
        for other in self.others(academy) {
            let Some(below) = self.minus(cell(other, value)) else {
                continue;
            };
            for second in (0..self.candidates.shape.values(dimension)).filter(|one| *one != value) {
                let rest = self
                    .minus(cell(academy, second))
                    .zip(self.plus(cell(other, second)));
                let Some((beside, across)) = rest else {
                    continue;
                };
                let cost = own + below + beside + across;
                if best.is_none_or(|(least, ..)| cost < least) {
                    best = Some((cost, other, second));
                }
            }
        }
        let (_, other, second) = best?;
        self.priced(
            &[cell(academy, value), cell(other, second)],
            &[cell(academy, second), cell(other, value)],
        )
    }

    /// One academy up, another one down, the same value of each dimension in both.
    fn academy_swaps(&self, cell: Cell) -> Option<Priced> {
        let (academies, fixed) = self.academies_and_value(cell);
        let leaves_region = matches!(cell, Cell::Region(_));
        let mut best = None;
        for academy in academies {
            for other in self.others(academy) {
                let same =
                    self.candidates.shape.region(academy) == self.candidates.shape.region(other);
                if !(same && leaves_region) {
                    best = cheaper(best, self.academy_swap(academy, other, fixed));
                }
            }
        }
        best
    }

    fn academy_swap(&self, academy: usize, other: usize, fixed: Fixed) -> Option<Priced> {
        let shape = self.candidates.shape;
        let (up, down) = (shape.region(academy), shape.region(other));
        let mut priced = self.priced(&[Cell::Academy(academy)], &[Cell::Academy(other)])?;
        if up != down {
            priced = priced.and(self.priced(&[Cell::Region(up)], &[Cell::Region(down)])?);
        }
        for (dimension, _) in shape.dimensions().filter(|(_, by_academy)| *by_academy) {
            let cross = |academy, value| [Cell::Cross(dimension, academy, value)];
            let cost = |value| self.cost(&cross(academy, value), &cross(other, value));
            let value = self.cheapest(dimension, fixed, cost)?;
            priced = priced.and(self.priced(&cross(academy, value), &cross(other, value))?);
        }
        Some(priced)
    }

    /// Two values of a dimension, in one academy where it is published by academy.
    fn value_swaps(&self, cell: Cell) -> Option<Priced> {
        let (academies, fixed) = self.academies_and_value(cell);
        let (dimension, value) = fixed?;
        let margin = |value| [Cell::Value(dimension, value)];
        let second_than = |cost: &dyn Fn(usize) -> Option<i64>| {
            self.cheapest(dimension, None, |one| cost(one).filter(|_| one != value))
        };
        if !self.candidates.shape.is_by_academy(dimension) {
            let second = second_than(&|second| self.cost(&margin(value), &margin(second)))?;
            return self.priced(&margin(value), &margin(second));
        }
        let in_academy = |academy: usize| {
            let both = |value| {
                [
                    Cell::Value(dimension, value),
                    Cell::Cross(dimension, academy, value),
                ]
            };
            self.cost(&both(value), &[])?;
            let second = second_than(&|second| self.cost(&both(value), &both(second)))?;
            self.priced(&both(value), &both(second))
        };
        academies.into_iter().map(in_academy).fold(None, cheaper)
    }

    /// The total, one region, one academy, one value of each dimension, all up.
    fn totals(&self, cell: Cell) -> Option<Priced> {
        let (academies, fixed) = self.academies_and_value(cell);
        academies
            .into_iter()
            .map(|academy| self.total(academy, fixed))
            .fold(None, cheaper)
    }

    fn total(&self, academy: usize, fixed: Fixed) -> Option<Priced> {
        let shape = self.candidates.shape;
        let region = Cell::Region(shape.region(academy));
        let mut priced = self.priced(&[Cell::Total, region, Cell::Academy(academy)], &[])?;
        for (dimension, by_academy) in shape.dimensions() {
            let cells = |value| {
                let cross = by_academy.then_some(Cell::Cross(dimension, academy, value));
                let all = [Some(Cell::Value(dimension, value)), cross];
                all.into_iter().flatten().collect::<Vec<_>>()
            };
            let value = self.cheapest(dimension, fixed, |value| self.cost(&cells(value), &[]))?;
            priced = priced.and(self.priced(&cells(value), &[])?);
        }
        Some(priced)
    }

    /// The academies that a cell's figures can be in, and the value it fixes.
    fn academies_and_value(&self, cell: Cell) -> (Vec<usize>, Fixed) {
        let shape = self.candidates.shape;
        let all = 0..shape.academies();
        match cell {
            Cell::Total => (all.collect(), None),
            Cell::Region(region) => {
                let own = all.filter(|academy| shape.region(*academy) == region);
                (own.collect(), None)
            }
            Cell::Academy(academy) => (vec![academy], None),
            Cell::Value(dimension, value) => (all.collect(), Some((dimension, value))),
            Cell::Cross(dimension, academy, value) => (vec![academy], Some((dimension, value))),
        }
    }

    fn others(&self, academy: usize) -> impl Iterator<Item = usize> + use<> {
        (0..self.candidates.shape.academies()).filter(move |other| *other != academy)
    }

    /// The cheapest value of a dimension, or the one that is fixed.
    fn cheapest(
        &self,
        dimension: usize,
        fixed: Fixed,
        cost: impl Fn(usize) -> Option<i64>,
    ) -> Option<usize> {
        match fixed {
            Some((own, value)) if own == dimension => cost(value).map(|_| value),
            _ => (0..self.candidates.shape.values(dimension))
                .filter_map(|value| Some((cost(value)?, value)))
                .min()
                .map(|(_, value)| value),
        }
    }
}
