//! The step of many solicitations: each as it is taken with one, after all that it needs is locked in
//! one order.

use super::content::{SolicitationStep, SolicitationSteps};
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::db::version::Precondition;
use crate::error::{Code, Error, Place, Result, Rule};
use crate::http::bulk::{Chosen, Outcome as Verdict, Stepped, each, first_page, must_be_few};
use crate::offers::solicitations::content::{Acceptance, Explanation, Outcome};
use crate::offers::solicitations::model::Solicitation;
use crate::offers::solicitations::{store, workflow};
use crate::values::TextValue;
use crate::values::ids::SolicitationId;

/// Takes the step with each solicitation, in their order.
///
/// # Errors
/// `validation_failed` for a filter that finds too many; what is refused of one is its verdict.
pub async fn take(
    tx: &mut Tx<'_>,
    scope: &Scope,
    asked: &SolicitationSteps,
) -> Result<Vec<Verdict>> {
    let ids = ids(tx, scope, asked).await?;
    let takes_sessions = asked.step == SolicitationStep::Accept;
    store::lock_all(tx.connection(), &ids, takes_sessions).await?;
    each(tx, &ids, async |tx, id| {
        let taken = one(tx, scope, id, asked).await?;
        Ok(Stepped {
            status: taken.status.as_str().to_owned(),
            version: taken.version,
        })
    })
    .await
}

/// The solicitations asked for.
async fn ids(
    tx: &mut Tx<'_>,
    scope: &Scope,
    asked: &SolicitationSteps,
) -> Result<Vec<SolicitationId>> {
    let filter = match &asked.ids {
        Chosen::Ids(ids) => return Ok(ids.clone()),
        Chosen::Matching(filter) => filter,
    };
    let found = store::page(tx.connection(), scope, filter, &first_page()?).await?;
    must_be_few(found.len())?;
    Ok(found.into_iter().map(|one| one.id).collect())
}

async fn one(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: SolicitationId,
    asked: &SolicitationSteps,
) -> Result<Solicitation> {
    let any = &Precondition::None;
    let reason = || asked.reason.clone().ok_or_else(|| lacks("reason"));
    match asked.step {
        SolicitationStep::Accept => {
            let scheduled_on = match asked.scheduled_on {
                Some(day) => Some(day),
                None => {
                    store::find(tx.connection(), scope, id)
                        .await?
                        .content
                        .wished_from
                }
            };
            let scheduled_on = scheduled_on.ok_or_else(|| lacks("scheduled_on"))?;
            workflow::accept(tx, scope, id, &Acceptance { scheduled_on }, any).await
        }
        SolicitationStep::Decline => {
            let explanation = Explanation { reason: reason()? };
            workflow::decline(tx, scope, id, &explanation, any).await
        }
        SolicitationStep::NotHeld => {
            let explanation = Explanation { reason: reason()? };
            workflow::not_held(tx, scope, id, &explanation, any).await
        }
        SolicitationStep::Hold => {
            let outcome = match &asked.outcome {
                Some(outcome) => outcome.clone(),
                None => as_scheduled(tx, scope, id).await?,
            };
            workflow::take_place(tx, scope, id, &outcome, any).await
        }
    }
}

/// It took place on the day planned, and nothing more is known. One without such a day has not been
/// accepted, and is refused for that.
async fn as_scheduled(tx: &mut Tx<'_>, scope: &Scope, id: SolicitationId) -> Result<Outcome> {
    let planned = store::find(tx.connection(), scope, id).await?;
    let day = planned.scheduled_on.unwrap_or(tx.now.date_naive());
    Ok(Outcome::on(day))
}

fn lacks(name: &str) -> Error {
    Error::at(Code::ValidationFailed, Place::field(name), Rule::Required)
}
