//! A publication of a year as those that follow see it.

use crate::counts::{Counts, Measures};
use crate::table_shape::at;

/// What was counted, and what of it was not told; by the number of the cell.
#[derive(Debug, Clone, Default)]
pub struct Edition {
    /// What was counted.
    pub counts: Vec<Counts>,
    /// The measures not told.
    pub untold: Vec<Measures>,
}

impl Edition {
    /// What a cell counts.
    pub fn counts(&self, cell: usize) -> Counts {
        at(&self.counts, cell)
    }

    /// What of it is not told.
    pub fn untold(&self, cell: usize) -> Measures {
        at(&self.untold, cell)
    }
}

/// What became of a cell since the edition before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing, as everyone can see: its reports are the same.
    None,
    /// It grew, and as everyone may suppose in each of its parts.
    Growth(Counts),
    /// Anything.
    Correction,
}

impl Change {
    /// Of these counts since those.
    pub fn between(before: &Counts, after: &Counts) -> Self {
        let added = after.since(before);
        if added == Counts::default() {
            Self::None
        } else if added.0.iter().all(|part| *part >= 0) {
            Self::Growth(added)
        } else {
            Self::Correction
        }
    }
}
