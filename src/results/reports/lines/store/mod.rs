//! The SQL of the lines.

use diesel::dsl::count_star;
use diesel::helper_types::InnerJoin;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Uuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use utoipa::ToSchema;

use super::filter::{Filter, Sort};
use crate::auth::policy::Scope;
use crate::db::keyset::after;
use crate::db::page::{Direction, MarkValue, Page};
use crate::db::schema::{report_lines, reports};
use crate::error::Result;
use crate::results::reports::line::Line;
use crate::results::reports::model::Status;
use crate::results::reports::store as reports_store;
use crate::values::ids::{ConventionId, DeclinationId, ReportId};
use crate::values::{SchoolYear, TerritoryCode};

/// Le bilan dont est une ligne.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = reports, check_for_backend(Pg))]
pub struct OfReport {
    /// Le bilan.
    #[diesel(column_name = id)]
    pub report_id: ReportId,
    /// Sa convention.
    pub convention_id: ConventionId,
    /// Sa déclinaison.
    #[schema(example = json!(null))]
    pub declination_id: Option<DeclinationId>,
    /// Son territoire.
    #[schema(example = "academy:10")]
    pub territory: TerritoryCode,
    /// Son année scolaire.
    #[schema(example = "2025-2026")]
    pub school_year: SchoolYear,
    /// Son statut.
    #[schema(example = "validated")]
    pub status: Status,
    /// Si une version suivante a été validée à sa place : ses chiffres ne comptent plus.
    #[schema(example = false)]
    pub superseded: bool,
}

/// Une ligne, avec le bilan dont elle est.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = report_lines, check_for_backend(Pg))]
pub struct FlatLine {
    /// Its report.
    #[diesel(embed)]
    #[serde(flatten)]
    #[schema(inline)]
    pub report: OfReport,
    /// What it counts.
    #[diesel(embed)]
    #[serde(flatten)]
    #[schema(inline)]
    pub line: Line,
    /// Its place in its report.
    #[serde(skip)]
    #[schema(ignore)]
    pub place: i32,
}

type Filtered<'a> = InnerJoin<reports_store::Scoped<'a>, report_lines::table>;

/// The lines of the reports chosen as their own list chooses them: what it does not show has none.
/// Joined and not looked up in a subquery, so that the lines are walked in their order.
fn filtered<'a>(scope: &'a Scope, filter: &'a Filter) -> Filtered<'a> {
    let mut chosen = reports_store::filtered(scope, &filter.reports);
    if filter.reports.status.is_empty() {
        chosen = chosen
            .filter(reports::status.eq(Status::Validated))
            .filter(reports::superseded.eq(false));
    }
    let mut query = chosen.inner_join(report_lines::table);
    if !filter.action_type.is_empty() {
        query = query.filter(report_lines::action_type.eq_any(&filter.action_type));
    }
    if !filter.level.is_empty() {
        query = query.filter(report_lines::level.assume_not_null().eq_any(&filter.level));
    }
    query
}

/// One page.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
    page: &Page<Sort>,
) -> Result<Vec<FlatLine>> {
    let mut query = filtered(scope, filter)
        .select(FlatLine::as_select())
        .limit(page.limit);
    if let Some(mark) = &page.after {
        let report = mark.uuid();
        let place = match mark.value {
            MarkValue::Place(place, _) => i32::try_from(place).unwrap_or_default(),
            _ => 0,
        };
        query = query.filter(after(
            (report_lines::report_id, report_lines::place),
            (report.into_sql::<Uuid>(), place.into_sql::<Integer>()),
            page.direction,
        ));
        // Said of the report too: PostgreSQL walks the reports, and would do so from their start.
        query = match page.direction {
            Direction::Ascending => query.filter(reports::id.ge(ReportId::new(report))),
            Direction::Descending => query.filter(reports::id.le(ReportId::new(report))),
        };
    }
    query = match page.direction {
        Direction::Ascending => {
            query.order((report_lines::report_id.asc(), report_lines::place.asc()))
        }
        Direction::Descending => {
            query.order((report_lines::report_id.desc(), report_lines::place.desc()))
        }
    };
    Ok(query.load(&mut connection).await?)
}

/// How many there are.
pub async fn count(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
) -> Result<i64> {
    Ok(filtered(scope, filter)
        .select(count_star())
        .first(&mut connection)
        .await?)
}
