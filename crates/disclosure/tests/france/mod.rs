//! The made-up country of the tests and of the examples.

use disclosure::{Dimension, TableShape};

/// Its academies, in eighteen regions.
pub const ACADEMIES: usize = 31;
/// Its conventions.
pub const CONVENTIONS: usize = 100;

/// What is published of it: by convention, and what else.
pub fn france() -> TableShape {
    let dimension = |values, by_academy, is_headline| Dimension {
        values,
        by_academy,
        is_headline,
    };
    let dimensions = vec![
        dimension(CONVENTIONS, true, true),
        dimension(14, true, false),
        dimension(12, true, false),
        dimension(7, false, false),
        dimension(8, false, false),
        dimension(6, false, false),
    ];
    let region_of = (0..ACADEMIES).map(|academy| academy * 18 / ACADEMIES);
    TableShape::new(18, region_of.collect(), dimensions)
}
