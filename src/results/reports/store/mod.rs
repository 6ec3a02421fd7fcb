//! The SQL of reports.

pub mod many;
mod scoped;
pub mod writes;

use std::collections::HashMap;

use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::Uuid;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

pub use self::scoped::{Scoped, scoped};
use super::content::NewReport;
use super::filter::{Filter, Sort};
use super::line::Line;
use super::model::{Consolidated, Covered, Facts, FullReport, Report, Status, reads_heads};
use crate::auth::policy::Scope;
use crate::db::keyset::Order;
use crate::db::limit::paged;
use crate::db::page::Page;
use crate::db::schema::{convention_texts, declinations, report_lines, reports};
use crate::error::{Error, Result};
use crate::values::ids::{ConventionId, DeclinationId, ReportId};
use crate::values::{Json, SchoolYear, TerritoryCode, TerritoryKind, TextValue};

diesel::define_sql_function! {
    /// What the reports below one add.
    fn report_consolidated(report: Uuid) -> Jsonb;
}

diesel::define_sql_function! {
    /// The schools it names that have a report of their own.
    fn report_schools_reporting(report: Uuid) -> Array<Text>;
}

diesel::define_sql_function! {
    /// What its cross-checks compare it with.
    fn report_checks(report: Uuid) -> Jsonb;
}

/// The visible ones that the filters name.
pub fn filtered<'a>(scope: &'a Scope, filter: &'a Filter) -> Scoped<'a> {
    let mut query = scoped(scope);
    // Of one alone, an index gives the reports in their order.
    query = match filter.convention_id.as_slice() {
        [] => query,
        [one] => query.filter(reports::convention_id.eq(one)),
        several => query.filter(reports::convention_id.eq_any(several)),
    };
    if !filter.declination_id.is_empty() {
        query = query.filter(
            reports::declination_id
                .assume_not_null()
                .eq_any(&filter.declination_id),
        );
        if reads_heads(scope) {
            // Its head does not name the declination of a school.
            query = query.filter(reports::territory.not_like(TerritoryKind::School.pattern()));
        }
    }
    if !filter.territory.is_empty() {
        query = lying_in(query, scope, &filter.territory);
    }
    query = match filter.school_year.as_slice() {
        [] => query,
        [one] => query.filter(reports::school_year.eq(one)),
        several => query.filter(reports::school_year.eq_any(several)),
    };
    query = match filter.status.as_slice() {
        [] => query,
        [one] => query.filter(reports::status.eq(one)),
        several => query.filter(reports::status.eq_any(several)),
    };
    if let Some(since) = filter.updated_since {
        query = query.filter(reports::updated_at.ge(since));
    }
    query
}

/// Those of these territories and below. A caller that reads heads only sees the academy of a
/// school's report and nothing narrower: no filter may reveal more.
fn lying_in<'a>(query: Scoped<'a>, scope: &Scope, territories: &'a [TerritoryCode]) -> Scoped<'a> {
    let mut wide = Vec::new();
    let mut exact = Vec::new();
    for code in territories.iter().map(TextValue::as_str) {
        match TerritoryKind::of(code) {
            // Nothing is below a school: its own index answers.
            Some(TerritoryKind::School) if reads_heads(scope) => {}
            Some(TerritoryKind::School) => exact.push(code),
            Some(TerritoryKind::Department) if reads_heads(scope) => exact.push(code),
            _ => wide.push(code),
        }
    }
    if wide.is_empty() {
        query.filter(reports::territory.eq_any(exact))
    } else if exact.is_empty() {
        query.filter(reports::reach.overlaps_with(wide))
    } else {
        let there = reports::reach.overlaps_with(wide);
        query.filter(there.or(reports::territory.eq_any(exact)))
    }
}

/// One page, in the order asked for.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
    page: &Page<Sort>,
) -> Result<Vec<Report>> {
    let query = filtered(scope, filter).select(Report::as_select());
    let order = match page.sort {
        Sort::Id => Order::by_key(&reports::id),
        Sort::UpdatedAt => Order::by(&reports::updated_at, &reports::id),
    };
    Ok(paged(query, order, page).load(&mut connection).await?)
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

/// One report, with its lines and what is computed of it.
///
/// # Errors
/// `not_found`.
pub async fn find(
    connection: &AsyncPgConnection,
    scope: &Scope,
    id: ReportId,
) -> Result<FullReport> {
    let found = find_whole(connection, scope, &[id]).await?;
    found.into_iter().next().ok_or_else(Error::not_found)
}

/// The ones with these ids that the caller may see, each with its lines and what is computed of it:
/// three queries, sent together. Of what a caller does not read, nothing leaves the database.
pub async fn find_whole(
    connection: &AsyncPgConnection,
    scope: &Scope,
    ids: &[ReportId],
) -> Result<Vec<FullReport>> {
    if ids.is_empty() || reads_heads(scope) {
        let found = find_all(connection, scope, ids).await?;
        return Ok(found.into_iter().map(FullReport::head).collect());
    }
    let (mut first, mut second, mut third) = (connection, connection, connection);
    let found = scoped(scope).filter(reports::id.eq_any(ids)).select((
        Report::as_select(),
        report_consolidated(reports::id),
        report_schools_reporting(reports::id),
        report_checks(reports::id),
    ));
    let seen = scoped(scope).filter(reports::id.eq_any(ids));
    let lines = report_lines::table
        .filter(report_lines::report_id.eq_any(seen.select(reports::id)))
        .order((report_lines::report_id, report_lines::place))
        .select((report_lines::report_id, Line::as_select()));
    let their = reports::table.filter(reports::id.eq_any(ids));
    let texts = convention_texts::table
        .filter(convention_texts::convention_id.eq_any(their.select(reports::convention_id)))
        .select((convention_texts::convention_id, Covered::as_select()));
    let (found, lines, texts) = tokio::try_join!(
        found.load::<Computed>(&mut first),
        lines.load::<(ReportId, Line)>(&mut second),
        texts.load::<(ConventionId, Covered)>(&mut third),
    )?;
    Ok(whole(found, lines, texts))
}

/// A report, and what is computed of it.
type Computed = (Report, Json<Consolidated>, Vec<String>, Json<Facts>);

/// What was read of several reports, put together.
fn whole(
    found: Vec<Computed>,
    lines: Vec<(ReportId, Line)>,
    texts: Vec<(ConventionId, Covered)>,
) -> Vec<FullReport> {
    let mut lines_of = HashMap::<ReportId, Vec<Line>>::new();
    for (report, line) in lines {
        lines_of.entry(report).or_default().push(line);
    }
    let mut covered_by = HashMap::<ConventionId, Covered>::new();
    for (convention, text) in texts {
        let either = match covered_by.remove(&convention) {
            Some(covered) => covered.or(text),
            None => text,
        };
        covered_by.insert(convention, either);
    }
    let full = |(report, consolidated, reporting, facts): Computed| FullReport {
        lines: lines_of.remove(&report.id).unwrap_or_default(),
        covered: covered_by
            .get(&report.convention_id)
            .cloned()
            .unwrap_or_default(),
        report,
        consolidated: consolidated.0,
        reporting: reporting.into_iter().collect(),
        facts: facts.0,
    };
    found.into_iter().map(full).collect()
}

/// The ones with these ids that the caller may see.
pub async fn find_all(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    ids: &[ReportId],
) -> Result<Vec<Report>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(scoped(scope)
        .filter(reports::id.eq_any(ids))
        .select(Report::as_select())
        .load(&mut connection)
        .await?)
}

/// One report, locked until the transaction ends.
///
/// # Errors
/// `not_found`.
pub async fn lock(
    connection: &mut AsyncPgConnection,
    scope: &Scope,
    id: ReportId,
) -> Result<FullReport> {
    // Locked first, read next: what was waited for is then read.
    let locked = reports::table
        .filter(reports::id.eq(id))
        .select(reports::id)
        .for_no_key_update()
        .first::<ReportId>(connection)
        .await;
    locked.optional()?.ok_or_else(Error::not_found)?;
    find(connection, scope, id).await
}

/// These reports and the versions that they correct, locked until the transaction ends: the later ones
/// first, as a step with one locks a correction before what it corrects.
pub async fn lock_all(connection: &mut AsyncPgConnection, ids: &[ReportId]) -> Result<()> {
    let corrections = diesel::alias!(reports as corrections);
    let corrected = corrections
        .filter(corrections.field(reports::id).eq_any(ids))
        .filter(corrections.field(reports::supersedes_id).is_not_null())
        .select(corrections.field(reports::supersedes_id).assume_not_null());
    reports::table
        .filter(reports::id.eq_any(ids).or(reports::id.eq_any(corrected)))
        .order(reports::id.desc())
        .select(reports::id)
        .for_no_key_update()
        .load::<ReportId>(connection)
        .await?;
    Ok(())
}

/// The versions of a key that are not superseded: the validated one, which a new one corrects, and
/// the one that is open already.
pub async fn versions_of(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    new: &NewReport,
) -> Result<Vec<(ReportId, i32, Status)>> {
    let found = reports::table
        .filter(reports::convention_id.eq(new.convention_id))
        .filter(reports::declination_id.is_not_distinct_from(new.declination_id))
        .filter(reports::territory.eq(&new.territory))
        .filter(reports::school_year.eq(&new.school_year))
        .filter(reports::superseded.eq(false))
        .select((reports::id, reports::number, reports::status));
    Ok(found.load(&mut connection).await?)
}

/// The versions of the keys of these reports that are not superseded, and perhaps some of others: the
/// validated ones, which new ones correct, and those that are open already.
pub async fn versions_of_all(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    news: &[&NewReport],
) -> Result<Vec<Version>> {
    let conventions: Vec<ConventionId> = news.iter().map(|new| new.convention_id).collect();
    let territories: Vec<&str> = news.iter().map(|new| new.territory.as_str()).collect();
    let years: Vec<&str> = news.iter().map(|new| new.school_year.as_str()).collect();
    Ok(reports::table
        .filter(reports::convention_id.eq_any(conventions))
        .filter(reports::territory.eq_any(territories))
        .filter(reports::school_year.eq_any(years))
        .filter(reports::superseded.eq(false))
        .select(Version::as_select())
        .load(&mut connection)
        .await?)
}

/// A version of a report: its key, its number and its status.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = reports, check_for_backend(diesel::pg::Pg))]
pub struct Version {
    /// Its id.
    pub id: ReportId,
    /// Of its key: its convention.
    pub convention_id: ConventionId,
    /// Its declination, if it has one.
    pub declination_id: Option<DeclinationId>,
    /// Its territory.
    pub territory: TerritoryCode,
    /// Its school year.
    pub school_year: SchoolYear,
    /// Its number among the versions of its key.
    pub number: i32,
    /// Its status.
    pub status: Status,
}

/// What a report needs to know of its declination: its convention, its status, its territories.
pub type OfDeclination = (ConventionId, String, Vec<String>);

/// The declinations with these ids.
pub async fn declinations(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    ids: &[DeclinationId],
) -> Result<HashMap<DeclinationId, OfDeclination>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<(DeclinationId, OfDeclination)> = declinations::table
        .filter(declinations::id.eq_any(ids))
        .select((
            declinations::id,
            (
                declinations::convention_id,
                declinations::status,
                declinations::territories,
            ),
        ))
        .load(&mut connection)
        .await?;
    Ok(found.into_iter().collect())
}
