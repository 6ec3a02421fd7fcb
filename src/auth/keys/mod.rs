//! The service's own signing keys: Ed25519, several of which coexist.
//!
//! One signs (*current*); those that will (*next*) and those that did (*previous*) verify too. A key is
//! published for [`PUBLISHED`] before it signs, and instances read the keys every two seconds: none meets
//! a token whose key it does not know. One that is followed verifies until the last token it may have
//! signed has expired ([`KEPT`]).
//!
//! | file | what it contains |
//! | --- | --- |
//! | [`files`] | keys of one data directory, a file each: what an instance alone needs |
//! | [`stored`] | keys of the database, encrypted, that instances share |
//! | [`steps`] | how they are rotated, revoked, imported, encrypted anew |
//! | [`store`] | their SQL |
//! | [`source`] | which of the two an installation has |

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{DecodingKey, EncodingKey};
use rand::TryRngCore;
use rand::rngs::OsRng;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::sealing::{Purpose, Sealer, SealingKey};

mod error;
pub mod files;
pub mod source;
pub mod steps;
pub mod store;
pub mod stored;
#[cfg(test)]
mod tests;

pub use error::KeyError;
pub use source::KeySource;
pub use stored::Stored;

/// How long a key is published before it signs: twice what an instance takes to read it.
pub const PUBLISHED: TimeDelta = TimeDelta::seconds(10);

/// The longest that a token lives.
pub const LONGEST_LIFE: TimeDelta = TimeDelta::days(30);

/// How long a key verifies once another signs: the longest life of a token, and a minute.
pub const KEPT: TimeDelta = TimeDelta::seconds(LONGEST_LIFE.num_seconds() + 60);

/// The keys as an instance has read them. `Debug` shows the ids alone.
pub struct Keys {
    /// That which signs.
    current: Arc<Key>,
    /// Those that verify beside it, the newest first.
    others: Vec<Arc<Key>>,
    /// The ids of those that could not be decrypted.
    unreadable: Vec<String>,
    /// What is kept encrypted is so with the first of these, and opened with any.
    sealing: Vec<SealingKey>,
}

/// One Ed25519 key pair, ready to sign and to verify.
pub struct Key {
    kid: String,
    created: DateTime<Utc>,
    public: [u8; 32],
    signing: SigningKey,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

/// What a key is for at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is published and will sign.
    Next,
    /// It signs.
    Current,
    /// It signed, and what it signed is believed.
    Previous,
    /// What it signed has expired; it goes at the next rotation.
    Expired,
}

/// A key as it is told of.
#[derive(Debug, Serialize)]
pub struct Listed {
    /// Its id.
    pub kid: String,
    /// What it is for now.
    pub status: Status,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Since when it signs, or from when on; none: from the next rotation on.
    pub signs_from: Option<DateTime<Utc>>,
    /// Until when what it signed is believed; none: it is not followed, or is a file.
    pub verifies_until: Option<DateTime<Utc>>,
    /// The name of what it is encrypted under; none: it is a file.
    pub encryption_key: Option<String>,
}

impl Keys {
    /// The key that signs.
    #[must_use]
    pub fn current(&self) -> &Key {
        &self.current
    }

    /// The key of that id, among all those that verify.
    #[must_use]
    pub fn find(&self, kid: &str) -> Option<&Key> {
        self.iter().find(|key| key.kid == kid)
    }

    /// Whether there is such a key, which could not be decrypted: what it signed can be neither
    /// believed nor refused.
    #[must_use]
    pub fn is_unreadable(&self, kid: &str) -> bool {
        self.unreadable.iter().any(|unreadable| unreadable == kid)
    }

    /// All keys, that which signs first.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        self.shared().map(AsRef::as_ref)
    }

    fn shared(&self) -> impl Iterator<Item = &Arc<Key>> {
        std::iter::once(&self.current).chain(&self.others)
    }

    /// Seals and opens what is kept encrypted.
    #[must_use]
    pub fn sealer(&self) -> Sealer {
        Sealer::with(self.sealing.iter().cloned())
    }

    /// The JSON Web Key Set to publish (RFC 7517 §5, RFC 8037 §2): public halves only.
    #[must_use]
    pub fn jwks(&self) -> Value {
        json!({ "keys": self.iter().map(Key::jwk).collect::<Vec<_>>() })
    }

    /// Whether these do the same as others.
    #[must_use]
    pub fn are_those(&self, others: &Keys) -> bool {
        self.iter().map(Key::kid).eq(others.iter().map(Key::kid))
            && self.unreadable == others.unreadable
            && self.sealing == others.sealing
    }
}

impl Key {
    /// The key's id: its RFC 7638 thumbprint, so that the same key has the same id everywhere.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// When the key was made.
    #[must_use]
    pub fn created(&self) -> DateTime<Utc> {
        self.created
    }

    /// What `jsonwebtoken` signs with.
    pub(super) fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }

    /// What `jsonwebtoken` verifies with.
    pub(super) fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }

    /// The private half.
    fn seed(&self) -> &[u8; 32] {
        self.signing.as_bytes()
    }

    /// A key made of it that encrypts what is kept.
    fn sealing(&self) -> SealingKey {
        SealingKey::new(self.kid.clone(), self.seed(), Purpose::Secrets)
    }

    fn jwk(&self) -> Value {
        json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "x": URL_SAFE_NO_PAD.encode(self.public),
            "kid": self.kid,
            "use": "sig",
            "alg": "EdDSA",
        })
    }

    /// A key of 32 bytes drawn from the system's random source.
    fn generate(created: DateTime<Utc>) -> Result<Key, KeyError> {
        let mut seed = [0; 32];
        OsRng
            .try_fill_bytes(&mut seed)
            .map_err(|_| KeyError::Random)?;
        Key::new(SigningKey::from_bytes(&seed), created).ok_or(KeyError::Random)
    }

    fn new(signing: SigningKey, created: DateTime<Utc>) -> Option<Key> {
        let public = signing.verifying_key().to_bytes();
        // `to_pkcs8_der` cannot fail on a sound key, but its signature does not say so.
        let der = signing.to_pkcs8_der().ok()?;
        Some(Key {
            kid: thumbprint(&public),
            created,
            public,
            encoding: EncodingKey::from_ed_der(der.as_bytes()),
            // Despite its name it takes the 32 bare bytes; fewer would make it panic when used.
            decoding: DecodingKey::from_ed_der(&public),
            signing,
        })
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("kid", &self.kid)
            .field("created", &self.created)
            .finish_non_exhaustive()
    }
}

/// RFC 7638 §3: SHA-256 of the required members in lexicographic order, without white space;
/// RFC 8037 §2 names them for Ed25519.
fn thumbprint(public: &[u8; 32]) -> String {
    let x = URL_SAFE_NO_PAD.encode(public);
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(canonical))
}
