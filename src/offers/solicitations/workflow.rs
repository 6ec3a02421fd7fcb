//! The steps that write solicitations. Each runs in the transaction it is given and journals what
//! it writes; the order of refusals is 404, 403, 412, 409, and 422 for what depends on the day.
//!
//! Accepting locks the solicitation first and its intervention next, and counts the sessions taken
//! under that lock: of two who want the last one, the second counts what the first took.

use super::content::{
    Acceptance, Cancellation, Explanation, NewSolicitation, Outcome, Proposal, SolicitationPatch,
};
use super::model::{Side, Solicitation, Status, Step, StepColumns};
use super::rules;
use super::store::{self, Beginning};
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::db::version::Precondition;
use crate::error::notice::IN_THE_FUTURE;
use crate::error::{Code, Error, Place, Result, Rule};
use crate::offers::interventions::status::AsOf;
use crate::values::ids::{ConventionId, SolicitationId};
use crate::values::{Json, Text, today};

/// Asks.
///
/// # Errors
/// `validation_failed` for a school or a representative there is not, `forbidden`, `not_offered`.
pub async fn create(
    tx: &mut Tx<'_>,
    scope: &Scope,
    new: &NewSolicitation,
    as_of: AsOf,
) -> Result<Solicitation> {
    let ancestors = rules::ancestors_of(tx, new).await?;
    rules::must_cover(scope, &ancestors)?;
    let addressee = rules::addressee(tx, scope, new, &ancestors, as_of).await?;
    let new = NewSolicitation {
        convention_id: addressee.convention,
        ..new.clone()
    };
    let beginning = Beginning {
        id: SolicitationId::new(tx.new_id()),
        addressee,
        ancestors: &ancestors,
        now: tx.now,
    };
    let created = store::insert(tx.connection(), &beginning, &new).await?;
    tx.created(&created).await?;
    Ok(created)
}

/// The school changes what it asks, before the partner answers. A change that changes nothing writes
/// nothing.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`, `validation_failed`,
/// `not_offered`, `convention_ambiguous`.
pub async fn update(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: SolicitationId,
    patch: &SolicitationPatch,
    as_of: AsOf,
    if_match: &Precondition,
) -> Result<Solicitation> {
    let before = lock(tx, scope, id, Step::Update, if_match).await?;
    before.step(Step::Update, today(tx.now))?;
    let mut new = patch.made_of(&before.content)?;
    new.convention_id = convention_after(tx, scope, &before, &new, as_of).await?;
    if new == before.content {
        return Ok(before);
    }
    let now = tx.now;
    let after = store::update(tx.connection(), id, &new, now).await?;
    tx.changed(Step::Update.past(), &before, &after).await?;
    Ok(after)
}

/// The convention that a changed solicitation comes under. What was asked while it was offered is not asked
/// anew for a message, and its convention stays: only other levels of an intervention, or another convention,
/// are looked at.
async fn convention_after(
    tx: &mut Tx<'_>,
    scope: &Scope,
    before: &Solicitation,
    new: &NewSolicitation,
    as_of: AsOf,
) -> Result<Option<ConventionId>> {
    let (old, ancestors) = (&before.content, &before.ancestors);
    let is_other = new.convention_id != old.convention_id;
    if new.intervention_id.is_some() && (is_other || new.levels != old.levels) {
        let asked = NewSolicitation {
            convention_id: new.convention_id.filter(|_| is_other),
            ..new.clone()
        };
        let addressee = rules::addressee(tx, scope, &asked, ancestors, as_of).await?;
        return Ok(addressee.convention);
    }
    if !is_other {
        return Ok(old.convention_id);
    }
    let asked = (before.partner_id, new.convention_id);
    rules::convention(tx, scope, asked, ancestors, as_of.day).await
}

/// One side proposes another day; the one agreed on stays until the other side agrees.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`.
pub async fn propose(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: SolicitationId,
    proposal: &Proposal,
    if_match: &Precondition,
) -> Result<Solicitation> {
    let before = lock(tx, scope, id, Step::Propose, if_match).await?;
    let columns = StepColumns {
        status: before.step(Step::Propose, today(tx.now))?,
        proposal: Some((proposal.proposed_on, Side::of(scope))),
        ..before.step_columns()
    };
    written(tx, Step::Propose, before, columns).await
}

/// The other side agrees on the day proposed.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`.
pub async fn agree(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: SolicitationId,
    if_match: &Precondition,
) -> Result<Solicitation> {
    let before = lock(tx, scope, id, Step::Agree, if_match).await?;
    let columns = StepColumns {
        status: before.step(Step::Agree, today(tx.now))?,
        scheduled_on: before.proposed_on,
        proposal: None,
        ..before.step_columns()
    };
    written(tx, Step::Agree, before, columns).await
}

/// The partner agrees: a session is taken.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`, `no_session_left`.
pub async fn accept(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: SolicitationId,
    acceptance: &Acceptance,
    if_match: &Precondition,
) -> Result<Solicitation> {
    let before = lock(tx, scope, id, Step::Accept, if_match).await?;
    let status = before.step(Step::Accept, today(tx.now))?;
    if let Some(intervention) = before.content.intervention_id {
        let left = store::lock_sessions(tx.connection(), scope, intervention).await?;
        if left.is_some_and(|left| left <= 0) {
            return Err(Error::new(Code::NoSessionLeft));
        }
    }
    let columns = StepColumns {
        status,
        scheduled_on: Some(acceptance.scheduled_on),
        ..before.step_columns()
    };
    written(tx, Step::Accept, before, columns).await
}

/// The partner does not agree.
///
/// # Errors
/// As [`cancel`].
pub async fn decline(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: SolicitationId,
    explanation: &Explanation,
    if_match: &Precondition,
) -> Result<Solicitation> {
    let reason = Some(explanation.reason.clone());
    explained(tx, scope, (id, Step::Decline), reason, if_match).await
}

/// It took place: what really happened.
///
/// # Errors
/// As [`not_held`], or `validation_failed` for a day that has not come.
pub async fn take_place(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: SolicitationId,
    outcome: &Outcome,
    if_match: &Precondition,
) -> Result<Solicitation> {
    let (before, day) = (
        lock(tx, scope, id, Step::Hold, if_match).await?,
        today(tx.now),
    );
    let status = before.step(Step::Hold, day)?;
    if outcome.held_on > day {
        let place = Place::Pointer("/outcome/held_on".to_owned());
        let rule = Rule::Own(&IN_THE_FUTURE);
        return Err(Error::at(Code::ValidationFailed, place, rule));
    }
    let columns = StepColumns {
        status,
        outcome: Some(Json(outcome.clone())),
        ..before.step_columns()
    };
    written(tx, Step::Hold, before, columns).await
}

/// It did not take place. Its session stays taken.
///
/// # Errors
/// As [`cancel`], or `too_early`.
pub async fn not_held(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: SolicitationId,
    explanation: &Explanation,
    if_match: &Precondition,
) -> Result<Solicitation> {
    let reason = Some(explanation.reason.clone());
    explained(tx, scope, (id, Step::NotHeld), reason, if_match).await
}

/// One side takes it back: its session, if it had one, is free.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`.
pub async fn cancel(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: SolicitationId,
    cancellation: &Cancellation,
    if_match: &Precondition,
) -> Result<Solicitation> {
    let reason = cancellation.reason.clone();
    explained(tx, scope, (id, Step::Cancel), reason, if_match).await
}

/// A step that ends it, with the reason.
async fn explained(
    tx: &mut Tx<'_>,
    scope: &Scope,
    (id, step): (SolicitationId, Step),
    reason: Option<Text<2000>>,
    if_match: &Precondition,
) -> Result<Solicitation> {
    let before = lock(tx, scope, id, step, if_match).await?;
    let columns = StepColumns {
        status: before.step(step, today(tx.now))?,
        reason,
        ..before.step_columns()
    };
    written(tx, step, before, columns).await
}

/// A solicitation that this step is the caller's to take with, of a version it asked for.
async fn lock(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: SolicitationId,
    step: Step,
    if_match: &Precondition,
) -> Result<Solicitation> {
    let locked = store::lock(tx.connection(), scope, id).await?;
    locked.must_be_for(step, scope)?;
    if_match.check(locked.version)?;
    Ok(locked)
}

async fn written(
    tx: &mut Tx<'_>,
    step: Step,
    before: Solicitation,
    mut columns: StepColumns,
) -> Result<Solicitation> {
    let now = tx.now;
    // Nothing is left to agree on once it has ended.
    columns.proposal = columns
        .proposal
        .filter(|_| columns.status == Status::Accepted);
    let after = store::record_step(tx.connection(), before.id, &columns, now).await?;
    tx.changed(step.past(), &before, &after).await?;
    Ok(after)
}
