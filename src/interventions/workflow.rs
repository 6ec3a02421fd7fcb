//! The steps that write interventions; the order of refusals is 404, 403, 412, 409, and what only
//! stored rows can tell of the body (422) comes after them.

use chrono::NaiveDate;

use super::content::NewIntervention;
use super::model::{InterventionId, Key, Offer};
use super::store;
use crate::auth::policy::Scope;
use crate::conventions;
use crate::db::write::Tx;
use crate::error::{Error, Fault, Place, Result, Rule};
use crate::establishments::reach;
use crate::http::answer::{Conditions, Precondition};
use crate::http::merge::Patch;
use crate::partners::workflow::owned;
use crate::values::today;

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
) -> Result<Put> {
    owned(tx, scope, key.partner).await?;
    let day = today(tx.now);
    if let Some(before) = store::hold(tx.connection(), scope, key, day).await? {
        return replace(tx, scope, before, new, conditions).await;
    }
    conditions.check(None)?;
    let held_by = held_by(tx, scope, new).await?;
    let (id, now) = (InterventionId::new(tx.new_id()), tx.now);
    if store::insert(tx.connection(), id, key, new, &held_by, now).await? {
        let created = store::find(tx.connection(), scope, key, day).await?;
        tx.created(&created).await?;
        return Ok(Put::Created(created));
    }
    // Another request said it first: what it made is there now, and stays.
    let before = store::hold(tx.connection(), scope, key, day).await?;
    let before = before.ok_or_else(|| Error::internal("an intervention that is not there"))?;
    replace(tx, scope, before, new, conditions).await
}

async fn replace(
    tx: &mut Tx<'_>,
    scope: &Scope,
    before: Offer,
    new: &NewIntervention,
    conditions: Conditions<'_>,
) -> Result<Put> {
    conditions.check(Some(before.intervention.version))?;
    let (id, now) = (before.intervention.id, tx.now);
    let was_withdrawn = before.intervention.withdrawn_at.is_some();
    if before.intervention.content != *new || was_withdrawn {
        let verb = if was_withdrawn {
            "offered_again"
        } else {
            "updated"
        };
        return change(tx, scope, before, new, verb).await.map(Put::Kept);
    }
    if !before.intervention.needs_confirmation(now) {
        return Ok(Put::Kept(before));
    }
    store::confirm(tx.connection(), id, now).await?;
    again(tx, scope, &before).await.map(Put::Kept)
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
) -> Result<Offer> {
    let before = held(tx, scope, key).await?;
    if_match.check(before.intervention.version)?;
    before.may_change()?;
    let new = patch.apply(&before.intervention.content)?;
    if new == before.intervention.content {
        return Ok(before);
    }
    change(tx, scope, before, &new, "updated").await
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
) -> Result<Offer> {
    let before = held(tx, scope, key).await?;
    conditions.check(Some(before.intervention.version))?;
    if before.intervention.withdrawn_at.is_some() {
        return Ok(before);
    }
    let now = tx.now;
    store::withdraw(tx.connection(), before.intervention.id, now).await?;
    let after = again(tx, scope, &before).await?;
    tx.changed("withdrawn", &before, &after).await?;
    Ok(after)
}

/// The intervention a caller writes.
async fn held(tx: &mut Tx<'_>, scope: &Scope, key: &Key) -> Result<Offer> {
    owned(tx, scope, key.partner).await?;
    let day = today(tx.now);
    let held = store::hold(tx.connection(), scope, key, day).await?;
    held.ok_or_else(Error::not_found)
}

async fn change(
    tx: &mut Tx<'_>,
    scope: &Scope,
    before: Offer,
    new: &NewIntervention,
    verb: &str,
) -> Result<Offer> {
    let held_by = held_by(tx, scope, new).await?;
    let (id, now) = (before.intervention.id, tx.now);
    store::update(tx.connection(), id, new, &held_by, now).await?;
    let after = again(tx, scope, &before).await?;
    tx.changed(verb, &before, &after).await?;
    Ok(after)
}

/// The intervention as it is now.
async fn again(tx: &mut Tx<'_>, scope: &Scope, before: &Offer) -> Result<Offer> {
    let key = before.intervention.key();
    let day: NaiveDate = before.day;
    store::find(tx.connection(), scope, &key, day).await
}

/// What holds all of the territories, once the convention and the territories are known to be there;
/// all that is wrong with them is told at once.
async fn held_by(tx: &mut Tx<'_>, scope: &Scope, new: &NewIntervention) -> Result<Vec<String>> {
    let connection = &*tx.connection();
    let named = [new.convention_id];
    let (conventions, ancestries) = tokio::try_join!(
        conventions::store::find_all(connection, scope, &named),
        reach::each(connection, &new.territories),
    )?;
    let mut faults = Vec::new();
    if conventions.is_empty() {
        faults.push(Fault {
            place: Place::field("convention_id"),
            rule: Rule::UnknownReference,
        });
    }
    match ancestries {
        Ok(ancestries) if faults.is_empty() => Ok(reach::common(&ancestries)),
        Ok(_) => Err(Error::validation(faults)),
        Err(places) => {
            let unknown = reach::unknown(&places, |index| format!("/territories/{index}"));
            faults.extend(unknown.faults);
            Err(Error::validation(faults))
        }
    }
}
