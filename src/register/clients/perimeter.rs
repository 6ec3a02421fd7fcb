//! Perimeters: what a client of an academy is given, and how much of a client its reader has in
//! charge.

use super::model::ClientRecord;
use crate::auth::policy::Scope;
use crate::register::clients::model::{Overlap, School};
use crate::values::Uai;

impl Overlap {
    /// How much of a client a scope has in charge, its schools being these.
    pub fn of(scope: &Scope, client: &ClientRecord, schools: &[School]) -> Self {
        if scope.is_everything() {
            return Self::All;
        }
        let is_within = |uai: &&Uai| {
            schools
                .iter()
                .any(|school| school.uai == **uai && school.is_within(scope))
        };
        // Only clients of schools have UAIs.
        match client.uais.iter().filter(is_within).count() {
            0 => Self::Nothing,
            within if within == client.uais.len() => Self::All,
            _ => Self::Some,
        }
    }
}
