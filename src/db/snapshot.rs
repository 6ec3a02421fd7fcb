//! What is committed, as a read sees it.

use diesel::deserialize::{self, FromSql};
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::PgLsn;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::error::Result;

/// PostgreSQL's `pg_snapshot`.
#[derive(Debug, Clone, Copy, diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
#[diesel(postgres_type(name = "pg_snapshot", schema = "pg_catalog"))]
pub struct PgSnapshot;

diesel::define_sql_function! {
    /// Which transactions a statement sees.
    fn pg_current_snapshot() -> PgSnapshot;
}

diesel::define_sql_function! {
    /// Up to where a standby has replayed; null on a primary.
    fn pg_last_wal_replay_lsn() -> Nullable<PgLsn>;
}

/// What PostgreSQL sends, to be compared and not to be read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, deserialize::FromSqlRow)]
struct Sent(Vec<u8>);

impl FromSql<PgSnapshot, Pg> for Sent {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(value.as_bytes().to_vec()))
    }
}

impl FromSql<PgLsn, Pg> for Sent {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(value.as_bytes().to_vec()))
    }
}

/// What a read sees: two that are equal saw the same, whatever they read.
///
/// A snapshot names the transactions that are not finished. On a standby it does not name them all,
/// which is why the position of its replay belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Snapshot(Sent, Option<Sent>);

/// What is committed now.
///
/// # Errors
/// As any query.
pub async fn snapshot(mut connection: &AsyncPgConnection) -> Result<Snapshot> {
    let (snapshot, replayed) = diesel::select((pg_current_snapshot(), pg_last_wal_replay_lsn()))
        .get_result(&mut connection)
        .await?;
    Ok(Snapshot(snapshot, replayed))
}
