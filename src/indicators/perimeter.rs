//! Whose figures a caller may compute: live ones for the ministry, and for an academy or a school
//! in its own perimeter.

use diesel_async::AsyncPgConnection;

use super::model::{Asked, academies_of};
use crate::auth::policy::Scope;
use crate::error::{Code, Error, Fault, Place, Result, Rule};
use crate::establishments::reach;
use crate::values::{TerritoryCode, TextValue};

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
                let regions = named.iter().filter(|code| code.starts_with("region:"));
                let academies = named.iter().flat_map(|code| academies_of(code));
                Self::Academies(academies.chain(regions.cloned()).collect())
            }
            // A caller with neither territories nor schools has no report at all.
            None => Self::Reports(own_schools(scope)),
        }
    }
}

fn own_schools(scope: &Scope) -> Vec<String> {
    let uais = scope.schools().unwrap_or_default().iter();
    uais.map(|uai| format!("uai:{uai}")).collect()
}

/// The territories the figures are limited to, as the answer tells them; none without a limit.
pub fn told(scope: &Scope) -> Option<Vec<String>> {
    if scope.is_everything() {
        return None;
    }
    let named = scope.territories().map(|(named, _)| named.to_vec());
    Some(named.unwrap_or_else(|| own_schools(scope)))
}

/// Refuses filters that name an academy or a region outside the perimeter.
///
/// # Errors
/// `forbidden`, naming each parameter.
pub async fn check(connection: &AsyncPgConnection, scope: &Scope, asked: &Asked) -> Result<()> {
    if asked.academy.is_empty() && asked.academic_region.is_empty() {
        return Ok(());
    }
    let within = match Limit::of(scope) {
        Limit::Everything => return Ok(()),
        Limit::Academies(own) => own,
        Limit::Reports(_) => reach::above_schools(connection, scope).await?,
    };
    // A school lies in its region; an academy's perimeter holds one where it holds all of it.
    let holds = |code: &TerritoryCode| {
        let below = academies_of(code.as_str());
        within.iter().any(|own| own == code.as_str())
            || (!below.is_empty() && below.iter().all(|academy| within.contains(academy)))
    };
    let filters = [
        ("academy", &asked.academy),
        ("academic_region", &asked.academic_region),
    ];
    let outside = filters
        .into_iter()
        .filter(|(_, codes)| !codes.iter().all(holds));
    let faults: Vec<Fault> = outside
        .map(|(name, _)| Fault {
            place: Place::Parameter(name.to_owned()),
            rule: Rule::OutsidePerimeter,
        })
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::new(Code::Forbidden).with(faults))
    }
}
