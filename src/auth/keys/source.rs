//! Where an installation has its signing keys: in files of the data directory, or in the database.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::{KeyError, Keys, store};
use crate::config::{Config, EncryptionKeys};
use crate::db::Session;
use crate::error::{Error, Result};

/// Where the keys are.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// In this directory: those of an instance alone.
    Files(PathBuf),
    /// In the database, encrypted: those that instances share.
    Database(EncryptionKeys),
}

/// What a service whose keys are in the database leaves in its data directory, for commands that are not
/// given what they are encrypted under.
const NOTE: &str = "keys.location";

/// The directory of the key files.
pub fn directory(config: &Config) -> PathBuf {
    config.data_dir.join("keys")
}

impl KeySource {
    /// As the settings say.
    pub fn of(config: &Config) -> Self {
        match &config.key_encryption {
            Some(encryption) => Self::Database(encryption.clone()),
            None => Self::Files(directory(config)),
        }
    }

    /// The same, unless a service of this data directory has its keys in the database.
    ///
    /// # Errors
    /// [`KeyError::Locked`].
    pub fn of_service(config: &Config) -> Result<Self, KeyError> {
        let is_noted = config.data_dir.join(NOTE).exists();
        match Self::of(config) {
            Self::Files(_) if is_noted => Err(KeyError::Locked),
            source => Ok(source),
        }
    }

    /// The keys that a service begins with. Where there is none yet it makes one; in the database, of
    /// those of the data directory where there are some, so that what they signed stays valid.
    ///
    /// # Errors
    /// When the keys cannot be used, or the database is away. Keys that are files where the database has
    /// some are refused: tokens would be believed by some instances alone.
    pub async fn begin(
        &self,
        session: &mut Session,
        files: &Path,
        is_writable: bool,
        now: DateTime<Utc>,
    ) -> Result<Keys> {
        let encryption = match self {
            Self::Files(_) if store::has_keys(session).await? => {
                return Err(Error::internal(KeyError::Locked));
            }
            Self::Files(dir) => return Keys::load_or_create(dir, now).map_err(Error::internal),
            Self::Database(encryption) => encryption,
        };
        let stored = store::read(session, encryption).await?;
        if !stored.is_empty() || !is_writable {
            return stored.keys().map_err(Error::internal);
        }
        first_keys(session, encryption, files, now).await
    }
}

/// Starters that arrive together take turns: the first makes the keys.
async fn first_keys(
    session: &mut Session,
    encryption: &EncryptionKeys,
    files: &Path,
    now: DateTime<Utc>,
) -> Result<Keys> {
    let mut stored = store::begin(session, encryption).await?;
    if stored.is_empty() {
        match Keys::load(files, now) {
            Ok(keys) => {
                stored.import(&keys).map_err(Error::internal)?;
                log::info!(
                    "the signing keys of {} are in the database now",
                    files.display()
                );
            }
            Err(KeyError::None { .. }) => stored.begin().map_err(Error::internal)?,
            Err(error) => return Err(Error::internal(error)),
        }
        store::write(session, &stored).await?;
    }
    session.commit().await?;
    stored.keys().map_err(Error::internal)
}

/// Tells commands beside a service where its keys are. A data directory that takes no writes does without.
pub fn leave_note(data_dir: &Path, source: &KeySource) {
    let note = data_dir.join(NOTE);
    let left = match source {
        KeySource::Files(_) if !note.exists() => Ok(()),
        KeySource::Files(_) => std::fs::remove_file(&note),
        KeySource::Database(_) => std::fs::write(&note, "database\n"),
    };
    if let Err(error) = left {
        log::warn!("{}: {error}", note.display());
    }
}
