//! Recognising the caller of a request: its token, and whether it was revoked.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::keys::{self, KeySource};
use super::revocation::store;
use super::{Claims, Keys, Revocations, TokenError, Tokens, authorization};
use crate::db::{Db, Session};
use crate::error::{Code, Error, Result};

/// Revocations and keys older than this are read again before a token is believed: with the reading every
/// two seconds, a revocation is effective within five.
const STALE: TimeDelta = TimeDelta::seconds(4);

/// How long the primary is waited for with them, where there are standbys that reads go on from.
const PATIENCE: Duration = Duration::from_millis(500);

/// Verifies tokens and knows the revoked ones.
pub struct Authenticator {
    tokens: RwLock<Arc<Tokens>>,
    source: KeySource,
    revocations: Revocations,
}

impl Authenticator {
    /// With these keys, which are read again from their source.
    pub fn new(source: KeySource, tokens: Tokens) -> Self {
        Self {
            tokens: RwLock::new(Arc::new(tokens)),
            source,
            revocations: Revocations::default(),
        }
    }

    /// Signs and verifies, with the keys of the moment.
    pub fn tokens(&self) -> Arc<Tokens> {
        // It is replaced whole: a poisoned lock is still sound.
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&tokens)
    }

    /// Who the bearer token of a request speaks for.
    ///
    /// # Errors
    /// `unauthorized` without a token, `invalid_token` with a bad one, `service_unavailable` when
    /// revocations or keys cannot be read: a token that may be revoked is not believed.
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
        let tokens = self.tokens();
        let verified = tokens.verify(token, now);
        if verified
            .as_ref()
            .is_err_and(|error| *error != TokenError::UnknownKey)
        {
            return verified.map_err(refused);
        }
        self.refresh(db, STALE, now).await?;
        let latest = self.tokens();
        let claims = if Arc::ptr_eq(&tokens, &latest) {
            verified
        } else {
            latest.verify(token, now)
        };
        let claims = claims.map_err(refused)?;
        if self.revocations.is_revoked(&claims) {
            return Err(challenge(Code::InvalidToken));
        }
        Ok(claims)
    }

    /// Reads the keys and the revocations again when they are older than this: from the primary as long as there
    /// is one, whatever standbys there are, since a standby may be behind.
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
        if !db.has_standbys() {
            return self.read(&*db.reader().await?, now).await;
        }
        // Known to be away, it is not waited for.
        let has_primary = db.has_primary();
        if has_primary {
            let reading = async { self.read(&*db.reader().await?, now).await };
            if let Ok(Ok(())) = tokio::time::timeout(PATIENCE, reading).await {
                return Ok(());
            }
        }
        match db.standby().await {
            Some(standby) => self.read_behind(&standby, now, has_primary).await,
            None => self.read(&*db.reader().await?, now).await,
        }
    }

    /// Reads both.
    async fn read(&self, reader: &Session, now: DateTime<Utc>) -> Result<()> {
        match &self.source {
            KeySource::Files(dir) => self.read_files(dir, now).await,
            KeySource::Database(encryption) => {
                let stored = keys::store::read(reader, encryption).await?;
                let keys = stored.keys_after(Some(self.tokens().keys()));
                self.replace(keys.map_err(Error::unavailable)?);
            }
        }
        let (clients, tokens) = store::read(reader, now).await?;
        self.revocations.replace(clients, tokens, now);
        Ok(())
    }

    /// Where the primary does not answer, adds what a standby knows to what was known last, keys apart: it may
    /// not have the latest. A primary that there may be is asked again by the next request.
    async fn read_behind(
        &self,
        standby: &Session,
        now: DateTime<Utc>,
        has_primary: bool,
    ) -> Result<()> {
        if let KeySource::Files(dir) = &self.source {
            self.read_files(dir, now).await;
        }
        let (clients, tokens) = store::read(standby, now).await?;
        self.revocations
            .add(clients, tokens, (!has_primary).then_some(now));
        Ok(())
    }

    /// Files that cannot be read are no reason to refuse what their keys signed.
    async fn read_files(&self, dir: &Path, now: DateTime<Utc>) {
        let dir = dir.to_owned();
        match tokio::task::spawn_blocking(move || Keys::load(&dir, now)).await {
            Ok(Ok(keys)) => self.replace(keys),
            Ok(Err(error)) => log::warn!("the signing keys stay as they are: {error}"),
            Err(error) => log::error!("{error}"),
        }
    }

    fn replace(&self, keys: Keys) {
        let tokens = self.tokens();
        if tokens.keys().are_those(&keys) {
            return;
        }
        log::info!("the signing keys have changed: {keys:?}");
        let anew = Arc::new(tokens.with(keys));
        *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = anew;
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

/// A token whose key cannot be decrypted here may be good.
fn refused(error: TokenError) -> Error {
    match error {
        TokenError::UnreadableKey => Error::unavailable(error),
        _ => challenge(Code::InvalidToken),
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
