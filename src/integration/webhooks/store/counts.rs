//! How webhooks fare, in numbers.

use diesel::prelude::*;
use diesel::sql_types::Integer;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::error::Result;

/// How many webhooks there are.
#[derive(Debug, Clone, Copy, QueryableByName)]
pub struct Counts {
    /// Told, and accepting.
    #[diesel(sql_type = Integer)]
    pub active: i32,
    /// Told, and not accepting.
    #[diesel(sql_type = Integer)]
    pub failing: i32,
    /// Waiting.
    #[diesel(sql_type = Integer)]
    pub paused: i32,
    /// Given up.
    #[diesel(sql_type = Integer)]
    pub disabled: i32,
}

/// How many webhooks there are, by how they fare.
pub async fn counts(mut connection: &AsyncPgConnection) -> Result<Counts> {
    Ok(diesel::sql_query(
        "SELECT count(*) FILTER (WHERE status = 'active' AND failing_since IS NULL)::integer AS active,
                count(*) FILTER (WHERE status = 'active' AND failing_since IS NOT NULL)::integer AS failing,
                count(*) FILTER (WHERE status = 'paused')::integer AS paused,
                count(*) FILTER (WHERE status = 'disabled')::integer AS disabled
           FROM webhooks",
    )
    .get_result(&mut connection)
    .await?)
}
