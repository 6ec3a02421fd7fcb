//! The steps that write clients. Each runs in the transaction it is given and journals what it
//! writes; the order of refusals is 404, 403, 412, 409, and 422 for what depends on the row.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::content::{ClientPatch, ClientRole, NewClient, Rotation};
use super::model::{Client, MAX_SECRETS, OVERLAP, Overlap, Step};
use super::store;
use crate::auth::Secret;
use crate::auth::policy::Scope;
use crate::clock::Clock;
use crate::db::moment::database_clock;
use crate::db::tx::Tx;
use crate::db::version::Precondition;
use crate::error::{Code, Error, Fault, Faults, Place, Result, Rule};
use crate::values::ids::{ClientId, SecretId};
use crate::values::{TextValue, Uai};

/// A client that a step has written.
pub struct Written {
    /// The client.
    pub client: Client,
    /// Its new secret, if the step gave one.
    pub secret: Option<Secret>,
    /// Up to which id its tokens end, if they do. To be told to the authenticator once the
    /// transaction is committed.
    pub tokens_after: Option<Uuid>,
}

impl From<Client> for Written {
    fn from(client: Client) -> Self {
        Self {
            client,
            secret: None,
            tokens_after: None,
        }
    }
}

/// Creates one, with its first secret.
///
/// # Errors
/// `validation_failed` for schools or a partner that do not exist or an end that is past,
/// `forbidden` for a client the caller may not make.
pub async fn create(tx: &mut Tx<'_>, scope: &Scope, new: &NewClient) -> Result<Written> {
    let mut faults = Faults::default();
    check_end(new.expires_at, tx.now, &mut faults);
    check_rights(tx, scope, &new.role, &new.uais, faults).await?;
    let (id, now) = (ClientId::new(tx.new_id()), tx.now);
    let record = store::insert(tx.connection(), id, new, now).await?;
    let mut client = Client {
        record,
        secrets: Vec::new(),
        overlap: Overlap::All,
    };
    let secret = add_secret(tx, &mut client).await?;
    tx.created(&client).await?;
    Ok(Written {
        secret: Some(secret),
        ..client.into()
    })
}

/// Changes one. A change that changes nothing writes nothing; one that changes what the client may
/// do ends its tokens.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`, or as [`create`].
pub async fn update(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: ClientId,
    patch: &ClientPatch,
    if_match: &Precondition,
) -> Result<Written> {
    let before = lock(tx, scope, id, if_match).await?;
    before.step(Step::Update)?;
    let (present, mut faults) = (before.record.as_input(), Faults::default());
    let new = patch.apply_noting(&present, &mut faults)?;
    if new == present {
        return Ok(before.into());
    }
    // An end that is past already may be sent back as it was read.
    let end = new
        .expires_at
        .filter(|_| new.expires_at != present.expires_at);
    check_end(end, tx.now, &mut faults);
    check_rights(tx, scope, &new.role, &new.uais, faults).await?;
    // Made while the row is locked: see `store::presented`.
    let tokens_after = match new.ends_tokens_of(&present) {
        true => Some(until_now(tx).await?),
        false => None,
    };
    let now = tx.now;
    let record = store::update(tx.connection(), id, &new, tokens_after, now).await?;
    let after = Client {
        record,
        ..before.clone()
    };
    tx.changed("updated", &before, &after).await?;
    Ok(Written {
        tokens_after,
        ..after.into()
    })
}

/// Gives one a new secret; those it has serve on for a while, or end at once with the tokens.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`, `too_many_secrets`.
pub async fn rotate_secret(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: ClientId,
    rotation: Rotation,
    if_match: &Precondition,
) -> Result<Written> {
    let before = lock(tx, scope, id, if_match).await?;
    let status = before.step(Step::RotateSecret)?;
    if before.secrets.len() >= MAX_SECRETS && !rotation.revoke_previous {
        return Err(Error::new(Code::TooManySecrets));
    }
    let now = tx.now;
    let end = if rotation.revoke_previous {
        now
    } else {
        now + OVERLAP
    };
    store::end_secrets(tx.connection(), id, end).await?;
    // Whoever held a secret that ends at once must not keep what it gave.
    let tokens_after = match rotation.revoke_previous {
        true => Some(until_now(tx).await?),
        false => None,
    };
    store::set_status(tx.connection(), id, status, tokens_after, now).await?;
    let mut after = store::find(tx.connection(), scope, id, now).await?;
    let secret = add_secret(tx, &mut after).await?;
    tx.changed("secret_rotated", &before, &after).await?;
    Ok(Written {
        client: after,
        secret: Some(secret),
        tokens_after,
    })
}

/// Up to which id the tokens end that there are, by the database's clock: those of instances are apart.
async fn until_now(tx: &mut Tx<'_>) -> Result<Uuid> {
    let moment = database_clock(tx.connection()).await?;
    Ok(Clock::last_id_of(moment))
}

/// Revokes one: its secrets and its tokens end at once.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`.
pub async fn revoke(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: ClientId,
    if_match: &Precondition,
) -> Result<Written> {
    let before = lock(tx, scope, id, if_match).await?;
    let status = before.step(Step::Revoke)?;
    let (now, tokens_after) = (tx.now, until_now(tx).await?);
    store::end_secrets(tx.connection(), id, now).await?;
    let record = store::set_status(tx.connection(), id, status, Some(tokens_after), now).await?;
    let after = Client {
        record,
        secrets: Vec::new(),
        overlap: before.overlap,
    };
    tx.changed("revoked", &before, &after).await?;
    Ok(Written {
        tokens_after: Some(tokens_after),
        ..after.into()
    })
}

/// A client that the caller may write, of a version it asked for.
async fn lock(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: ClientId,
    if_match: &Precondition,
) -> Result<Client> {
    let now = tx.now;
    let client = store::lock(tx.connection(), scope, id, now).await?;
    if client.overlap != Overlap::All {
        return Err(Error::new(Code::Forbidden));
    }
    if_match.check(client.record.version)?;
    Ok(client)
}

async fn add_secret(tx: &mut Tx<'_>, client: &mut Client) -> Result<Secret> {
    let secret = Secret::generate().map_err(Error::internal)?;
    let (id, now) = (SecretId::new(tx.new_id()), tx.now);
    let record = store::insert_secret(tx.connection(), id, client.record.id, &secret, now).await?;
    client.secrets.push(record);
    Ok(secret)
}

fn check_end(expires_at: Option<DateTime<Utc>>, now: DateTime<Utc>, faults: &mut Faults) {
    if expires_at.is_some_and(|end| end <= now) {
        faults.add(Place::field("expires_at"), Rule::InThePast);
    }
}

/// Whether there are such schools, and whether the caller may give a client this role over them.
async fn check_rights(
    tx: &mut Tx<'_>,
    scope: &Scope,
    role: &ClientRole,
    uais: &[Uai],
    mut faults: Faults,
) -> Result<()> {
    let asked: Vec<&Uai> = uais.iter().collect();
    let schools = store::schools(tx.connection(), &asked).await?;
    let mut foreign = Vec::new();
    for (place, uai) in uais.iter().enumerate() {
        let place = Place::Pointer(format!("/uais/{place}"));
        match schools.iter().find(|school| school.uai == *uai) {
            None => faults.add(place, Rule::UnknownReference),
            Some(school) if school.is_within(scope) => {}
            Some(_) => foreign.push(Fault {
                place,
                rule: Rule::OutsidePerimeter,
            }),
        }
    }
    faults.check()?;
    if !scope.is_everything() && role.as_str() != "establishment" {
        foreign.push(Fault {
            place: Place::field("role"),
            rule: Rule::OutsidePerimeter,
        });
    }
    if foreign.is_empty() {
        Ok(())
    } else {
        Err(Error::new(Code::Forbidden).with(foreign))
    }
}
