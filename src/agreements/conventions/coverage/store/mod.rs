//! The SQL of coverage: plain SQL, for Diesel has neither arrays made into rows nor their
//! intersection.

use chrono::NaiveDate;
use diesel::QueryableByName;
use diesel::sql_types::{Array, Date, Nullable, Text, Uuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::Asked;
use crate::agreements::conventions::coverage::model::{Counted, Schools, Wide};
use crate::auth::policy::Scope;
use crate::error::Result;
use crate::values::ids::ConventionId;

/// All that a coverage is made of, sent together: one round trip.
pub async fn counted(
    connection: &AsyncPgConnection,
    scope: &Scope,
    asked: &Asked,
) -> Result<Counted> {
    let (wide, all, declined) = tokio::try_join!(
        wide(connection, scope, asked),
        all(connection, scope, asked),
        declined(connection, scope, asked),
    )?;
    Ok(Counted {
        wide,
        all,
        declined,
    })
}

/// Only a region's may be their parent: there is no further one.
const WIDE: &str = "
    SELECT d.id, d.territories, greatest(d.starts_on, $3) AS since,
           coalesce(nullif(d.levels, '{}'), nullif(p.levels, '{}'), '{}') AS levels
      FROM declinations d
      LEFT JOIN declinations p ON p.id = d.parent_id
     WHERE d.convention_id = $1 AND d.level <> 'establishment'
       AND declination_in_force(d.status, d.starts_on, d.ends_on, d.updated_at, $2)
     ORDER BY since, d.id";

/// The declinations of regions and academies that count, the oldest first.
pub async fn wide(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    asked: &Asked,
) -> Result<Vec<Wide>> {
    if !asked.in_force {
        return Ok(Vec::new());
    }
    let query = diesel::sql_query(WIDE)
        .bind::<Uuid, _>(asked.convention)
        .bind::<Date, _>(asked.on)
        .bind::<Nullable<Date>, _>(asked.starts_on);
    Ok(query.load(&mut connection).await?)
}

/// As [`WIDE`], of many conventions that are in force on the day.
const WIDE_OF_ALL: &str = "
    SELECT d.convention_id, d.id, d.territories, greatest(d.starts_on, c.starts_on) AS since,
           coalesce(nullif(d.levels, '{}'), nullif(p.levels, '{}'), '{}') AS levels
      FROM declinations d
      JOIN conventions c ON c.id = d.convention_id
      LEFT JOIN declinations p ON p.id = d.parent_id
     WHERE d.convention_id = ANY ($1) AND d.level <> 'establishment'
       AND declination_in_force(d.status, d.starts_on, d.ends_on, d.updated_at, $2)
     ORDER BY since, d.id";

#[derive(QueryableByName)]
struct WideOf {
    #[diesel(sql_type = Uuid)]
    convention_id: ConventionId,
    #[diesel(embed)]
    wide: Wide,
}

/// The declinations of regions and academies in force on a day under these conventions, which are in force
/// then, each with its convention: the first that counts first.
pub async fn wide_of_all(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    conventions: &[ConventionId],
    on: NaiveDate,
) -> Result<Vec<(ConventionId, Wide)>> {
    if conventions.is_empty() {
        return Ok(Vec::new());
    }
    let query = diesel::sql_query(WIDE_OF_ALL)
        .bind::<Array<Uuid>, _>(conventions)
        .bind::<Date, _>(on);
    let found: Vec<WideOf> = query.load(&mut connection).await?;
    let found = found.into_iter();
    Ok(found.map(|one| (one.convention_id, one.wide)).collect())
}

/// The schools that count: open, of a level of the convention, in its territory.
const ALL: &str = "
    SELECT e.academy, e.levels, false AS reached, count(*) AS number
      FROM establishments e
     WHERE e.state = 'open' AND e.levels <> '{}' AND e.academy = ANY ($1)
       AND ($2 = '{}' OR e.levels && $2) AND ($3 IS NULL OR $3 IN (e.department, 'uai:' || e.uai))
     GROUP BY e.academy, e.levels";

/// Every school that counts.
pub async fn all(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    asked: &Asked,
) -> Result<Vec<Schools>> {
    let query = diesel::sql_query(ALL)
        .bind::<Array<Text>, _>(&asked.academies)
        .bind::<Array<Text>, _>(&asked.levels)
        .bind::<Nullable<Text>, _>(&asked.within);
    Ok(query.load(&mut connection).await?)
}

/// Of them, those with a declination of their own that counts.
const DECLINED: &str = "
    WITH own AS (
        SELECT substr(place.code, 5) AS uai,
               coalesce(nullif(d.levels, '{}'), nullif(p.levels, '{}'), nullif(g.levels, '{}'), '{}') AS held
          FROM declinations d
          LEFT JOIN declinations p ON p.id = d.parent_id
          LEFT JOIN declinations g ON g.id = p.parent_id
         CROSS JOIN LATERAL unnest(d.territories) AS place (code)
         WHERE d.convention_id = $4 AND d.level = 'establishment'
           AND declination_in_force(d.status, d.starts_on, d.ends_on, d.updated_at, $5)
    ), school AS (
        SELECT e.academy, e.levels,
               bool_or(own.held = '{}' OR EXISTS (
                   SELECT FROM unnest(own.held) AS level
                    WHERE level = ANY (e.levels) AND ($2 = '{}' OR level = ANY ($2)))) AS reached
          FROM own JOIN establishments e USING (uai)
         WHERE e.state = 'open' AND e.levels <> '{}' AND e.academy = ANY ($1)
           AND ($2 = '{}' OR e.levels && $2) AND ($3 IS NULL OR $3 IN (e.department, 'uai:' || e.uai))
         GROUP BY e.uai
    )
    SELECT academy, levels, reached, count(*) AS number FROM school GROUP BY academy, levels, reached";

/// The schools that count and have a declination of their own that does.
pub async fn declined(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    asked: &Asked,
) -> Result<Vec<Schools>> {
    if !asked.in_force {
        return Ok(Vec::new());
    }
    let query = diesel::sql_query(DECLINED)
        .bind::<Array<Text>, _>(&asked.academies)
        .bind::<Array<Text>, _>(&asked.levels)
        .bind::<Nullable<Text>, _>(&asked.within)
        .bind::<Uuid, _>(asked.convention)
        .bind::<Date, _>(asked.on);
    Ok(query.load(&mut connection).await?)
}
