//! The SQL that writes conventions.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Jsonb, Uuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::agreements::conventions::acts::{Amended, Imported, Termination};
use crate::agreements::conventions::consolidated::Restricted;
use crate::agreements::conventions::content::Content;
use crate::agreements::conventions::model::{Convention, Status};
use crate::agreements::conventions::signing::{Signatory, VoidedSignature};
use crate::db::schema::conventions;
use crate::error::{Error, Result};
use crate::values::ids::ConventionId;
use crate::values::{Json, Sha256Hex};

diesel::define_sql_function! {
    /// Writes what the texts of a convention restrict.
    fn set_convention_texts(convention: Uuid, amended: Jsonb) -> diesel::sql_types::Text;
}

/// The next number under a prefix; the counter is locked until the transaction ends, so that no
/// number is lost or given twice.
pub async fn next_number(connection: &mut AsyncPgConnection, prefix: &str) -> Result<i32> {
    use crate::db::schema::reference_counters as counters;
    let next = diesel::insert_into(counters::table)
        .values((counters::prefix.eq(prefix), counters::last.eq(1)))
        .on_conflict(counters::prefix)
        .do_update()
        .set(counters::last.eq(counters::last + 1))
        .returning(counters::last);
    Ok(next.get_result(connection).await?)
}

/// What a new convention is besides its content.
#[derive(Insertable)]
#[diesel(table_name = conventions, treat_none_as_default_value = false)]
pub struct Beginning<'a> {
    /// Its id.
    pub id: ConventionId,
    /// Its reference.
    pub reference: &'a str,
    /// Its first status.
    pub status: Status,
    /// Its territory and all above it.
    #[diesel(column_name = reach)]
    pub ancestors: &'a [String],
    /// Those who will sign it.
    pub signatories: Json<Vec<Signatory>>,
    /// None yet.
    pub voided_signatures: Json<Vec<VoidedSignature>>,
    /// The day it was signed, for an imported one.
    pub signed_on: Option<NaiveDate>,
    /// The digest of its content.
    pub content_hash: Sha256Hex,
    /// Where it comes from, for an imported one.
    pub imported: Option<Json<Imported>>,
    /// Now.
    pub created_at: DateTime<Utc>,
    /// Now.
    pub updated_at: DateTime<Utc>,
}

/// Inserts one.
///
/// # Errors
/// `validation_failed` for a partner or a predecessor that does not exist.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    beginning: &Beginning<'_>,
    content: &Content,
) -> Result<Convention> {
    let inserted = diesel::insert_into(conventions::table)
        .values((beginning, content))
        .returning(Convention::as_returning());
    Ok(inserted.get_result(connection).await?)
}

/// The columns a step sets, besides the content.
#[derive(AsChangeset)]
#[diesel(table_name = conventions, treat_none_as_null = true)]
pub struct StepColumns {
    /// Its status.
    pub status: Status,
    /// The signatories, with their signatures.
    pub signatories: Json<Vec<Signatory>>,
    /// The signatures that are no longer valid.
    pub voided_signatures: Json<Vec<VoidedSignature>>,
    /// The day of the last signature.
    pub signed_on: Option<NaiveDate>,
    /// The digest of its content.
    pub content_hash: Sha256Hex,
    /// Its territory and all above it.
    #[diesel(column_name = reach)]
    pub ancestors: Vec<String>,
    /// Where it comes from.
    pub imported: Option<Json<Imported>>,
}

impl StepColumns {
    /// Those of the stored row.
    pub fn of(convention: &Convention) -> Self {
        Self {
            status: convention.status,
            signatories: convention.signatories.clone(),
            voided_signatures: convention.voided_signatures.clone(),
            signed_on: convention.signed_on,
            content_hash: convention.content_hash.clone(),
            ancestors: convention.ancestors.clone(),
            imported: convention.imported.clone(),
        }
    }
}

/// Changes one.
///
/// # Errors
/// As [`insert`].
pub async fn update(
    connection: &mut AsyncPgConnection,
    id: ConventionId,
    content: &Content,
    columns: &StepColumns,
    now: DateTime<Utc>,
) -> Result<Convention> {
    let stamp = (
        conventions::version.eq(conventions::version + 1),
        conventions::updated_at.eq(now),
    );
    let updated = diesel::update(conventions::table.find(id))
        .set((content, columns, stamp))
        .returning(Convention::as_returning());
    Ok(updated.get_result(connection).await?)
}

/// Replaces a convention by its successor, from its first day; the status shows whether it ended
/// so, or otherwise before.
pub async fn replace(
    connection: &mut AsyncPgConnection,
    id: ConventionId,
    status: Status,
    (successor, first_day): (ConventionId, NaiveDate),
    now: DateTime<Utc>,
) -> Result<Convention> {
    let updated = diesel::update(conventions::table.find(id))
        .set((
            conventions::status.eq(status),
            conventions::successor_id.eq(successor),
            conventions::replaced_on.eq(first_day),
            conventions::version.eq(conventions::version + 1),
            conventions::updated_at.eq(now),
        ))
        .returning(Convention::as_returning());
    Ok(updated.get_result(connection).await?)
}

/// Ends one.
pub async fn terminate(
    connection: &mut AsyncPgConnection,
    id: ConventionId,
    status: Status,
    termination: &Json<Termination>,
    now: DateTime<Utc>,
) -> Result<Convention> {
    let updated = diesel::update(conventions::table.find(id))
        .set((
            conventions::status.eq(status),
            conventions::termination.eq(termination),
            conventions::version.eq(conventions::version + 1),
            conventions::updated_at.eq(now),
        ))
        .returning(Convention::as_returning());
    Ok(updated.get_result(connection).await?)
}

/// Carries its signed amendments, in the order of their effect; [`set_texts`] follows.
pub async fn amend(
    connection: &mut AsyncPgConnection,
    id: ConventionId,
    amendments: &Json<Vec<Amended>>,
    now: DateTime<Utc>,
) -> Result<Convention> {
    let updated = diesel::update(conventions::table.find(id))
        .set((
            conventions::amendments.eq(amendments),
            conventions::version.eq(conventions::version + 1),
            conventions::updated_at.eq(now),
        ))
        .returning(Convention::as_returning());
    Ok(updated.get_result(connection).await?)
}

/// Says what its amended texts restrict, for the lists that ask.
pub async fn set_texts(
    connection: &mut AsyncPgConnection,
    id: ConventionId,
    amended: Json<Vec<Restricted>>,
) -> Result<()> {
    diesel::select(set_convention_texts(id, amended))
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes a draft.
///
/// # Errors
/// `in_use`.
pub async fn delete(connection: &mut AsyncPgConnection, id: ConventionId) -> Result<()> {
    diesel::delete(conventions::table.find(id))
        .execute(connection)
        .await
        .map_err(Error::on_delete)?;
    Ok(())
}
