//! The steps of a full synchronisation; the order of refusals is 404, 403, 412, 409.

use super::batches;
use super::model::{Committed, NewSync, Objection, Sent, Status, Sync};
use super::store::{self, Offered};
use crate::auth::policy::Scope;
use crate::db::tx::{self, Tx};
use crate::db::version::Precondition;
use crate::error::{Code, Error, Result};
use crate::offers::interventions::batch::verdict::BatchVerdict;
use crate::offers::interventions::model::Offer;
use crate::offers::interventions::status::AsOf;
use crate::offers::interventions::store as interventions;
use crate::register::partners::workflow::owned;
use crate::values::ids::{BatchId, InterventionId, PartnerId, SyncId};

/// The interventions withdrawn and journaled at a time: so many fit in memory easily.
const SLICE: usize = 1_000;

/// Opens one.
///
/// # Errors
/// `not_found`, `forbidden`, `sync_already_open`.
pub async fn open(
    tx: &mut Tx<'_>,
    scope: &Scope,
    partner: PartnerId,
    new: NewSync,
) -> Result<Sync> {
    owned(tx, scope, partner).await?;
    let (id, now) = (SyncId::new(tx.new_id()), tx.now);
    store::insert(tx.connection(), id, partner, new, now).await?;
    let opened = store::find(tx.connection(), scope, partner, id).await?;
    tx.created(&opened).await?;
    Ok(opened)
}

/// Lets a batch be a part of one: it stays open until the batch is written.
///
/// # Errors
/// `not_found`, `sync_not_open`.
pub async fn join(tx: &mut Tx<'_>, scope: &Scope, partner: PartnerId, id: SyncId) -> Result<()> {
    let sync = store::share(tx.connection(), scope, partner, id).await?;
    match sync.status {
        Status::Open => Ok(()),
        Status::Committed | Status::Abandoned => Err(Error::new(Code::SyncNotOpen)),
    }
}

/// Notes a batch of one: what came of it, and what it sent. Its verdict is given its id.
pub async fn note(
    tx: &mut Tx<'_>,
    sync: SyncId,
    verdict: &mut BatchVerdict,
    sent: Sent,
) -> Result<()> {
    let (id, now) = (BatchId::new(tx.new_id()), tx.now);
    verdict.batch_id = Some(id);
    batches::store::insert(tx.connection(), sync, id, verdict, &sent, now).await
}

/// Which of a partner's synchronisations a step is about, and what it supposes of it.
#[derive(Debug, Clone, Copy)]
pub struct Which<'a> {
    /// The partner.
    pub partner: PartnerId,
    /// The synchronisation.
    pub id: SyncId,
    /// The version supposed.
    pub if_match: &'a Precondition,
}

/// Ends one: what was not sent since it was opened is withdrawn.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`; `unidentified_items` and
/// `too_many_withdrawals` without consent.
pub async fn commit(
    tx: &mut Tx<'_>,
    scope: &Scope,
    which: Which<'_>,
    has_consent: bool,
    as_of: AsOf,
) -> Result<Committed> {
    let Unsent {
        sync,
        offers,
        objections,
    } = unsent(tx, scope, which).await?;
    if let Some(objection) = objections.first().filter(|_| !has_consent) {
        return Err(objection.clone().refusal());
    }
    let ids: Vec<InterventionId> = offers.iter().map(|offer| offer.id).collect();
    for slice in ids.chunks(SLICE) {
        withdraw(tx, scope, slice, as_of).await?;
    }
    let withdrawn = i32::try_from(ids.len()).map_err(Error::internal)?;
    Ok(Committed {
        sync: close(tx, scope, sync, Status::Committed, withdrawn).await?,
        withdrawals: offers.into_iter().map(|offer| offer.external_id).collect(),
        objections,
    })
}

/// What [`commit`] would withdraw, with nothing written: the synchronisation stays open.
///
/// # Errors
/// As those of [`commit`] that no consent changes.
pub async fn dry_run(tx: &mut Tx<'_>, scope: &Scope, which: Which<'_>) -> Result<Committed> {
    let Unsent {
        mut sync,
        offers,
        objections,
    } = unsent(tx, scope, which).await?;
    sync.withdrawn = i32::try_from(offers.len()).map_err(Error::internal)?;
    Ok(Committed {
        sync,
        withdrawals: offers.into_iter().map(|offer| offer.external_id).collect(),
        objections,
    })
}

/// What a synchronisation has not been sent, all of it locked.
struct Unsent {
    sync: Sync,
    offers: Vec<Offered>,
    objections: Vec<Objection>,
}

async fn unsent(tx: &mut Tx<'_>, scope: &Scope, which: Which<'_>) -> Result<Unsent> {
    let sync = locked(tx, scope, which).await?;
    let mut offers = store::lock_offered(tx.connection(), scope, &sync).await?;
    let offered = offers.len();
    offers.retain(|offer| offer.is_unsent);
    Ok(Unsent {
        objections: sync.objections(offers.len(), offered),
        offers,
        sync,
    })
}

async fn withdraw(
    tx: &mut Tx<'_>,
    scope: &Scope,
    ids: &[InterventionId],
    as_of: AsOf,
) -> Result<()> {
    let now = tx.now;
    let before = interventions::find_all(tx.connection(), scope, ids, as_of).await?;
    interventions::withdraw_all(tx.connection(), ids, now).await?;
    let after: Vec<Offer> = before
        .iter()
        .map(|offer| offer.clone().withdrawn(now))
        .collect();
    let steps = before.iter().zip(&after).map(|(before, after)| tx::Step {
        verb: "withdrawn",
        before: Some(before),
        after: Some(after),
    });
    tx.record_all(&steps.collect::<Vec<_>>()).await
}

/// Gives one up: nothing is withdrawn, and what its batches wrote stays.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`.
pub async fn abandon(tx: &mut Tx<'_>, scope: &Scope, which: Which<'_>) -> Result<Sync> {
    let sync = locked(tx, scope, which).await?;
    close(tx, scope, sync, Status::Abandoned, 0).await
}

async fn locked(tx: &mut Tx<'_>, scope: &Scope, which: Which<'_>) -> Result<Sync> {
    owned(tx, scope, which.partner).await?;
    let sync = store::lock(tx.connection(), scope, which.partner, which.id).await?;
    which.if_match.check(sync.version)?;
    sync.must_be_open()?;
    Ok(sync)
}

async fn close(
    tx: &mut Tx<'_>,
    scope: &Scope,
    before: Sync,
    status: Status,
    withdrawn: i32,
) -> Result<Sync> {
    let now = tx.now;
    store::close(tx.connection(), before.id, status, withdrawn, now).await?;
    let after = store::find(tx.connection(), scope, before.partner_id, before.id).await?;
    tx.changed(status.code(), &before, &after).await?;
    Ok(after)
}
