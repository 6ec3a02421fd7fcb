//! What must be kept and read again although nobody who reads the database may know it: texts encrypted
//! with keys that are not in it, made of `REE_KEY_ENCRYPTION_KEY`, or of the signing keys where these are
//! files.
//!
//! The first key seals, all open. A text is `<key id>.<nonce and text, base64url>`; the cipher is
//! XChaCha20-Poly1305, whose nonces are long enough to be drawn, and the name of the object that the
//! text belongs to is authenticated with it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use rand::TryRngCore;
use rand::rngs::OsRng;
use sha2::Sha256;

use crate::config::EncryptionKeys;

const NONCE: usize = 24;

/// The bytes of a digest that name an encryption key: too few to guess it from, enough to tell it.
const NAME: usize = 9;

/// Seals and opens.
pub struct Sealer {
    /// That which seals first.
    keys: Vec<SealingKey>,
}

/// A key for one purpose, and the name it is found by. `Debug` shows the name alone.
#[derive(Clone, PartialEq, Eq)]
pub struct SealingKey {
    id: String,
    key: [u8; 32],
}

/// What something is encrypted for. Each has keys of its own: what is meant for one says nothing of
/// the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Signing keys.
    Keys,
    /// What is kept for others: the secrets of webhooks.
    Secrets,
}

impl Purpose {
    const fn words(self) -> &'static str {
        match self {
            Self::Keys => "ree: encryption of signing keys, version 1",
            Self::Secrets => "ree: encryption of kept secrets, version 1",
        }
    }
}

impl SealingKey {
    /// Made of a secret: a keyed digest of the purpose tells nothing of it.
    pub(super) fn new(id: String, secret: &[u8; 32], purpose: Purpose) -> Self {
        let key = digest(secret, purpose.words());
        Self { id, key }
    }

    /// Those of the settings, in their order.
    pub(super) fn all(
        secrets: &EncryptionKeys,
        purpose: Purpose,
    ) -> impl Iterator<Item = SealingKey> {
        secrets
            .iter()
            .map(move |secret| Self::new(name(secret), secret, purpose))
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SealingKey").field(&self.id).finish()
    }
}

/// The name of an encryption key: the beginning of a digest made with it.
fn name(secret: &[u8; 32]) -> String {
    let digest = digest(secret, "ree: name of an encryption key, version 1");
    let short: Vec<u8> = digest.into_iter().take(NAME).collect();
    URL_SAFE_NO_PAD.encode(short)
}

/// HMAC-SHA256 (RFC 2104), whose key of 32 bytes is filled up to the size of a block.
fn digest(secret: &[u8; 32], words: &str) -> [u8; 32] {
    let mut block = [0; 64];
    for (byte, of_secret) in block.iter_mut().zip(secret) {
        *byte = *of_secret;
    }
    let mut mac = <Hmac<Sha256> as Mac>::new(&block.into());
    mac.update(words.as_bytes());
    mac.finalize().into_bytes().into()
}

/// Why something could not be sealed: the system gave no random bytes, or there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotSealed;

impl fmt::Display for NotSealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a secret could not be encrypted")
    }
}

impl std::error::Error for NotSealed {}

impl Sealer {
    /// With these, the first of which seals.
    pub(super) fn with(keys: impl Iterator<Item = SealingKey>) -> Self {
        Self {
            keys: keys.collect(),
        }
    }

    /// With a key that nobody keeps: what it seals is never opened again.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn throwaway() -> Result<Self, NotSealed> {
        let mut key = [0; 32];
        OsRng.try_fill_bytes(&mut key).map_err(|_| NotSealed)?;
        let id = "none".to_owned();
        Ok(Self {
            keys: vec![SealingKey { id, key }],
        })
    }

    /// The name of the key that seals.
    pub fn id(&self) -> Option<&str> {
        self.ids().next()
    }

    /// The names of the keys that open, that which seals first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.id.as_str())
    }

    /// Encrypts, for the object of this name.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn seal(&self, name: &str, text: &[u8]) -> Result<String, NotSealed> {
        let SealingKey { id, key } = self.keys.first().ok_or(NotSealed)?;
        let mut nonce = [0; NONCE];
        OsRng.try_fill_bytes(&mut nonce).map_err(|_| NotSealed)?;
        let payload = Payload {
            msg: text,
            aad: name.as_bytes(),
        };
        let sealed = cipher(key).encrypt(&XNonce::from(nonce), payload);
        let mut bytes = nonce.to_vec();
        bytes.extend(sealed.map_err(|_| NotSealed)?);
        Ok(format!("{id}.{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// What was sealed for the object of this name; none with another name, for what was altered, and
    /// where the key is gone.
    pub fn open(&self, name: &str, sealed: &str) -> Option<Vec<u8>> {
        let (id, bytes) = sealed.split_once('.')?;
        let SealingKey { key, .. } = self.keys.iter().find(|known| known.id == id)?;
        let bytes = URL_SAFE_NO_PAD.decode(bytes).ok()?;
        let (nonce, text) = bytes.split_at_checked(NONCE)?;
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        let payload = Payload {
            msg: text,
            aad: name.as_bytes(),
        };
        cipher(key).decrypt(&XNonce::from(nonce), payload).ok()
    }
}

/// The name of the key that a text was sealed with.
pub fn key_of(sealed: &str) -> &str {
    sealed.split_once('.').map_or("", |(id, _)| id)
}

fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Keys;

    #[test]
    fn what_is_sealed_opens_under_its_own_name_and_unaltered_only() {
        let sealer = Sealer::throwaway().unwrap();
        let sealed = sealer.seal("one", b"secret").unwrap();
        assert_eq!(sealer.open("one", &sealed).unwrap(), b"secret");
        assert_eq!(sealer.open("other", &sealed), None);
        assert_eq!(Sealer::throwaway().unwrap().open("one", &sealed), None);
        assert_ne!(sealer.seal("one", b"secret").unwrap(), sealed);
        for altered in [
            sealed.replacen("none", "some", 1),
            format!("{sealed}A"),
            "none.".into(),
            String::new(),
        ] {
            assert_eq!(sealer.open("one", &altered), None, "{altered}");
        }
    }

    #[test]
    fn the_newest_key_seals_and_the_former_ones_open() {
        let dir = std::env::temp_dir().join(format!("ree-sealing-{}", std::process::id()));
        let now = crate::auth::testing::noon();
        let first = Keys::load_or_create(&dir, now).unwrap().sealer();
        let sealed = first.seal("one", b"secret").unwrap();
        let tomorrow = now + chrono::TimeDelta::days(1);
        Keys::rotate(&dir, tomorrow).unwrap();
        let once_it_signs = tomorrow + crate::auth::keys::PUBLISHED;
        let later = Keys::load(&dir, once_it_signs).unwrap().sealer();
        assert_eq!(later.open("one", &sealed).unwrap(), b"secret");
        let anew = later.seal("one", b"secret").unwrap();
        assert_eq!(first.open("one", &anew), None);
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn an_encryption_key_has_a_name_that_says_nothing_of_it_and_a_key_for_each_purpose() {
        const ONE: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        const TWO: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        let with =
            |text: &str, purpose| Sealer::with(SealingKey::all(&text.parse().unwrap(), purpose));
        let former = with(ONE, Purpose::Keys);
        let sealed = former.seal("one", b"secret").unwrap();
        assert_eq!(key_of(&sealed), former.id().unwrap());
        assert_eq!(former.id().unwrap().len(), 12);
        // The former one opens after the new one, which seals.
        let both = with(&format!("{TWO},{ONE}"), Purpose::Keys);
        assert_eq!(both.open("one", &sealed).unwrap(), b"secret");
        assert_eq!(former.open("one", &both.seal("one", b"x").unwrap()), None);
        assert_eq!(with(TWO, Purpose::Keys).open("one", &sealed), None);
        // Computed apart from this code, with Python's hmac: what is kept must stay readable.
        assert_eq!(former.id().unwrap(), "vwKSEYTZLvzG");
        assert_eq!(with(ONE, Purpose::Secrets).open("one", &sealed), None);
    }
}
