//! A table by academy as a network: people flow from the academies through the cells of the table to
//! the values of its dimension, and from these to the total. Whatever flows in a circle leaves every
//! sum as it was; the cheapest circle is a shortest path.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::table_shape::{Cell, TableShape, at};

/// What it costs to shift a cell up, or down; none where it cannot be.
pub type Price<'a> = dyn Fn(usize, bool) -> Option<i64> + 'a;

/// A cell and whether it is shifted up.
pub type Step = (usize, bool);

/// A way and what it costs.
#[derive(Debug, Clone, Default)]
pub struct Path {
    /// The cost.
    pub cost: i64,
    /// The cells.
    pub steps: Vec<Step>,
}

impl Path {
    /// One cell.
    pub fn step(cell: usize, is_up: bool, price: &Price<'_>) -> Option<Self> {
        let cost = price(cell, is_up)?;
        Some(Self {
            cost,
            steps: vec![(cell, is_up)],
        })
    }

    /// One after the other.
    pub fn and(mut self, other: Self) -> Self {
        self.cost += other.cost;
        self.steps.extend(other.steps);
        self
    }

    /// Whether it goes through no cell twice: it would shift it twice as far, or not at all.
    pub fn is_simple(&self) -> bool {
        let mut cells: Vec<usize> = self.steps.iter().map(|(cell, _)| *cell).collect();
        cells.sort_unstable();
        cells.windows(2).all(|pair| pair.first() != pair.last())
    }
}

/// The cells of the table of one dimension, by the place they leave from and go to: academies, then
/// values, then the total.
#[derive(Debug, Clone)]
pub struct Network {
    ways: Vec<Vec<(usize, Step)>>,
    academies: usize,
    total: usize,
}

impl Network {
    /// Of a dimension, with the cells that are ever counted.
    pub fn new(shape: &TableShape, dimension: usize, is_counted: impl Fn(usize) -> bool) -> Self {
        let (academies, values) = (shape.academies(), shape.values(dimension));
        let total = academies + values;
        let mut network = Self {
            ways: vec![Vec::new(); total + 1],
            academies,
            total,
        };
        for value in 0..values {
            let crosses =
                (0..academies).map(|academy| (academy, Cell::Cross(dimension, academy, value)));
            for (academy, cell) in crosses {
                network.join(academy, academies + value, shape.number(cell), &is_counted);
            }
            let cell = shape.number(Cell::Value(dimension, value));
            network.join(academies + value, total, cell, &is_counted);
        }
        network
    }

    fn join(&mut self, from: usize, to: usize, cell: usize, is_counted: &impl Fn(usize) -> bool) {
        if !is_counted(cell) {
            return;
        }
        for (from, to, is_up) in [(from, to, true), (to, from, false)] {
            if let Some(ways) = self.ways.get_mut(from) {
                ways.push((to, (cell, is_up)));
            }
        }
    }

    /// The place of the total.
    pub const fn total(&self) -> usize {
        self.total
    }

    /// From where to where a cell of the table leads.
    pub fn ends(&self, cell: Cell) -> Option<(usize, usize)> {
        match cell {
            Cell::Cross(_, academy, value) => Some((academy, self.academies + value)),
            Cell::Value(_, value) => Some((self.academies + value, self.total)),
            _ => None,
        }
    }

    /// The shortest ways from a place, not through this cell, until one leads there or costs too much.
    pub fn from(
        &self,
        start: usize,
        price: &Price<'_>,
        without: usize,
        until: Option<usize>,
        most: i64,
    ) -> Tree {
        let mut tree = Tree {
            costs: vec![i64::MAX; self.ways.len()],
            before: vec![None; self.ways.len()],
        };
        let mut queue = BinaryHeap::from([Reverse((0, start))]);
        if let Some(cost) = tree.costs.get_mut(start) {
            *cost = 0;
        }
        while let Some(Reverse((cost, place))) = queue.pop() {
            if cost > at(&tree.costs, place) {
                continue;
            }
            if until == Some(place) || cost >= most {
                break;
            }
            for (to, (cell, is_up)) in self.ways.get(place).into_iter().flatten() {
                let further = (*cell != without).then(|| price(*cell, *is_up)).flatten();
                let Some(sum) = further.map(|further| cost + further) else {
                    continue;
                };
                if let Some(own) = tree.costs.get_mut(*to).filter(|own| sum < **own) {
                    *own = sum;
                    if let Some(before) = tree.before.get_mut(*to) {
                        *before = Some((place, (*cell, *is_up)));
                    }
                    queue.push(Reverse((sum, *to)));
                }
            }
        }
        tree
    }
}

/// The shortest ways from one place.
#[derive(Debug)]
pub struct Tree {
    costs: Vec<i64>,
    before: Vec<Option<(usize, Step)>>,
}

impl Tree {
    /// What the way to a place costs.
    pub fn cost(&self, to: usize) -> Option<i64> {
        self.costs.get(to).copied().filter(|cost| *cost < i64::MAX)
    }

    /// The way.
    pub fn path(&self, to: usize) -> Option<Path> {
        let cost = self.cost(to)?;
        let (mut steps, mut place) = (Vec::new(), to);
        while let Some((from, step)) = self.before.get(place).copied().flatten() {
            steps.push(step);
            place = from;
        }
        Some(Path { cost, steps })
    }
}
