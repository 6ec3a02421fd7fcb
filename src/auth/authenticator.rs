//! Recognising the caller of a request: its token, and whether it was revoked.

use std::sync::Arc;

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::revocation::store;
use super::{Claims, Revocations, Tokens, authorization};
use crate::db::Db;
use crate::error::{Code, Error, Result};

/// Revocations older than this are read again before a token is believed: with the reading every
/// two seconds, a revocation is effective within five.
const STALE: TimeDelta = TimeDelta::seconds(4);

/// Verifies tokens and knows the revoked ones.
pub struct Authenticator {
    tokens: Tokens,
    revocations: Revocations,
}

impl Authenticator {
    /// With these keys.
    pub fn new(tokens: Tokens) -> Self {
        Self {
            tokens,
            revocations: Revocations::default(),
        }
    }

    /// Signs and verifies.
    pub const fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Who the bearer token of a request speaks for.
    ///
    /// # Errors
    /// `unauthorized` without a token, `invalid_token` with a bad one, `service_unavailable` when
    /// revocations cannot be read: a token that may be revoked is not believed.
    pub async fn claims_of(
        &self,
        db: &Db,
        headers: &HeaderMap,
        now: DateTime<Utc>,
    ) -> Result<Arc<Claims>> {
        let header = headers
            .get(AUTHORIZATION)
            .ok_or_else(|| challenge(Code::Unauthorized))?
            .to_str()
            .map_err(|_| challenge(Code::InvalidToken))?;
        let token = authorization::bearer(header).map_err(|error| match error {
            authorization::AuthorizationError::OtherScheme => challenge(Code::Unauthorized),
            authorization::AuthorizationError::Malformed => challenge(Code::InvalidToken),
        })?;
        let claims = self
            .tokens
            .verify(token, now)
            .map_err(|_| challenge(Code::InvalidToken))?;
        self.refresh(db, STALE, now).await?;
        if self.revocations.is_revoked(&claims) {
            return Err(challenge(Code::InvalidToken));
        }
        Ok(claims)
    }

    /// Reads the revocations again when they are older than this.
    ///
    /// # Errors
    /// `service_unavailable` when the database is away.
    pub async fn refresh(&self, db: &Db, older_than: TimeDelta, now: DateTime<Utc>) -> Result<()> {
        if self
            .revocations
            .age(now)
            .is_some_and(|age| age < older_than)
        {
            return Ok(());
        }
        let reader = db.reader().await?;
        let (clients, tokens) = store::read(&reader, now).await?;
        self.revocations.replace(clients, tokens, now);
        Ok(())
    }

    /// Refuses at once, here, the tokens a client had until now; elsewhere within five seconds.
    pub fn client_changed(&self, client: Uuid, tokens_after: Uuid) {
        self.revocations.revoke_client(client, tokens_after);
    }

    /// Refuses one token at once, here; elsewhere within five seconds.
    pub fn token_revoked(&self, jti: Uuid, expires_at: DateTime<Utc>) {
        self.revocations.revoke_token(jti, expires_at);
    }
}

/// RFC 6750 §3.
fn challenge(code: Code) -> Error {
    let value = match code {
        Code::InvalidToken => "Bearer realm=\"ree\", error=\"invalid_token\"",
        _ => "Bearer realm=\"ree\"",
    };
    Error::new(code).header(WWW_AUTHENTICATE, HeaderValue::from_static(value))
}
