//! The SQL of deliveries. Who may read them is whom the webhook, read before, is shown to.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::filter::{Filter, Sort};
use super::model::{Delivery, KEPT, Outcome, TEST};
use crate::db::keyset::Order;
use crate::db::limit::paged;
use crate::db::page::Page;
use crate::db::schema::webhook_deliveries;
use crate::error::{Error, Result};
use crate::integration::webhooks::model::Webhook;
use crate::values::ids::DeliveryId;

/// One page.
pub async fn page(
    mut connection: &AsyncPgConnection,
    webhook: &Webhook,
    filter: &Filter,
    page: &Page<Sort>,
) -> Result<Vec<Delivery>> {
    let mut query = webhook_deliveries::table
        .filter(webhook_deliveries::webhook_id.eq(webhook.record.id))
        .select(Delivery::as_select())
        .into_boxed();
    if !filter.outcome.is_empty() {
        query = query.filter(webhook_deliveries::outcome.eq_any(&filter.outcome));
    }
    let order = match page.sort {
        Sort::Id => Order::by_key(&webhook_deliveries::id),
    };
    Ok(paged(query, order, page).load(&mut connection).await?)
}

/// Adds a test, to be sent at once.
pub async fn insert_test(
    connection: &mut AsyncPgConnection,
    id: DeliveryId,
    webhook: &Webhook,
    now: DateTime<Utc>,
) -> Result<Delivery> {
    let own = &webhook.record;
    let row = (
        webhook_deliveries::id.eq(id),
        webhook_deliveries::webhook_id.eq(own.id),
        webhook_deliveries::type_.eq(TEST),
        webhook_deliveries::object_type.eq("webhook"),
        webhook_deliveries::object_id.eq(own.id.uuid()),
        webhook_deliveries::object_url.eq(format!("/v1/webhooks/{}", own.id)),
        webhook_deliveries::object_version.eq(own.version),
        webhook_deliveries::occurred_at.eq(now),
        webhook_deliveries::outcome.eq(Outcome::Pending),
        webhook_deliveries::due_at.eq(now),
        webhook_deliveries::created_at.eq(now),
    );
    let inserted = diesel::insert_into(webhook_deliveries::table)
        .values(row)
        .returning(Delivery::as_returning());
    Ok(inserted.get_result(connection).await?)
}

/// Has one sent again, at once.
///
/// # Errors
/// `not_found`, also when it is kept no longer.
pub async fn send_again(
    connection: &mut AsyncPgConnection,
    webhook: &Webhook,
    id: DeliveryId,
    now: DateTime<Utc>,
) -> Result<Delivery> {
    let own = webhook_deliveries::table
        .filter(webhook_deliveries::webhook_id.eq(webhook.record.id))
        .filter(webhook_deliveries::id.eq(id));
    let updated = diesel::update(own)
        .set((
            webhook_deliveries::outcome.eq(Outcome::Pending),
            webhook_deliveries::due_at.eq(now),
        ))
        .returning(Delivery::as_returning());
    let found = updated.get_result(connection).await.optional()?;
    found.ok_or_else(Error::not_found)
}

/// Removes those that are kept no longer.
pub async fn forget_old(connection: &mut AsyncPgConnection, now: DateTime<Utc>) -> Result<usize> {
    let old = webhook_deliveries::table
        .filter(webhook_deliveries::created_at.lt(now - KEPT))
        .filter(webhook_deliveries::due_at.is_null());
    Ok(diesel::delete(old).execute(connection).await?)
}
