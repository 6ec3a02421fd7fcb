//! The steps that write declinations. Each runs in the transaction it is given and journals what it
//! writes; the order of refusals is 404, 403, 412, 409, and 422 for what depends on the row.
//!
//! Changing, activating and closing lock the convention first and the declination next, so that they
//! and whatever narrows or ends the convention come one after the other.

use super::content::{Activation, DeclinationPatch, NewDeclination};
use super::ground::Ground;
use super::model::{Declination, DeclinationContext, DeclinationInContext, Status, Step};
use super::rules;
use super::store;
use crate::agreements::conventions::model::Convention;
use crate::agreements::conventions::store as conventions;
use crate::agreements::conventions::term::EffectiveStatus;
use crate::auth::policy::Scope;
use crate::db::idempotency;
use crate::db::tx::Tx;
use crate::db::version::Precondition;
use crate::error::{Code, Error, Fault, Result, Rule};
use crate::values::ids::DeclinationId;
use crate::values::{Json, today};

/// Creates one.
///
/// # Errors
/// `validation_failed`, `forbidden` for territories that are not the caller's,
/// `convention_not_signed`.
pub async fn create(
    tx: &mut Tx<'_>,
    scope: &Scope,
    new: &NewDeclination,
) -> Result<DeclinationInContext> {
    let day = today(tx.now);
    let ground = Ground::of(tx.connection(), scope, &new.content, None, day).await?;
    let convention = ground.admits(scope, &new.content)?;
    let (id, now) = (DeclinationId::new(tx.new_id()), tx.now);
    let declination = store::insert(tx.connection(), id, new, &ground.ancestors(), now).await?;
    tx.created(&declination).await?;
    Ok(DeclinationInContext {
        declination,
        frame: DeclinationContext::from(convention),
    })
}

/// Changes one: a draft's content whatever it is, an active one's but for what was agreed. A change
/// that changes nothing writes nothing.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`, `active_content`, or as
/// [`create`].
pub async fn update(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: DeclinationId,
    patch: &DeclinationPatch,
    if_match: &Precondition,
) -> Result<DeclinationInContext> {
    let (convention, before) = lock_with_convention(tx, scope, id, if_match).await?;
    before.declination.step(Step::Update)?;
    let present = before.declination.as_input();
    let new = patch.apply(&present)?;
    if new == present {
        return Ok(before);
    }
    // All faults are reported at once, checked against the convention that it keeps.
    let kept = new.content.under(present.content.convention_id);
    let (at_hand, day, now) = (Some(convention), today(tx.now), tx.now);
    let ground = Ground::of(tx.connection(), scope, &kept, at_hand, day).await?;
    let ancestors = ground.admits_change(scope, &before.declination, &new.content)?;
    let after = store::update(tx.connection(), id, &new, &ancestors, now).await?;
    // The kept answers that contain the person are erased too.
    if present.coordinator.is_some() && new.coordinator != present.coordinator {
        idempotency::erase_person(tx.connection(), id.uuid()).await?;
    }
    written(tx, Step::Update, before, after).await
}

/// Activates one: it has its territories from now on.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`, `validation_failed` for
/// signatories of partners that are no parties, `convention_not_in_force`, `parent_not_active`,
/// `declination_outdated`, `territory_already_declined`.
pub async fn activate(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: DeclinationId,
    activation: &Activation,
    if_match: &Precondition,
) -> Result<DeclinationInContext> {
    let (convention, before) = lock_with_convention(tx, scope, id, if_match).await?;
    let status = before.declination.step(Step::Activate)?;
    let day = today(tx.now);
    activation.check(tx, scope, &convention).await?;
    if !matches!(
        convention.effective_status(day),
        Some(EffectiveStatus::Upcoming | EffectiveStatus::InForce)
    ) {
        return Err(Error::new(Code::ConventionNotInForce));
    }
    still_fits(tx, scope, &before.declination, convention).await?;
    is_free(tx, &before.declination).await?;
    let (now, signatories) = (tx.now, Json(activation.signatories.clone()));
    store::claim(tx.connection(), &before.declination).await?;
    let after = store::record_step(tx.connection(), id, status, &signatories, now).await?;
    written(tx, Step::Activate, before, after).await
}

/// Refuses what its convention, or its parent, no longer allows.
async fn still_fits(
    tx: &mut Tx<'_>,
    scope: &Scope,
    declination: &Declination,
    convention: Convention,
) -> Result<()> {
    let content = &declination.content;
    let (at_hand, day) = (Some(convention), today(tx.now));
    let ground = Ground::of(tx.connection(), scope, content, at_hand, day).await?;
    let parent_is_active = ground
        .parent
        .as_ref()
        .is_some_and(|parent| parent.status == Status::Active);
    if content.parent_id.is_some() && !parent_is_active {
        return Err(Error::new(Code::ParentNotActive));
    }
    let checked = ground.faults(content, None).check();
    checked.map_err(|error| Error::new(Code::DeclinationOutdated).with(error.faults))
}

/// Refuses the territories that other active ones have, at each its place.
async fn is_free(tx: &mut Tx<'_>, declination: &Declination) -> Result<()> {
    let claimed = store::claimed(tx.connection(), declination).await?;
    if claimed.is_empty() {
        return Ok(());
    }
    let has = |territory| claimed.iter().any(|(claimed, _)| claimed == territory);
    let places = declination.content.territories.iter().enumerate();
    let faults = places
        .filter(|(_, territory)| has(*territory))
        .map(|(index, _)| Fault {
            place: rules::territory(index),
            rule: Rule::Taken,
        });
    let mut others: Vec<String> = claimed.iter().map(|(_, id)| id.to_string()).collect();
    others.sort();
    others.dedup();
    let refused = Error::new(Code::TerritoryAlreadyDeclined).with(faults.collect());
    Err(refused.about(others.join(", ")))
}

/// Closes one: its territories are free again.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`.
pub async fn close(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: DeclinationId,
    if_match: &Precondition,
) -> Result<DeclinationInContext> {
    let (_, before) = lock_with_convention(tx, scope, id, if_match).await?;
    let status = before.declination.step(Step::Close)?;
    store::release(tx.connection(), id).await?;
    let (now, signatories) = (tx.now, &before.declination.signatories);
    let after = store::record_step(tx.connection(), id, status, signatories, now).await?;
    written(tx, Step::Close, before, after).await
}

/// Gives a draft up.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`.
pub async fn abandon(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: DeclinationId,
    if_match: &Precondition,
) -> Result<DeclinationInContext> {
    let before = lock(tx, scope, id, if_match).await?;
    let status = before.declination.step(Step::Abandon)?;
    let (now, signatories) = (tx.now, &before.declination.signatories);
    let after = store::record_step(tx.connection(), id, status, signatories, now).await?;
    written(tx, Step::Abandon, before, after).await
}

/// Deletes a draft, and the kept answers that contain its coordinator.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`, `in_use`.
pub async fn delete(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: DeclinationId,
    if_match: &Precondition,
) -> Result<()> {
    let before = lock(tx, scope, id, if_match).await?;
    before.declination.step(Step::Delete)?;
    store::delete(tx.connection(), id).await?;
    idempotency::erase_person(tx.connection(), id.uuid()).await?;
    tx.removed(Step::Delete.past(), &before.declination).await
}

/// A declination that the caller may write, of a version it asked for.
async fn lock(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: DeclinationId,
    if_match: &Precondition,
) -> Result<DeclinationInContext> {
    let in_context = store::lock(tx.connection(), scope, id).await?;
    must_keep(scope, &in_context)?;
    if_match.check(in_context.declination.version)?;
    Ok(in_context)
}

fn must_keep(scope: &Scope, in_context: &DeclinationInContext) -> Result<()> {
    if in_context.declination.is_kept_by(scope) {
        Ok(())
    } else {
        Err(Error::new(Code::Forbidden))
    }
}

/// The same with its convention, locked before it, once the caller may write it.
async fn lock_with_convention(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: DeclinationId,
    if_match: &Precondition,
) -> Result<(Convention, DeclinationInContext)> {
    let seen = store::find(tx.connection(), scope, id).await?;
    must_keep(scope, &seen)?;
    let convention_id = seen.declination.content.convention_id;
    let convention = conventions::lock(tx.connection(), scope, convention_id).await?;
    let in_context = lock(tx, scope, id, if_match).await?;
    Ok((convention, in_context))
}

async fn written(
    tx: &mut Tx<'_>,
    step: Step,
    before: DeclinationInContext,
    declination: Declination,
) -> Result<DeclinationInContext> {
    tx.changed(step.past(), &before.declination, &declination)
        .await?;
    Ok(DeclinationInContext {
        declination,
        ..before
    })
}
