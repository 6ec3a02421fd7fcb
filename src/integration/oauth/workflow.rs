//! Recognising a client by its secret, issuing it a token, revoking one of its tokens.
//!
//! A client that is unknown, revoked or expired and a secret that is wrong cost the same work and
//! are answered in the same words: one look-up by digest, which finds something or does not.

use std::time::Instant;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::refusal::{Kind, Refusal};
use super::token_request::Form;
use crate::app::App;
use crate::auth::authorization::ClientCredentials;
use crate::auth::{Claims, Scopes, Secret, revocation};
use crate::clock::Clock;
use crate::db::moment::database_clock;
use crate::error::Error;
use crate::http::limits::attempts::Who;
use crate::register::clients::model::{ClientRecord, SecretRecord};
use crate::register::clients::store;

/// How long a token lives.
const LIFE: TimeDelta = TimeDelta::minutes(15);

/// A token made.
pub struct Issued {
    /// The token.
    pub token: String,
    /// How long it lives, in seconds.
    pub expires_in: i64,
    /// What it allows.
    pub scope: Scopes,
}

/// Issues a token to a client.
///
/// # Errors
/// `invalid_client`, `invalid_scope`, `too_many_requests` after failures again and again, or `service_unavailable` when the database is away.
pub async fn issue(
    app: &App,
    form: &Form,
    credentials: &ClientCredentials,
    address: &str,
) -> Result<Issued, Refusal> {
    let wanted = form
        .get("scope")
        .map(str::parse::<Scopes>)
        .transpose()
        .map_err(|_| Refusal::new(Kind::InvalidScope, "The scopes are read and write."))?;
    let claims = recognise(app, credentials, address, |client, moments| {
        claims(app, client, wanted, moments)
    })
    .await??;
    let token = app
        .authenticator
        .tokens()
        .sign(&claims)
        .map_err(Error::internal)?;
    let expires_in = claims.exp.signed_duration_since(claims.iat).num_seconds();
    Ok(Issued {
        token,
        expires_in,
        scope: claims.scope,
    })
}

/// Ends a token of the client that asks. One that is unknown, malformed or past has ended already.
///
/// # Errors
/// `invalid_client`, `invalid_request` without a token, `unauthorized_client` for another client's.
pub async fn revoke(
    app: &App,
    form: &Form,
    credentials: &ClientCredentials,
    address: &str,
) -> Result<(), Refusal> {
    let client = recognise(app, credentials, address, |client, _| client.id).await?;
    let token = form
        .get("token")
        .ok_or_else(|| Refusal::new(Kind::InvalidRequest, "The token is missing."))?;
    let Ok(claims) = app.authenticator.tokens().verify(token, app.now()) else {
        return Ok(());
    };
    if claims.client_id != client.to_string() {
        return Err(Refusal::new(
            Kind::UnauthorizedClient,
            "The token was issued to another client.",
        ));
    }
    let mut connection = app.db.borrow().await?;
    revocation::store::revoke(&mut connection, claims.jti, claims.exp).await?;
    app.authenticator.token_revoked(claims.jti, claims.exp);
    Ok(())
}

/// The moment of a request, by two clocks.
#[derive(Clone, Copy)]
struct Moments {
    /// By that of this instance.
    now: DateTime<Utc>,
    /// By that of the database.
    moment: DateTime<Utc>,
}

/// Runs a step with the client of these credentials, locked meanwhile.
async fn recognise<T>(
    app: &App,
    credentials: &ClientCredentials,
    address: &str,
    step: impl FnOnce(&ClientRecord, Moments) -> T,
) -> Result<T, Refusal> {
    // A malformed secret is looked up all the same: it must not be refused sooner.
    let digest = Secret::parse(&credentials.client_secret).map_or_else(
        |_| Sha256::digest(&credentials.client_secret).into(),
        |secret| secret.digest(),
    );
    let who = Who {
        address,
        client: &credentials.client_id,
    };
    let attempts = &app.limits.attempts;
    attempts.check(who, Instant::now())?;
    let now = app.now();
    let step = |found: Option<(ClientRecord, SecretRecord)>, moment| {
        let (client, secret) = found.filter(|(client, secret)| {
            Uuid::try_parse(&credentials.client_id).ok() == Some(client.id.uuid())
                && client.is_live(now)
                && secret.is_live(now)
        })?;
        Some((step(&client, Moments { now, moment }), secret))
    };
    // While no server takes writes reads go on, and need tokens: nothing can change meanwhile that a lock
    // would keep.
    let is_read_only = app.db.is_read_only();
    let mut connection = if is_read_only {
        app.db.query().await?
    } else {
        app.db.borrow().await?
    };
    let found = if is_read_only {
        let moment = database_clock(&connection).await?;
        step(store::known(&connection, &digest).await?, moment)
    } else {
        store::presented(&mut connection, &digest, step).await?
    };
    let Some((outcome, secret)) = found else {
        attempts.failed(who, Instant::now());
        return Err(Refusal::unknown_client());
    };
    if is_read_only {
        return Ok(outcome);
    }
    if let Err(error) = store::used(&connection, &secret, now).await {
        // The client is recognised: that it cannot be noted is no reason to refuse it.
        log::warn!("the use of a client could not be noted: {error}");
    }
    Ok(outcome)
}

/// The claims of a token for this client. It expires with the client, where that comes first.
fn claims(
    app: &App,
    client: &ClientRecord,
    wanted: Option<Scopes>,
    moments: Moments,
) -> Result<Claims, Refusal> {
    let allowed = client.allowed_scopes()?;
    let scope = wanted.unwrap_or(allowed);
    if !allowed.include(scope) {
        return Err(Refusal::new(
            Kind::InvalidScope,
            "The client does not have this scope.",
        ));
    }
    let (iat, exp) =
        lifetime(client.expires_at, moments.now).ok_or_else(Refusal::unknown_client)?;
    Ok(Claims {
        iss: app.authenticator.tokens().issuer().to_owned(),
        sub: client.id.to_string(),
        exp,
        iat,
        // What ends the tokens of a client compares their ids, whichever instance made them.
        jti: Clock::id_of(moments.moment),
        client_id: client.id.to_string(),
        scope,
        identity: client.identity()?,
    })
}

/// From when and until when, in whole seconds; none for a client that ends within this one.
fn lifetime(
    client_ends: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let iat = now.trunc_subsecs(0);
    let exp = client_ends.map_or(iat + LIFE, |end| end.trunc_subsecs(0).min(iat + LIFE));
    (exp > iat).then_some((iat, exp))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_lives_a_quarter_of_an_hour_and_never_longer_than_its_client() {
        let now = DateTime::from_timestamp(1_800_000_000, 500_000_000).unwrap();
        let seconds = |end| lifetime(end, now).map(|(iat, exp)| (exp - iat).num_seconds());
        assert_eq!(seconds(None), Some(900));
        assert_eq!(seconds(Some(now + TimeDelta::days(1))), Some(900));
        assert_eq!(seconds(Some(now + TimeDelta::seconds(60))), Some(60));
        assert_eq!(seconds(Some(now + TimeDelta::milliseconds(100))), None);
    }
}
