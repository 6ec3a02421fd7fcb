//! The SQL of clients and of their secrets.

mod scoped;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, RunQueryDsl, TransactionManager};
use uuid::Uuid;

pub use self::scoped::{Scoped, scoped, visible};
use super::content::NewClient;
use super::filter::{Filter, Sort};
use super::model::{Client, ClientRecord, Overlap, School, SecretRecord, Status};
use crate::auth::Secret;
use crate::auth::policy::Scope;
use crate::db::keyset::Order;
use crate::db::limit::paged;
use crate::db::moment::database_clock;
use crate::db::page::Page;
use crate::db::schema::{client_secrets, clients, establishments};
use crate::error::{Error, Result};
use crate::values::Uai;
use crate::values::ids::{ClientId, SecretId};

/// How exact `last_used_at` is: a client that asks for a token each second writes once a minute.
const USE_NOTED: TimeDelta = TimeDelta::minutes(1);

fn filtered<'a>(scope: &Scope, filter: &'a Filter) -> Scoped<'a> {
    let mut query = scoped(scope);
    if !filter.role.is_empty() {
        query = query.filter(clients::role.eq_any(&filter.role));
    }
    if !filter.status.is_empty() {
        query = query.filter(clients::status.eq_any(&filter.status));
    }
    if let Some(partner) = filter.partner_id {
        query = query.filter(clients::partner_id.eq(partner));
    }
    if let Some(since) = filter.updated_since {
        query = query.filter(clients::updated_at.ge(since));
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
) -> Result<Vec<Client>> {
    let query = filtered(scope, filter).select(ClientRecord::as_select());
    let order = match page.sort {
        Sort::Id => Order::by_key(&clients::id),
        Sort::UpdatedAt => Order::by(&clients::updated_at, &clients::id),
    };
    let records = paged(query, order, page).load(&mut connection).await?;
    complete(connection, scope, records, now).await
}

/// How many there are.
pub async fn count(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
) -> Result<i64> {
    Ok(filtered(scope, filter)
        .select(count_star())
        .first(&mut connection)
        .await?)
}

/// One client.
///
/// # Errors
/// `not_found`, also when nothing of it is in the scope.
pub async fn find(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    id: ClientId,
    now: DateTime<Utc>,
) -> Result<Client> {
    let records = ClientRecord::query()
        .filter(clients::id.eq(id))
        .filter(visible(scope))
        .load(&mut connection)
        .await?;
    the_one(complete(connection, scope, records, now).await?)
}

/// The ones with these ids that are in the scope.
pub async fn find_all(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    ids: &[ClientId],
    now: DateTime<Utc>,
) -> Result<Vec<Client>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let records = scoped(scope)
        .filter(clients::id.eq_any(ids))
        .select(ClientRecord::as_select());
    complete(connection, scope, records.load(&mut connection).await?, now).await
}

/// The ids of those in the scope, for other queries.
pub fn scoped_ids<'a>(scope: &Scope) -> diesel::dsl::Select<Scoped<'a>, clients::id> {
    scoped(scope).select(clients::id)
}

/// One client, locked until the transaction ends.
///
/// # Errors
/// As [`find`].
pub async fn lock(
    connection: &mut AsyncPgConnection,
    scope: &Scope,
    id: ClientId,
    now: DateTime<Utc>,
) -> Result<Client> {
    let records = ClientRecord::query()
        .filter(clients::id.eq(id))
        .filter(visible(scope))
        .for_no_key_update()
        .load(connection)
        .await?;
    the_one(complete(connection, scope, records, now).await?)
}

fn the_one(found: Vec<Client>) -> Result<Client> {
    found.into_iter().next().ok_or_else(Error::not_found)
}

/// Adds to clients their live secrets and how much of each is in the scope: two queries for all.
async fn complete(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    records: Vec<ClientRecord>,
    now: DateTime<Utc>,
) -> Result<Vec<Client>> {
    let ids: Vec<ClientId> = records.iter().map(|record| record.id).collect();
    // The ministry reaches all of every client: where their schools are is not asked then.
    let asked = records.iter().filter(|_| !scope.is_everything());
    let uais: Vec<&Uai> = asked.flat_map(|record| &record.uais).collect();
    let live = client_secrets::expires_at
        .is_null()
        .or(client_secrets::expires_at.gt(now));
    let load = SecretRecord::query()
        .filter(client_secrets::client_id.eq_any(&ids))
        .filter(live)
        .order(client_secrets::id.asc())
        .load(&mut connection);
    let loaded = async { Ok::<Vec<SecretRecord>, Error>(load.await?) };
    let (secrets, schools) = tokio::try_join!(loaded, schools(connection, &uais))?;
    let with_secrets = |record: ClientRecord| Client {
        overlap: Overlap::of(scope, &record, &schools),
        secrets: secrets
            .iter()
            .filter(|secret| secret.client_id == record.id)
            .cloned()
            .collect(),
        record,
    };
    Ok(records.into_iter().map(with_secrets).collect())
}

/// Those of these schools that the directory has, and where they are.
pub async fn schools(mut connection: &AsyncPgConnection, uais: &[&Uai]) -> Result<Vec<School>> {
    if uais.is_empty() {
        return Ok(Vec::new());
    }
    let found = establishments::table
        .filter(establishments::uai.eq_any(uais))
        .select((
            establishments::uai,
            establishments::academy,
            establishments::academic_region,
        ));
    Ok(found.load(&mut connection).await?)
}

/// Inserts one.
///
/// # Errors
/// `validation_failed` for a partner that does not exist.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    id: ClientId,
    new: &NewClient,
    now: DateTime<Utc>,
) -> Result<ClientRecord> {
    let row = (
        new,
        clients::id.eq(id),
        clients::created_at.eq(now),
        clients::updated_at.eq(now),
    );
    let inserted = diesel::insert_into(clients::table)
        .values(row)
        .returning(ClientRecord::as_returning());
    Ok(inserted.get_result(connection).await?)
}

/// Changes one, and ends the tokens up to this id if there is one.
///
/// # Errors
/// As [`insert`].
pub async fn update(
    connection: &mut AsyncPgConnection,
    id: ClientId,
    new: &NewClient,
    tokens_after: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<ClientRecord> {
    let stamp = (
        clients::version.eq(clients::version + 1),
        clients::updated_at.eq(now),
    );
    let tokens = tokens_after.map(|after| clients::tokens_after.eq(after));
    let updated = diesel::update(clients::table.find(id))
        .set((new, stamp, tokens))
        .returning(ClientRecord::as_returning());
    Ok(updated.get_result(connection).await?)
}

/// Sets the status of one, and ends the tokens up to this id if there is one.
pub async fn set_status(
    connection: &mut AsyncPgConnection,
    id: ClientId,
    status: Status,
    tokens_after: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<ClientRecord> {
    let stamp = (
        clients::version.eq(clients::version + 1),
        clients::updated_at.eq(now),
    );
    let tokens = tokens_after.map(|after| clients::tokens_after.eq(after));
    let set = (clients::status.eq(status), stamp, tokens);
    let updated = diesel::update(clients::table.find(id))
        .set(set)
        .returning(ClientRecord::as_returning());
    Ok(updated.get_result(connection).await?)
}

/// Inserts a secret: its digest and its hint.
pub async fn insert_secret(
    connection: &mut AsyncPgConnection,
    id: SecretId,
    client: ClientId,
    secret: &Secret,
    now: DateTime<Utc>,
) -> Result<SecretRecord> {
    let row = (
        client_secrets::id.eq(id),
        client_secrets::client_id.eq(client),
        client_secrets::digest.eq(secret.digest().to_vec()),
        client_secrets::hint.eq(secret.hint()),
        client_secrets::created_at.eq(now),
    );
    let inserted = diesel::insert_into(client_secrets::table)
        .values(row)
        .returning(SecretRecord::as_returning());
    Ok(inserted.get_result(connection).await?)
}

/// Ends the secrets of a client then, those that do not end before.
pub async fn end_secrets(
    connection: &mut AsyncPgConnection,
    client: ClientId,
    end: DateTime<Utc>,
) -> Result<()> {
    let later = client_secrets::expires_at
        .is_null()
        .or(client_secrets::expires_at.gt(end));
    diesel::update(
        client_secrets::table
            .filter(client_secrets::client_id.eq(client))
            .filter(later),
    )
    .set(client_secrets::expires_at.eq(end))
    .execute(connection)
    .await?;
    Ok(())
}

/// Runs a step with the secret of this digest and its client, if there is one, held meanwhile
/// against change, and the moment by the database's clock: a token whose id is of that moment is older
/// than the `tokens_after` of any change that the step did not see.
///
/// # Errors
/// As any query, and what the step answers.
pub async fn presented<T>(
    connection: &mut AsyncPgConnection,
    digest: &[u8],
    step: impl FnOnce(Option<(ClientRecord, SecretRecord)>, DateTime<Utc>) -> T,
) -> Result<T> {
    AnsiTransactionManager::begin_transaction(connection).await?;
    let mut shared = &*connection;
    let found = clients::table
        .inner_join(client_secrets::table)
        .filter(client_secrets::digest.eq(digest))
        .select((ClientRecord::as_select(), SecretRecord::as_select()))
        .for_share()
        .load(&mut shared);
    // Asked behind it: once the client is held.
    let outcome =
        async { tokio::try_join!(async { Ok(found.await?) }, database_clock(connection)) };
    let outcome = outcome
        .await
        .map(|(found, moment): (Vec<_>, _)| step(found.into_iter().next(), moment));
    // Nothing was written: this only lets go.
    AnsiTransactionManager::rollback_transaction(connection).await?;
    outcome
}

/// The client that presents a secret of this digest, where nothing can be locked: on a server that takes
/// no writes.
///
/// # Errors
/// As any query.
pub async fn known(
    mut connection: &AsyncPgConnection,
    digest: &[u8],
) -> Result<Option<(ClientRecord, SecretRecord)>> {
    let found = clients::table
        .inner_join(client_secrets::table)
        .filter(client_secrets::digest.eq(digest))
        .select((ClientRecord::as_select(), SecretRecord::as_select()))
        .load(&mut connection)
        .await?;
    Ok(found.into_iter().next())
}

/// Notes that a secret served, at most once a minute; neither a change nor a new version.
pub async fn used(
    mut connection: &AsyncPgConnection,
    secret: &SecretRecord,
    now: DateTime<Utc>,
) -> Result<()> {
    let before = now - USE_NOTED;
    if secret.last_used_at.is_some_and(|last| last > before) {
        return Ok(());
    }
    let mut other = connection;
    let stale = client_secrets::last_used_at
        .is_null()
        .or(client_secrets::last_used_at.le(before));
    let secrets = diesel::update(client_secrets::table.find(secret.id).filter(stale));
    let stale = clients::last_used_at
        .is_null()
        .or(clients::last_used_at.le(before));
    let clients = diesel::update(clients::table.find(secret.client_id).filter(stale));
    tokio::try_join!(
        secrets
            .set(client_secrets::last_used_at.eq(now))
            .execute(&mut connection),
        clients
            .set(clients::last_used_at.eq(now))
            .execute(&mut other),
    )?;
    Ok(())
}
