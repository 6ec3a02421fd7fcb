//! The SQL of progress: one statement, for Diesel has no grouping sets.

use chrono::NaiveDate;
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text, Uuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::auth::policy::Scope;
use crate::error::Result;
use crate::results::campaigns::model::NewCampaign;
use crate::results::indicators::perimeter::territories;
use crate::values::ids::ConventionId;
use crate::values::{TerritoryCode, TextValue};

/// What is counted of an academy, of a region, of a convention, or, with none of them, of all.
#[derive(Debug, Clone, QueryableByName)]
pub struct Row {
    /// The academy.
    #[diesel(sql_type = Nullable<Text>)]
    pub academy: Option<TerritoryCode>,
    /// The region.
    #[diesel(sql_type = Nullable<Text>)]
    pub academic_region: Option<TerritoryCode>,
    /// The convention.
    #[diesel(sql_type = Nullable<Uuid>)]
    pub convention_id: Option<ConventionId>,
    /// Its reference.
    #[diesel(sql_type = Nullable<Text>)]
    pub reference: Option<String>,
    /// The reports expected.
    #[diesel(sql_type = BigInt)]
    pub expected: i64,
    /// Those that nobody began.
    #[diesel(sql_type = BigInt)]
    pub missing: i64,
    /// Those being written.
    #[diesel(sql_type = BigInt)]
    pub drafted: i64,
    /// Those of them that were sent back.
    #[diesel(sql_type = BigInt)]
    pub returned: i64,
    /// Those to validate.
    #[diesel(sql_type = BigInt)]
    pub submitted: i64,
    /// Those that count.
    #[diesel(sql_type = BigInt)]
    pub validated: i64,
    /// Those that should have been submitted.
    #[diesel(sql_type = BigInt)]
    pub late: i64,
}

/// An academy's perimeter is `$4`; null for the ministry's, which is everything.
const PROGRESS: &str = "
    WITH counted AS (
        SELECT academy, academic_region, convention_id, grouping(academy, academic_region, convention_id) AS kind,
               count(*) AS expected, count(*) FILTER (WHERE state = 'missing') AS missing,
               count(*) FILTER (WHERE state IN ('draft', 'returned')) AS drafted,
               count(*) FILTER (WHERE state = 'returned') AS returned,
               count(*) FILTER (WHERE state = 'submitted') AS submitted,
               count(*) FILTER (WHERE state = 'validated') AS validated,
               count(*) FILTER (WHERE $2 > $3 AND state NOT IN ('submitted', 'validated')) AS late
          FROM expected_report_states
         WHERE school_year = $1 AND ($4 IS NULL OR reach && $4)
         GROUP BY GROUPING SETS ((), (academy), (academic_region), (convention_id))
    )
    SELECT counted.*, c.reference
      FROM counted LEFT JOIN conventions c ON c.id = counted.convention_id
     -- What lies in no academy or region is in the other counts.
     WHERE counted.kind = 7 OR num_nonnulls(counted.academy, counted.academic_region, counted.convention_id) > 0
     ORDER BY counted.academy COLLATE \"C\", counted.academic_region COLLATE \"C\", c.reference COLLATE \"C\"";

/// Counts what a campaign expects of the caller's perimeter, as of a day.
pub async fn progress(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    campaign: &NewCampaign,
    day: NaiveDate,
) -> Result<Vec<Row>> {
    let query = diesel::sql_query(PROGRESS)
        .bind::<Text, _>(campaign.school_year.as_str())
        .bind::<Date, _>(day)
        .bind::<Date, _>(campaign.due_on)
        .bind::<Nullable<Array<Text>>, _>(territories(scope));
    Ok(query.load(&mut connection).await?)
}
