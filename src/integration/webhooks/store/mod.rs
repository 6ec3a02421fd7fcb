//! The SQL of webhooks and of their secrets.

pub mod counts;
pub mod failing;
pub mod places;
mod scoped;
pub mod sealing;
pub mod sending;

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

pub use self::scoped::{Scoped, scoped, visible};
use super::content::NewWebhook;
use super::filter::{Filter, Sort};
use super::model::{DisabledReason, FeedPlace, SecretRecord, Status, Webhook, WebhookRecord};
use super::owner::Owner;
use crate::auth::policy::Scope;
use crate::db::keyset::Order;
use crate::db::limit::paged;
use crate::db::page::Page;
use crate::db::schema::{changes, clients, webhook_secrets, webhooks};
use crate::error::{Error, Result};
use crate::values::Json;
use crate::values::ids::{ClientId, SecretId, WebhookId};

diesel::define_sql_function! {
    /// The place below which no transaction is still running.
    fn feed_horizon() -> BigInt;
}

fn filtered<'a>(scope: &Scope, filter: &'a Filter) -> Scoped<'a> {
    let mut query = scoped(scope);
    if !filter.status.is_empty() {
        query = query.filter(webhooks::status.eq_any(&filter.status));
    }
    if let Some(since) = filter.updated_since {
        query = query.filter(webhooks::updated_at.ge(since));
    }
    query
}

/// One page, in the order asked for.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
    page: &Page<Sort>,
    now: DateTime<Utc>,
) -> Result<Vec<Webhook>> {
    let query = filtered(scope, filter).select(WebhookRecord::as_select());
    let order = match page.sort {
        Sort::Id => Order::by_key(&webhooks::id),
        Sort::UpdatedAt => Order::by(&webhooks::updated_at, &webhooks::id),
    };
    let records = paged(query, order, page).load(&mut connection).await?;
    complete(connection, records, now).await
}

/// How many there are.
pub async fn count(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
) -> Result<i64> {
    let query = filtered(scope, filter).select(count_star());
    Ok(query.first(&mut connection).await?)
}

/// One webhook.
///
/// # Errors
/// `not_found`, also for another's.
pub async fn find(
    connection: &AsyncPgConnection,
    scope: &Scope,
    id: WebhookId,
    now: DateTime<Utc>,
) -> Result<Webhook> {
    the_one(find_all(connection, scope, &[id], now).await?)
}

/// The ones with these ids that are in the scope.
pub async fn find_all(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    ids: &[WebhookId],
    now: DateTime<Utc>,
) -> Result<Vec<Webhook>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let records = scoped(scope)
        .filter(webhooks::id.eq_any(ids))
        .select(WebhookRecord::as_select());
    complete(connection, records.load(&mut connection).await?, now).await
}

/// One webhook, locked until the transaction ends.
///
/// # Errors
/// As [`find`].
pub async fn lock(
    connection: &mut AsyncPgConnection,
    scope: &Scope,
    id: WebhookId,
    now: DateTime<Utc>,
) -> Result<Webhook> {
    let records = WebhookRecord::query()
        .filter(webhooks::id.eq(id))
        .filter(visible(scope))
        .for_no_key_update()
        .load(connection)
        .await?;
    the_one(complete(connection, records, now).await?)
}

fn the_one(found: Vec<Webhook>) -> Result<Webhook> {
    found.into_iter().next().ok_or_else(Error::not_found)
}

/// Adds to webhooks their live secrets, the newest first: one query for all.
async fn complete(
    mut connection: &AsyncPgConnection,
    records: Vec<WebhookRecord>,
    now: DateTime<Utc>,
) -> Result<Vec<Webhook>> {
    let ids: Vec<WebhookId> = records.iter().map(|record| record.id).collect();
    let live = webhook_secrets::expires_at
        .is_null()
        .or(webhook_secrets::expires_at.gt(now));
    let secrets: Vec<SecretRecord> = SecretRecord::query()
        .filter(webhook_secrets::webhook_id.eq_any(&ids))
        .filter(live)
        .order(webhook_secrets::id.desc())
        .load(&mut connection)
        .await?;
    let with_secrets = |record: WebhookRecord| Webhook {
        secrets: secrets
            .iter()
            .filter(|secret| secret.webhook_id == record.id)
            .cloned()
            .collect(),
        record,
    };
    Ok(records.into_iter().map(with_secrets).collect())
}

/// How many webhooks a caller has; whoever asks next waits until the transaction ends.
pub async fn count_of_owner(connection: &mut AsyncPgConnection, owner: &str) -> Result<i64> {
    diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended('webhooks of ' || $1, 0))")
        .bind::<Text, _>(owner)
        .execute(connection)
        .await?;
    let own = webhooks::table.filter(webhooks::owner.eq(owner));
    Ok(own.count().get_result(connection).await?)
}

/// Inserts one, which is told of what is committed from now on.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    id: WebhookId,
    owner: &Owner,
    new: &NewWebhook,
    now: DateTime<Utc>,
) -> Result<WebhookRecord> {
    // A token may name a subject like a client's: there is no such client then.
    let client: Option<ClientId> = match owner.client {
        None => None,
        Some(client) => clients::table
            .find(client)
            .select(clients::id)
            .first(connection)
            .await
            .optional()?,
    };
    let horizon: i64 = diesel::select(feed_horizon())
        .get_result(connection)
        .await?;
    let row = (
        new,
        webhooks::id.eq(id),
        webhooks::owner.eq(&owner.key),
        webhooks::client_id.eq(client),
        webhooks::acts_as.eq(Json(&owner.acts_as)),
        webhooks::position.eq(horizon - 1),
        webhooks::seq.eq(i64::MAX),
        webhooks::due_at.eq(now),
        webhooks::created_at.eq(now),
        webhooks::updated_at.eq(now),
    );
    let inserted = diesel::insert_into(webhooks::table)
        .values(row)
        .returning(WebhookRecord::as_returning());
    Ok(inserted.get_result(connection).await?)
}

/// Changes one, and looks at it at once.
pub async fn update(
    connection: &mut AsyncPgConnection,
    id: WebhookId,
    new: &NewWebhook,
    now: DateTime<Utc>,
) -> Result<WebhookRecord> {
    let stamp = (
        webhooks::version.eq(webhooks::version + 1),
        webhooks::updated_at.eq(now),
        webhooks::due_at.eq(now),
    );
    let updated = diesel::update(webhooks::table.find(id))
        .set((new, stamp))
        .returning(WebhookRecord::as_returning());
    Ok(updated.get_result(connection).await?)
}

/// Sets the status of one. Whoever goes on begins anew: what failed before does not count.
pub async fn set_status(
    connection: &mut AsyncPgConnection,
    id: WebhookId,
    status: Status,
    reason: Option<DisabledReason>,
    now: DateTime<Utc>,
) -> Result<WebhookRecord> {
    let stamp = (
        webhooks::version.eq(webhooks::version + 1),
        webhooks::updated_at.eq(now),
    );
    let state = (
        webhooks::status.eq(status),
        webhooks::disabled_reason.eq(reason),
    );
    let target = webhooks::table.find(id);
    let record = WebhookRecord::as_returning();
    if status != Status::Active {
        let updated = diesel::update(target).set((state, stamp)).returning(record);
        return Ok(updated.get_result(connection).await?);
    }
    let anew = (
        webhooks::failing_since.eq(None::<DateTime<Utc>>),
        webhooks::failures.eq(0),
        webhooks::due_at.eq(now),
    );
    let updated = diesel::update(target)
        .set((state, stamp, anew))
        .returning(record);
    Ok(updated.get_result(connection).await?)
}

/// Raises the version of one.
pub async fn touch(
    connection: &mut AsyncPgConnection,
    id: WebhookId,
    now: DateTime<Utc>,
) -> Result<WebhookRecord> {
    let stamp = (
        webhooks::version.eq(webhooks::version + 1),
        webhooks::updated_at.eq(now),
    );
    let updated = diesel::update(webhooks::table.find(id))
        .set(stamp)
        .returning(WebhookRecord::as_returning());
    Ok(updated.get_result(connection).await?)
}

/// Where in the feed a moment is: what changed then or later comes after it. None when nothing did.
pub async fn place_before(
    connection: &mut AsyncPgConnection,
    since: DateTime<Utc>,
) -> Result<Option<FeedPlace>> {
    let first: Option<i64> = changes::table
        .filter(changes::occurred_at.ge(since))
        .select(diesel::dsl::min(changes::position))
        .first(connection)
        .await?;
    Ok(first.map(|position| (position - 1, i64::MAX)))
}

/// Sets the place of one back, if it is further on. Whoever sends for it now has lost it.
pub async fn set_back(
    connection: &mut AsyncPgConnection,
    id: WebhookId,
    place: FeedPlace,
    now: DateTime<Utc>,
) -> Result<WebhookRecord> {
    let (position, seq) = place;
    let set = (
        webhooks::position.eq(position),
        webhooks::seq.eq(seq),
        webhooks::due_at.eq(now),
        webhooks::lease.eq(None::<uuid::Uuid>),
        webhooks::leased_until.eq(None::<DateTime<Utc>>),
        webhooks::version.eq(webhooks::version + 1),
        webhooks::updated_at.eq(now),
    );
    let updated = diesel::update(webhooks::table.find(id))
        .set(set)
        .returning(WebhookRecord::as_returning());
    Ok(updated.get_result(connection).await?)
}

/// Removes one, with its secrets and its deliveries.
pub async fn delete(connection: &mut AsyncPgConnection, id: WebhookId) -> Result<()> {
    diesel::delete(webhooks::table.find(id))
        .execute(connection)
        .await?;
    Ok(())
}

/// Inserts a secret, encrypted.
pub async fn insert_secret(
    connection: &mut AsyncPgConnection,
    id: SecretId,
    webhook: WebhookId,
    sealed: &str,
    now: DateTime<Utc>,
) -> Result<SecretRecord> {
    let row = (
        webhook_secrets::id.eq(id),
        webhook_secrets::webhook_id.eq(webhook),
        webhook_secrets::sealed.eq(sealed),
        webhook_secrets::created_at.eq(now),
    );
    let inserted = diesel::insert_into(webhook_secrets::table)
        .values(row)
        .returning(SecretRecord::as_returning());
    Ok(inserted.get_result(connection).await?)
}

/// Ends the secrets of a webhook then, those that do not end before; those that had ended are removed.
pub async fn end_secrets(
    connection: &mut AsyncPgConnection,
    webhook: WebhookId,
    end: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    let own = || webhook_secrets::webhook_id.eq(webhook);
    let over = webhook_secrets::expires_at.le(now);
    diesel::delete(webhook_secrets::table.filter(own()).filter(over))
        .execute(connection)
        .await?;
    let later = webhook_secrets::expires_at
        .is_null()
        .or(webhook_secrets::expires_at.gt(end));
    diesel::update(webhook_secrets::table.filter(own()).filter(later))
        .set(webhook_secrets::expires_at.eq(end))
        .execute(connection)
        .await?;
    Ok(())
}
