//! The SQL that writes reports.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Jsonb, Nullable, Timestamptz, Uuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::schema::{report_lines, reports};
use crate::error::{Error, Result};
use crate::results::reports::content::NewReport;
use crate::results::reports::line::Line;
use crate::results::reports::model::{Confirmed, Report, Status};
use crate::results::reports::prefill::model::Prefilled;
use crate::values::ids::ReportId;
use crate::values::{Json, Text};

/// What a new report is besides its content.
#[derive(Debug)]
pub struct Beginning<'a> {
    /// Its id.
    pub id: ReportId,
    /// Its number among the versions of its key, and the one it corrects.
    pub number: i32,
    /// The version it corrects.
    pub supersedes_id: Option<ReportId>,
    /// Its territory and all above it.
    pub ancestors: &'a [String],
    /// Who creates it.
    pub author: &'a str,
    /// What it was prefilled with, if it was.
    pub prefilled: Option<Prefilled>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// Inserts one, with its lines.
///
/// # Errors
/// `duplicate_report`.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    beginning: &Beginning<'_>,
    new: &NewReport,
) -> Result<()> {
    let row = (
        (
            reports::id.eq(beginning.id),
            reports::number.eq(beginning.number),
            reports::supersedes_id.eq(beginning.supersedes_id),
            reports::reach.eq(beginning.ancestors),
            reports::authors.eq(vec![beginning.author]),
            reports::prefilled.eq(beginning.prefilled.as_ref().map(Json)),
            reports::created_at.eq(beginning.now),
            reports::updated_at.eq(beginning.now),
        ),
        (
            reports::convention_id.eq(new.convention_id),
            reports::declination_id.eq(new.declination_id),
            reports::territory.eq(&new.territory),
            reports::school_year.eq(&new.school_year),
            reports::establishments.eq(&new.establishments.0),
            reports::narrative.eq(Json(&new.narrative)),
        ),
    );
    diesel::insert_into(reports::table)
        .values(row)
        .execute(connection)
        .await?;
    insert_lines(connection, beginning.id, &new.lines).await
}

/// Replaces the content of a report, and counts its editor among its authors.
pub async fn update(
    connection: &mut AsyncPgConnection,
    before: &Report,
    new: &NewReport,
    are_lines_new: bool,
    author: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    diesel::update(reports::table.find(before.id))
        .set((
            reports::establishments.eq(&new.establishments.0),
            reports::narrative.eq(Json(&new.narrative)),
            reports::authors.eq(with(&before.authors, author)),
            // What was confirmed was confirmed of other figures.
            reports::confirmed.eq(Json(Vec::<Confirmed>::new())),
            reports::version.eq(reports::version + 1),
            reports::updated_at.eq(now),
        ))
        .execute(connection)
        .await?;
    if !are_lines_new {
        return Ok(());
    }
    diesel::delete(report_lines::table.filter(report_lines::report_id.eq(before.id)))
        .execute(connection)
        .await?;
    insert_lines(connection, before.id, &new.lines).await
}

diesel::define_sql_function! {
    /// Inserts the lines of a report, in their order.
    fn insert_report_lines(report: Uuid, lines: Jsonb) -> Bool;
}

/// One statement for all of them, the same for any number: PostgreSQL prepares it once.
async fn insert_lines(
    connection: &mut AsyncPgConnection,
    report: ReportId,
    lines: &[Line],
) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    diesel::select(insert_report_lines(report, Json(lines)))
        .execute(connection)
        .await?;
    Ok(())
}

/// These authors, and this one once.
pub fn with(authors: &[String], author: &str) -> Vec<String> {
    let mut all = authors.to_vec();
    if !all.iter().any(|one| one == author) {
        all.push(author.to_owned());
    }
    all
}

/// The columns a step sets.
#[derive(AsChangeset)]
#[diesel(table_name = reports, treat_none_as_null = true)]
struct StepColumns {
    status: Status,
    authors: Vec<String>,
    submitted_at: Option<DateTime<Utc>>,
    validated_at: Option<DateTime<Utc>>,
    return_reason: Option<Text<2000>>,
    confirmed: Json<Vec<Confirmed>>,
}

/// What somebody takes a report to.
#[derive(Debug)]
pub struct Taken<'a> {
    /// Its status then.
    pub status: Status,
    /// Why it is sent back.
    pub reason: Option<Text<2000>>,
    /// What is confirmed of it, where it is submitted.
    pub confirmed: Vec<Confirmed>,
    /// Who.
    pub subject: &'a str,
    /// When.
    pub now: DateTime<Utc>,
}

/// Adds a validated report to the figures that are kept added up, and takes the one it supersedes
/// from them.
pub async fn count(
    connection: &mut AsyncPgConnection,
    added: ReportId,
    taken: Option<ReportId>,
    now: DateTime<Utc>,
) -> Result<()> {
    diesel::sql_query("SELECT count_report($1, $2, $3)")
        .bind::<Uuid, _>(added)
        .bind::<Nullable<Uuid>, _>(taken)
        .bind::<Timestamptz, _>(now)
        .execute(connection)
        .await?;
    Ok(())
}

/// As [`count`], for several: their years one after the other, so that those who count several do not
/// wait for each other in a circle.
pub async fn count_all(
    connection: &mut AsyncPgConnection,
    counted: &[(ReportId, Option<ReportId>)],
    now: DateTime<Utc>,
) -> Result<()> {
    if counted.is_empty() {
        return Ok(());
    }
    let (added, taken): (Vec<_>, Vec<_>) = counted
        .iter()
        .map(|(added, taken)| (added.uuid(), taken.map(ReportId::uuid)))
        .unzip();
    diesel::sql_query(
        "SELECT count_report(added, taken, $3) FROM unnest($1, $2) AS counted (added, taken)",
    )
    .bind::<Array<Uuid>, _>(added)
    .bind::<Array<Nullable<Uuid>>, _>(taken)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes one from a status to another. The person who submits it is one of its authors; a reason stays
/// until it is submitted again.
pub async fn set_status(
    mut connection: &AsyncPgConnection,
    before: &Report,
    taken: Taken<'_>,
) -> Result<()> {
    let submits = taken.status == Status::Submitted;
    let (authors, submitted_at, confirmed) = if submits {
        let authors = with(&before.authors, taken.subject);
        (authors, Some(taken.now), Json(taken.confirmed))
    } else {
        let confirmed = before.confirmed.clone();
        (before.authors.clone(), before.submitted_at, confirmed)
    };
    let columns = StepColumns {
        status: taken.status,
        authors,
        submitted_at,
        validated_at: Some(taken.now).filter(|_| taken.status == Status::Validated),
        return_reason: taken.reason,
        confirmed,
    };
    diesel::update(reports::table.find(before.id))
        .set((
            columns,
            reports::version.eq(reports::version + 1),
            reports::updated_at.eq(taken.now),
        ))
        .execute(&mut connection)
        .await?;
    Ok(())
}

/// Notes that a later version was validated in its place.
pub async fn supersede(
    mut connection: &AsyncPgConnection,
    id: ReportId,
    now: DateTime<Utc>,
) -> Result<()> {
    diesel::update(reports::table.find(id))
        .set((
            reports::superseded.eq(true),
            reports::version.eq(reports::version + 1),
            reports::updated_at.eq(now),
        ))
        .execute(&mut connection)
        .await?;
    Ok(())
}

/// Deletes a draft, with its lines.
pub async fn delete(connection: &mut AsyncPgConnection, id: ReportId) -> Result<()> {
    diesel::delete(reports::table.find(id))
        .execute(connection)
        .await
        .map_err(Error::on_delete)?;
    Ok(())
}
