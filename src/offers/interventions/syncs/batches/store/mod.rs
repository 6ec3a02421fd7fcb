//! The SQL of the batches of a synchronisation. Who may read them is whom the synchronisation, read
//! before, is shown to.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;

use super::model::{KEPT, Sort, SyncBatch};
use crate::db::keyset::Order;
use crate::db::limit::paged;
use crate::db::page::Page;
use crate::db::schema::sync_batches;
use crate::error::{Error, Result};
use crate::offers::interventions::batch::verdict::BatchVerdict;
use crate::offers::interventions::syncs::model::{Sent, Sync};
use crate::values::Json;
use crate::values::ids::{BatchId, InterventionId, SyncId};

/// One page.
pub async fn page(
    mut connection: &AsyncPgConnection,
    sync: &Sync,
    page: &Page<Sort>,
) -> Result<Vec<SyncBatch>> {
    let query = sync_batches::table
        .filter(sync_batches::sync_id.eq(sync.id))
        .select(SyncBatch::as_select())
        .into_boxed();
    let order = match page.sort {
        Sort::Id => Order::by_key(&sync_batches::id),
    };
    Ok(paged(query, order, page).load(&mut connection).await?)
}

/// How many there are.
pub async fn count(mut connection: &AsyncPgConnection, sync: &Sync) -> Result<i64> {
    Ok(sync_batches::table
        .filter(sync_batches::sync_id.eq(sync.id))
        .count()
        .first(&mut connection)
        .await?)
}

/// The verdict of one, as it was answered.
///
/// # Errors
/// `not_found`, also when it is kept no longer.
pub async fn verdict(
    mut connection: &AsyncPgConnection,
    sync: &Sync,
    id: BatchId,
) -> Result<Value> {
    let found: Option<Option<Value>> = sync_batches::table
        .filter(sync_batches::sync_id.eq(sync.id))
        .filter(sync_batches::id.eq(id))
        .select(sync_batches::verdict)
        .first(&mut connection)
        .await
        .optional()?;
    found.flatten().ok_or_else(Error::not_found)
}

/// Adds one: its verdict, and the interventions it sent.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    sync: SyncId,
    id: BatchId,
    verdict: &BatchVerdict,
    sent: &Sent,
    now: DateTime<Utc>,
) -> Result<()> {
    let counts = verdict.counts;
    let interventions: Vec<InterventionId> = sent.interventions.iter().copied().collect();
    let unidentified = i32::try_from(sent.unidentified).map_err(Error::internal)?;
    diesel::insert_into(sync_batches::table)
        .values((
            sync_batches::id.eq(id),
            sync_batches::sync_id.eq(sync),
            sync_batches::received.eq(counts.received),
            sync_batches::created.eq(counts.created),
            sync_batches::updated.eq(counts.updated),
            sync_batches::unchanged.eq(counts.unchanged),
            sync_batches::rejected.eq(counts.rejected),
            sync_batches::unidentified.eq(unidentified),
            sync_batches::sent.eq(interventions),
            sync_batches::verdict.eq(Json(verdict)),
            sync_batches::created_at.eq(now),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets the verdicts that are kept no longer, and answers of how many batches.
pub async fn forget_old(connection: &mut AsyncPgConnection, now: DateTime<Utc>) -> Result<usize> {
    let old = sync_batches::table
        .filter(sync_batches::verdict.is_not_null())
        .filter(sync_batches::created_at.lt(now - KEPT));
    Ok(diesel::update(old)
        .set(sync_batches::verdict.eq(None::<Value>))
        .execute(connection)
        .await?)
}
