//! Keys of the database, which several instances share: what their rows say, by the database's clock.
//!
//! Nothing of a row is believed but what is encrypted: its id is authenticated with the private half,
//! and is the digest of the public one.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ed25519_dalek::SigningKey;

use super::{Key, KeyError, Keys, Listed, Status};
use crate::auth::sealing::{Purpose, Sealer, SealingKey, key_of};
use crate::config::EncryptionKeys;
use crate::db::schema::signing_keys;

/// A row.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = signing_keys)]
pub struct Row {
    /// The key's id.
    pub kid: String,
    /// The private half, encrypted; none once it was revoked.
    pub sealed: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Since when it signs, or from when on; none: it is not decided.
    pub signs_from: Option<DateTime<Utc>>,
    /// Until when it verifies; none: it is not followed.
    pub verifies_until: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// All rows at a moment by the database's clock, and what they are encrypted under.
pub struct Stored {
    pub(super) rows: Vec<Row>,
    pub(super) now: DateTime<Utc>,
    encryption: EncryptionKeys,
    pub(super) sealer: Sealer,
}

impl Stored {
    /// As they were read.
    pub fn new(rows: Vec<Row>, now: DateTime<Utc>, encryption: &EncryptionKeys) -> Self {
        Self {
            rows,
            now,
            encryption: encryption.clone(),
            sealer: Sealer::with(SealingKey::all(encryption, Purpose::Keys)),
        }
    }

    /// The rows, to be written.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Whether there is no key at all.
    pub fn is_empty(&self) -> bool {
        self.live().next().is_none()
    }

    /// Those that were not revoked.
    pub(super) fn live(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.sealed.is_some())
    }

    /// Those of these that sign or have signed, that which began last first.
    pub(super) fn begun(&self) -> Vec<&Row> {
        let has_begun = |row: &&Row| row.signs_from.is_some_and(|from| from <= self.now);
        let mut begun: Vec<&Row> = self.live().filter(has_begun).collect();
        begun.sort_by(|a, b| (b.signs_from, &b.kid).cmp(&(a.signs_from, &a.kid)));
        begun.retain(|row| !self.is_expired(row));
        begun
    }

    fn is_expired(&self, row: &Row) -> bool {
        row.verifies_until.is_some_and(|until| until <= self.now)
    }

    pub(super) fn status(&self, row: &Row) -> Status {
        let signs = self.begun().first().map(|current| current.kid.as_str());
        match row.signs_from {
            _ if self.is_expired(row) => Status::Expired,
            _ if signs == Some(&row.kid) => Status::Current,
            Some(from) if from <= self.now => Status::Previous,
            _ => Status::Next,
        }
    }

    /// The keys as they are told of: those to come, the current one, those before.
    pub fn list(&self) -> Vec<Listed> {
        let mut rows: Vec<&Row> = self.live().collect();
        rows.sort_by_key(|row| {
            let from = row.signs_from.unwrap_or(DateTime::<Utc>::MAX_UTC);
            std::cmp::Reverse((from, row.created_at))
        });
        let listed = rows.into_iter().map(|row| Listed {
            kid: row.kid.clone(),
            status: self.status(row),
            created_at: row.created_at,
            signs_from: row.signs_from,
            verifies_until: row.verifies_until,
            encryption_key: row
                .sealed
                .as_deref()
                .map(|sealed| key_of(sealed).to_owned()),
        });
        listed.collect()
    }

    pub(super) fn open(&self, row: &Row) -> Result<Key, KeyError> {
        let kid = row.kid.clone();
        let sealed = row.sealed.as_deref().unwrap_or_default();
        let under = key_of(sealed);
        if !self.sealer.ids().any(|known| known == under) {
            return Err(KeyError::OtherEncryption {
                kid,
                under: under.chars().take(64).collect(),
                known: self.sealer.ids().map(str::to_owned).collect(),
            });
        }
        let opened = self.sealer.open(&name(&row.kid), sealed);
        let seed: Option<[u8; 32]> = opened.and_then(|seed| seed.try_into().ok());
        let key = seed.and_then(|seed| Key::new(SigningKey::from_bytes(&seed), row.created_at));
        key.filter(|key| key.kid == kid)
            .ok_or(KeyError::Damaged { kid })
    }

    /// Whether every key but this one can be decrypted.
    ///
    /// # Errors
    /// The first that cannot.
    pub fn check(&self, but: Option<&str>) -> Result<(), KeyError> {
        let mut others = self.live().filter(|row| Some(row.kid.as_str()) != but);
        others.try_for_each(|row| self.open(row).map(|_| ()))
    }

    /// The keys, all of them.
    ///
    /// # Errors
    /// When one cannot be decrypted, or there is none.
    pub fn keys(&self) -> Result<Keys, KeyError> {
        self.check(None)?;
        self.keys_after(None)
    }

    /// The keys, after those that an instance has read before: what it knows it does not decrypt again,
    /// and what it cannot decrypt it does without.
    ///
    /// # Errors
    /// When none is left that signs.
    pub fn keys_after(&self, before: Option<&Keys>) -> Result<Keys, KeyError> {
        let (opened, unreadable) = self.opened(before);
        let of = |row: &Row| opened.iter().find(|key| key.kid == row.kid).cloned();
        let Some(current) = self.begun().into_iter().find_map(of) else {
            let failure = unreadable.into_iter().next();
            return Err(failure.map_or(KeyError::NoneStored, |(_, error)| error));
        };
        // What was sealed before the keys came into the database has theirs.
        let secrets = SealingKey::all(&self.encryption, Purpose::Secrets);
        let sealing = secrets.chain(opened.iter().map(|key| key.sealing()));
        let verifies = |row: &&Row| !self.is_expired(row) && row.kid != current.kid;
        let mut others: Vec<Arc<Key>> = self.live().filter(verifies).filter_map(of).collect();
        others.sort_by(|a, b| (b.created, &b.kid).cmp(&(a.created, &a.kid)));
        Ok(Keys {
            others,
            sealing: sealing.collect(),
            current,
            unreadable: unreadable.into_iter().map(|(kid, _)| kid).collect(),
        })
    }

    /// The keys that can be used, and why the others cannot: told once.
    fn opened(&self, before: Option<&Keys>) -> (Vec<Arc<Key>>, Vec<(String, KeyError)>) {
        let (mut opened, mut unreadable) = (Vec::new(), Vec::new());
        for row in self.live() {
            match self.known_or_open(row, before) {
                Ok(key) => opened.push(key),
                Err(error) => {
                    if !before.is_some_and(|keys| keys.is_unreadable(&row.kid)) {
                        log::error!("{error}");
                    }
                    unreadable.push((row.kid.clone(), error));
                }
            }
        }
        (opened, unreadable)
    }

    fn known_or_open(&self, row: &Row, before: Option<&Keys>) -> Result<Arc<Key>, KeyError> {
        let mut known = before.into_iter().flat_map(Keys::shared);
        match known.find(|key| key.kid == row.kid) {
            Some(key) => Ok(Arc::clone(key)),
            None => self.open(row).map(Arc::new),
        }
    }

    /// What is kept encrypted is so with the first encryption key, and opened with any, or with a key that
    /// sealed it where it was a file.
    pub fn secrets(&self) -> Sealer {
        let former = self.live().filter_map(|row| self.open(row).ok());
        let former: Vec<SealingKey> = former.map(|key| key.sealing()).collect();
        let keys = SealingKey::all(&self.encryption, Purpose::Secrets);
        Sealer::with(keys.chain(former))
    }

    pub(super) fn seal(&self, key: &Key) -> Result<String, KeyError> {
        let sealed = self.sealer.seal(&name(&key.kid), key.seed());
        sealed.map_err(|_| KeyError::NotSealed)
    }
}

/// What is authenticated with a private half: whose it is.
fn name(kid: &str) -> String {
    format!("signing key {kid}")
}

#[cfg(test)]
mod tests;
