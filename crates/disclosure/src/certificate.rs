//! Certificates: what proves that a hidden count cannot be known.

use super::circuits::Circuit;

/// A circuit whose cells are all hidden, and the editions whose figures it shifts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The circuit.
    pub circuit: Circuit,
    /// The first edition it was found for, counted from 0.
    pub first: usize,
    /// The last one it shifts, where later ones were lifted out of its way; such a certificate
    /// stands whatever comes after.
    pub closed: Option<usize>,
}
