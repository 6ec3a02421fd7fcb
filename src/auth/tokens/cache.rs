//! The tokens verified lately, so that a signature is checked once and not at every request.

use std::array;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};

use crate::auth::claims::Claims;

/// Enough that threads seldom meet, few enough to stay small.
const SHARDS: usize = 16;
/// 16 × 256 = 4,096 tokens, some 2 MiB: a 15-minute token for every client and active person.
pub(super) const SHARD_CAPACITY: usize = 256;

/// The SHA-256 of a token.
pub(super) type TokenDigest = [u8; 32];
type Shard = RwLock<HashMap<TokenDigest, Arc<Claims>>>;

/// A bounded map from a token's digest to the token's claims. It does not read the clock: the
/// caller checks the claims' expiry at each use, so that an entry never outlives its token.
pub(super) struct VerifiedTokens {
    shards: [Shard; SHARDS],
}

impl Default for VerifiedTokens {
    fn default() -> VerifiedTokens {
        VerifiedTokens {
            shards: array::from_fn(|_| Shard::default()),
        }
    }
}

impl VerifiedTokens {
    pub(super) fn get(&self, digest: &TokenDigest) -> Option<Arc<Claims>> {
        // A poisoned lock is still a sound map: no operation below leaves it half-changed.
        let shard = self
            .shard(digest)?
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        shard.get(digest).map(Arc::clone)
    }

    /// Remembers a token. A full shard first drops what has expired, then, if that does not make
    /// room, every other entry: simple, and what is dropped costs one more verification.
    pub(super) fn insert(&self, digest: TokenDigest, claims: Arc<Claims>, now: DateTime<Utc>) {
        let Some(shard) = self.shard(&digest) else {
            return;
        };
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= SHARD_CAPACITY {
            shard.retain(|_, claims| !claims.is_expired(now));
        }
        if shard.len() >= SHARD_CAPACITY {
            let mut keep = false;
            shard.retain(|_, _| {
                keep = !keep;
                keep
            });
        }
        shard.insert(digest, claims);
    }

    /// A digest's bytes are evenly spread: the first one chooses the shard. Always `Some`.
    fn shard(&self, digest: &TokenDigest) -> Option<&Shard> {
        let [first, ..] = *digest;
        self.shards.get(usize::from(first) % SHARDS)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.read().unwrap().len())
            .sum()
    }
}
