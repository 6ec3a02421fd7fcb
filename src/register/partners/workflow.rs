//! The steps that write partners. Each runs in the transaction it is given and journals what it
//! writes; the order of refusals is 404, 403, 412, 409.

use super::content::{NewPartner, PartnerPatch};
use super::filter::{Filter, Sort};
use super::model::{Partner, Step};
use super::store;
use crate::auth::policy::Scope;
use crate::db::page::{Direction, Page};
use crate::db::tx::Tx;
use crate::db::version::Precondition;
use crate::error::{Code, Error, Result};
use crate::values::ids::PartnerId;
use crate::values::{Rna, Siren};
use diesel_async::AsyncPgConnection;

/// Creates one.
///
/// # Errors
/// As [`store::insert`].
pub async fn create(tx: &mut Tx<'_>, new: &NewPartner) -> Result<Partner> {
    let (id, now) = (PartnerId::new(tx.new_id()), tx.now);
    let partner = store::insert(tx.connection(), id, new, now).await?;
    tx.created(&partner).await?;
    Ok(partner)
}

/// Changes one. A change that changes nothing writes nothing.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, or as [`store::update`].
pub async fn update(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: PartnerId,
    patch: &PartnerPatch,
    if_match: &Precondition,
) -> Result<Partner> {
    let before = store::lock(tx.connection(), scope, id).await?;
    patch.may_be_made_by(scope, id)?;
    if_match.check(before.version)?;
    let new = patch.apply(&before.content)?;
    if new == before.content {
        return Ok(before);
    }
    let now = tx.now;
    let after = store::update(tx.connection(), id, &new, now).await?;
    tx.changed("updated", &before, &after).await?;
    Ok(after)
}

/// Archives or restores one.
///
/// # Errors
/// `not_found`, `precondition_failed`, `invalid_transition`.
pub async fn step(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: PartnerId,
    step: Step,
    if_match: &Precondition,
) -> Result<Partner> {
    let before = store::lock(tx.connection(), scope, id).await?;
    if_match.check(before.version)?;
    let status = before.step(step)?;
    let now = tx.now;
    let after = store::set_status(tx.connection(), id, status, now).await?;
    let verb = if step == Step::Archive {
        "archived"
    } else {
        "restored"
    };
    tx.changed(verb, &before, &after).await?;
    Ok(after)
}

/// Deletes one that nothing refers to.
///
/// # Errors
/// `not_found`, `precondition_failed`, `in_use`.
pub async fn delete(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: PartnerId,
    if_match: &Precondition,
) -> Result<()> {
    let partner = store::lock(tx.connection(), scope, id).await?;
    if_match.check(partner.version)?;
    store::delete(tx.connection(), id).await?;
    tx.removed("deleted", &partner).await
}

/// The partner whose representatives a caller writes.
///
/// # Errors
/// `not_found`, `forbidden`.
pub async fn owned(tx: &mut Tx<'_>, scope: &Scope, id: PartnerId) -> Result<Partner> {
    let partner = store::find(tx.connection(), scope, id).await?;
    scope.must_write_for(id.uuid())?;
    Ok(partner)
}

/// The refusal of a number that another partner has, which names that partner.
pub async fn naming_its_holder(
    error: Error,
    connection: &AsyncPgConnection,
    scope: &Scope,
    (siren, rna): (Option<Siren>, Option<Rna>),
) -> Error {
    let filter = match error.code {
        Code::DuplicateSiren => Filter {
            siren,
            ..Filter::default()
        },
        Code::DuplicateRna => Filter {
            q: rna.map(|rna| rna.to_string()),
            ..Filter::default()
        },
        _ => return error,
    };
    let first = Page {
        sort: Sort::Id,
        direction: Direction::Ascending,
        limit: 1,
        after: None,
    };
    // That it cannot be read is no reason to refuse with other words.
    let found = store::page(connection, scope, &filter, &first)
        .await
        .unwrap_or_default();
    match found.first() {
        Some(holder) => error.about(format!("{}, {}", holder.content.legal_name, holder.id)),
        None => error,
    }
}
