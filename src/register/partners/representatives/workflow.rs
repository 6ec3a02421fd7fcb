//! The steps that write representatives; the order of refusals is 404, 403, 412, 409.

use super::content::{NewRepresentative, RepresentativePatch};
use super::model::Representative;
use super::store;
use crate::auth::policy::Scope;
use crate::db::idempotency;
use crate::db::tx::Tx;
use crate::db::version::Precondition;
use crate::error::Result;
use crate::register::partners::workflow::owned;
use crate::register::territories;
use crate::values::TerritoryCode;
use crate::values::ids::{PartnerId, RepresentativeId};

/// Registers one.
///
/// # Errors
/// `not_found`, `forbidden`, `validation_failed` for a school that does not exist.
pub async fn create(
    tx: &mut Tx<'_>,
    scope: &Scope,
    partner: PartnerId,
    new: &NewRepresentative,
) -> Result<Representative> {
    owned(tx, scope, partner).await?;
    let ancestors = ancestors(tx, &new.territories).await?;
    let (id, now) = (RepresentativeId::new(tx.new_id()), tx.now);
    let created = store::insert(tx.connection(), id, partner, new, &ancestors, now).await?;
    tx.created(&created).await?;
    Ok(created)
}

/// Changes one. A change that changes nothing writes nothing.
///
/// # Errors
/// As [`create`], or `precondition_failed`.
pub async fn update(
    tx: &mut Tx<'_>,
    scope: &Scope,
    (partner, id): (PartnerId, RepresentativeId),
    patch: &RepresentativePatch,
    if_match: &Precondition,
) -> Result<Representative> {
    let before = store::lock(tx.connection(), scope, partner, id).await?;
    // The representative is there, so its partner is: only the right to write is asked.
    scope.must_write_for(partner.uuid())?;
    if_match.check(before.version)?;
    let new = patch.apply(&before.content)?;
    if new == before.content {
        return Ok(before);
    }
    let ancestors = if patch.names("territories") {
        ancestors(tx, &new.territories).await?
    } else {
        before.ancestors.clone()
    };
    let now = tx.now;
    let after = store::update(tx.connection(), id, &new, &ancestors, now).await?;
    tx.changed("updated", &before, &after).await?;
    Ok(after)
}

/// Erases one: the row, and the kept answers that contain the person.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`.
pub async fn erase(
    tx: &mut Tx<'_>,
    scope: &Scope,
    (partner, id): (PartnerId, RepresentativeId),
    if_match: &Precondition,
) -> Result<()> {
    let before = store::lock(tx.connection(), scope, partner, id).await?;
    scope.must_write_for(partner.uuid())?;
    if_match.check(before.version)?;
    store::delete(tx.connection(), id).await?;
    idempotency::erase_person(tx.connection(), id.uuid()).await?;
    tx.removed("erased", &before).await
}

/// The territories and all above them.
async fn ancestors(tx: &mut Tx<'_>, territories: &[TerritoryCode]) -> Result<Vec<String>> {
    territories::ancestry::of(tx.connection(), territories)
        .await?
        .map_err(|unknown| unknown.refusal(|index| format!("/territories/{index}")))
}
