//! How long the feed's history is kept.

use chrono::{DateTime, Days, Utc};
use diesel::sql_types::{BigInt, Timestamptz};
use diesel::{OptionalExtension, QueryableByName};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::error::Result;

/// Days that an event is kept: thirteen months, and a little more.
pub const KEPT_DAYS: u64 = 400;

/// Events removed at a time, so that no statement takes long.
const AT_A_TIME: i64 = 20_000;

#[derive(QueryableByName)]
struct Kept {
    #[diesel(sql_type = BigInt)]
    position: i64,
}

/// Removes the events that have had their time, whole transactions of them, and never the newest: by it
/// those who have read everything know that they have. Answers how many.
pub async fn purge(connection: &mut AsyncPgConnection, now: DateTime<Utc>) -> Result<usize> {
    let oldest = now.checked_sub_days(Days::new(KEPT_DAYS)).unwrap_or(now);
    let Some(before) = first_kept(connection, oldest).await? else {
        return Ok(0);
    };
    // Said before it is done: a reader is never told of less than what is gone.
    const TOLD: &str = "UPDATE installation SET feed_purged = $1 WHERE feed_purged < $1";
    diesel::sql_query(TOLD)
        .bind::<BigInt, _>(before)
        .execute(connection)
        .await?;
    const REMOVED: &str = "
        DELETE FROM changes WHERE (position, seq) IN (
            SELECT position, seq FROM changes WHERE position < $1 ORDER BY position, seq LIMIT $2)";
    let mut removed = 0;
    loop {
        let some = diesel::sql_query(REMOVED)
            .bind::<BigInt, _>(before)
            .bind::<BigInt, _>(AT_A_TIME)
            .execute(connection)
            .await?;
        removed += some;
        if some == 0 {
            return Ok(removed);
        }
    }
}

/// The first transaction that is kept, if there is one before it that is not.
async fn first_kept(
    connection: &mut AsyncPgConnection,
    oldest: DateTime<Utc>,
) -> Result<Option<i64>> {
    // The feed is nearly in the order of time: the walk ends at the first event that is kept.
    const KEPT: &str = "
        SELECT kept.position FROM (
            SELECT coalesce(
                (SELECT position FROM changes WHERE occurred_at >= $1 ORDER BY position, seq LIMIT 1),
                (SELECT max(position) FROM changes)) AS position) AS kept
         WHERE EXISTS (SELECT FROM changes WHERE changes.position < kept.position)";
    let kept: Option<Kept> = diesel::sql_query(KEPT)
        .bind::<Timestamptz, _>(oldest)
        .get_result(connection)
        .await
        .optional()?;
    Ok(kept.map(|kept| kept.position))
}
