//! What stands published of a year, when another publication is made.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::results::indicators::store::Key;

/// What is told of a cell.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// The value of each measure.
    pub figures: Map<String, Value>,
    /// The measures hidden.
    pub suppressed: Vec<String>,
    /// The measures whose value is that of the publication of this number.
    pub carried: BTreeMap<String, i32>,
}

/// What the publication said that a new one comes in the place of.
#[derive(Debug, Default)]
pub struct Standing {
    number: i32,
    cells: BTreeMap<(String, Key), Told>,
}

impl Standing {
    /// Of the publication of this number.
    pub const fn new(number: i32, cells: BTreeMap<(String, Key), Told>) -> Self {
        Self { number, cells }
    }

    /// What it tells of a cell, that nobody knows included: a figure, and the number of the publication
    /// that it is of.
    pub fn figure(&self, grouping: &str, key: &Key, measure: &str) -> Option<(i32, Value)> {
        let cell = self.cells.get(&(grouping.to_owned(), key.clone()))?;
        let is_hidden = cell.suppressed.iter().any(|one| one == measure);
        let figure = cell.figures.get(measure).filter(|_| !is_hidden)?;
        let number = cell.carried.get(measure).copied();
        Some((number.unwrap_or(self.number), figure.clone()))
    }

    /// What it tells of the whole year.
    pub fn headline(&self) -> Option<&Map<String, Value>> {
        let total = self.cells.get(&(String::new(), Vec::new()));
        total.map(|cell| &cell.figures)
    }
}
