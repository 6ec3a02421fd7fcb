//! Keys that are files, `<data dir>/keys/<kid>.pem`: those of an instance alone.
//!
//! The newest signs once it has been there for a while, all verify. Rotating is adding a key;
//! removing the old one is for when the last token it signed has expired.
//!
//! A file is PKCS#8 in PEM (RFC 8410, RFC 7468), preceded by a `Created:` line. RFC 7468 §2
//! allows text before the first boundary and every PEM reader skips it; the date is kept there
//! rather than in the file's modification time because copies and backups lose the latter, and
//! "the newest signs" depends on it.

use std::cmp::{Ordering, Reverse};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes};

use super::{Key, KeyError, Keys, Listed, PUBLISHED, Status};

/// A key file is some 200 bytes; whatever is longer is not one, and is not read into memory.
const LONGEST_FILE: u64 = 16 * 1024;
const CREATED: &str = "Created: ";

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
        if let Some(keys) = Keys::read(dir, now)? {
            return Ok(keys);
        }
        let _turn = take_turn(dir)?;
        if let Some(keys) = Keys::read(dir, now)? {
            return Ok(keys);
        }
        create(dir, now)?;
        Keys::load(dir, now)
    }

    /// Loads the keys of `dir`, without ever making one.
    ///
    /// # Errors
    /// As [`Keys::load_or_create`], and [`KeyError::None`] when there is no key.
    pub fn load(dir: &Path, now: DateTime<Utc>) -> Result<Keys, KeyError> {
        Keys::read(dir, now)?.ok_or_else(|| KeyError::None {
            dir: dir.to_owned(),
        })
    }

    /// Adds a key, which signs in a moment; the former ones still verify.
    ///
    /// A running service sees it when it loads its keys again.
    ///
    /// # Errors
    /// As [`Keys::load_or_create`]; [`KeyError::Rotated`] while the one added last does not sign yet.
    pub fn rotate(dir: &Path, now: DateTime<Utc>) -> Result<Keys, KeyError> {
        make_dir(dir)?;
        let _turn = take_turn(dir)?;
        let all = read_all(dir)?;
        let newest = all.first();
        if let Some(newest) = newest.filter(|_| all.len() > 1) {
            let age = now - newest.created;
            if age < PUBLISHED {
                return Err(KeyError::Rotated {
                    kid: newest.kid.clone(),
                    wait: PUBLISHED - age,
                });
            }
        }
        // Should the clock have gone back, the new key is still the newest.
        let next = newest.and_then(|key| key.created.checked_add_signed(TimeDelta::seconds(1)));
        let created = next.map_or(now, |next| now.max(next));
        create(dir, created)?;
        Keys::load(dir, now)
    }

    /// Removes a key: every token it signed is refused once the service has loaded its keys
    /// again. The last key stays, for a service without one could not start signing again
    /// unnoticed: rotate first.
    ///
    /// # Errors
    /// As [`Keys::load`] and [`Keys::retiring`].
    pub fn revoke(dir: &Path, kid: &str, now: DateTime<Utc>) -> Result<Keys, KeyError> {
        let _turn = take_turn(dir)?;
        // `kid` becomes a path only after it was found among the keys: it cannot climb out.
        Keys::load(dir, now)?.retiring(kid, now)?;
        let path = dir.join(file_name(kid));
        fs::remove_file(&path).map_err(io_error("remove", &path))?;
        sync_dir(dir)?;
        Keys::load(dir, now)
    }

    /// The keys of files without this one, which still opens what was sealed with it.
    ///
    /// # Errors
    /// [`KeyError::Unknown`], [`KeyError::Last`]; [`KeyError::Unpublished`] when the one that would sign
    /// instead may not be known to all instances yet.
    pub fn retiring(&self, kid: &str, now: DateTime<Utc>) -> Result<Keys, KeyError> {
        let kid = kid.to_owned();
        let Some(leaving) = self.find(&kid) else {
            return Err(KeyError::Unknown { kid });
        };
        let others = self.shared().filter(|key| key.kid != kid);
        let mut left: Vec<Arc<Key>> = others.cloned().collect();
        sort(&mut left);
        let Some(mut keys) = Keys::of_files(left, now) else {
            return Err(KeyError::Last { kid });
        };
        let wait = keys.current.created + PUBLISHED - now;
        if leaving.kid == self.current.kid && wait > TimeDelta::zero() {
            let heir = keys.current.kid.clone();
            return Err(KeyError::Unpublished { kid: heir, wait });
        }
        keys.sealing.push(leaving.sealing());
        Ok(keys)
    }

    /// The keys of `dir` as they are told of, the newest first.
    ///
    /// # Errors
    /// As [`Keys::load`].
    pub fn list(dir: &Path, now: DateTime<Utc>) -> Result<Vec<Listed>, KeyError> {
        let keys = Keys::load(dir, now)?;
        let mut all: Vec<&Arc<Key>> = keys.shared().collect();
        all.sort_by_key(|key| Reverse(key.created));
        let first = all.last().map(|key| key.kid.clone());
        let listed = all.into_iter().map(|key| Listed {
            kid: key.kid.clone(),
            status: match key.created.cmp(&keys.current.created) {
                _ if key.kid == keys.current.kid => Status::Current,
                Ordering::Greater => Status::Next,
                _ => Status::Previous,
            },
            created_at: key.created,
            signs_from: Some(if first.as_ref() == Some(&key.kid) {
                key.created
            } else {
                key.created + PUBLISHED
            }),
            verifies_until: None,
            encryption_key: None,
        });
        Ok(listed.collect())
    }

    /// `None` when the directory contains no key.
    fn read(dir: &Path, now: DateTime<Utc>) -> Result<Option<Keys>, KeyError> {
        Ok(Keys::of_files(read_all(dir)?, now))
    }

    /// Keys of files, the newest first. That which signs is the newest that others have had time to read,
    /// else the oldest.
    fn of_files(mut all: Vec<Arc<Key>>, now: DateTime<Utc>) -> Option<Keys> {
        let known = all.iter().position(|key| key.created + PUBLISHED <= now);
        let current = known.or_else(|| all.len().checked_sub(1))?;
        let current = all.remove(current);
        let sealing = std::iter::once(&current).chain(&all);
        Some(Keys {
            sealing: sealing.map(|key| key.sealing()).collect(),
            current,
            others: all,
            unreadable: Vec::new(),
        })
    }
}

/// All keys of `dir`, the newest first; none where there is no such directory.
fn read_all(dir: &Path) -> Result<Vec<Arc<Key>>, KeyError> {
    let mut keys = Vec::new();
    if !dir.try_exists().map_err(io_error("inspect", dir))? {
        return Ok(keys);
    }
    for entry in fs::read_dir(dir).map_err(io_error("list", dir))? {
        let path = entry.map_err(io_error("list", dir))?.path();
        // The lock and the temporary files have other names.
        if path.extension().is_none_or(|extension| extension != "pem") {
            continue;
        }
        match Key::read(&path) {
            Ok(key) => keys.push(Arc::new(key)),
            // Revoked since the directory was listed.
            Err(KeyError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    if !keys.is_empty() {
        is_private(dir)?;
    }
    sort(&mut keys);
    Ok(keys)
}

/// The newest first. Ties are broken by the id, so that all instances agree on who signs.
fn sort(keys: &mut [Arc<Key>]) {
    keys.sort_by(|a, b| (Reverse(a.created), &a.kid).cmp(&(Reverse(b.created), &b.kid)));
}

impl Key {
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
        let key = Key::new(signing, created).ok_or_else(malformed)?;
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
}

fn file_name(kid: &str) -> String {
    format!("{kid}.pem")
}

fn created(text: &str) -> Option<DateTime<Utc>> {
    let line = text.lines().find_map(|line| line.strip_prefix(CREATED))?;
    let date = DateTime::parse_from_rfc3339(line.trim()).ok()?;
    Some(date.to_utc())
}

pub(super) fn make_dir(dir: &Path) -> Result<(), KeyError> {
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
    let key = Key::generate(now)?;
    let path = dir.join(file_name(&key.kid));
    // Without the public half, which would make it a PKCS#8 version 2 that openssl 3 cannot read.
    let pair = KeypairBytes {
        secret_key: *key.seed(),
        public_key: None,
    };
    let pem = pair
        .to_pkcs8_pem(LineEnding::LF)
        .map_err(|_| KeyError::Malformed { path: path.clone() })?;
    let head = format!(
        "{CREATED}{}\n",
        now.to_rfc3339_opts(SecondsFormat::Micros, true)
    );

    let temporary = dir.join(format!(".{}.tmp", key.kid));
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
