//! The errors of the signing keys, worded so that an operator can act on them.

use std::path::PathBuf;
use std::{fmt, io};

use chrono::TimeDelta;

/// Why the keys cannot be used. No message ever quotes a key.
#[derive(Debug)]
pub enum KeyError {
    /// The directory contains no key.
    None {
        /// The directory.
        dir: PathBuf,
    },
    /// Others than its owner have access to a file, or may write into the directory.
    Exposed {
        /// The file or directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// The mode it should have, in octal.
        wanted: &'static str,
    },
    /// A file is not an Ed25519 private key in PKCS#8 PEM.
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// A file is not named after the key it holds, so one of the two was exchanged.
    Misnamed {
        /// The file.
        path: PathBuf,
        /// The id of the key it holds.
        kid: String,
    },
    /// No key has that id.
    Unknown {
        /// The id asked for.
        kid: String,
    },
    /// The only key cannot be removed.
    Last {
        /// Its id.
        kid: String,
    },
    /// The keys were rotated a moment ago: the one that signs then is not known to all instances yet.
    Rotated {
        /// The id of the key that signs, or will.
        kid: String,
        /// How long until the next rotation.
        wait: TimeDelta,
    },
    /// The key that would sign instead of one that is revoked may not be known to all instances yet.
    Unpublished {
        /// Its id.
        kid: String,
        /// How long until it is.
        wait: TimeDelta,
    },
    /// The database has no key.
    NoneStored,
    /// The database has keys, and no encryption key is set.
    Locked,
    /// A key of the database is encrypted under another encryption key.
    OtherEncryption {
        /// Its id.
        kid: String,
        /// The name of what it is encrypted under.
        under: String,
        /// The names of what is set.
        known: Vec<String>,
    },
    /// A key of the database cannot be decrypted, although its encryption key is there.
    Damaged {
        /// Its id.
        kid: String,
    },
    /// A key was revoked: its file is not taken into the database again.
    Revoked {
        /// Its id.
        kid: String,
    },
    /// Something could not be encrypted.
    NotSealed,
    /// The operating system gave no random bytes.
    Random,
    /// The file system refused.
    Io {
        /// What was attempted, as a verb.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// What it answered.
        source: io::Error,
    },
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyError::None { dir } => write!(f, "no signing key in {}", dir.display()),
            KeyError::Exposed { path, mode, wanted } => {
                let path = path.display();
                write!(
                    f,
                    "{path} is open to others (mode {mode:03o}): run chmod {wanted} {path}"
                )
            }
            KeyError::Malformed { path } => {
                write!(
                    f,
                    "{} is not an Ed25519 private key in PKCS#8 PEM",
                    path.display()
                )
            }
            KeyError::Misnamed { path, kid } => {
                write!(
                    f,
                    "{} holds the key {kid} and must be named {kid}.pem",
                    path.display()
                )
            }
            KeyError::Unknown { kid } => write!(f, "no signing key has the id {kid}"),
            KeyError::Last { kid } => {
                write!(
                    f,
                    "{kid} is the only signing key: rotate before revoking it"
                )
            }
            KeyError::Rotated { kid, wait } => write!(
                f,
                "the keys were rotated a moment ago: {kid} signs from then on; rotate again in {} s, \
                 once all instances know the key that follows",
                seconds(*wait)
            ),
            KeyError::Unpublished { kid, wait } => write!(
                f,
                "{kid}, which would sign instead, may not be known to all instances yet: try again in {} s",
                seconds(*wait)
            ),
            KeyError::NoneStored => f.write_str(
                "no signing key in the database: `ree serve` makes one when it first starts, and \
                 `ree keys import` takes those of a data directory",
            ),
            KeyError::Locked => f.write_str(
                "the signing keys are in the database: set REE_KEY_ENCRYPTION_KEY to what they are \
                 encrypted under",
            ),
            KeyError::OtherEncryption { kid, under, known } => write!(
                f,
                "the signing key {kid} is encrypted under the encryption key {under}, and \
                 REE_KEY_ENCRYPTION_KEY is {}: give the former one after the new one, separated by a comma",
                known.join(", ")
            ),
            KeyError::Damaged { kid } => write!(
                f,
                "the signing key {kid} was altered in the database and cannot be decrypted: restore its row of \
                 signing_keys from a backup, or give it up with `ree keys revoke {kid}`"
            ),
            KeyError::Revoked { kid } => write!(
                f,
                "{kid} was revoked and is not imported again: remove its file"
            ),
            KeyError::NotSealed => f.write_str("a signing key could not be encrypted"),
            KeyError::Random => f.write_str("the operating system gave no random bytes"),
            KeyError::Io {
                action,
                path,
                source,
            } => {
                write!(f, "cannot {action} {}: {source}", path.display())
            }
        }
    }
}

/// Whole seconds, the last one begun counted.
fn seconds(wait: TimeDelta) -> i64 {
    wait.num_seconds().max(0) + 1
}

impl std::error::Error for KeyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            KeyError::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
