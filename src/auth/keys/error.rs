//! The errors of the signing keys, worded so that an operator can act on them.

use std::path::PathBuf;
use std::{fmt, io};

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

impl std::error::Error for KeyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            KeyError::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
