//! The SQL of full synchronisations.

use chrono::{DateTime, Utc};
use diesel::dsl::{IntoBoxed, count_star};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Bool, Text, Timestamptz, Uuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::filter::{Filter, Sort};
use super::model::{NewSync, Status, Sync};
use crate::auth::policy::{Perimeter, Scope};
use crate::db::keyset::Order;
use crate::db::limit::paged;
use crate::db::page::Page;
use crate::db::schema::{sync_batches, sync_runs, syncs};
use crate::error::{Error, Result};
use crate::offers::interventions::model::ExternalId;
use crate::values::ids::{InterventionId, PartnerId, SyncId};

/// The runs a caller may know of, for queries that start from them.
pub type Scoped<'a> = IntoBoxed<'a, sync_runs::table, Pg>;

/// A partner's runs are its own and the ministry's to read.
pub fn scoped(scope: &Scope) -> Scoped<'_> {
    let query = sync_runs::table.into_boxed();
    match scope.perimeter() {
        Perimeter::Everything => query,
        Perimeter::Partner(id) => query.filter(sync_runs::partner_id.eq(id)),
        Perimeter::Territories { .. } | Perimeter::Schools(_) | Perimeter::Public => {
            query.filter(false.into_sql::<Bool>())
        }
    }
}

fn filtered<'a>(scope: &'a Scope, partner: PartnerId, filter: &'a Filter) -> Scoped<'a> {
    let mut query = scoped(scope).filter(sync_runs::partner_id.eq(partner));
    if !filter.status.is_empty() {
        query = query.filter(sync_runs::status.eq_any(&filter.status));
    }
    if let Some(since) = filter.updated_since {
        query = query.filter(sync_runs::updated_at.ge(since));
    }
    query
}

/// One page, in the order asked for.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    partner: PartnerId,
    filter: &Filter,
    page: &Page<Sort>,
) -> Result<Vec<Sync>> {
    let query = filtered(scope, partner, filter).select(Sync::as_select());
    let order = match page.sort {
        Sort::Id => Order::by_key(&sync_runs::id),
        Sort::UpdatedAt => Order::by(&sync_runs::updated_at, &sync_runs::id),
    };
    Ok(paged(query, order, page).load(&mut connection).await?)
}

/// How many there are.
pub async fn count(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    partner: PartnerId,
    filter: &Filter,
) -> Result<i64> {
    Ok(filtered(scope, partner, filter)
        .select(count_star())
        .first(&mut connection)
        .await?)
}

/// One of a partner.
///
/// # Errors
/// `not_found`.
pub async fn find(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    partner: PartnerId,
    id: SyncId,
) -> Result<Sync> {
    let found = scoped(scope)
        .filter(sync_runs::partner_id.eq(partner))
        .filter(sync_runs::id.eq(id))
        .select(Sync::as_select())
        .first(&mut connection)
        .await;
    found.optional()?.ok_or_else(Error::not_found)
}

/// The ones with these ids that the caller may see.
pub async fn find_all(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    ids: &[SyncId],
) -> Result<Vec<Sync>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(scoped(scope)
        .filter(sync_runs::id.eq_any(ids))
        .select(Sync::as_select())
        .load(&mut connection)
        .await?)
}

/// One of a partner, to which batches may be added until the transaction ends.
///
/// # Errors
/// `not_found`.
pub async fn share(
    connection: &mut AsyncPgConnection,
    scope: &Scope,
    partner: PartnerId,
    id: SyncId,
) -> Result<Sync> {
    let locked = syncs::table
        .filter(syncs::id.eq(id))
        .select(syncs::id)
        .for_share()
        .first::<SyncId>(connection)
        .await;
    locked.optional()?.ok_or_else(Error::not_found)?;
    find(connection, scope, partner, id).await
}

/// One of a partner, locked until the transaction ends; batches under way are waited for.
///
/// # Errors
/// `not_found`.
pub async fn lock(
    connection: &mut AsyncPgConnection,
    scope: &Scope,
    partner: PartnerId,
    id: SyncId,
) -> Result<Sync> {
    let locked = syncs::table
        .filter(syncs::id.eq(id))
        .select(syncs::id)
        .for_update()
        .first::<SyncId>(connection)
        .await;
    locked.optional()?.ok_or_else(Error::not_found)?;
    find(connection, scope, partner, id).await
}

/// Opens one.
///
/// # Errors
/// `sync_already_open`, `not_found` when the partner went away.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    id: SyncId,
    partner: PartnerId,
    new: NewSync,
    now: DateTime<Utc>,
) -> Result<()> {
    diesel::insert_into(syncs::table)
        .values((
            syncs::id.eq(id),
            syncs::partner_id.eq(partner),
            syncs::threshold_percent.eq(new.threshold_percent),
            syncs::created_at.eq(now),
            syncs::updated_at.eq(now),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// An intervention that a partner offers.
#[derive(Debug, QueryableByName)]
pub struct Offered {
    /// Its id.
    #[diesel(sql_type = Uuid)]
    pub id: InterventionId,
    /// Its partner's name for it.
    #[diesel(sql_type = Text)]
    pub external_id: ExternalId,
    /// Whether the synchronisation was not sent it.
    #[diesel(sql_type = Bool)]
    pub is_unsent: bool,
}

/// The interventions a partner offers, locked until the transaction ends, and whether each was left
/// unsent: neither in a batch of the synchronisation, nor created, changed or confirmed since it was
/// opened. In the order of their names, so that no two writers wait for each other.
pub async fn lock_offered(
    connection: &mut AsyncPgConnection,
    _scope: &Scope,
    sync: &Sync,
) -> Result<Vec<Offered>> {
    const OFFERED: &str = "
        SELECT id, external_id, confirmed_at < $3
                   AND id NOT IN (SELECT unnest(sent) FROM sync_batches WHERE sync_id = $2) AS is_unsent
          FROM interventions
         WHERE partner_id = $1 AND withdrawn_at IS NULL
         ORDER BY external_id
           FOR NO KEY UPDATE";
    let offered = sql_query(OFFERED)
        .bind::<Uuid, _>(sync.partner_id)
        .bind::<Uuid, _>(sync.id)
        .bind::<Timestamptz, _>(sync.created_at);
    Ok(offered.load(connection).await?)
}

/// Closes one, and forgets what each of its batches sent.
pub async fn close(
    connection: &mut AsyncPgConnection,
    id: SyncId,
    status: Status,
    withdrawn: i32,
    now: DateTime<Utc>,
) -> Result<()> {
    diesel::update(syncs::table.find(id))
        .set((
            syncs::status.eq(status),
            syncs::withdrawn.eq(withdrawn),
            syncs::closed_at.eq(now),
            syncs::version.eq(syncs::version + 1),
            syncs::updated_at.eq(now),
        ))
        .execute(connection)
        .await?;
    diesel::update(sync_batches::table.filter(sync_batches::sync_id.eq(id)))
        .set(sync_batches::sent.eq(Vec::<InterventionId>::new()))
        .execute(connection)
        .await?;
    Ok(())
}
