//! The steps that write solicitations. Each runs in the transaction it is given and journals what
//! it writes; the order of refusals is 404, 403, 412, 409, and 422 for what depends on the day.
//!
//! Accepting locks the solicitation first and its intervention next, and counts the sessions taken
//! under that lock: of two who want the last one, the second counts what the first took.

use super::content::{Acceptance, Cancellation, Explanation, NewSolicitation, Outcome};
use super::model::{Solicitation, Step, StepColumns};
use super::rules;
use super::store::{self, Beginning};
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::db::version::Precondition;
use crate::error::notice::IN_THE_FUTURE;
use crate::error::{Code, Error, Place, Result, Rule};
use crate::offers::interventions::status::AsOf;
use crate::values::ids::SolicitationId;
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
    let beginning = Beginning {
        id: SolicitationId::new(tx.new_id()),
        addressee,
        ancestors: &ancestors,
        now: tx.now,
    };
    let created = store::insert(tx.connection(), &beginning, new).await?;
    tx.created(&created).await?;
    Ok(created)
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
    columns: StepColumns,
) -> Result<Solicitation> {
    let now = tx.now;
    let after = store::record_step(tx.connection(), before.id, &columns, now).await?;
    tx.changed(step.past(), &before, &after).await?;
    Ok(after)
}
