//! The steps that write interventions; the order of refusals is 404, 403, 412, 409, and what only
//! stored rows can tell of the body (422) comes after them.

use super::content::NewIntervention;
use super::model::{Key, Offer};
use super::status::Looked;
use super::store;
use super::upsert;
use super::upsert::{Grounds, Known, Said, Saying};
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::db::version::{Conditions, Precondition};
use crate::error::{Error, Result};
use crate::http::merge::Patch;
use crate::register::partners::workflow::owned;

/// What a partner's saying made.
pub enum Put {
    /// An intervention that was not there.
    Created(Offer),
    /// One that was, changed or not.
    Kept(Offer),
}

/// Makes an intervention what its partner says it is: new, changed, offered again, or confirmed.
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
    looked: Looked,
) -> Result<Put> {
    owned(tx, scope, key.partner).await?;
    let held = store::hold(tx.connection(), scope, key, looked).await?;
    let version = |offer: &Offer| offer.intervention.version;
    conditions.check(held.as_ref().map(version))?;
    let said = match held {
        Some(before) if before.verb_to(new).is_none() => {
            return confirm(tx, before).await.map(Put::Kept);
        }
        held => say(tx, scope, key, new, held, looked).await?,
    };
    let Some(before) = said.before else {
        return Ok(Put::Created(said.after));
    };
    // Another request may have said it first, which was not known when the condition was looked at.
    conditions.check(Some(before.intervention.version))?;
    Ok(Put::Kept(said.after))
}

/// Notes that an intervention, held, is still offered, where the last note is old.
async fn confirm(tx: &mut Tx<'_>, mut offer: Offer) -> Result<Offer> {
    let now = tx.now;
    if offer.intervention.needs_confirmation(now) {
        store::confirm(tx.connection(), &[offer.intervention.id], now).await?;
        offer.intervention.confirmed_at = now;
    }
    Ok(offer)
}

/// Writes what a partner says of one intervention.
async fn say(
    tx: &mut Tx<'_>,
    scope: &Scope,
    key: &Key,
    new: &NewIntervention,
    held: Option<Offer>,
    looked: Looked,
) -> Result<Said> {
    let grounds = Grounds::of(tx, scope, &[new]).await?;
    let saying = Saying {
        external_id: &key.external_id,
        content: new,
        held_by: grounds.held_by(new).map_err(Error::validation)?,
        is_there: held.is_some(),
    };
    let held = held.map(|offer| (key.external_id.clone(), offer));
    let known = Known::Held(held.into_iter().collect());
    let said = upsert::say(tx, scope, key.partner, &[saying], known, looked).await?;
    let said = said.into_iter().next();
    said.ok_or_else(|| Error::internal("nothing was said"))
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
    looked: Looked,
) -> Result<Offer> {
    let before = held(tx, scope, key, looked).await?;
    if_match.check(before.intervention.version)?;
    before.may_change()?;
    let new = patch.apply(&before.intervention.content)?;
    if new == before.intervention.content {
        return Ok(before);
    }
    let said = say(tx, scope, key, &new, Some(before), looked).await?;
    Ok(said.after)
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
    looked: Looked,
) -> Result<Offer> {
    let before = held(tx, scope, key, looked).await?;
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
async fn held(tx: &mut Tx<'_>, scope: &Scope, key: &Key, looked: Looked) -> Result<Offer> {
    owned(tx, scope, key.partner).await?;
    let held = store::hold(tx.connection(), scope, key, looked).await?;
    held.ok_or_else(Error::not_found)
}
