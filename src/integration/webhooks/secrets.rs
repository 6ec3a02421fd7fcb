//! The secrets of webhooks (`whsec_…`) and the signatures made with them, by Standard Webhooks.
//!
//! A signature (HMAC-SHA256) needs the secret itself, so a digest of it is not enough: it is kept
//! encrypted ([`Sealer`](crate::auth::sealing::Sealer)) and opened when something is signed.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use rand::TryRngCore;
use rand::rngs::OsRng;
use sha2::Sha256;

use crate::error::{Error, Result};

/// What every secret begins with.
pub const PREFIX: &str = "whsec_";

/// The bytes of a secret: as many as the digest that it makes (RFC 2104 §3).
const LENGTH: usize = 32;

/// A secret. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct WebhookSecret([u8; LENGTH]);

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret")
    }
}

impl WebhookSecret {
    /// Draws a secret from the operating system's random source.
    ///
    /// # Errors
    /// `internal_error` when it gives none.
    pub fn generate() -> Result<Self> {
        let mut bytes = [0; LENGTH];
        OsRng.try_fill_bytes(&mut bytes).map_err(Error::internal)?;
        Ok(Self(bytes))
    }

    /// The secret as it was kept; none for what is none.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its bytes, to be kept encrypted.
    pub const fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The secret itself: to be shown once, and never logged.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(self.0))
    }

    /// The signature of a message: `v1,` and the HMAC of its id, its moment and its body.
    ///
    /// # Errors
    /// `internal_error` when it cannot be made.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> Result<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).map_err(Error::internal)?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        Ok(format!(
            "v1,{}",
            STANDARD.encode(mac.finalize().into_bytes())
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_specification() {
        // Made with the reference implementation in Python (`standardwebhooks` 1.0.0).
        let secret = WebhookSecret::of_bytes(&[7; LENGTH]).unwrap();
        assert_eq!(
            secret.expose(),
            "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="
        );
        let signature = secret.sign("msg_1", 1_700_000_000, br#"{"a":1}"#).unwrap();
        assert_eq!(signature, "v1,LInk7lWC3DLGgRP3k/Xpm933fgj/SEGrik4mpkLgnKE=");
        assert_eq!(format!("{secret:?}"), "WebhookSecret");
    }
}
