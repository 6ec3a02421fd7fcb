//! The steps that write contacts; the order of refusals is 404, 403, 412, 409.

use super::content::{ContactPatch, NewContact};
use super::model::{Contact, must_be_kept_by};
use super::store;
use crate::auth::policy::Scope;
use crate::db::idempotency;
use crate::db::tx::Tx;
use crate::db::version::Precondition;
use crate::error::Result;
use crate::register::territories::ancestry;
use crate::values::TerritoryCode;
use crate::values::ids::ContactId;

/// Registers one.
///
/// # Errors
/// `validation_failed` for a school that does not exist, `forbidden`.
pub async fn create(tx: &mut Tx<'_>, scope: &Scope, new: &NewContact) -> Result<Contact> {
    let ancestors = ancestors(tx, &new.territory).await?;
    must_be_kept_by(scope, &ancestors)?;
    let (id, now) = (ContactId::new(tx.new_id()), tx.now);
    let created = store::insert(tx.connection(), id, new, &ancestors, now).await?;
    tx.created(&created).await?;
    Ok(created)
}

/// Changes one. A change that changes nothing writes nothing.
///
/// # Errors
/// `not_found`, `precondition_failed`, or as [`create`].
pub async fn update(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: ContactId,
    patch: &ContactPatch,
    if_match: &Precondition,
) -> Result<Contact> {
    let before = lock(tx, scope, id, if_match).await?;
    let new = patch.apply(&before.content)?;
    if new == before.content {
        return Ok(before);
    }
    let ancestors = if new.territory == before.content.territory {
        before.ancestors.clone()
    } else {
        ancestors(tx, &new.territory).await?
    };
    must_be_kept_by(scope, &ancestors)?;
    let now = tx.now;
    let after = store::update(tx.connection(), id, &new, &ancestors, now).await?;
    // The kept answers that contain the person are erased too.
    if !new.names_the_same(&before.content) {
        idempotency::erase_person(tx.connection(), id.uuid()).await?;
    }
    tx.changed("updated", &before, &after).await?;
    Ok(after)
}

/// Erases one: the row, and the kept answers that contain the person.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`.
pub async fn erase(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: ContactId,
    if_match: &Precondition,
) -> Result<()> {
    let before = lock(tx, scope, id, if_match).await?;
    store::delete(tx.connection(), id).await?;
    idempotency::erase_person(tx.connection(), id.uuid()).await?;
    tx.removed("erased", &before).await
}

/// A contact that the caller has in charge, of a version it asked for.
async fn lock(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: ContactId,
    if_match: &Precondition,
) -> Result<Contact> {
    let locked = store::lock(tx.connection(), scope, id).await?;
    must_be_kept_by(scope, &locked.ancestors)?;
    if_match.check(locked.version)?;
    Ok(locked)
}

/// The territory and all above it.
async fn ancestors(tx: &mut Tx<'_>, territory: &TerritoryCode) -> Result<Vec<String>> {
    ancestry::of(tx.connection(), std::slice::from_ref(territory))
        .await?
        .map_err(|unknown| unknown.refusal(|_| "/territory".to_owned()))
}
