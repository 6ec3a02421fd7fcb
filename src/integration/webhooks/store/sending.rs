//! The SQL of sending: whose turn it is, what was sent.
//!
//! A turn is a lease of the row. Whoever loses it, because it died or because somebody set the webhook
//! back, writes nothing more: each write asks for the lease it was given.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use uuid::Uuid;

use crate::db::schema::{webhook_deliveries, webhook_secrets};
use crate::error::Result;
use crate::integration::webhooks::deliveries::model::{Outcome, Pending};
use crate::integration::webhooks::model::{FeedPlace, SecretRecord};
use crate::integration::webhooks::owner::ActsAs;
use crate::values::Json;
use crate::values::ids::{DeliveryId, WebhookId};

/// How long a turn is kept from others; longer than a sending may take.
const LEASE: TimeDelta = TimeDelta::seconds(60);

/// A webhook whose turn it is.
#[derive(Debug, Clone, QueryableByName)]
pub struct Claimed {
    /// Its id.
    #[diesel(sql_type = SqlUuid)]
    pub id: WebhookId,
    /// Its version: a turn ends when it changes.
    #[diesel(sql_type = BigInt)]
    pub version: i64,
    /// Its client's id, if it is one's.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub client_id: Option<Uuid>,
    /// With which rights it reads otherwise.
    #[diesel(sql_type = Jsonb)]
    pub acts_as: Json<ActsAs>,
    /// Where it is told.
    #[diesel(sql_type = Text)]
    pub url: String,
    /// Of which changes; none: of all but those of webhooks.
    #[diesel(sql_type = Array<Text>)]
    pub types: Vec<String>,
    /// Of which territories; none: of all.
    #[diesel(sql_type = Array<Text>)]
    pub territories: Vec<String>,
    /// Whether it is told of the feed, and not only of what is to be sent beside it.
    #[diesel(sql_type = Bool)]
    pub is_active: bool,
    /// The last change that is done with: its transaction.
    #[diesel(sql_type = BigInt)]
    pub position: i64,
    /// And its place in it.
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    /// Since when nothing was accepted.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub failing_since: Option<DateTime<Utc>>,
    /// Attempts in a row that failed.
    #[diesel(sql_type = Integer)]
    pub failures: i32,
}

/// Those that are due have something to be told or sent, and nobody else has them.
const CLAIM: &str = "
    WITH told AS (
        SELECT position, seq FROM changes WHERE position < feed_horizon()
         ORDER BY position DESC, seq DESC LIMIT 1
    )
    UPDATE webhooks SET lease = $1, leased_until = $3
     WHERE id IN (
        SELECT id FROM webhooks
         WHERE (leased_until IS NULL OR leased_until <= $2)
           AND ((status = 'active' AND due_at <= $2 AND ($5 OR failing_since IS NULL)
                 AND (position, seq) < (SELECT position, seq FROM told))
             OR id IN (SELECT webhook_id FROM webhook_deliveries WHERE due_at <= $2))
         ORDER BY failing_since IS NOT NULL, due_at
         LIMIT $4 FOR UPDATE SKIP LOCKED)
    RETURNING id, version, client_id, acts_as, url, types, territories,
              status = 'active' AND due_at <= $2 AS is_active, position, seq, failing_since, failures";

/// Takes the turns of up to so many webhooks, those that do not fail first; without `failing`, of
/// those alone.
pub async fn claim(
    connection: &mut AsyncPgConnection,
    lease: Uuid,
    most: i64,
    failing: bool,
    now: DateTime<Utc>,
) -> Result<Vec<Claimed>> {
    Ok(diesel::sql_query(CLAIM)
        .bind::<SqlUuid, _>(lease)
        .bind::<Timestamptz, _>(now)
        .bind::<Timestamptz, _>(now + LEASE)
        .bind::<BigInt, _>(most)
        .bind::<Bool, _>(failing)
        .load(connection)
        .await?)
}

/// Ends a turn.
pub async fn release(connection: &mut AsyncPgConnection, id: WebhookId, lease: Uuid) -> Result<()> {
    diesel::sql_query(
        "UPDATE webhooks SET lease = NULL, leased_until = NULL WHERE id = $1 AND lease = $2",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<SqlUuid, _>(lease)
    .execute(connection)
    .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = BigInt)]
    position: i64,
    #[diesel(sql_type = BigInt)]
    seq: i64,
}

/// The last change that the feed tells now, if it has any.
pub async fn end_of_feed(mut connection: &AsyncPgConnection) -> Result<Option<FeedPlace>> {
    let last: Vec<Place> = diesel::sql_query(
        "SELECT position, seq FROM changes WHERE position < feed_horizon() ORDER BY position DESC, seq DESC LIMIT 1",
    )
    .load(&mut connection)
    .await?;
    let last = last.into_iter().next();
    Ok(last.map(|place| (place.position, place.seq)))
}

/// The changes after a place that were delivered all the same: those beside one that failed.
pub async fn delivered_after(
    mut connection: &AsyncPgConnection,
    id: WebhookId,
    (position, seq): FeedPlace,
) -> Result<HashSet<FeedPlace>> {
    let places: Vec<Place> = diesel::sql_query(
        "SELECT position, seq FROM webhook_deliveries
          WHERE webhook_id = $1 AND outcome = 'delivered' AND (position, seq) > ($2, $3)",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<BigInt, _>(position)
    .bind::<BigInt, _>(seq)
    .load(&mut connection)
    .await?;
    Ok(places
        .into_iter()
        .map(|place| (place.position, place.seq))
        .collect())
}

/// The live secrets of one, the newest first.
pub async fn secrets(
    mut connection: &AsyncPgConnection,
    id: WebhookId,
    now: DateTime<Utc>,
) -> Result<Vec<SecretRecord>> {
    let live = webhook_secrets::expires_at
        .is_null()
        .or(webhook_secrets::expires_at.gt(now));
    Ok(SecretRecord::query()
        .filter(webhook_secrets::webhook_id.eq(id))
        .filter(live)
        .order(webhook_secrets::id.desc())
        .load(&mut connection)
        .await?)
}

/// What was sent, as it is kept.
#[derive(Debug, Clone, Serialize)]
pub struct Sent {
    /// Its id, unless it was sent before.
    pub id: Uuid,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: String,
    /// The change's transaction.
    pub position: i64,
    /// Its place in it.
    pub seq: i64,
    /// Of what kind of object.
    pub object_type: String,
    /// Of which.
    pub object_id: Uuid,
    /// Where to read it.
    pub object_url: String,
    /// Its version then.
    pub object_version: i64,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// The place in a trace that the request which made it named.
    pub traceparent: Option<String>,
    /// What became of the sending.
    #[serde(flatten)]
    pub attempt: Attempted,
}

/// What became of a sending.
#[derive(Debug, Clone, Serialize)]
pub struct Attempted {
    /// Whether it was accepted.
    pub outcome: Outcome,
    /// When it was sent.
    pub attempted_at: DateTime<Utc>,
    /// How long it took.
    pub duration_ms: i32,
    /// The status of the answer.
    pub status_code: Option<i32>,
    /// Its first kilobyte.
    pub answer: Option<String>,
    /// Why there was none.
    pub error: Option<String>,
}

/// What a turn has come to.
#[derive(Debug, Clone)]
pub struct Progress {
    /// The last change that is done with.
    pub place: FeedPlace,
    /// Whether anything was accepted.
    pub has_delivered: bool,
    /// Whether the first that failed stands in the way; none where nothing was sent.
    pub has_failed: Option<bool>,
    /// When it is looked at again.
    pub due_at: DateTime<Utc>,
    /// What was sent.
    pub sent: Vec<Sent>,
}

/// The row as it stands after a mark.
#[derive(Debug, Clone, QueryableByName)]
pub struct Marked {
    /// Its version.
    #[diesel(sql_type = BigInt)]
    pub version: i64,
    /// Since when nothing was accepted.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub failing_since: Option<DateTime<Utc>>,
}

const MARK: &str = "
    WITH held AS (
        UPDATE webhooks
           SET position = $5, seq = $6, leased_until = $4, due_at = $9,
               last_success_at = CASE WHEN $7 THEN $3 ELSE last_success_at END,
               failing_since = CASE WHEN $8 IS NULL THEN failing_since WHEN $8 THEN coalesce(failing_since, $3) END,
               failures = CASE WHEN $8 IS NULL THEN failures WHEN $8 THEN failures + 1 ELSE 0 END
         WHERE id = $1 AND lease = $2
        RETURNING id, version, failing_since
    ), told AS (
        INSERT INTO webhook_deliveries AS old
               (id, webhook_id, type, position, seq, object_type, object_id, object_url, object_version, occurred_at,
                outcome, attempts, attempted_at, duration_ms, status_code, answer, error, created_at, traceparent)
        SELECT sent.id, held.id, type, position, seq, object_type, object_id, object_url, object_version, occurred_at,
               outcome, 1, attempted_at, duration_ms, status_code, answer, error, $3, traceparent
          FROM held, jsonb_to_recordset($10) AS sent (
               id uuid, type text, position bigint, seq bigint, object_type text, object_id uuid, object_url text,
               object_version bigint, occurred_at timestamptz, traceparent text, outcome text, attempted_at timestamptz,
               duration_ms integer, status_code integer, answer text, error text)
        ON CONFLICT ON CONSTRAINT webhook_deliveries_change_key DO UPDATE
           SET outcome = excluded.outcome, attempts = old.attempts + 1, attempted_at = excluded.attempted_at,
               duration_ms = excluded.duration_ms, status_code = excluded.status_code, answer = excluded.answer,
               error = excluded.error
    )
    SELECT version, failing_since FROM held";

/// Notes what a turn has come to; none when the turn was lost, and nothing was noted.
pub async fn mark(
    connection: &mut AsyncPgConnection,
    id: WebhookId,
    lease: Uuid,
    progress: &Progress,
    now: DateTime<Utc>,
) -> Result<Option<Marked>> {
    let (position, seq) = progress.place;
    let marked: Vec<Marked> = diesel::sql_query(MARK)
        .bind::<SqlUuid, _>(id)
        .bind::<SqlUuid, _>(lease)
        .bind::<Timestamptz, _>(now)
        .bind::<Timestamptz, _>(now + LEASE)
        .bind::<BigInt, _>(position)
        .bind::<BigInt, _>(seq)
        .bind::<Bool, _>(progress.has_delivered)
        .bind::<Nullable<Bool>, _>(progress.has_failed)
        .bind::<Timestamptz, _>(progress.due_at)
        .bind::<Jsonb, _>(Json(&progress.sent))
        .load(connection)
        .await?;
    Ok(marked.into_iter().next())
}

/// What is to be sent to one beside the feed, the oldest first.
pub async fn beside_the_feed(
    mut connection: &AsyncPgConnection,
    id: WebhookId,
    most: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Pending>> {
    Ok(Pending::query()
        .filter(webhook_deliveries::webhook_id.eq(id))
        .filter(webhook_deliveries::due_at.le(now))
        .order(webhook_deliveries::due_at)
        .limit(most)
        .load(&mut connection)
        .await?)
}

const MARK_ONE: &str = "
    WITH held AS (
        UPDATE webhooks
           SET leased_until = $4, last_success_at = CASE WHEN $5 = 'delivered' THEN $3 ELSE last_success_at END
         WHERE id = $1 AND lease = $2
        RETURNING id
    )
    UPDATE webhook_deliveries
       SET outcome = $5, attempts = attempts + 1, attempted_at = $6, duration_ms = $7, status_code = $8,
           answer = $9, error = $10, due_at = NULL
      FROM held
     WHERE webhook_id = held.id AND webhook_deliveries.id = $11";

/// Notes what became of a sending beside the feed; false when the turn was lost, and nothing was noted.
pub async fn mark_one(
    connection: &mut AsyncPgConnection,
    id: WebhookId,
    lease: Uuid,
    delivery: DeliveryId,
    attempt: &Attempted,
    now: DateTime<Utc>,
) -> Result<bool> {
    let marked = diesel::sql_query(MARK_ONE)
        .bind::<SqlUuid, _>(id)
        .bind::<SqlUuid, _>(lease)
        .bind::<Timestamptz, _>(now)
        .bind::<Timestamptz, _>(now + LEASE)
        .bind::<Text, _>(attempt.outcome)
        .bind::<Timestamptz, _>(attempt.attempted_at)
        .bind::<Integer, _>(attempt.duration_ms)
        .bind::<Nullable<Integer>, _>(attempt.status_code)
        .bind::<Nullable<Text>, _>(attempt.answer.as_deref())
        .bind::<Nullable<Text>, _>(attempt.error.as_deref())
        .bind::<SqlUuid, _>(delivery)
        .execute(connection)
        .await?;
    Ok(marked > 0)
}

/// What waits is given up with its webhook: it stays where it is in the feed, and goes on from there if
/// it is resumed.
pub async fn fail_pending(connection: &mut AsyncPgConnection, id: WebhookId) -> Result<()> {
    diesel::sql_query(
        "UPDATE webhook_deliveries SET outcome = 'failed', due_at = NULL WHERE webhook_id = $1 AND outcome = 'pending'",
    )
    .bind::<SqlUuid, _>(id)
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets what was sent to a webhook after a place, which is to be sent again.
pub async fn forget_after(
    connection: &mut AsyncPgConnection,
    id: WebhookId,
    (position, seq): FeedPlace,
) -> Result<()> {
    diesel::sql_query(
        "UPDATE webhook_deliveries SET outcome = 'pending'
          WHERE webhook_id = $1 AND (position, seq) > ($2, $3) AND outcome = 'delivered'",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<BigInt, _>(position)
    .bind::<BigInt, _>(seq)
    .execute(connection)
    .await?;
    Ok(())
}
