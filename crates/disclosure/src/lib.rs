//! Statistical disclosure control: which figures of a publication are hidden.
//!
//! Pure: true figures in, hidden cells out, nothing read and nothing written. The model of attack,
//! the guarantee and its proof are in `docs/PUBLICATIONS.md`. In short: small counts are hidden
//! (*primary suppression*); for each hidden count a [`Circuit`] is found, as many further cells
//! being hidden as it needs (*secondary suppression*), that shifts it by `threshold - 1` or more
//! without changing anything shown, in this publication or in the earlier ones of the year: its
//! *feasibility interval* is that wide, and the circuit, kept as a [`Certificate`], proves it.

mod certificate;
mod circuits;
mod edition;
mod editions;
mod figures;
mod frechet;
mod interval;
mod primary;
mod secondary;
mod table_shape;

pub use certificate::Certificate;
pub use circuits::Circuit;
pub use edition::{Edition, Hidden};
pub use figures::{Counts, Figures, Measure, Shift};
pub use primary::primary_suppressions;
pub use table_shape::{Cell, Dimension, TableShape};

use editions::Editions;
use secondary::Suppression;

/// What is to be hidden, and why nobody can undo it.
#[derive(Debug, Clone)]
pub struct Protected {
    /// The cells hidden.
    pub hidden: Hidden,
    /// The certificates found now.
    pub certificates: Vec<Certificate>,
    /// Hidden cells no certificate protects: only where parts were counted and the whole was not.
    pub unproved: Hidden,
}

/// Decides what is hidden of these figures, which follow the editions of the same year.
/// `certificates` are those found for the earlier editions, in their order.
pub fn protect(
    shape: &TableShape,
    earlier: &[Edition],
    figures: Figures,
    certificates: Vec<Certificate>,
    threshold: i64,
) -> Protected {
    let hidden = primary_suppressions(shape, earlier, &figures, threshold);
    let found = certificates.len();
    let mut editions = earlier.to_vec();
    editions.push(Edition { figures, hidden });
    let editions = Editions::new(shape, editions, certificates, threshold - 1);
    let (hidden, certificates, unproved) = Suppression::new(editions).run();
    Protected {
        hidden,
        certificates: certificates.into_iter().skip(found).collect(),
        unproved,
    }
}
