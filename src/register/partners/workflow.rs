//! The steps that write partners. Each runs in the transaction it is given and journals what it
//! writes; the order of refusals is 404, 403, 412, 409.

use super::content::{NewPartner, PartnerPatch, not_yours};
use super::filter::{Filter, Sort};
use super::model::{Like, Partner, Step};
use super::store;
use crate::auth::policy::Scope;
use crate::db::page::{Direction, Page};
use crate::db::tx::Tx;
use crate::db::version::Precondition;
use crate::error::{Code, Error, Place, Result, Rule};
use crate::register::territories::ancestry;
use crate::values::ids::PartnerId;
use crate::values::{Rna, Siren};
use diesel_async::AsyncPgConnection;

/// Creates one: national, by the ministry; local, by those who have its territory in charge.
///
/// # Errors
/// `forbidden`, or as [`store::insert`].
pub async fn create(tx: &mut Tx<'_>, scope: &Scope, new: &NewPartner) -> Result<Partner> {
    let ancestors = ancestors(tx, scope, new).await?;
    let (id, now) = (PartnerId::new(tx.new_id()), tx.now);
    let partner = store::insert(tx.connection(), id, new, &ancestors, now).await?;
    tx.created(&partner).await?;
    Ok(partner)
}

/// The territory of a local partner with all above it, once the caller may keep one there.
async fn ancestors(tx: &mut Tx<'_>, scope: &Scope, new: &NewPartner) -> Result<Vec<String>> {
    let Some(territory) = &new.territory else {
        return if scope.is_everything() {
            Ok(Vec::new())
        } else {
            Err(Error::new(Code::Forbidden).with(vec![not_yours("origin")]))
        };
    };
    let ancestors = ancestry::of(tx.connection(), std::slice::from_ref(territory))
        .await?
        .map_err(|unknown| unknown.refusal(|_| "/territory".to_owned()))?;
    if scope.covers_all(std::slice::from_ref(&ancestors)) {
        Ok(ancestors)
    } else {
        let place = Place::field("territory");
        Err(Error::at(Code::Forbidden, place, Rule::OutsidePerimeter))
    }
}

/// The partners whose names are like one's, in the names that this change gave it.
///
/// # Errors
/// When the database is away.
pub async fn alike(tx: &mut Tx<'_>, partner: &Partner) -> Result<Vec<Like>> {
    store::alike(tx.connection(), partner).await
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
    let keeps = before.is_kept_by(scope);
    if !keeps {
        scope.must_write_for(id.uuid())?;
        patch.may_be_made_by_itself()?;
    }
    if_match.check(before.version)?;
    let new = patch.made_of(&before.content)?;
    if new == before.content {
        return Ok(before);
    }
    let same_place =
        (&new.origin, &new.territory) == (&before.content.origin, &before.content.territory);
    let ancestors = if same_place {
        before.ancestors.clone()
    } else {
        ancestors(tx, scope, &new).await?
    };
    let now = tx.now;
    let after = store::update(tx.connection(), id, &new, &ancestors, now).await?;
    tx.changed("updated", &before, &after).await?;
    Ok(after)
}

/// Locks the partner, if the caller keeps it.
async fn kept(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: PartnerId,
    if_match: &Precondition,
) -> Result<Partner> {
    let partner = store::lock(tx.connection(), scope, id).await?;
    if !partner.is_kept_by(scope) {
        return Err(Error::new(Code::Forbidden));
    }
    if_match.check(partner.version)?;
    Ok(partner)
}

/// Archives or restores one.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`.
pub async fn step(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: PartnerId,
    step: Step,
    if_match: &Precondition,
) -> Result<Partner> {
    let before = kept(tx, scope, id, if_match).await?;
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
/// `not_found`, `forbidden`, `precondition_failed`, `in_use`.
pub async fn delete(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: PartnerId,
    if_match: &Precondition,
) -> Result<()> {
    let partner = kept(tx, scope, id, if_match).await?;
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
