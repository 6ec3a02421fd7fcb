//! The answers kept for idempotency keys, for 30 days.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool as SqlBool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::idempotency_keys;
use super::tx::Tx;
use crate::error::Result;

/// How long an answer is kept.
pub const KEPT_FOR: TimeDelta = TimeDelta::days(30);

/// An answer kept.
#[derive(Debug, Clone, HasQuery, Insertable)]
#[diesel(table_name = idempotency_keys, treat_none_as_default_value = false)]
pub struct Kept {
    /// SHA-256 of the body it answered.
    pub request_hash: Vec<u8>,
    /// Its status.
    pub status: i16,
    /// Its `Location`.
    pub location: Option<String>,
    /// Its `ETag`.
    pub etag: Option<String>,
    /// Its body; none once the person it spoke of was erased.
    pub body: Option<Vec<u8>>,
    /// That person.
    pub person_id: Option<Uuid>,
}

/// What there is for a key.
#[derive(Debug)]
pub enum Found {
    /// A request with this key has not ended.
    Running,
    /// It ended with this answer.
    Kept(Kept),
    /// Nothing: this request is the first.
    Nothing,
}

diesel::define_sql_function! {
    /// Takes a lock that ends with the transaction, if it is free.
    fn pg_try_advisory_xact_lock(key: BigInt) -> SqlBool;
}

/// Looks a key up, and locks it until the transaction ends.
pub async fn find(tx: &mut Tx<'_>, scope: &[u8; 32]) -> Result<Found> {
    let lock = scope
        .first_chunk::<8>()
        .copied()
        .map(i64::from_be_bytes)
        .unwrap_or_default();
    let since = tx.now - KEPT_FOR;
    let connection = &*tx.connection();
    let (mut first, mut second) = (connection, connection);
    // Two statements, so that the second sees what was committed before the lock was had.
    let key = idempotency_keys::scope
        .eq(scope.as_slice())
        .and(idempotency_keys::created_at.gt(since));
    let (free, kept) = tokio::try_join!(
        diesel::select(pg_try_advisory_xact_lock(lock)).get_result::<bool>(&mut first),
        Kept::query().filter(key).load(&mut second),
    )?;
    Ok(match (free, kept.into_iter().next()) {
        (false, _) => Found::Running,
        (true, Some(kept)) => Found::Kept(kept),
        (true, None) => Found::Nothing,
    })
}

/// Writes an answer that was kept as it is, so that what is answered again waits for whatever a write waits
/// for: a primary, and the synchronous standbys.
pub async fn touch(tx: &mut Tx<'_>, scope: &[u8; 32]) -> Result<()> {
    let key = idempotency_keys::scope.eq(scope.as_slice());
    diesel::update(idempotency_keys::table.filter(key))
        .set(idempotency_keys::created_at.eq(idempotency_keys::created_at))
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Keeps an answer. An expired one under the same key makes room.
///
/// # Errors
/// `idempotency_in_progress` when another request was first after all.
pub async fn keep(tx: &mut Tx<'_>, scope: &[u8; 32], kept: &Kept) -> Result<()> {
    let now = tx.now;
    forget(tx.connection(), scope, now - KEPT_FOR).await?;
    diesel::insert_into(idempotency_keys::table)
        .values((
            kept,
            idempotency_keys::scope.eq(scope.as_slice()),
            idempotency_keys::created_at.eq(now),
        ))
        .execute(tx.connection())
        .await?;
    Ok(())
}

async fn forget(
    connection: &mut AsyncPgConnection,
    scope: &[u8; 32],
    before: DateTime<Utc>,
) -> Result<()> {
    let expired = idempotency_keys::scope
        .eq(scope.as_slice())
        .and(idempotency_keys::created_at.le(before));
    diesel::delete(idempotency_keys::table.filter(expired))
        .execute(connection)
        .await?;
    Ok(())
}

/// Erases the kept answers that contain a person; their keys stay used.
pub async fn erase_person(connection: &mut AsyncPgConnection, person: Uuid) -> Result<()> {
    erase_persons(connection, &[person]).await
}

/// The same of several persons.
pub async fn erase_persons(connection: &mut AsyncPgConnection, persons: &[Uuid]) -> Result<()> {
    if persons.is_empty() {
        return Ok(());
    }
    let persons = idempotency_keys::person_id
        .assume_not_null()
        .eq_any(persons);
    diesel::update(idempotency_keys::table.filter(persons))
        .set((
            idempotency_keys::body.eq(None::<Vec<u8>>),
            idempotency_keys::person_id.eq(None::<Uuid>),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes the answers older than 30 days.
pub async fn forget_old(connection: &mut AsyncPgConnection, now: DateTime<Utc>) -> Result<usize> {
    let old = idempotency_keys::created_at.le(now - KEPT_FOR);
    Ok(diesel::delete(idempotency_keys::table.filter(old))
        .execute(connection)
        .await?)
}
