//! The SQL of expected reports: plain SQL, on a view.

use chrono::NaiveDate;
use diesel::QueryableByName;
use diesel::pg::Pg;
use diesel::sql_types::{Array, BigInt, Bool, Date, Nullable, Text, Timestamptz, Uuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::filter::{Filter, Sort};
use super::model::ExpectedReport;
use crate::auth::policy::Scope;
use crate::db::page::{Mark, MarkValue, Page};
use crate::db::sql_text::BoundQuery;
use crate::error::Result;
use crate::results::campaigns::model::NewCampaign;
use crate::results::indicators::perimeter::territories;
use crate::values::TextValue;

/// Its place in that order.
pub fn mark(report: &ExpectedReport) -> Mark {
    let declination = report.declination_id.map(|id| id.uuid());
    let object = declination.unwrap_or_else(|| report.convention_id.uuid());
    Mark {
        value: MarkValue::Text(report.territory.as_str().to_owned()),
        id: object.to_string(),
    }
}

/// Those that the filters leave; the caller's perimeter is `$4`, null for everything.
const FILTERED: &str = "
      FROM (SELECT *, $2 > $3 AND state NOT IN ('submitted', 'validated') AS late FROM expected_report_states) AS e
      JOIN conventions c ON c.id = e.convention_id
     WHERE e.school_year = $1 AND ($4 IS NULL OR e.reach && $4)
       AND ($5 = '{}' OR e.state = ANY ($5)) AND ($6 IS NULL OR e.late = $6)
       AND ($7 = '{}' OR e.reach && $7) AND ($8 = '{}' OR e.convention_id = ANY ($8))
       AND ($9 IS NULL OR e.report_updated_at >= $9)";

fn bound(
    text: String,
    scope: &Scope,
    (campaign, day): (&NewCampaign, NaiveDate),
    filter: &Filter,
) -> BoundQuery {
    fn texts<T: ToString>(list: &[T]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }
    let conventions: Vec<uuid::Uuid> = filter.convention_id.iter().map(|id| id.uuid()).collect();
    diesel::sql_query(text)
        .into_boxed::<Pg>()
        .bind::<Text, _>(campaign.school_year.as_str().to_owned())
        .bind::<Date, _>(day)
        .bind::<Date, _>(campaign.due_on)
        .bind::<Nullable<Array<Text>>, _>(territories(scope))
        .bind::<Array<Text>, _>(texts(&filter.state))
        .bind::<Nullable<Bool>, _>(filter.late)
        .bind::<Array<Text>, _>(texts(&filter.territory))
        .bind::<Array<Uuid>, _>(conventions)
        .bind::<Nullable<Timestamptz>, _>(filter.updated_since)
}

/// One page of what a campaign expects, as of a day.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    asked: (&NewCampaign, NaiveDate),
    filter: &Filter,
    page: &Page<Sort>,
) -> Result<Vec<ExpectedReport>> {
    let (beyond, order) = (page.direction.comparison(), page.direction.order());
    let place = page.after.as_ref().and_then(|mark| match &mark.value {
        MarkValue::Text(territory) => Some((territory.clone(), mark.id.parse().ok()?)),
        _ => None,
    });
    let after = place.as_ref().map(|_: &(String, uuid::Uuid)| {
        format!("AND (e.territory COLLATE \"C\", e.object_id) {beyond} ($11, $12)")
    });
    let text = format!(
        "SELECT e.convention_id, c.reference, e.declination_id, e.territory, e.school_year, e.first_day AS starts_on, \
         e.last_day AS ends_on, $3 AS due_on, e.state, e.late, e.report_id {FILTERED} {} \
         ORDER BY e.territory COLLATE \"C\" {order}, e.object_id {order} LIMIT $10",
        after.unwrap_or_default()
    );
    let first_page = bound(text, scope, asked, filter).bind::<BigInt, _>(page.limit);
    let query = match place {
        Some((territory, object)) => first_page
            .bind::<Text, _>(territory)
            .bind::<Uuid, _>(object),
        None => first_page,
    };
    Ok(query.load(&mut connection).await?)
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many there are.
pub async fn count(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    asked: (&NewCampaign, NaiveDate),
    filter: &Filter,
) -> Result<i64> {
    let text = format!("SELECT count(*) AS count {FILTERED}");
    let counted: Counted = bound(text, scope, asked, filter)
        .get_result(&mut connection)
        .await?;
    Ok(counted.count)
}
