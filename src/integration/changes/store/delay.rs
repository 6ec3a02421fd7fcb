//! How long the change feed is held up.

use diesel::prelude::*;
use diesel::sql_types::Double;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::error::Result;

#[derive(QueryableByName)]
struct Delay {
    #[diesel(sql_type = Double)]
    seconds: f64,
}

/// For how many seconds the oldest transaction that writes has held up what follows it in the feed: of
/// those that the service's own role may look at.
pub async fn seconds(mut connection: &AsyncPgConnection) -> Result<f64> {
    let delay: Delay = diesel::sql_query(
        "SELECT coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)), 0)::double precision AS seconds
           FROM pg_stat_activity
          WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()",
    )
    .get_result(&mut connection)
    .await?;
    Ok(delay.seconds)
}
