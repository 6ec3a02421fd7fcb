//! What a caller may read of what was done under a declination: all of it where it has all of the
//! territories in charge, else what was done in a territory of its own.

use diesel_async::AsyncPgConnection;

use super::model::DeclinationTarget;
use super::store::{Asked, Done, done};
use crate::agreements::conventions::content::Target;
use crate::agreements::declinations::model::Declination;
use crate::auth::policy::Scope;
use crate::error::Result;
use crate::register::territories::ancestry::ancestry;
use crate::values::ids::DeclinationId;
use crate::values::{SchoolYear, TerritoryCode, TerritoryKind, TextValue};

/// Whether the caller may read what was done in a territory, or in all of a declination.
fn may_read(scope: &Scope, declination: &Declination, place: Option<&TerritoryCode>) -> bool {
    if scope.is_everything() || declination.is_kept_by(scope) {
        return true;
    }
    let Some(place) = place else { return false };
    // A school's academy is not known here: its own reads it by the declination.
    let is_of_school = place.is_of(TerritoryKind::School);
    let above = if is_of_school {
        vec![place.as_str().to_owned()]
    } else {
        ancestry(place.as_str())
    };
    scope.schools().is_some() == is_of_school && scope.covers_all(&[above])
}

/// The targets of declinations, of one year or all, each with what was done.
///
/// # Errors
/// `service_unavailable`.
pub async fn targets(
    connection: &AsyncPgConnection,
    scope: &Scope,
    declinations: &[Declination],
    year: Option<&SchoolYear>,
) -> Result<Vec<(DeclinationId, DeclinationTarget)>> {
    let of_year = |target: &&Target| year.is_none_or(|year| target.school_year == *year);
    let all: Vec<(&Declination, &Target)> = declinations
        .iter()
        .flat_map(|one| {
            one.content
                .targets
                .iter()
                .filter(of_year)
                .map(move |target| (one, target))
        })
        .collect();
    let readable = |declination: &Declination, target: &Target| {
        may_read(scope, declination, target.territory.as_ref())
    };
    let asked: Vec<Asked> = all
        .iter()
        .filter(|(declination, target)| readable(declination, target))
        .map(|(declination, target)| Asked {
            declination: declination.id,
            year: target.school_year.clone(),
            place: target.territory.clone(),
        })
        .collect();
    let mut found = done(connection, scope, &asked).await?.into_iter();
    let told = |(declination, target): (&Declination, &Target)| {
        let done = readable(declination, target)
            .then(|| found.next())
            .flatten();
        (declination.id, DeclinationTarget::of(target, done.as_ref()))
    };
    Ok(all.into_iter().map(told).collect())
}

/// All that was done in a year, where the caller may read all of it.
///
/// # Errors
/// `service_unavailable`.
pub async fn whole(
    connection: &AsyncPgConnection,
    scope: &Scope,
    declination: &Declination,
    year: &SchoolYear,
) -> Result<Option<Done>> {
    if !may_read(scope, declination, None) {
        return Ok(None);
    }
    let asked = Asked {
        declination: declination.id,
        year: year.clone(),
        place: None,
    };
    Ok(done(connection, scope, &[asked]).await?.into_iter().next())
}
