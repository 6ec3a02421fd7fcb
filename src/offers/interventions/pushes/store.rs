//! The SQL of what partners pushed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::auth::policy::Scope;
use crate::db::keyset::Order;
use crate::db::limit::paged;
use crate::db::page::Page;
use crate::db::schema::pushes;
use crate::db::tx::Tx;
use crate::error::Result;
use crate::http::table::verdict::Outcome;
use crate::offers::interventions::batch::verdict::{BatchVerdict, ItemVerdict};
use crate::offers::interventions::pushes::model::{KEPT, MOST_REJECTED, Push, Sort};
use crate::values::Json;
use crate::values::ids::{BatchId, PartnerId};

/// One page of those of a partner, which the caller acts for.
pub async fn page(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    partner: PartnerId,
    page: &Page<Sort>,
) -> Result<Vec<Push>> {
    let query = pushes::table
        .filter(pushes::partner_id.eq(partner))
        .select(Push::as_select())
        .into_boxed();
    let order = match page.sort {
        Sort::Id => Order::by_key(&pushes::id),
    };
    Ok(paged(query, order, page).load(&mut connection).await?)
}

/// How many there are.
pub async fn count(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    partner: PartnerId,
) -> Result<i64> {
    Ok(pushes::table
        .filter(pushes::partner_id.eq(partner))
        .count()
        .first(&mut connection)
        .await?)
}

/// Keeps what a batch was answered, under its id where it is a part of a synchronisation.
pub async fn insert(tx: &mut Tx<'_>, partner: PartnerId, verdict: &BatchVerdict) -> Result<()> {
    let new_id = || BatchId::new(tx.new_id());
    let (id, now) = (verdict.batch_id.unwrap_or_else(new_id), tx.now);
    let author = tx.author().clone();
    let counts = verdict.counts;
    let is_rejected = |item: &&ItemVerdict| item.outcome == Outcome::Rejected;
    let rejected = verdict.items.iter().filter(is_rejected).take(MOST_REJECTED);
    let rejected: Vec<&ItemVerdict> = rejected.collect();
    diesel::insert_into(pushes::table)
        .values((
            pushes::id.eq(id),
            pushes::partner_id.eq(partner),
            pushes::sync_id.eq(verdict.sync_id),
            pushes::client_id.eq(author.client_id),
            pushes::request_id.eq(author.request_id),
            pushes::received.eq(counts.received),
            pushes::created.eq(counts.created),
            pushes::updated.eq(counts.updated),
            pushes::unchanged.eq(counts.unchanged),
            pushes::rejected.eq(counts.rejected),
            pushes::rejected_items.eq(Json(&rejected)),
            pushes::created_at.eq(now),
        ))
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Forgets those that are kept no longer, and answers how many they were.
pub async fn forget_old(connection: &mut AsyncPgConnection, now: DateTime<Utc>) -> Result<usize> {
    let old = pushes::table.filter(pushes::created_at.lt(now - KEPT));
    Ok(diesel::delete(old).execute(connection).await?)
}
