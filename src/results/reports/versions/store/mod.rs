//! The SQL of the versions of a report.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::filter::{Filter, Sort};
use crate::auth::policy::Scope;
use crate::db::page::{Direction, MarkValue, Page};
use crate::db::schema::reports;
use crate::error::{Error, Result};
use crate::results::reports::model::Report;
use crate::results::reports::store::scoped;
use crate::values::ids::ReportId;

/// A page of the versions of a report's key that the caller may see.
///
/// # Errors
/// `not_found`.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    id: ReportId,
    filter: &Filter,
    page: &Page<Sort>,
) -> Result<Vec<Report>> {
    let given: Report = scoped(scope)
        .filter(reports::id.eq(id))
        .select(Report::as_select())
        .first(&mut connection)
        .await
        .optional()?
        .ok_or_else(Error::not_found)?;
    let mut query = scoped(scope)
        .filter(reports::convention_id.eq(given.convention_id))
        .filter(reports::declination_id.is_not_distinct_from(given.declination_id))
        .filter(reports::territory.eq(given.territory))
        .filter(reports::school_year.eq(given.school_year))
        .limit(page.limit)
        .select(Report::as_select());
    if let Some(since) = filter.updated_since {
        query = query.filter(reports::updated_at.ge(since));
    }
    let last = page.after.as_ref().and_then(|mark| match mark.value {
        MarkValue::Place(number, _) => i32::try_from(number).ok(),
        _ => None,
    });
    let number = reports::number;
    query = match (last, page.direction) {
        (None, _) => query,
        (Some(last), Direction::Ascending) => query.filter(number.gt(last)),
        (Some(last), Direction::Descending) => query.filter(number.lt(last)),
    };
    query = match page.direction {
        Direction::Ascending => query.order(number.asc()),
        Direction::Descending => query.order(number.desc()),
    };
    Ok(query.load(&mut connection).await?)
}
