//! Finds the points of places that are told by a commune or a postal code, any number at a time.

use std::collections::BTreeSet;

use diesel_async::AsyncPgConnection;

use super::content::NewIntervention;
use super::place::{InterventionPlace, Wanted};
use super::store;
use crate::error::{Error, Fault, Notice, Place, Result, Rule, notice};
use crate::register::establishments::model::Establishment;
use crate::values::Json;

static UNLOCATED: Notice = notice(
    "unlocated",
    "Le répertoire ne situe aucun établissement dans ce département : donnez `latitude` et `longitude`.",
    "The directory locates no school of this department: give `latitude` and `longitude`.",
);

/// Gives those of these places that have none a point. One statement for all, and none where every
/// point was given.
pub async fn locate<'a>(
    connection: &AsyncPgConnection,
    contents: impl IntoIterator<Item = &'a mut NewIntervention>,
) -> Result<()> {
    let places = contents.into_iter().filter_map(|one| one.place.as_mut());
    let mut places: Vec<&mut InterventionPlace> = places
        .map(|Json(place)| place)
        .filter(|place| place.is_to_be_found())
        .collect();
    let distinct: BTreeSet<Wanted> = places.iter().map(|place| Wanted::of(place)).collect();
    let wanted: Vec<Wanted> = distinct.into_iter().collect();
    let centers = store::centers(connection, &wanted).await?;
    for place in &mut places {
        let of_it = Wanted::of(place);
        let index = wanted.binary_search(&of_it).ok();
        let stored = index.and_then(|index| centers.get(&index).copied());
        if let Some(center) = stored.or_else(|| of_it.shipped()) {
            place.latitude = Some(center.latitude);
            place.longitude = Some(center.longitude);
            place.precision = Some(center.precision);
        }
    }
    Ok(())
}

/// The fault of a place that nothing was found for.
pub fn fault(content: &NewIntervention) -> Option<Fault> {
    let place = content.place.as_ref()?;
    place.is_to_be_found().then(|| Fault {
        place: Place::field("place"),
        rule: Rule::Own(&UNLOCATED),
    })
}

/// One intervention with the point of its place.
///
/// # Errors
/// `validation_failed` where nothing is known of its department.
pub async fn located(
    connection: &AsyncPgConnection,
    mut content: NewIntervention,
) -> Result<NewIntervention> {
    locate(connection, [&mut content]).await?;
    match fault(&content) {
        Some(fault) => Err(Error::validation(vec![fault])),
        None => Ok(content),
    }
}

/// Where a school is: where the directory says, else in the middle of the schools of its commune.
pub async fn point_of(
    connection: &AsyncPgConnection,
    school: &Establishment,
) -> Result<Option<(f64, f64)>> {
    let point = school.latitude.zip(school.longitude);
    let Some(commune) = school.city_code.clone().filter(|_| point.is_none()) else {
        return Ok(point);
    };
    let wanted = Wanted {
        city_codes: vec![commune],
        postal_code: None,
        department: None,
    };
    let centers = store::centers(connection, &[wanted]).await?;
    let center = centers.into_values().next();
    Ok(center.map(|center| (center.latitude, center.longitude)))
}
