//! The moment by the database's clock, the only one that all instances share.

use chrono::{DateTime, Utc};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::error::Result;

diesel::define_sql_function! {
    /// The moment by the server's clock.
    fn clock_timestamp() -> diesel::sql_types::Timestamptz;
}

/// The moment by the database's clock.
///
/// # Errors
/// As any query.
pub async fn database_clock(mut connection: &AsyncPgConnection) -> Result<DateTime<Utc>> {
    Ok(diesel::select(clock_timestamp())
        .get_result(&mut connection)
        .await?)
}
