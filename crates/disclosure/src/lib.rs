//! Statistical disclosure control: which figures of a publication are not told.
//!
//! Pure: true counts in, what is not told out, nothing read and nothing written. The model of attack,
//! the guarantee and its proof are in `docs/PUBLICATIONS.md`. In short: small counts, and small changes
//! of what an earlier publication of the year told, are not told (*primary suppression*); for each
//! number that is not, a circuit is found, as many further cells being hidden as it needs (*secondary
//! suppression*), that shifts it by `threshold - 1` without changing anything that is told, in this
//! publication or in the earlier ones: its *feasibility interval* is that wide, and the circuit, kept
//! as a [`Certificate`], proves it.

mod certificate;
mod circuits;
mod continuation;
mod counts;
mod edition;
mod network;
mod room;
mod search;
mod suppression;
mod table_shape;

pub use certificate::{Certificate, Circuit};
pub use counts::{Counts, Measure, Measures, PARTS, Quantity};
pub use edition::{Change, Edition};
pub use table_shape::{Cell, Dimension, TableShape};

use room::Editions;
use suppression::Suppression;

/// What is not told, and why nobody can undo it.
#[derive(Debug, Clone)]
pub struct Protected {
    /// The measures of each cell that are not told.
    pub untold: Vec<Measures>,
    /// All certificates of the year.
    pub certificates: Vec<Certificate>,
    /// Whether nothing that changed is told, because something that is hidden would be found.
    pub is_held: bool,
    /// How many numbers lack a proof: none, but in a first edition of next to nothing.
    pub unproved: usize,
}

/// Decides what is not told of these counts, which follow the editions of the same year.
/// `certificates` are those found for the earlier editions.
pub fn protect(
    shape: &TableShape,
    earlier: &[Edition],
    counts: Vec<Counts>,
    certificates: Vec<Certificate>,
    threshold: i64,
) -> Protected {
    let untold = vec![Measures::default(); shape.size()];
    let mut editions = earlier.to_vec();
    editions.push(Edition { counts, untold });
    let mut suppression = Suppression::new(shape, Editions::new(editions), threshold);
    let unproved = suppression.run(certificates);
    let is_held = !unproved.is_empty() && !earlier.is_empty();
    let unproved = if is_held {
        suppression.hold(&unproved)
    } else {
        unproved.len()
    };
    suppression.tell_zeros();
    let (editions, certificates) = suppression.into_parts();
    Protected {
        untold: editions
            .into_all()
            .pop()
            .map(|one| one.untold)
            .unwrap_or_default(),
        certificates,
        is_held,
        unproved,
    }
}
