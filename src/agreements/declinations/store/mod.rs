//! The SQL of declinations.

pub mod many;
mod scoped;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

pub use self::scoped::{Scoped, scoped, visible};
use super::content::{NewDeclination, Signatory};
use super::filter::{Filter, Sort};
use super::model::{Declination, DeclinationContext, DeclinationInContext, Status};
use crate::auth::policy::Scope;
use crate::db::keyset::Order;
use crate::db::limit::paged;
use crate::db::page::Page;
use crate::db::schema::{
    convention_partners, conventions, declination_claims as claims, declinations, partners,
    representatives,
};
use crate::error::{Error, Result};
use crate::values::ids::{ConventionId, DeclinationId, PartnerId, RepresentativeId};
use crate::values::{Json, TerritoryCode};

fn filtered<'a>(scope: &Scope, filter: &'a Filter) -> Scoped<'a> {
    let mut query = scoped(scope);
    if !filter.convention_id.is_empty() {
        query = query.filter(declinations::convention_id.eq_any(&filter.convention_id));
    }
    if !filter.partner_id.is_empty() {
        let parties = convention_partners::table
            .filter(convention_partners::partner_id.eq_any(&filter.partner_id))
            .select(convention_partners::convention_id);
        query = query.filter(declinations::convention_id.eq_any(parties));
    }
    if !filter.level.is_empty() {
        query = query.filter(declinations::level.eq_any(&filter.level));
    }
    if !filter.territory.is_empty() {
        query = query.filter(
            declinations::territories
                .overlaps_with(&filter.above)
                .or(declinations::reach.overlaps_with(&filter.territory)),
        );
    }
    if !filter.status.is_empty() {
        query = query.filter(declinations::status.eq_any(&filter.status));
    }
    if !filter.parent_id.is_empty() {
        let parent = declinations::parent_id.assume_not_null();
        query = query.filter(parent.eq_any(&filter.parent_id));
    }
    if let Some(since) = filter.updated_since {
        query = query.filter(declinations::updated_at.ge(since));
    }
    query
}

fn in_context((declination, frame): (Declination, DeclinationContext)) -> DeclinationInContext {
    DeclinationInContext { declination, frame }
}

/// One page, in the order asked for.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
    page: &Page<Sort>,
) -> Result<Vec<DeclinationInContext>> {
    let query =
        filtered(scope, filter).select((Declination::as_select(), DeclinationContext::as_select()));
    let order = match page.sort {
        Sort::Id => Order::by_key(&declinations::id),
        Sort::UpdatedAt => Order::by(&declinations::updated_at, &declinations::id),
    };
    let rows: Vec<(Declination, DeclinationContext)> =
        paged(query, order, page).load(&mut connection).await?;
    Ok(rows.into_iter().map(in_context).collect())
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

/// One declination.
///
/// # Errors
/// `not_found`.
pub async fn find(
    connection: &AsyncPgConnection,
    scope: &Scope,
    id: DeclinationId,
) -> Result<DeclinationInContext> {
    let found = find_all(connection, scope, &[id]).await?;
    found.into_iter().next().ok_or_else(Error::not_found)
}

/// The ones with these ids that the caller may see.
pub async fn find_all(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    ids: &[DeclinationId],
) -> Result<Vec<DeclinationInContext>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(Declination, DeclinationContext)> = scoped(scope)
        .filter(declinations::id.eq_any(ids))
        .select((Declination::as_select(), DeclinationContext::as_select()))
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(in_context).collect())
}

/// One declination, locked until the transaction ends.
///
/// # Errors
/// `not_found`.
pub async fn lock(
    connection: &mut AsyncPgConnection,
    scope: &Scope,
    id: DeclinationId,
) -> Result<DeclinationInContext> {
    // Locked first, read next: a boxed query takes no lock, and what was waited for is then read.
    let locked = declinations::table
        .filter(declinations::id.eq(id))
        .select(declinations::id)
        .for_no_key_update()
        .first::<DeclinationId>(connection)
        .await;
    locked.optional()?.ok_or_else(Error::not_found)?;
    find(connection, scope, id).await
}

/// These and their conventions, locked until the transaction ends: all conventions before all
/// declinations, each in one order, so that those who lock several do not wait for each other in a
/// circle.
pub async fn lock_all(connection: &mut AsyncPgConnection, ids: &[DeclinationId]) -> Result<()> {
    let theirs = declinations::table
        .filter(declinations::id.eq_any(ids))
        .select(declinations::convention_id);
    conventions::table
        .filter(conventions::id.eq_any(theirs))
        .order(conventions::id)
        .select(conventions::id)
        .for_no_key_update()
        .load::<ConventionId>(connection)
        .await?;
    declinations::table
        .filter(declinations::id.eq_any(ids))
        .order(declinations::id)
        .select(declinations::id)
        .for_no_key_update()
        .load::<DeclinationId>(connection)
        .await?;
    Ok(())
}

/// The partners that each of these representatives speaks for: its own, and those that this one is a
/// member of.
pub async fn spoken_for(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    ids: &[RepresentativeId],
) -> Result<HashMap<RepresentativeId, Vec<PartnerId>>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(RepresentativeId, PartnerId, Vec<PartnerId>)> = representatives::table
        .inner_join(partners::table)
        .filter(representatives::id.eq_any(ids))
        .select((
            representatives::id,
            representatives::partner_id,
            partners::member_of,
        ))
        .load(&mut connection)
        .await?;
    let spoken_for = rows.into_iter().map(|(id, partner, networks)| {
        let all = std::iter::once(partner).chain(networks);
        (id, all.collect())
    });
    Ok(spoken_for.collect())
}

/// Inserts one.
///
/// # Errors
/// `validation_failed` for what it refers to and was deleted since.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    id: DeclinationId,
    new: &NewDeclination,
    ancestors: &[String],
    now: DateTime<Utc>,
) -> Result<Declination> {
    let beginning = (
        declinations::id.eq(id),
        declinations::reach.eq(ancestors),
        declinations::coordinator.eq(new.coordinator.clone().map(Json)),
        declinations::signatories.eq(Json(Vec::<Signatory>::new())),
        declinations::created_at.eq(now),
        declinations::updated_at.eq(now),
    );
    let inserted = diesel::insert_into(declinations::table)
        .values((&new.content, beginning))
        .returning(Declination::as_returning());
    Ok(inserted.get_result(connection).await?)
}

/// Changes one.
///
/// # Errors
/// As [`insert`].
pub async fn update(
    connection: &mut AsyncPgConnection,
    id: DeclinationId,
    new: &NewDeclination,
    ancestors: &[String],
    now: DateTime<Utc>,
) -> Result<Declination> {
    let stamp = (
        declinations::reach.eq(ancestors),
        declinations::coordinator.eq(new.coordinator.clone().map(Json)),
        declinations::version.eq(declinations::version + 1),
        declinations::updated_at.eq(now),
    );
    let updated = diesel::update(declinations::table.find(id))
        .set((&new.content, stamp))
        .returning(Declination::as_returning());
    Ok(updated.get_result(connection).await?)
}

/// What a step makes of one: its status, and who signed for it.
pub async fn record_step(
    connection: &mut AsyncPgConnection,
    id: DeclinationId,
    status: Status,
    signatories: &Json<Vec<Signatory>>,
    now: DateTime<Utc>,
) -> Result<Declination> {
    let set = (
        declinations::status.eq(status),
        declinations::signatories.eq(signatories),
        declinations::version.eq(declinations::version + 1),
        declinations::updated_at.eq(now),
    );
    let updated = diesel::update(declinations::table.find(id))
        .set(set)
        .returning(Declination::as_returning());
    Ok(updated.get_result(connection).await?)
}

/// The active declinations that have these territories of its convention at its level already.
pub async fn claimed(
    mut connection: &AsyncPgConnection,
    declination: &Declination,
) -> Result<Vec<(TerritoryCode, DeclinationId)>> {
    let content = &declination.content;
    let key = claims::convention_id
        .eq(content.convention_id)
        .and(claims::level.eq(content.level))
        .and(claims::territory.eq_any(&content.territories));
    Ok(claims::table
        .filter(key)
        .select((claims::territory, claims::declination_id))
        .load(&mut connection)
        .await?)
}

/// Gives it its territories.
///
/// # Errors
/// `territory_already_declined`.
pub async fn claim(connection: &mut AsyncPgConnection, declination: &Declination) -> Result<()> {
    let content = &declination.content;
    let row = |territory| {
        (
            claims::convention_id.eq(content.convention_id),
            claims::level.eq(content.level),
            claims::territory.eq(territory),
            claims::declination_id.eq(declination.id),
        )
    };
    let rows: Vec<_> = content.territories.iter().map(row).collect();
    diesel::insert_into(claims::table)
        .values(rows)
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes its territories back.
pub async fn release(connection: &mut AsyncPgConnection, id: DeclinationId) -> Result<()> {
    diesel::delete(claims::table.filter(claims::declination_id.eq(id)))
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes a draft.
///
/// # Errors
/// `in_use`.
pub async fn delete(connection: &mut AsyncPgConnection, id: DeclinationId) -> Result<()> {
    diesel::delete(declinations::table.find(id))
        .execute(connection)
        .await
        .map_err(Error::on_delete)?;
    Ok(())
}
