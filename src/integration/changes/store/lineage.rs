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

/// The transactions at these positions, or the last before each where there is none, and all that each of
/// them ran beside; in the order of the feed. It walks from one to the next along the index, whatever each
/// has of events, and over what lies between positions far apart it passes.
pub async fn transactions(
    mut connection: &AsyncPgConnection,
    positions: &[i64],
) -> Result<Vec<Transaction>> {
    const TRANSACTIONS: &str = "
        WITH RECURSIVE own AS (
            SELECT DISTINCT last.position, first.horizon
              FROM unnest($1) AS asked (position)
             CROSS JOIN LATERAL (
                   SELECT max(c.position) AS position FROM changes c WHERE c.position <= asked.position) AS last
             CROSS JOIN LATERAL (
                   SELECT least(c.horizon, c.position) AS horizon FROM changes c
                    WHERE c.position = last.position ORDER BY c.seq LIMIT 1) AS first
        ), stretches AS (
            SELECT lower(stretch) AS low, upper(stretch) - 1 AS high
              FROM (SELECT unnest(range_agg(int8range(horizon, position, '[]'))) AS stretch FROM own) AS joined
        ), chain AS (
            SELECT stretches.high, first.* FROM stretches CROSS JOIN LATERAL (
                   SELECT c.position, c.seq, c.object_id, c.occurred_at, c.horizon FROM changes c
                    WHERE c.position >= stretches.low ORDER BY c.position, c.seq LIMIT 1) AS first
            UNION ALL
            SELECT chain.high, next.* FROM chain CROSS JOIN LATERAL (
                   SELECT c.position, c.seq, c.object_id, c.occurred_at, c.horizon FROM changes c
                    WHERE c.position > chain.position AND c.position <= chain.high
                    ORDER BY c.position, c.seq LIMIT 1) AS next
        )
        SELECT position, seq, object_id, occurred_at, least(horizon, position) AS horizon
          FROM chain ORDER BY position";
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
