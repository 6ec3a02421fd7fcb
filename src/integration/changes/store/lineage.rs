//! What a cursor is held against: the transactions around a place of the feed, and where the feed ends.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::error::Result;

/// A transaction of the feed, known by its first event.
#[derive(Debug, Clone, QueryableByName)]
pub struct Transaction {
    /// Its place in the feed.
    #[diesel(sql_type = BigInt)]
    pub position: i64,
    /// Of its first event.
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    /// Of its first event.
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub object_id: Uuid,
    /// Of its first event.
    #[diesel(sql_type = Timestamptz)]
    pub occurred_at: DateTime<Utc>,
    /// Whatever stands below was there when it was written.
    #[diesel(sql_type = BigInt)]
    pub horizon: i64,
}

/// The end of the feed, at a moment.
#[derive(Debug, Clone, Copy, QueryableByName)]
pub struct Frontier {
    /// The last transaction that can be read; none where there is no event.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub newest: Option<i64>,
    /// What stands below was removed.
    #[diesel(sql_type = BigInt)]
    pub purged: i64,
}

/// The transactions at these positions, as far as they are there, and all that stand between the oldest
/// that one of them ran beside and the last of them; in the order of the feed. It walks from one to
/// the next along the index, whatever each has of events.
pub async fn transactions(
    mut connection: &AsyncPgConnection,
    positions: &[i64],
) -> Result<Vec<Transaction>> {
    const TRANSACTIONS: &str = "
        WITH RECURSIVE bounds AS (
            SELECT min(own.horizon) AS low, max(own.position) AS high
              FROM unnest($1) AS asked (position)
             CROSS JOIN LATERAL (
                   SELECT c.position, least(c.horizon, c.position) AS horizon FROM changes c
                    WHERE c.position = asked.position ORDER BY c.seq LIMIT 1) AS own
        ), chain AS (
            (SELECT first.* FROM bounds CROSS JOIN LATERAL (
                   SELECT c.position, c.seq, c.object_id, c.occurred_at, c.horizon FROM changes c
                    WHERE c.position >= bounds.low ORDER BY c.position, c.seq LIMIT 1) AS first)
            UNION ALL
            SELECT next.* FROM chain CROSS JOIN bounds CROSS JOIN LATERAL (
                   SELECT c.position, c.seq, c.object_id, c.occurred_at, c.horizon FROM changes c
                    WHERE c.position > chain.position AND c.position <= bounds.high
                    ORDER BY c.position, c.seq LIMIT 1) AS next
        )
        SELECT position, seq, object_id, occurred_at, least(horizon, position) AS horizon FROM chain";
    Ok(diesel::sql_query(TRANSACTIONS)
        .bind::<Array<BigInt>, _>(positions)
        .load(&mut connection)
        .await?)
}

/// Where the feed ends now.
pub async fn frontier(mut connection: &AsyncPgConnection) -> Result<Frontier> {
    const FRONTIER: &str = "
        SELECT (SELECT position FROM changes WHERE position < feed_horizon()
                 ORDER BY position DESC, seq DESC LIMIT 1) AS newest,
               feed_purged AS purged
          FROM installation";
    Ok(diesel::sql_query(FRONTIER)
        .get_result(&mut connection)
        .await?)
}
