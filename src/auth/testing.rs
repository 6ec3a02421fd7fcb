//! What the unit tests of this module share.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::{Builder, Uuid};

use super::{Claims, Identity, Keys, Scopes, Tokens};

pub(super) const ISSUER: &str = "https://ree.example";
pub(super) const CLIENT: &str = "0198f2a0-0000-7000-8000-0000000000c1";
pub(super) const PARTNER: &str = "0198f2a0-0000-7000-8000-0000000000a1";

/// A directory that goes away with the test.
pub(super) struct TempDir(PathBuf);

impl TempDir {
    pub(super) fn new() -> TempDir {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("ree-auth-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        TempDir(path)
    }

    /// Where the keys go; not made yet.
    pub(super) fn keys(&self) -> PathBuf {
        self.path().join("data").join("keys")
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(super) fn noon() -> DateTime<Utc> {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

/// A version 7 UUID of that moment; `nth` orders those of one millisecond.
pub(super) fn v7(at: DateTime<Utc>, nth: u8) -> Uuid {
    let millis = at.timestamp_millis().try_into().unwrap();
    let mut random = [0; 10];
    random[1] = nth;
    Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

pub(super) fn tokens() -> Tokens {
    let dir = TempDir::new();
    Tokens::new(Keys::load_or_create(&dir.keys(), noon()).unwrap(), ISSUER)
}

/// A partner's token of 15 minutes, signed at noon.
pub(super) fn claims() -> Claims {
    Claims {
        iss: ISSUER.to_owned(),
        sub: "someone".to_owned(),
        exp: noon() + TimeDelta::minutes(15),
        iat: noon(),
        jti: v7(noon(), 0),
        client_id: CLIENT.to_owned(),
        scope: Scopes::ReadWrite,
        identity: Identity::Partner {
            partner_id: PARTNER.parse().unwrap(),
        },
    }
}
