//! The SQL of the signing keys that the database has.

use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

use super::stored::{Row, Stored};
use crate::config::EncryptionKeys;
use crate::db::Session;
use crate::db::moment::clock_timestamp;
use crate::db::schema::signing_keys;
use crate::error::Result;

/// All keys, and the moment: by the database's clock, the only one that all instances share.
///
/// # Errors
/// `service_unavailable` when the database is away.
pub async fn read(
    mut connection: &AsyncPgConnection,
    encryption: &EncryptionKeys,
) -> Result<Stored> {
    let mut other = connection;
    let (rows, now) = tokio::try_join!(
        signing_keys::table
            .select(Row::as_select())
            .load(&mut connection),
        diesel::select(clock_timestamp()).get_result(&mut other),
    )?;
    Ok(Stored::new(rows, now, encryption))
}

/// Whether the database has keys at all.
///
/// # Errors
/// As [`read`].
pub async fn has_keys(mut connection: &AsyncPgConnection) -> Result<bool> {
    let there = signing_keys::table.filter(signing_keys::sealed.is_not_null());
    Ok(diesel::select(diesel::dsl::exists(there))
        .get_result(&mut connection)
        .await?)
}

/// Begins a step of the keys: no other is taken until its transaction ends, and who only reads does not
/// wait.
///
/// # Errors
/// As [`read`].
pub async fn begin(session: &mut Session, encryption: &EncryptionKeys) -> Result<Stored> {
    const LOCK: &str = "LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE";
    session.begin().await?;
    session.connection_mut().batch_execute(LOCK).await?;
    read(session, encryption).await
}

/// Writes what a step has made of the rows. The caller commits.
///
/// # Errors
/// As [`read`].
pub async fn write(session: &mut Session, stored: &Stored) -> Result<()> {
    let connection = session.connection_mut();
    let kept: Vec<&str> = stored.rows().iter().map(|row| row.kid.as_str()).collect();
    let gone = signing_keys::table.filter(diesel::dsl::not(signing_keys::kid.eq_any(kept)));
    diesel::delete(gone).execute(connection).await?;
    diesel::insert_into(signing_keys::table)
        .values(stored.rows())
        .on_conflict(signing_keys::kid)
        .do_update()
        .set((
            signing_keys::sealed.eq(excluded(signing_keys::sealed)),
            signing_keys::signs_from.eq(excluded(signing_keys::signs_from)),
            signing_keys::verifies_until.eq(excluded(signing_keys::verifies_until)),
            signing_keys::revoked_at.eq(excluded(signing_keys::revoked_at)),
        ))
        .execute(connection)
        .await?;
    Ok(())
}
