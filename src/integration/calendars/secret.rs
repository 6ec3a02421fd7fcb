//! The secret part of a calendar's address.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// What every secret begins with, so that scanners and people recognise one.
const PREFIX: &str = "cal_";

/// The bytes drawn: as many as nobody guesses.
const LENGTH: usize = 32;

/// The secret part of an address. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct CalendarSecret(String);

impl fmt::Debug for CalendarSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CalendarSecret")
    }
}

impl CalendarSecret {
    /// Draws one from the operating system's random source.
    ///
    /// # Errors
    /// `internal_error` when it gives none.
    pub fn generate() -> Result<Self> {
        let mut bytes = [0; LENGTH];
        OsRng.try_fill_bytes(&mut bytes).map_err(Error::internal)?;
        Ok(Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// The one of an address, with or without the ending of a calendar's file; none for what is none.
    pub fn of_address(part: &str) -> Option<Self> {
        let text = part.strip_suffix(".ics").unwrap_or(part);
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        (bytes.len() == LENGTH).then(|| Self(text.to_owned()))
    }

    /// What the database keeps: of 2^256 equally likely secrets no slow hash is needed.
    pub fn digest(&self) -> Vec<u8> {
        Sha256::digest(&self.0).to_vec()
    }

    /// The last part of the address: to be shown once, and never logged.
    pub fn expose(&self) -> String {
        format!("{}.ics", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_back_from_its_address_and_nothing_else_is_one() {
        let secret = CalendarSecret::generate().unwrap();
        let address = secret.expose();
        let read = CalendarSecret::of_address(&address).unwrap();
        assert_eq!(read.digest(), secret.digest());
        assert!(CalendarSecret::of_address(address.trim_end_matches(".ics")).is_some());
        for bad in [
            "",
            "cal_",
            "cal_AAAA",
            "x.ics",
            address.trim_start_matches("cal_"),
        ] {
            assert!(CalendarSecret::of_address(bad).is_none(), "{bad}");
        }
        assert_eq!(format!("{secret:?}"), "CalendarSecret");
    }
}
