//! The SQL of many declinations at once: a statement for all of them, whatever their number.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::scoped;
use crate::agreements::declinations::content::{DeclinationLevel, NewDeclination};
use crate::agreements::declinations::model::Status;
use crate::auth::policy::Scope;
use crate::db::rows;
use crate::db::schema::{conventions, declinations};
use crate::error::Result;
use crate::values::TerritoryCode;
use crate::values::ids::{ConventionId, DeclinationId, kind};

/// Locks these conventions, and those of these declinations, until the transaction ends, in one order:
/// of two who create the same declinations at once, the second finds those of the first.
pub async fn lock_conventions(
    connection: &mut AsyncPgConnection,
    named: &[ConventionId],
    ids: &[DeclinationId],
) -> Result<()> {
    let theirs = declinations::table
        .filter(declinations::id.eq_any(ids))
        .select(declinations::convention_id);
    conventions::table
        .filter(
            conventions::id
                .eq_any(named)
                .or(conventions::id.eq_any(theirs)),
        )
        .order(conventions::id)
        .select(conventions::id)
        .for_no_key_update()
        .load::<ConventionId>(connection)
        .await?;
    Ok(())
}

/// What a declination is known by where it is not named by its id.
pub type KeyColumns = (
    ConventionId,
    DeclinationLevel,
    Vec<TerritoryCode>,
    NaiveDate,
);

/// The drafts and the active ones of these conventions in these territories, of those that the caller
/// may see.
pub async fn living(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    named: &[ConventionId],
    territories: &[TerritoryCode],
) -> Result<Vec<(DeclinationId, KeyColumns)>> {
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let key = (
        declinations::convention_id,
        declinations::level,
        declinations::territories,
        declinations::starts_on,
    );
    Ok(scoped(scope)
        .filter(declinations::convention_id.eq_any(named))
        .filter(declinations::status.eq_any([Status::Draft, Status::Active]))
        .filter(declinations::territories.overlaps_with(territories))
        .order(declinations::id)
        .select((declinations::id, key))
        .load(&mut connection)
        .await?)
}

/// A declination as it is to be.
pub type Row = rows::Row<kind::Declination, NewDeclination>;

/// Inserts drafts.
///
/// # Errors
/// `validation_failed` for what they refer to and was deleted since.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    rows: &[&Row],
) -> Result<()> {
    const INSERT: &str = "
        INSERT INTO declinations (id, reach, coordinator, signatories, created_at, updated_at, convention_id,
                                  parent_id, level, territories, title, axes, action_types, levels, moments,
                                  representative_id, starts_on, ends_on, targets, planned_actions,
                                  board_decision, reports_by)
        SELECT id, reach, coordinator, '[]', $2, $2, convention_id, parent_id, level, territories, title, axes,
               action_types, levels, moments, representative_id, starts_on, ends_on, targets, planned_actions,
               board_decision, reports_by
          FROM jsonb_populate_recordset(NULL::declinations, $1) ORDER BY id";
    rows::write(connection, INSERT, now, rows).await
}

/// Replaces the content of these.
///
/// # Errors
/// As [`insert`].
pub async fn update(
    connection: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    rows: &[&Row],
) -> Result<()> {
    const UPDATE: &str = "
        UPDATE declinations d
           SET reach = new.reach, coordinator = new.coordinator, parent_id = new.parent_id, level = new.level,
               territories = new.territories, title = new.title, axes = new.axes,
               action_types = new.action_types, levels = new.levels, moments = new.moments,
               representative_id = new.representative_id, starts_on = new.starts_on, ends_on = new.ends_on,
               targets = new.targets, planned_actions = new.planned_actions,
               board_decision = new.board_decision, reports_by = new.reports_by,
               version = d.version + 1, updated_at = $2
          FROM jsonb_populate_recordset(NULL::declinations, $1) AS new WHERE d.id = new.id";
    rows::write(connection, UPDATE, now, rows).await
}
