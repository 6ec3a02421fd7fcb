//! Which reports are expected of a convention in a school year.

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Uuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::auth::policy::Scope;
use crate::error::Result;
use crate::results::indicators::perimeter::territories;
use crate::results::summary::model::SummaryCompleteness;
use crate::values::ids::ConventionId;
use crate::values::{SchoolYear, TextValue};

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    expected: i64,
    #[diesel(sql_type = BigInt)]
    validated: i64,
}

/// What the campaign of the year expects; without a campaign, what one would.
const EXPECTED: &str = "
    WITH expected AS (
        SELECT declination_id, territory, reach FROM expected_reports WHERE convention_id = $1 AND school_year = $2
        UNION ALL
        SELECT declination_id, territory, reach FROM reports_to_expect($2, $1, NULL)
         WHERE NOT EXISTS (SELECT FROM campaigns WHERE school_year = $2)
    ), own AS (
        SELECT * FROM expected WHERE $3 IS NULL OR reach && $3
    )
    SELECT count(*) AS expected,
           count(*) FILTER (WHERE EXISTS (
               SELECT FROM reports AS r
                WHERE r.convention_id = $1 AND r.declination_id IS NOT DISTINCT FROM own.declination_id
                  AND r.territory = own.territory AND r.school_year = $2
                  AND r.status = 'validated' AND NOT r.superseded)) AS validated
      FROM own";

/// How many are expected in the caller's perimeter, and how many of them are validated.
pub async fn count(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    convention: ConventionId,
    year: &SchoolYear,
) -> Result<SummaryCompleteness> {
    let counted: Counted = diesel::sql_query(EXPECTED)
        .bind::<Uuid, _>(convention)
        .bind::<Text, _>(year.as_str())
        .bind::<Nullable<Array<Text>>, _>(territories(scope))
        .get_result(&mut connection)
        .await?;
    Ok(SummaryCompleteness::of(counted.expected, counted.validated))
}
