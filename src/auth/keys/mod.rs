//! The service's own signing keys: Ed25519, one file each, in `<data dir>/keys/<kid>.pem`.
//!
//! Several may coexist: the newest signs, all verify. Rotating is therefore adding a key and
//! removing the old one once the last token it signed has expired.
//!
//! A file is PKCS#8 in PEM (RFC 8410, RFC 7468), preceded by a `Created:` line. RFC 7468 §2
//! allows text before the first boundary and every PEM reader skips it; the date is kept there
//! rather than in the file's modification time because copies and backups lose the latter, and
//! "the newest signs" depends on it.

use std::cmp::Reverse;
use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes};
use hmac::{Hmac, Mac};
use jsonwebtoken::{DecodingKey, EncodingKey};
use rand::TryRngCore;
use rand::rngs::OsRng;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

mod error;
#[cfg(test)]
mod tests;

pub use error::KeyError;

/// A key file is some 200 bytes; whatever is longer is not one, and is not read into memory.
const LONGEST_FILE: u64 = 16 * 1024;
const CREATED: &str = "Created: ";

/// The signing keys, newest first; never empty. `Debug` shows the ids alone.
pub struct Keys {
    newest: Key,
    older: Vec<Key>,
}

/// One Ed25519 key pair, ready to sign and to verify.
pub struct Key {
    kid: String,
    created: DateTime<Utc>,
    public: [u8; 32],
    encoding: EncodingKey,
    decoding: DecodingKey,
    sealing: [u8; 32],
}

impl Keys {
    /// Loads the keys of `dir`; on the very first start, makes the directory and one key.
    ///
    /// Starters that arrive together take turns on a lock file, so that only the first one makes
    /// a key and the others load it. Loading alone writes nothing and takes no lock: the
    /// directory may be mounted read-only once it holds a key.
    ///
    /// # Errors
    /// A file others can read, a file that is not an Ed25519 key, or a failing file system.
    pub fn load_or_create(dir: &Path, now: DateTime<Utc>) -> Result<Keys, KeyError> {
        make_dir(dir)?;
        if let Some(keys) = Keys::read(dir)? {
            return Ok(keys);
        }
        let _turn = take_turn(dir)?;
        if let Some(keys) = Keys::read(dir)? {
            return Ok(keys);
        }
        create(dir, now)?;
        Keys::load(dir)
    }

    /// Loads the keys of `dir`, without ever making one.
    ///
    /// # Errors
    /// As [`Keys::load_or_create`], and [`KeyError::None`] when there is no key.
    pub fn load(dir: &Path) -> Result<Keys, KeyError> {
        Keys::read(dir)?.ok_or_else(|| KeyError::None {
            dir: dir.to_owned(),
        })
    }

    /// Adds a key, which signs from now on; the former ones still verify.
    ///
    /// A running service sees it when it loads its keys again.
    ///
    /// # Errors
    /// As [`Keys::load_or_create`].
    pub fn rotate(dir: &Path, now: DateTime<Utc>) -> Result<Keys, KeyError> {
        make_dir(dir)?;
        let _turn = take_turn(dir)?;
        // Should the clock have gone back, the new key is still the newest.
        let newest = Keys::read(dir)?.map(|keys| keys.newest.created);
        let next = newest.and_then(|date| date.checked_add_signed(TimeDelta::seconds(1)));
        let created = next.map_or(now, |next| now.max(next));
        create(dir, created)?;
        Keys::load(dir)
    }

    /// Removes a key: every token it signed is refused once the service has loaded its keys
    /// again. The last key stays, for a service without one could not start signing again
    /// unnoticed: rotate first.
    ///
    /// # Errors
    /// As [`Keys::load`]; [`KeyError::Unknown`], [`KeyError::Last`].
    pub fn revoke(dir: &Path, kid: &str) -> Result<Keys, KeyError> {
        let _turn = take_turn(dir)?;
        let keys = Keys::load(dir)?;
        // `kid` becomes a path only after it was found among the keys: it cannot climb out.
        let Some(key) = keys.find(kid) else {
            return Err(KeyError::Unknown {
                kid: kid.to_owned(),
            });
        };
        if keys.older.is_empty() {
            return Err(KeyError::Last {
                kid: kid.to_owned(),
            });
        }
        let path = dir.join(file_name(&key.kid));
        fs::remove_file(&path).map_err(io_error("remove", &path))?;
        sync_dir(dir)?;
        Keys::load(dir)
    }

    /// The key that signs.
    #[must_use]
    pub fn newest(&self) -> &Key {
        &self.newest
    }

    /// The key of that id, among all those that verify.
    #[must_use]
    pub fn find(&self, kid: &str) -> Option<&Key> {
        self.iter().find(|key| key.kid == kid)
    }

    /// All keys, newest first.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.newest).chain(&self.older)
    }

    /// The JSON Web Key Set to publish (RFC 7517 §5, RFC 8037 §2): public halves only.
    #[must_use]
    pub fn jwks(&self) -> Value {
        json!({ "keys": self.iter().map(Key::jwk).collect::<Vec<_>>() })
    }

    /// `None` when the directory contains no key.
    fn read(dir: &Path) -> Result<Option<Keys>, KeyError> {
        if !dir.try_exists().map_err(io_error("inspect", dir))? {
            return Ok(None);
        }
        let mut keys = Vec::new();
        for entry in fs::read_dir(dir).map_err(io_error("list", dir))? {
            let path = entry.map_err(io_error("list", dir))?.path();
            // The lock and the temporary files have other names.
            if path.extension().is_none_or(|extension| extension != "pem") {
                continue;
            }
            match Key::read(&path) {
                Ok(key) => keys.push(key),
                // Revoked since the directory was listed.
                Err(KeyError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        if !keys.is_empty() {
            is_private(dir)?;
        }
        // Ties are broken by the id, so that all instances agree on who signs.
        keys.sort_by(|a, b| (Reverse(a.created), &a.kid).cmp(&(Reverse(b.created), &b.kid)));
        let mut keys = keys.into_iter();
        Ok(keys.next().map(|newest| Keys {
            newest,
            older: keys.collect(),
        }))
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

    /// The key made of it that encrypts what is kept.
    pub(super) fn sealing(&self) -> &[u8; 32] {
        &self.sealing
    }

    /// What `jsonwebtoken` signs with.
    pub(super) fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }

    /// What `jsonwebtoken` verifies with.
    pub(super) fn decoding(&self) -> &DecodingKey {
        &self.decoding
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

    fn read(path: &Path) -> Result<Key, KeyError> {
        let file = File::open(path).map_err(io_error("open", path))?;
        // Asked of the open file, not of the path: it cannot be exchanged in between.
        let metadata = file.metadata().map_err(io_error("inspect", path))?;
        if metadata.mode() & 0o077 != 0 {
            let mode = metadata.mode() & 0o7777;
            return Err(KeyError::Exposed {
                path: path.to_owned(),
                mode,
                wanted: "600",
            });
        }
        let mut text = String::new();
        let mut bounded = file.take(LONGEST_FILE);
        bounded
            .read_to_string(&mut text)
            .map_err(io_error("read", path))?;
        let created = match created(&text) {
            Some(created) => created,
            // A key made elsewhere, by openssl for instance.
            None => metadata
                .modified()
                .map_err(io_error("inspect", path))?
                .into(),
        };
        // The decoder's error is dropped: it could quote what it read.
        let malformed = || KeyError::Malformed {
            path: path.to_owned(),
        };
        let signing = SigningKey::from_pkcs8_pem(&text).map_err(|_| malformed())?;
        let key = Key::new(&signing, created).ok_or_else(malformed)?;
        if path
            .file_name()
            .is_none_or(|name| *name != *file_name(&key.kid))
        {
            return Err(KeyError::Misnamed {
                path: path.to_owned(),
                kid: key.kid,
            });
        }
        Ok(key)
    }

    fn new(signing: &SigningKey, created: DateTime<Utc>) -> Option<Key> {
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
            sealing: sealing(signing)?,
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

/// A key of its own for another purpose: a keyed digest of the purpose tells nothing of the seed.
fn sealing(signing: &SigningKey) -> Option<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(signing.as_bytes()).ok()?;
    mac.update(b"ree: encryption of kept secrets, version 1");
    Some(mac.finalize().into_bytes().into())
}

/// RFC 7638 §3: SHA-256 of the required members in lexicographic order, without white space;
/// RFC 8037 §2 names them for Ed25519.
fn thumbprint(public: &[u8; 32]) -> String {
    let x = URL_SAFE_NO_PAD.encode(public);
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(canonical))
}

fn file_name(kid: &str) -> String {
    format!("{kid}.pem")
}

fn created(text: &str) -> Option<DateTime<Utc>> {
    let line = text.lines().find_map(|line| line.strip_prefix(CREATED))?;
    let date = DateTime::parse_from_rfc3339(line.trim()).ok()?;
    Some(date.to_utc())
}

fn make_dir(dir: &Path) -> Result<(), KeyError> {
    let directory = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    directory.map_err(io_error("create", dir))?;
    is_private(dir)
}

/// Refuses a directory that is open to others: whoever may write into it can slip in a key of theirs,
/// and sign as anybody; whoever may look into it learns when keys change, and needs one slip of a
/// file's mode to have them.
fn is_private(dir: &Path) -> Result<(), KeyError> {
    let mode = fs::metadata(dir).map_err(io_error("inspect", dir))?.mode();
    if mode & 0o077 != 0 {
        let mode = mode & 0o7777;
        return Err(KeyError::Exposed {
            path: dir.to_owned(),
            mode,
            wanted: "700",
        });
    }
    Ok(())
}

/// Waits for the directory's lock, which is kept until the returned file is dropped, or its process dies.
fn take_turn(dir: &Path) -> Result<File, KeyError> {
    let path = dir.join(".lock");
    let mut options = OpenOptions::new();
    let file = options
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(io_error("open", &path))?;
    file.lock().map_err(io_error("lock", &path))?;
    Ok(file)
}

/// Makes one key. The caller holds the lock.
///
/// The file appears complete or not at all: it is written under another name, brought to the
/// disk, then renamed. The rename overwrites nothing: the name is the hash of a key drawn just
/// now, and the lock keeps other writers away (a hard link, which would check it, does not exist
/// on every file system a container mounts).
fn create(dir: &Path, now: DateTime<Utc>) -> Result<(), KeyError> {
    sweep(dir)?;
    let mut seed = [0; 32];
    OsRng
        .try_fill_bytes(&mut seed)
        .map_err(|_| KeyError::Random)?;
    let signing = SigningKey::from_bytes(&seed);
    let kid = thumbprint(&signing.verifying_key().to_bytes());
    let path = dir.join(file_name(&kid));
    // Without the public half, which would make it a PKCS#8 version 2 that openssl 3 cannot read.
    let pair = KeypairBytes {
        secret_key: seed,
        public_key: None,
    };
    let pem = pair
        .to_pkcs8_pem(LineEnding::LF)
        .map_err(|_| KeyError::Malformed { path: path.clone() })?;
    let head = format!(
        "{CREATED}{}\n",
        now.to_rfc3339_opts(SecondsFormat::Micros, true)
    );

    let temporary = dir.join(format!(".{kid}.tmp"));
    let mut options = OpenOptions::new();
    let mut file = options
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&temporary)
        .map_err(io_error("create", &temporary))?;
    file.write_all(head.as_bytes())
        .map_err(io_error("write", &temporary))?;
    file.write_all(pem.as_bytes())
        .map_err(io_error("write", &temporary))?;
    file.sync_all().map_err(io_error("sync", &temporary))?;
    fs::rename(&temporary, &path).map_err(io_error("rename", &temporary))?;
    sync_dir(dir)
}

/// Removes what a starter killed half-way left behind; the caller holds the lock, hence nobody
/// is still writing it.
fn sweep(dir: &Path) -> Result<(), KeyError> {
    for entry in fs::read_dir(dir).map_err(io_error("list", dir))? {
        let path = entry.map_err(io_error("list", dir))?.path();
        if path.extension().is_some_and(|extension| extension == "tmp") {
            fs::remove_file(&path).map_err(io_error("remove", &path))?;
        }
    }
    Ok(())
}

/// Without it a power failure may forget a rename or a removal that was already answered.
fn sync_dir(dir: &Path) -> Result<(), KeyError> {
    let opened = File::open(dir).map_err(io_error("open", dir))?;
    opened.sync_all().map_err(io_error("sync", dir))
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeyError {
    move |source| KeyError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}
