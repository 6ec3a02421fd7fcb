//! What must be kept and read again although nobody who reads the database may know it: texts encrypted
//! with keys made of the signing keys, which are files.
//!
//! The newest key seals, all open: a text sealed with a key that was removed since is lost, as the tokens
//! are that it signed. The cipher is XChaCha20-Poly1305, whose nonces are long enough to be drawn.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use rand::TryRngCore;
use rand::rngs::OsRng;

use super::Keys;

const NONCE: usize = 24;

/// Seals and opens.
pub struct Sealer {
    /// By the id of the signing key it is made of, the newest first.
    keys: Vec<(String, [u8; 32])>,
}

/// Why something could not be sealed: the system gave no random bytes, or there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotSealed;

impl std::fmt::Display for NotSealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a secret could not be encrypted")
    }
}

impl std::error::Error for NotSealed {}

impl Sealer {
    /// With these signing keys.
    pub fn of(keys: &Keys) -> Self {
        let keys = keys.iter();
        Self {
            keys: keys
                .map(|key| (key.kid().to_owned(), *key.sealing()))
                .collect(),
        }
    }

    /// With a key that nobody keeps: what it seals is never opened again.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn throwaway() -> Result<Self, NotSealed> {
        let mut key = [0; 32];
        OsRng.try_fill_bytes(&mut key).map_err(|_| NotSealed)?;
        Ok(Self {
            keys: vec![("none".to_owned(), key)],
        })
    }

    /// Encrypts, for the object of this name: `<key id>.<nonce and text, base64>`.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn seal(&self, name: &str, text: &[u8]) -> Result<String, NotSealed> {
        let (kid, key) = self.keys.first().ok_or(NotSealed)?;
        let mut nonce = [0; NONCE];
        OsRng.try_fill_bytes(&mut nonce).map_err(|_| NotSealed)?;
        let payload = Payload {
            msg: text,
            aad: name.as_bytes(),
        };
        let sealed = cipher(key).encrypt(&XNonce::from(nonce), payload);
        let mut bytes = nonce.to_vec();
        bytes.extend(sealed.map_err(|_| NotSealed)?);
        Ok(format!("{kid}.{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// What was sealed for the object of this name; none with another name, for what was altered, and
    /// where the key is gone.
    pub fn open(&self, name: &str, sealed: &str) -> Option<Vec<u8>> {
        let (kid, bytes) = sealed.split_once('.')?;
        let (_, key) = self.keys.iter().find(|(known, _)| known == kid)?;
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

fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*key))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let first = Sealer::of(&Keys::load_or_create(&dir, now).unwrap());
        let sealed = first.seal("one", b"secret").unwrap();
        let later = Sealer::of(&Keys::rotate(&dir, now + chrono::TimeDelta::days(1)).unwrap());
        assert_eq!(later.open("one", &sealed).unwrap(), b"secret");
        let anew = later.seal("one", b"secret").unwrap();
        assert_eq!(first.open("one", &anew), None);
        std::fs::remove_dir_all(dir).unwrap();
    }
}
