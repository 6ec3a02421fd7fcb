//! The SQL of representatives.

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::helper_types::IntoBoxed;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::content::NewRepresentative;
use super::filter::{Filter, Sort};
use super::model::Representative;
use crate::auth::policy::Scope;
use crate::db::keyset::Order;
use crate::db::limit::paged;
use crate::db::page::Page;
use crate::db::schema::representatives;
use crate::error::{Error, Result};
use crate::values::ids::{PartnerId, RepresentativeId};

type Filtered<'a> = IntoBoxed<'a, representatives::table, Pg>;

/// Everyone may read that a representative exists; whom the person is shown to is the model's.
fn filtered<'a>(_scope: &Scope, partner: PartnerId, filter: &'a Filter) -> Filtered<'a> {
    let mut query = representatives::table
        .filter(representatives::partner_id.eq(partner))
        .into_boxed();
    if !filter.territory.is_empty() {
        query = query.filter(
            representatives::territories
                .overlaps_with(&filter.above)
                .or(representatives::reach.overlaps_with(&filter.territory)),
        );
    }
    if let Some(since) = filter.updated_since {
        query = query.filter(representatives::updated_at.ge(since));
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
) -> Result<Vec<Representative>> {
    let query = filtered(scope, partner, filter).select(Representative::as_select());
    let order = match page.sort {
        Sort::Id => Order::by_key(&representatives::id),
        Sort::UpdatedAt => Order::by(&representatives::updated_at, &representatives::id),
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

/// One representative of a partner.
///
/// # Errors
/// `not_found`.
pub async fn find(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    partner: PartnerId,
    id: RepresentativeId,
) -> Result<Representative> {
    let key = representatives::id
        .eq(id)
        .and(representatives::partner_id.eq(partner));
    let found = Representative::query()
        .filter(key)
        .first(&mut connection)
        .await;
    found.optional()?.ok_or_else(Error::not_found)
}

/// The ones with these ids that exist.
pub async fn find_all(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    ids: &[RepresentativeId],
) -> Result<Vec<Representative>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(Representative::query()
        .filter(representatives::id.eq_any(ids))
        .load(&mut connection)
        .await?)
}

/// One representative of a partner, locked until the transaction ends.
///
/// # Errors
/// `not_found`.
pub async fn lock(
    connection: &mut AsyncPgConnection,
    _scope: &Scope,
    partner: PartnerId,
    id: RepresentativeId,
) -> Result<Representative> {
    let key = representatives::id
        .eq(id)
        .and(representatives::partner_id.eq(partner));
    let found = Representative::query()
        .filter(key)
        .for_no_key_update()
        .first(connection)
        .await;
    found.optional()?.ok_or_else(Error::not_found)
}

/// Inserts one.
///
/// # Errors
/// `not_found` when the partner went away.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    id: RepresentativeId,
    partner: PartnerId,
    new: &NewRepresentative,
    ancestors: &[String],
    now: DateTime<Utc>,
) -> Result<Representative> {
    let keys = (
        representatives::id.eq(id),
        representatives::partner_id.eq(partner),
        representatives::reach.eq(ancestors),
    );
    let stamp = (
        representatives::created_at.eq(now),
        representatives::updated_at.eq(now),
    );
    let inserted = diesel::insert_into(representatives::table)
        .values((new, keys, stamp))
        .returning(Representative::as_returning());
    Ok(inserted.get_result(connection).await?)
}

/// Changes one; `ancestors` goes with its territories.
pub async fn update(
    connection: &mut AsyncPgConnection,
    id: RepresentativeId,
    new: &NewRepresentative,
    ancestors: &[String],
    now: DateTime<Utc>,
) -> Result<Representative> {
    let stamp = (
        representatives::reach.eq(ancestors),
        representatives::version.eq(representatives::version + 1),
        representatives::updated_at.eq(now),
    );
    let updated = diesel::update(representatives::table.find(id))
        .set((new, stamp))
        .returning(Representative::as_returning());
    Ok(updated.get_result(connection).await?)
}

/// Erases one.
pub async fn delete(connection: &mut AsyncPgConnection, id: RepresentativeId) -> Result<()> {
    diesel::delete(representatives::table.find(id))
        .execute(connection)
        .await
        .map_err(Error::on_delete)?;
    Ok(())
}
