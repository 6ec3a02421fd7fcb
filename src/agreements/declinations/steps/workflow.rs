//! The step of many declinations: each as it is taken with one, after all that it needs is locked in
//! one order.

use super::content::{DeclinationStep, DeclinationSteps};
use crate::agreements::declinations::filter::Filter;
use crate::agreements::declinations::{store, workflow};
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::db::version::Precondition;
use crate::error::Result;
use crate::http::bulk::{Chosen, Outcome, Stepped, each, first_page, must_be_few};
use crate::register::territories::ancestry;
use crate::values::TextValue;
use crate::values::ids::DeclinationId;

/// Takes the step with each declination, in their order.
///
/// # Errors
/// `validation_failed` for a filter that finds too many; what is refused of one is its outcome.
pub async fn take(
    tx: &mut Tx<'_>,
    scope: &Scope,
    asked: &DeclinationSteps,
) -> Result<Vec<Outcome>> {
    let ids = ids(tx, scope, asked).await?;
    store::lock_all(tx.connection(), &ids).await?;
    each(tx, &ids, async |tx, id| {
        let any = &Precondition::None;
        let taken = match asked.step {
            DeclinationStep::Activate => {
                workflow::activate(tx, scope, id, &asked.signatories, any).await?
            }
            DeclinationStep::Close => workflow::close(tx, scope, id, any).await?,
        };
        Ok(Stepped {
            status: taken.declination.status.as_str().to_owned(),
            version: taken.declination.version,
        })
    })
    .await
}

/// The declinations asked for.
async fn ids(
    tx: &mut Tx<'_>,
    scope: &Scope,
    asked: &DeclinationSteps,
) -> Result<Vec<DeclinationId>> {
    let filter = match &asked.ids {
        Chosen::Ids(ids) => return Ok(ids.clone()),
        Chosen::Matching(filter) => filter,
    };
    let above = ancestry::of_known(tx.connection(), &filter.territory).await?;
    let filter = Filter {
        above,
        ..filter.clone()
    };
    let found = store::page(tx.connection(), scope, &filter, &first_page()?).await?;
    must_be_few(found.len())?;
    Ok(found.into_iter().map(|one| one.declination.id).collect())
}
