//! Tokens that no longer count although they have not expired (RFC 7009, and the revocation or
//! rotation of a machine client).
//!
//! The truth is in the database; this is the snapshot that requests are checked against. The
//! caller loads the rows every two seconds and hands them to [`Revocations::replace`], and
//! should refuse tokens altogether when [`Revocations::age`] grows too large to vouch for them.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::claims::Claims;

pub mod store;

#[cfg(test)]
mod tests;

/// What is revoked, as far as this instance knows. Shared between threads.
#[derive(Debug, Default)]
pub struct Revocations {
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    stored: Lists,
    /// Revoked through this very instance and not yet seen in a snapshot. A snapshot may have
    /// been read just before the revocation was committed: without these, it would undo it.
    pending: Lists,
    /// The moment the stored rows were read.
    as_of: Option<DateTime<Utc>>,
}

#[derive(Debug, Default)]
struct Lists {
    /// By client: its tokens up to and including this id are refused.
    clients: HashMap<Uuid, Uuid>,
    /// By token: when it expires, after which there is nothing left to revoke.
    tokens: HashMap<Uuid, DateTime<Utc>>,
}

impl Revocations {
    /// Replaces the snapshot by the rows of the database.
    ///
    /// `clients` are pairs of client id and `tokens_after`, `tokens` pairs of `jti` and `exp`.
    /// `as_of` is the time taken *before* the query began: what it missed is younger than that.
    /// A revocation made here that the rows do not show yet is kept.
    pub fn replace(
        &self,
        clients: impl IntoIterator<Item = (Uuid, Uuid)>,
        tokens: impl IntoIterator<Item = (Uuid, DateTime<Utc>)>,
        as_of: DateTime<Utc>,
    ) {
        // Collected before the lock is taken, for the iterators are the caller's.
        let stored = Lists {
            clients: clients.into_iter().collect(),
            tokens: tokens.into_iter().filter(|(_, exp)| *exp > as_of).collect(),
        };
        let mut known = self.write();
        let pending = &mut known.pending;
        pending
            .clients
            .retain(|id, after| stored.clients.get(id).is_none_or(|seen| seen < after));
        pending
            .tokens
            .retain(|jti, exp| *exp > as_of && !stored.tokens.contains_key(jti));
        known.stored = stored;
        known.as_of = Some(as_of);
    }

    /// Adds what a server knows that may be behind: what was known to be revoked stays so. With the moment it
    /// was read at where there is no other to ask.
    pub fn add(
        &self,
        clients: impl IntoIterator<Item = (Uuid, Uuid)>,
        tokens: impl IntoIterator<Item = (Uuid, DateTime<Utc>)>,
        as_of: Option<DateTime<Utc>>,
    ) {
        let mut known = self.write();
        for (id, after) in clients {
            let latest = known.stored.clients.entry(id).or_insert(after);
            *latest = after.max(*latest);
        }
        known.stored.tokens.extend(tokens);
        known.as_of = as_of.or(known.as_of);
    }

    /// Refuses at once the client's tokens up to and including the id `after`, a version 7 UUID made now.
    /// To be called once the revocation is committed.
    pub fn revoke_client(&self, id: Uuid, after: Uuid) {
        let mut known = self.write();
        let latest = known.pending.clients.entry(id).or_insert(after);
        *latest = after.max(*latest);
    }

    /// Refuses one token at once. To be called once the revocation is committed.
    pub fn revoke_token(&self, jti: Uuid, exp: DateTime<Utc>) {
        self.write().pending.tokens.insert(jti, exp);
    }

    /// Whether the token of these claims was revoked, itself or with all those of its client.
    ///
    /// Only a `client_id` that is a UUID is that of a machine client.
    #[must_use]
    pub fn is_revoked(&self, claims: &Claims) -> bool {
        let client = Uuid::try_parse(&claims.client_id).ok();
        let known = self.read();
        known.stored.contain(claims.jti, client) || known.pending.contain(claims.jti, client)
    }

    /// How old the stored rows are; `None` before the first ones arrived.
    #[must_use]
    pub fn age(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let as_of = self.read().as_of?;
        // A clock set back does not make them younger than new.
        Some(now.signed_duration_since(as_of).max(TimeDelta::zero()))
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        // Every change below the lock is complete or not begun: a poisoned one is still sound.
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lists {
    fn contain(&self, jti: Uuid, client: Option<Uuid>) -> bool {
        let after = client.and_then(|id| self.clients.get(&id));
        self.tokens.contains_key(&jti) || after.is_some_and(|after| !is_later(jti, *after))
    }
}

/// Version 7 UUIDs sort by time (RFC 9562 §5.7). An id of another version has no place in that order and
/// cannot prove that it is later.
fn is_later(jti: Uuid, after: Uuid) -> bool {
    jti.get_version_num() == 7 && jti > after
}
