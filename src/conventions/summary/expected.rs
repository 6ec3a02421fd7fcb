//! Which reports are expected of a convention in a school year. The one place that says so here:
//! what a campaign expects would be read in its stead.

use chrono::NaiveDate;
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text, Uuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::SummaryCompleteness;
use crate::auth::policy::Scope;
use crate::conventions::model::ConventionId;
use crate::error::Result;
use crate::indicators::perimeter::told;
use crate::values::{SchoolYear, TextValue};

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    expected: i64,
    #[diesel(sql_type = BigInt)]
    validated: i64,
}

/// As deadlines have it: the report of each territory of each declination in force in the year, and
/// the convention's own where its text says that it is followed up. One closed since was expected in
/// the years before.
const EXPECTED: &str = "
    WITH expected AS (
        SELECT NULL::uuid AS declination_id, coalesce(c.territory, 'FR') AS territory
          FROM conventions AS c
         WHERE c.id = $1 AND convention_periodicity(c.terms, c.amendments, $4) IN ('yearly', 'half_yearly')
        UNION ALL
        SELECT d.id, t FROM declinations AS d CROSS JOIN LATERAL unnest(d.territories) AS t
         WHERE d.convention_id = $1 AND d.starts_on <= $4 AND (d.ends_on IS NULL OR d.ends_on >= $3)
           AND (d.status = 'active'
                OR d.status = 'closed' AND (d.updated_at AT TIME ZONE 'Europe/Paris')::date > $3)
    ), own AS (
        SELECT * FROM expected WHERE $5 IS NULL OR reach_of(ARRAY[territory]) && $5
    )
    SELECT count(*) AS expected,
           count(*) FILTER (WHERE EXISTS (
               SELECT FROM reports AS r
                WHERE r.convention_id = $1 AND r.declination_id IS NOT DISTINCT FROM own.declination_id
                  AND r.territory = own.territory AND r.school_year = $2
                  AND r.status = 'validated' AND NOT r.superseded)) AS validated
      FROM own";

/// How many are expected in the caller's perimeter, and how many of them are validated.
///
/// # Errors
/// As any query.
pub async fn count(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    convention: ConventionId,
    year: &SchoolYear,
) -> Result<SummaryCompleteness> {
    let (first, last): (NaiveDate, NaiveDate) = (year.first_day(), year.last_day());
    let counted: Counted = diesel::sql_query(EXPECTED)
        .bind::<Uuid, _>(convention)
        .bind::<Text, _>(year.as_str())
        .bind::<Date, _>(first)
        .bind::<Date, _>(last)
        .bind::<Nullable<Array<Text>>, _>(told(scope))
        .get_result(&mut connection)
        .await?;
    Ok(SummaryCompleteness::of(counted.expected, counted.validated))
}
