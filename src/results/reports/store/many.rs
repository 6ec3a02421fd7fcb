//! The SQL that writes many reports: a statement for all of them, whatever their number.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Jsonb, Text, Timestamptz, Uuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};

use super::writes::{Beginning, with};
use crate::db::schema::report_lines;
use crate::error::{Error, Result};
use crate::results::reports::content::NewReport;
use crate::results::reports::line::Line;
use crate::results::reports::model::Report;
use crate::values::ids::ReportId;

/// Inserts reports with their lines. In the order of their keys: those who insert the same wait for each
/// other and never in a circle.
///
/// # Errors
/// `duplicate_report`.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    (author, now): (&str, DateTime<Utc>),
    news: &[(Beginning<'_>, &NewReport)],
) -> Result<()> {
    if news.is_empty() {
        return Ok(());
    }
    let rows = news.iter().map(|(beginning, new)| {
        json!({
            "id": beginning.id, "number": beginning.number, "supersedes_id": beginning.supersedes_id,
            "reach": beginning.ancestors, "convention_id": new.convention_id,
            "declination_id": new.declination_id, "territory": new.territory,
            "school_year": new.school_year, "establishments": new.establishments,
            "narrative": new.narrative,
        })
    });
    diesel::sql_query(
        "INSERT INTO reports (id, number, supersedes_id, reach, authors, created_at, updated_at, convention_id, \
                              declination_id, territory, school_year, establishments, narrative) \
         SELECT id, number, supersedes_id, reach, ARRAY[$2], $3, $3, convention_id, declination_id, territory, \
                school_year, establishments, narrative \
           FROM jsonb_to_recordset($1) AS new (id uuid, number integer, supersedes_id uuid, reach text[], \
                convention_id uuid, declination_id uuid, territory text, school_year text, establishments text[], \
                narrative jsonb) \
          ORDER BY convention_id, territory, school_year, declination_id",
    )
    .bind::<Jsonb, _>(rows.collect::<Value>())
    .bind::<Text, _>(author)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
    .await?;
    let lines = news
        .iter()
        .map(|(beginning, new)| (beginning.id, new.lines.as_slice()));
    insert_lines(connection, lines.collect()).await
}

/// A report as it is to be.
#[derive(Debug)]
pub struct Change<'a> {
    /// As it is.
    pub before: &'a Report,
    /// Its content then.
    pub new: &'a NewReport,
    /// Whether its lines are others.
    pub are_lines_new: bool,
}

/// Replaces the content of reports, and counts their editor among their authors.
pub async fn update(
    connection: &mut AsyncPgConnection,
    (author, now): (&str, DateTime<Utc>),
    changes: &[Change<'_>],
) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let rows = changes.iter().map(|change| {
        json!({
            "id": change.before.id, "establishments": change.new.establishments,
            "narrative": change.new.narrative, "authors": with(&change.before.authors, author),
        })
    });
    // What was confirmed was confirmed of other figures.
    diesel::sql_query(
        "UPDATE reports r \
            SET establishments = new.establishments, narrative = new.narrative, authors = new.authors, \
                confirmed = '[]', version = r.version + 1, updated_at = $2 \
           FROM jsonb_to_recordset($1) AS new (id uuid, establishments text[], narrative jsonb, authors text[]) \
          WHERE r.id = new.id",
    )
    .bind::<Jsonb, _>(rows.collect::<Value>())
    .bind::<Timestamptz, _>(now)
    .execute(connection)
    .await?;
    let of_lines = changes.iter().filter(|change| change.are_lines_new);
    let lines: Vec<(ReportId, &[Line])> = of_lines
        .map(|change| (change.before.id, change.new.lines.as_slice()))
        .collect();
    let ids = lines.iter().map(|(id, _)| *id);
    diesel::delete(report_lines::table.filter(report_lines::report_id.eq_any(ids)))
        .execute(connection)
        .await?;
    insert_lines(connection, lines).await
}

async fn insert_lines(
    connection: &mut AsyncPgConnection,
    lines: Vec<(ReportId, &[Line])>,
) -> Result<()> {
    let lines: Vec<_> = lines
        .into_iter()
        .filter(|(_, lines)| !lines.is_empty())
        .collect();
    if lines.is_empty() {
        return Ok(());
    }
    let ids: Vec<uuid::Uuid> = lines.iter().map(|(id, _)| id.uuid()).collect();
    let values: Vec<Value> = lines
        .iter()
        .map(|(_, lines)| serde_json::to_value(lines).map_err(Error::internal))
        .collect::<Result<_>>()?;
    diesel::sql_query(
        "SELECT insert_report_lines(report, lines) FROM unnest($1, $2) AS new (report, lines)",
    )
    .bind::<Array<Uuid>, _>(ids)
    .bind::<Array<Jsonb>, _>(values)
    .execute(connection)
    .await?;
    Ok(())
}
