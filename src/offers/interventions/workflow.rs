//! The steps that write interventions; the order of refusals is 404, 403, 412, 409, and 422 for what
//! depends on other rows.

use super::content::NewIntervention;
use super::locating::located;
use super::model::{Key, Offer};
use super::status::AsOf;
use super::store;
use super::upsert::{self, Existing, References, Upsert, Upserted};
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::db::version::{Conditions, Precondition};
use crate::error::{Error, Result};
use crate::http::merge::Patch;
use crate::register::partners::workflow::owned;

/// The outcome of a `PUT`.
pub enum Put {
    /// It did not exist.
    Created(Offer),
    /// It existed, changed or not.
    Kept(Offer),
}

/// Creates or replaces an intervention: new, changed, offered again, or confirmed.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `validation_failed` for a convention the caller
/// cannot see or a school that does not exist.
pub async fn put(
    tx: &mut Tx<'_>,
    scope: &Scope,
    key: &Key,
    new: &NewIntervention,
    conditions: Conditions<'_>,
    as_of: AsOf,
) -> Result<Put> {
    owned(tx, scope, key.partner).await?;
    let locked = store::lock(tx.connection(), scope, key, as_of).await?;
    let version = |offer: &Offer| offer.intervention.version;
    conditions.check(locked.as_ref().map(version))?;
    let new = located(tx.connection(), new.clone()).await?;
    let upserted = match locked {
        Some(before) if before.verb_to(&new).is_none() => {
            return confirm(tx, before).await.map(Put::Kept);
        }
        locked => upsert_one(tx, scope, key, &new, locked, as_of).await?,
    };
    let Some(before) = upserted.before else {
        return Ok(Put::Created(upserted.after));
    };
    // Another request may have created it first, which was not known when the condition was checked.
    conditions.check(Some(before.intervention.version))?;
    Ok(Put::Kept(upserted.after))
}

/// Confirms that a locked intervention is still offered, where the last confirmation is old.
async fn confirm(tx: &mut Tx<'_>, mut offer: Offer) -> Result<Offer> {
    let now = tx.now;
    if offer.intervention.needs_confirmation(now) {
        store::confirm(tx.connection(), &[offer.intervention.id], now).await?;
        offer.intervention.confirmed_at = now;
    }
    Ok(offer)
}

/// Upserts one intervention.
async fn upsert_one(
    tx: &mut Tx<'_>,
    scope: &Scope,
    key: &Key,
    new: &NewIntervention,
    locked: Option<Offer>,
    as_of: AsOf,
) -> Result<Upserted> {
    let references = References::of(tx, scope, &[new]).await?;
    let upsert = Upsert {
        external_id: &key.external_id,
        content: new,
        area: references.area(new).map_err(Error::validation)?,
        is_there: locked.is_some(),
    };
    let locked = locked.map(|offer| (key.external_id.clone(), offer));
    let existing = Existing::Locked(locked.into_iter().collect());
    let upserted = upsert::upsert_all(tx, scope, key.partner, &[upsert], existing, as_of).await?;
    upserted
        .into_iter()
        .next()
        .ok_or_else(|| Error::internal("nothing was upserted"))
}

/// Changes one. A change that changes nothing writes nothing.
///
/// # Errors
/// As [`put`], or `invalid_transition` for one that was withdrawn.
pub async fn update(
    tx: &mut Tx<'_>,
    scope: &Scope,
    key: &Key,
    patch: &Patch<NewIntervention>,
    if_match: &Precondition,
    as_of: AsOf,
) -> Result<Offer> {
    let before = locked(tx, scope, key, as_of).await?;
    if_match.check(before.intervention.version)?;
    before.may_change()?;
    let new = patch.apply(&before.intervention.content.given())?;
    let new = located(tx.connection(), new).await?;
    if new == before.intervention.content {
        return Ok(before);
    }
    let upserted = upsert_one(tx, scope, key, &new, Some(before), as_of).await?;
    Ok(upserted.after)
}

/// Takes one back; once it is, taking it back again writes nothing.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`.
pub async fn withdraw(
    tx: &mut Tx<'_>,
    scope: &Scope,
    key: &Key,
    conditions: Conditions<'_>,
    as_of: AsOf,
) -> Result<Offer> {
    let before = locked(tx, scope, key, as_of).await?;
    conditions.check(Some(before.intervention.version))?;
    if before.intervention.withdrawn_at.is_some() {
        return Ok(before);
    }
    let now = tx.now;
    store::withdraw_all(tx.connection(), &[before.intervention.id], now).await?;
    let after = before.clone().withdrawn(now);
    tx.changed("withdrawn", &before, &after).await?;
    Ok(after)
}

/// The intervention a caller writes.
async fn locked(tx: &mut Tx<'_>, scope: &Scope, key: &Key, as_of: AsOf) -> Result<Offer> {
    owned(tx, scope, key.partner).await?;
    let locked = store::lock(tx.connection(), scope, key, as_of).await?;
    locked.ok_or_else(Error::not_found)
}
