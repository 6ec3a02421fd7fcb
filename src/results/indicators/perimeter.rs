//! Whose figures a caller may compute: live ones for the ministry, and for an academy or a school
//! in its own perimeter. Beyond it, and for everyone else, figures are published ones.

use diesel_async::AsyncPgConnection;

use super::model::{Asked, academies_of};
use crate::auth::policy::Scope;
use crate::error::Result;
use crate::register::territories::ancestry;
use crate::values::{TerritoryCode, TerritoryKind, TextValue};

/// The lines that a caller's figures are limited to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Limit {
    /// None.
    #[default]
    Everything,
    /// Those of these academies; the regions held as a whole are named too.
    Academies(Vec<String>),
    /// Those of the reports of these territories (`uai:…`).
    Reports(Vec<String>),
}

impl Limit {
    /// The caller's.
    pub fn of(scope: &Scope) -> Self {
        if scope.is_everything() {
            return Self::Everything;
        }
        match scope.territories() {
            Some((named, _)) => {
                // With the regions themselves: what is theirs as a whole is in their perimeter.
                let regions = named
                    .iter()
                    .filter(|code| TerritoryKind::Region.is_of(code));
                let academies = named.iter().flat_map(|code| academies_of(code));
                Self::Academies(academies.chain(regions.cloned()).collect())
            }
            // A caller with neither territories nor schools has no report at all.
            None => Self::Reports(scope.own_schools()),
        }
    }
}

/// The territories the figures are limited to, as in the answer; none without a limit.
pub fn territories(scope: &Scope) -> Option<Vec<String>> {
    if scope.is_everything() {
        return None;
    }
    let named = scope.territories().map(|(named, _)| named.to_vec());
    Some(named.unwrap_or_else(|| scope.own_schools()))
}

/// Whether a caller has a perimeter whose figures it reads live; other callers read published ones.
pub fn has_live(scope: &Scope) -> bool {
    scope.is_everything() || scope.territories().is_some() || scope.schools().is_some()
}

/// Whether filters name an academy or a region outside the perimeter.
pub async fn is_beyond(
    connection: &AsyncPgConnection,
    scope: &Scope,
    asked: &Asked,
) -> Result<bool> {
    if asked.academy.is_empty() && asked.academic_region.is_empty() {
        return Ok(false);
    }
    let within = match Limit::of(scope) {
        Limit::Everything => return Ok(false),
        Limit::Academies(own) => own,
        Limit::Reports(_) => ancestry::above_schools(connection, scope).await?,
    };
    // A school lies in its region; an academy's perimeter holds one where it holds all of it.
    let covers = |code: &TerritoryCode| {
        let below = academies_of(code.as_str());
        within.iter().any(|own| own == code.as_str())
            || (!below.is_empty() && below.iter().all(|academy| within.contains(academy)))
    };
    let mut named = asked.academy.iter().chain(&asked.academic_region);
    Ok(!named.all(covers))
}
