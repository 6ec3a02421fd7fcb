//! What was published of a year at one moment.

use std::collections::BTreeSet;

use super::figures::{Figures, Measure};

/// Cells hidden, each with the measure: a suppression pattern.
pub type Hidden = BTreeSet<(Measure, usize)>;

/// One publication of the year, true figures and hidden cells.
#[derive(Debug, Clone)]
pub struct Edition {
    /// The true figures.
    pub figures: Figures,
    /// What was hidden of them.
    pub hidden: Hidden,
}
