//! The steps that write campaigns; the order of refusals is 404, 412, 409, and 422 for what depends
//! on the row.

use super::model::{Campaign, CampaignPatch, NewCampaign, Reopening, Step};
use super::store;
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::db::version::Precondition;
use crate::error::Result;
use crate::values::ids::CampaignId;

/// Opens one, and writes down the reports it expects.
///
/// # Errors
/// `duplicate_campaign`.
pub async fn create(tx: &mut Tx<'_>, scope: &Scope, new: &NewCampaign) -> Result<Campaign> {
    let (id, now) = (CampaignId::new(tx.new_id()), tx.now);
    let created = store::insert(tx.connection(), id, new, now).await?;
    store::expect(tx.connection(), scope, &new.school_year).await?;
    tx.created(&created).await?;
    Ok(created)
}

/// Changes its days. A change that changes nothing writes nothing.
///
/// # Errors
/// `not_found`, `precondition_failed`, `invalid_transition`, `validation_failed`.
pub async fn update(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: CampaignId,
    patch: &CampaignPatch,
    if_match: &Precondition,
) -> Result<Campaign> {
    let before = locked(tx, scope, id, Step::Update, if_match).await?;
    let new = before.content.patched(patch)?;
    if new == before.content {
        return Ok(before);
    }
    let now = tx.now;
    let after = store::update(tx.connection(), id, &new, now).await?;
    tx.changed("updated", &before, &after).await?;
    Ok(after)
}

/// Takes no more reports of its year.
///
/// # Errors
/// `not_found`, `precondition_failed`, `invalid_transition`.
pub async fn close(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: CampaignId,
    if_match: &Precondition,
) -> Result<Campaign> {
    let before = locked(tx, scope, id, Step::Close, if_match).await?;
    let now = tx.now;
    let after = store::close(tx.connection(), id, now).await?;
    tx.changed("closed", &before, &after).await?;
    Ok(after)
}

/// Takes reports again, for a reason on record; what is expected is worked out anew.
///
/// # Errors
/// As [`close`].
pub async fn reopen(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: CampaignId,
    reopening: &Reopening,
    if_match: &Precondition,
) -> Result<Campaign> {
    let before = locked(tx, scope, id, Step::Reopen, if_match).await?;
    let now = tx.now;
    let after = store::reopen(tx.connection(), id, &reopening.reason, now).await?;
    store::expect(tx.connection(), scope, &after.content.school_year).await?;
    tx.changed("reopened", &before, &after).await?;
    Ok(after)
}

/// A campaign of a version the caller asked for, whose status allows the step.
async fn locked(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: CampaignId,
    step: Step,
    if_match: &Precondition,
) -> Result<Campaign> {
    let locked = store::lock(tx.connection(), scope, id).await?;
    if_match.check(locked.version)?;
    locked.step(step)?;
    Ok(locked)
}
