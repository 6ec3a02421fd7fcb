//! The middle of the schools of communes, of postal codes and of departments.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, Bool, Double, Integer, Jsonb};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;

use crate::error::Result;
use crate::offers::interventions::place::{Center, Precision, Wanted};
use crate::values::Json;

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Integer)]
    place: i32,
    #[diesel(sql_type = Array<Double>)]
    center: Vec<f64>,
    #[diesel(sql_type = Bool)]
    is_of_department: bool,
}

/// One that is wanted, and its place in the list.
#[derive(Debug, Serialize)]
struct Numbered<'a> {
    place: usize,
    #[serde(flatten)]
    wanted: &'a Wanted,
}

/// To some eleven metres: no school is told by the middle of schools.
fn rounded(degrees: f64) -> f64 {
    (degrees * 10_000.0).round() / 10_000.0
}

/// The middle of the schools of each, by its place in the list, where there are any: those with the postal code, else
/// those of the communes, else those of the department. Departments are only read for those that have no other.
pub async fn centers(
    mut connection: &AsyncPgConnection,
    wanted: &[Wanted],
) -> Result<HashMap<usize, Center>> {
    const CENTERS: &str = "
        WITH wanted AS MATERIALIZED (
            SELECT * FROM jsonb_to_recordset($1)
                       AS wanted (place integer, city_codes text[], postal_code text, department text)
        ), near AS MATERIALIZED (
            SELECT place, department, coalesce(
                       (SELECT ARRAY[avg(latitude), avg(longitude)] FROM establishments
                         WHERE postal_code = wanted.postal_code AND latitude IS NOT NULL HAVING count(*) > 0),
                       (SELECT ARRAY[avg(latitude), avg(longitude)] FROM establishments
                         WHERE city_code = ANY (wanted.city_codes) AND latitude IS NOT NULL HAVING count(*) > 0)) AS center
              FROM wanted
        ), around AS (
            SELECT department, ARRAY[avg(latitude), avg(longitude)] AS center FROM establishments
             WHERE department IN (SELECT department FROM near WHERE center IS NULL) AND latitude IS NOT NULL
             GROUP BY department
        )
        SELECT place, coalesce(near.center, around.center) AS center, near.center IS NULL AS is_of_department
          FROM near LEFT JOIN around USING (department)
         WHERE coalesce(near.center, around.center) IS NOT NULL";
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let numbered = wanted.iter().enumerate();
    let numbered: Vec<Numbered<'_>> = numbered
        .map(|(place, wanted)| Numbered { place, wanted })
        .collect();
    let found: Vec<Found> = sql_query(CENTERS)
        .bind::<Jsonb, _>(Json(numbered))
        .load(&mut connection)
        .await?;
    Ok(found.into_iter().filter_map(center).collect())
}

fn center(found: Found) -> Option<(usize, Center)> {
    let [latitude, longitude]: [f64; 2] = found.center.try_into().ok()?;
    let precision = if found.is_of_department {
        Precision::Department
    } else {
        Precision::City
    };
    let center = Center {
        latitude: rounded(latitude),
        longitude: rounded(longitude),
        precision,
    };
    Some((usize::try_from(found.place).ok()?, center))
}
