//! Who reads what is shown to those it concerns: the persons who work for some territories.

use crate::auth::policy::Scope;
use crate::values::{TerritoryCode, TextValue};

/// A caller, and the places that matter to it.
pub struct Viewer<'a> {
    /// What it may see and change.
    pub scope: &'a Scope,
    /// With a school: it and the territories above it.
    above_schools: Vec<String>,
}

impl<'a> Viewer<'a> {
    /// The caller, with what is above its schools if it is limited to schools.
    pub const fn new(scope: &'a Scope, above_schools: Vec<String>) -> Self {
        Self {
            scope,
            above_schools,
        }
    }

    /// The caller of a step, which is at its own schools if it is limited to schools: what is above
    /// them need not be asked for.
    pub fn of_writer(scope: &'a Scope) -> Self {
        Self::new(scope, scope.own_schools())
    }

    /// Whether one of these territories covers the caller's own, or lies inside it; `ancestors` is
    /// the territories and all above them.
    pub fn is_concerned_by(&self, territories: &[TerritoryCode], ancestors: &[String]) -> bool {
        let covers = |codes: &[String]| {
            let mut territories = territories.iter();
            territories.any(|territory| codes.iter().any(|code| code == territory.as_str()))
        };
        match self.scope.territories() {
            Some((named, above)) => {
                covers(above) || ancestors.iter().any(|code| named.contains(code))
            }
            None => self.scope.is_everything() || covers(&self.above_schools),
        }
    }
}
