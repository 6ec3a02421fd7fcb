//! What is done with keys of the database.
//!
//! There is always one that signs and one that will: rotating makes of the next the current, and a new
//! next. So each is published long before it signs, to those who keep a key set for a while as well.

use chrono::{DateTime, TimeDelta, Utc};

use super::stored::{Row, Stored};
use super::{KEPT, Key, KeyError, Keys, PUBLISHED, Status};
use crate::auth::sealing::key_of;

impl Stored {
    /// Gives a database without keys one that signs at once, and one to come.
    ///
    /// # Errors
    /// When none can be made.
    pub fn begin(&mut self) -> Result<(), KeyError> {
        self.make(Some(self.now))?;
        self.make(None)
    }

    /// Makes of the next key the current one, encrypts all that is under a former encryption key anew, and
    /// forgets what has expired.
    ///
    /// # Errors
    /// When a key cannot be decrypted, there is none, or the last rotation was a moment ago.
    pub fn rotate(&mut self) -> Result<(), KeyError> {
        self.check(None)?;
        self.check_settled()?;
        let now = self.now;
        let current = self.begun().first().map(|row| row.kid.clone());
        let current = current.ok_or(KeyError::NoneStored)?;
        let next = match self.next() {
            Some(next) => next,
            None => {
                self.make(None)?;
                self.next().ok_or(KeyError::NoneStored)?
            }
        };
        let mut begins = now;
        if let Some(row) = self.row(&next) {
            begins = now.max(row.created_at + PUBLISHED);
            row.signs_from = Some(begins);
        }
        if let Some(row) = self.row(&current) {
            row.verifies_until = Some(begins + KEPT);
        }
        self.make(None)?;
        self.encrypt()?;
        let is_over = |row: &Row| row.verifies_until.is_some_and(|until| until <= now);
        self.rows
            .retain(|row| row.revoked_at.is_some() || !is_over(row));
        Ok(())
    }

    /// Refused while the key of the last rotation has not signed for a moment: of two rotations at once
    /// one is done.
    fn check_settled(&self) -> Result<(), KeyError> {
        let is_followed = self.live().any(|row| row.verifies_until.is_some());
        let latest = self.live().max_by_key(|row| row.signs_from);
        let latest = latest.filter(|_| is_followed);
        let Some((row, from)) = latest.and_then(|row| Some((row, row.signs_from?))) else {
            return Ok(());
        };
        let wait = from + PUBLISHED - self.now;
        if wait <= TimeDelta::zero() {
            return Ok(());
        }
        let kid = row.kid.clone();
        Err(KeyError::Rotated { kid, wait })
    }

    /// Gives a key up: what it signed is refused. Where it signs, the next does from now on.
    ///
    /// # Errors
    /// [`KeyError::Unknown`]; [`KeyError::Last`] where nothing could sign instead,
    /// [`KeyError::Unpublished`] where that may not be known yet; when another cannot be decrypted.
    pub fn revoke(&mut self, kid: &str) -> Result<(), KeyError> {
        let known = self.live().find(|row| row.kid == kid);
        let Some(status) = known.map(|row| self.status(row)) else {
            let kid = kid.to_owned();
            return Err(KeyError::Unknown { kid });
        };
        let was_coming =
            known.is_some_and(|row| row.signs_from.is_some_and(|from| from > self.now));
        self.check(Some(kid))?;
        if status == Status::Current {
            self.succeed(kid)?;
        }
        let now = self.now;
        if let Some(row) = self.row(kid) {
            (row.sealed, row.revoked_at) = (None, Some(now));
        }
        if was_coming {
            // It was to follow the one that signs: nothing does now.
            let current = self.begun().first().map(|row| row.kid.clone());
            if let Some(row) = current.and_then(|current| self.row(&current)) {
                row.verifies_until = None;
            }
        }
        if self.next().is_none() {
            self.make(None)?;
        }
        self.encrypt()
    }

    /// Has another key sign instead of this one, from now on.
    fn succeed(&mut self, kid: &str) -> Result<(), KeyError> {
        let Some(heir) = self.heir(kid) else {
            let kid = kid.to_owned();
            return Err(KeyError::Last { kid });
        };
        let now = self.now;
        if let Some(row) = self.row(&heir) {
            let wait = row.created_at + PUBLISHED - now;
            if wait > TimeDelta::zero() {
                return Err(KeyError::Unpublished { kid: heir, wait });
            }
            (row.signs_from, row.verifies_until) = (Some(now), None);
        }
        Ok(())
    }

    /// Takes the keys of a data directory: in a database without keys that which signs goes on signing;
    /// elsewhere they verify.
    ///
    /// # Errors
    /// When a key cannot be decrypted, or was revoked.
    pub fn import(&mut self, keys: &Keys) -> Result<(), KeyError> {
        self.check(None)?;
        let signing_since = self.begun().first().and_then(|row| row.signs_from);
        for key in keys.iter() {
            let kid = key.kid.clone();
            match self.rows.iter().find(|row| row.kid == kid) {
                Some(row) if row.revoked_at.is_some() => return Err(KeyError::Revoked { kid }),
                Some(_) => continue,
                None => {}
            }
            let signs = signing_since.is_none() && kid == keys.current.kid;
            let before = signing_since.unwrap_or(self.now) - TimeDelta::seconds(1);
            self.rows.push(Row {
                sealed: Some(self.seal(key)?),
                kid,
                created_at: key.created,
                signs_from: Some(if signs {
                    self.now
                } else {
                    key.created.min(before)
                }),
                verifies_until: (!signs).then_some(self.now + KEPT),
                revoked_at: None,
            });
        }
        if self.next().is_none() {
            self.make(None)?;
        }
        Ok(())
    }

    /// Encrypts anew what is under a former encryption key.
    ///
    /// # Errors
    /// When a key cannot be decrypted.
    pub fn encrypt(&mut self) -> Result<(), KeyError> {
        let first = self.sealer.id().unwrap_or_default().to_owned();
        let anew = |row: &Row| {
            let sealed = row.sealed.as_deref()?;
            (key_of(sealed) != first).then(|| self.seal(&self.open(row)?))
        };
        let sealed: Vec<Option<Result<String, KeyError>>> = self.rows.iter().map(anew).collect();
        for (row, sealed) in self.rows.iter_mut().zip(sealed) {
            if let Some(sealed) = sealed {
                row.sealed = Some(sealed?);
            }
        }
        Ok(())
    }

    fn row(&mut self, kid: &str) -> Option<&mut Row> {
        self.rows.iter_mut().find(|row| row.kid == kid)
    }

    /// The key that is published and not to sign yet.
    fn next(&self) -> Option<String> {
        let next = self.live().find(|row| row.signs_from.is_none());
        next.map(|row| row.kid.clone())
    }

    /// The key to sign instead of this one: the next, else that which signed last.
    fn heir(&self, kid: &str) -> Option<String> {
        let coming = self
            .live()
            .filter(|row| row.signs_from.is_some_and(|from| from > self.now));
        let coming = coming.map(|row| row.kid.clone()).next();
        let last = || {
            self.begun()
                .into_iter()
                .map(|row| row.kid.clone())
                .find(|one| one != kid)
        };
        coming.or_else(|| self.next()).or_else(last)
    }

    fn make(&mut self, signs_from: Option<DateTime<Utc>>) -> Result<(), KeyError> {
        let key = Key::generate(self.now)?;
        self.rows.push(Row {
            sealed: Some(self.seal(&key)?),
            kid: key.kid,
            created_at: self.now,
            signs_from,
            verifies_until: None,
            revoked_at: None,
        });
        Ok(())
    }
}
