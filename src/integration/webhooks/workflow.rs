//! The steps that write webhooks. Each runs in the transaction it is given and journals what it writes;
//! the order of refusals is 404, 412, 409, and 422 for what depends on the row.

use chrono::{DateTime, Utc};

use super::content::{NewWebhook, WebhookPatch, WebhookRotation};
use super::deliveries::model::Delivery;
use super::deliveries::store as deliveries;
use super::model::{DisabledReason, MAX_SECRETS, MAX_WEBHOOKS, OVERLAP, Status, Step, Webhook};
use super::owner::Owner;
use super::reserved::Reach;
use super::secrets::WebhookSecret;
use super::store;
use crate::auth::policy::Scope;
use crate::auth::sealing::Sealer;
use crate::db::tx::Tx;
use crate::db::version::Precondition;
use crate::error::notice::IN_THE_FUTURE;
use crate::error::{Code, Error, Faults, Place, Result, Rule};
use crate::register::territories::ancestry;
use crate::values::ids::{DeliveryId, SecretId, WebhookId};

/// A webhook that a step has written, with its new secret, if the step gave one.
pub struct Written {
    /// The webhook.
    pub webhook: Webhook,
    /// Its new secret.
    pub secret: Option<WebhookSecret>,
}

impl From<Webhook> for Written {
    fn from(webhook: Webhook) -> Self {
        Self {
            webhook,
            secret: None,
        }
    }
}

/// Creates one, with its first secret. It is told of what is committed from then on.
///
/// # Errors
/// `validation_failed` for an address that is not taken or a school that does not exist,
/// `too_many_webhooks`.
pub async fn create(
    tx: &mut Tx<'_>,
    owner: &Owner,
    sealer: &Sealer,
    reach: Reach,
    new: &NewWebhook,
) -> Result<Written> {
    check(tx, reach, new, Faults::default()).await?;
    if store::count_of_owner(tx.connection(), &owner.key).await? >= MAX_WEBHOOKS {
        return Err(Error::new(Code::TooManyWebhooks));
    }
    let (id, now) = (WebhookId::new(tx.new_id()), tx.now);
    let record = store::insert(tx.connection(), id, owner, new, now).await?;
    let mut webhook = Webhook {
        record,
        secrets: Vec::new(),
    };
    let secret = add_secret(tx, sealer, &mut webhook).await?;
    tx.created(&webhook).await?;
    Ok(Written {
        webhook,
        secret: Some(secret),
    })
}

/// Changes one. A change that changes nothing writes nothing.
///
/// # Errors
/// `not_found`, `precondition_failed`, or as [`create`].
pub async fn update(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: WebhookId,
    patch: &WebhookPatch,
    reach: Reach,
    if_match: &Precondition,
) -> Result<Webhook> {
    let before = lock(tx, scope, id, if_match).await?;
    before.step(Step::Update)?;
    let (present, mut faults) = (NewWebhook::of(&before.record), Faults::default());
    let new = patch.apply_noting(&present, &mut faults)?;
    if new == present {
        faults.check()?;
        return Ok(before);
    }
    check(tx, reach, &new, faults).await?;
    let now = tx.now;
    let record = store::update(tx.connection(), id, &new, now).await?;
    let after = Webhook {
        record,
        secrets: before.secrets.clone(),
    };
    tx.changed("updated", &before, &after).await?;
    Ok(after)
}

/// Removes one, with what was sent to it.
///
/// # Errors
/// `not_found`, `precondition_failed`.
pub async fn delete(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: WebhookId,
    if_match: &Precondition,
) -> Result<()> {
    let before = lock(tx, scope, id, if_match).await?;
    before.step(Step::Delete)?;
    store::delete(tx.connection(), id).await?;
    tx.removed("deleted", &before).await
}

/// Gives one a new secret; the one it has signs on for a while, or ends at once.
///
/// # Errors
/// `not_found`, `precondition_failed`, `too_many_secrets`.
pub async fn rotate_secret(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: WebhookId,
    sealer: &Sealer,
    rotation: WebhookRotation,
    if_match: &Precondition,
) -> Result<Written> {
    let before = lock(tx, scope, id, if_match).await?;
    before.step(Step::RotateSecret)?;
    if before.secrets.len() >= MAX_SECRETS && !rotation.revoke_previous {
        return Err(Error::new(Code::TooManySecrets));
    }
    let now = tx.now;
    let end = if rotation.revoke_previous {
        now
    } else {
        now + OVERLAP
    };
    store::end_secrets(tx.connection(), id, end, now).await?;
    store::touch(tx.connection(), id, now).await?;
    let mut after = store::find(tx.connection(), scope, id, now).await?;
    let secret = add_secret(tx, sealer, &mut after).await?;
    tx.changed("secret_rotated", &before, &after).await?;
    Ok(Written {
        webhook: after,
        secret: Some(secret),
    })
}

/// Has one wait, or go on from where it is.
///
/// # Errors
/// `not_found`, `precondition_failed`, `invalid_transition`.
pub async fn pause_or_resume(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: WebhookId,
    step: Step,
    if_match: &Precondition,
) -> Result<Webhook> {
    let before = lock(tx, scope, id, if_match).await?;
    let status = before.step(step)?;
    let verb = if status == Status::Active {
        "resumed"
    } else {
        "paused"
    };
    change_status(tx, before, status, None, verb).await
}

/// Gives one up, if nobody did meanwhile: what waits to be sent to it is given up with it.
///
/// # Errors
/// `not_found`.
pub async fn disable(tx: &mut Tx<'_>, id: WebhookId, reason: DisabledReason) -> Result<()> {
    let before = lock(tx, &Scope::of_operator(), id, &Precondition::None).await?;
    store::sending::fail_pending(tx.connection(), id).await?;
    if before.record.status == Status::Active {
        change_status(tx, before, Status::Disabled, Some(reason), "disabled").await?;
    }
    Ok(())
}

async fn change_status(
    tx: &mut Tx<'_>,
    before: Webhook,
    status: Status,
    reason: Option<DisabledReason>,
    verb: &str,
) -> Result<Webhook> {
    let (id, now) = (before.record.id, tx.now);
    let record = store::set_status(tx.connection(), id, status, reason, now).await?;
    let after = Webhook {
        record,
        secrets: before.secrets.clone(),
    };
    tx.changed(verb, &before, &after).await?;
    Ok(after)
}

/// Sends one a test, at once and whatever its status.
///
/// # Errors
/// `not_found`, `precondition_failed`.
pub async fn test(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: WebhookId,
    if_match: &Precondition,
) -> Result<Delivery> {
    let webhook = lock(tx, scope, id, if_match).await?;
    webhook.step(Step::Test)?;
    let (delivery, now) = (DeliveryId::new(tx.new_id()), tx.now);
    deliveries::insert_test(tx.connection(), delivery, &webhook, now).await
}

/// Sets one back: what changed at that moment or later is told again.
///
/// # Errors
/// `not_found`, `precondition_failed`, `validation_failed` for a moment that has not come.
pub async fn replay(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: WebhookId,
    since: DateTime<Utc>,
    if_match: &Precondition,
) -> Result<Webhook> {
    let before = lock(tx, scope, id, if_match).await?;
    before.step(Step::Replay)?;
    let now = tx.now;
    if since > now {
        let (place, rule) = (Place::field("since"), Rule::Own(&IN_THE_FUTURE));
        return Err(Error::at(Code::ValidationFailed, place, rule));
    }
    let found = store::place_before(tx.connection(), since).await?;
    // It is never set on: what has not been told yet is not passed over.
    let place = found.map_or(before.place(), |place| place.min(before.place()));
    store::sending::forget_after(tx.connection(), id, place).await?;
    let record = store::set_back(tx.connection(), id, place, now).await?;
    let after = Webhook {
        record,
        secrets: before.secrets.clone(),
    };
    tx.changed("replayed", &before, &after).await?;
    Ok(after)
}

/// Sends one of its deliveries again, at once and whatever became of it.
///
/// # Errors
/// `not_found`, also for a delivery that is kept no longer.
pub async fn replay_delivery(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: WebhookId,
    delivery: DeliveryId,
) -> Result<Delivery> {
    let webhook = lock(tx, scope, id, &Precondition::None).await?;
    let now = tx.now;
    deliveries::send_again(tx.connection(), &webhook, delivery, now).await
}

/// A webhook that the caller may write, of a version it asked for.
async fn lock(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: WebhookId,
    if_match: &Precondition,
) -> Result<Webhook> {
    let now = tx.now;
    let webhook = store::lock(tx.connection(), scope, id, now).await?;
    if_match.check(webhook.record.version)?;
    Ok(webhook)
}

async fn add_secret(
    tx: &mut Tx<'_>,
    sealer: &Sealer,
    webhook: &mut Webhook,
) -> Result<WebhookSecret> {
    let (id, now, owner) = (SecretId::new(tx.new_id()), tx.now, webhook.record.id);
    let secret = WebhookSecret::generate()?;
    let sealed = sealer.seal(&owner.to_string(), secret.bytes());
    let sealed = sealed.map_err(Error::internal)?;
    let record = store::insert_secret(tx.connection(), id, owner, &sealed, now).await?;
    webhook.secrets.insert(0, record);
    Ok(secret)
}

/// Whether the address may be a webhook's, and there are such schools.
async fn check(tx: &mut Tx<'_>, reach: Reach, new: &NewWebhook, mut faults: Faults) -> Result<()> {
    if let Err(rule) = new.url.check(reach) {
        faults.add(Place::field("url"), rule);
    }
    if let Err(unknown) = ancestry::each(tx.connection(), &new.territories).await? {
        for fault in unknown.faults(|place| format!("/territories/{place}")) {
            faults.add(fault.place, fault.rule);
        }
    }
    faults.check()
}
