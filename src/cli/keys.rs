//! `ree keys`: the keys that sign tokens, beside a running service or not.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::database::Database;
use super::output::{self, Format};
use super::{Failure, config, reason};
use crate::auth::keys::{KeyError, KeySource, Keys, Listed, Stored, source, store};
use crate::auth::sealing::Sealer;
use crate::clock::Clock;
use crate::config::{Config, EncryptionKeys};
use crate::db::Session;
use crate::integration::webhooks::store::sealing::{Anew, is_there, seal_anew};

/// How long a running service may take to notice that a key is gone.
const NOTICED: Duration = Duration::from_secs(5);

const COLUMNS: &[&str] = &[
    "kid",
    "status",
    "created_at",
    "signs_from",
    "verifies_until",
    "encryption_key",
];

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// How to print the keys
    #[arg(long, global = true, value_enum, default_value = "table")]
    format: Format,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List the keys, and what each is for
    List,
    /// Have the next key sign; tokens of the former ones stay valid
    ///
    /// In the database the next key was published when the last rotation was: it signs at once, the one
    /// before verifies for 30 days more, and what is encrypted under a former encryption key is encrypted
    /// anew. Of files, a new one is added, which signs in 10 seconds.
    Rotate,
    /// Give a key up: every token it signed is refused within 5 seconds
    ///
    /// Where it signs, another does from now on. The only key is not given up: rotate first. Secrets of
    /// webhooks that it encrypts are encrypted anew before.
    Revoke {
        /// The key's id
        kid: String,
    },
    /// Take the keys of a data directory into the database: their tokens stay valid
    Import {
        /// The directory of the key files [default: keys in REE_DATA_DIR]
        directory: Option<PathBuf>,
    },
    /// Encrypt everything anew under the first key of REE_KEY_ENCRYPTION_KEY
    Reencrypt,
}

pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let config = config()?;
    let source = KeySource::of_service(&config)?;
    let (keys, failure) = match &source {
        KeySource::Files(dir) => (of_files(&config, dir, &arguments.action).await?, None),
        KeySource::Database(encryption) => {
            let database = Database::open(&config).await?;
            let stored = of_database(&config, &database, encryption, &arguments.action).await?;
            (stored.list(), stored.check(None).err())
        }
    };
    output::print(&output::list(arguments.format, &keys, COLUMNS)?)?;
    failure.map_or(Ok(()), |error| Err(error.into()))
}

async fn of_files(config: &Config, dir: &Path, action: &Action) -> Result<Vec<Listed>, Failure> {
    let now = || Clock::default().now();
    match action {
        Action::List => {}
        Action::Rotate => {
            // None is made where there is none: the service of another directory would not have it.
            Keys::load(dir, now())?;
            Keys::rotate(dir, now())?;
        }
        Action::Revoke { kid } => revoke_file(config, dir, kid).await?,
        Action::Import { .. } | Action::Reencrypt => {
            return Err("REE_KEY_ENCRYPTION_KEY is not set: it is what keys are encrypted under in the database \
                        (32 random bytes, as `openssl rand -base64 32` prints them)"
                .into());
        }
    }
    Ok(Keys::list(dir, now())?)
}

/// Removes a key file, once nothing is encrypted with a key made of it.
async fn revoke_file(config: &Config, dir: &Path, kid: &str) -> Result<(), Failure> {
    let clock = Clock::default();
    let retiring = || Keys::load(dir, clock.now())?.retiring(kid, clock.now());
    let left = match retiring() {
        Err(KeyError::Unpublished { kid, wait }) => {
            rest(&kid, wait).await;
            retiring()?
        }
        left => left?,
    };
    let sealer = left.sealer();
    let database = Database::open(config).await?;
    let mut session = database.connector.diesel().await?;
    let before = seal_secrets(&mut session, &sealer).await?;
    Keys::revoke(dir, kid, clock.now())?;
    // A running service signs and seals with it until it has noticed.
    tokio::time::sleep(NOTICED).await;
    let after = seal_secrets(&mut session, &sealer).await?;
    tell(Anew {
        sealed: before.sealed + after.sealed,
        ..after
    });
    Ok(())
}

/// Encrypts secrets anew that are under another key than the first, in a transaction of their own.
async fn seal_secrets(session: &mut Session, sealer: &Sealer) -> Result<Anew, Failure> {
    let sealing = async {
        if !is_there(session.connection_mut()).await? {
            return Ok(Anew::default());
        }
        session.begin().await?;
        let anew = seal_anew(session.connection_mut(), sealer).await?;
        session.commit().await?;
        Ok(anew)
    };
    sealing.await.map_err(|error| reason(&error))
}

async fn of_database(
    config: &Config,
    database: &Database,
    encryption: &EncryptionKeys,
    action: &Action,
) -> Result<Stored, Failure> {
    match action {
        Action::List => {
            let session = database.session().await?;
            let stored = store::read(&session, encryption).await;
            let stored = stored.map_err(|error| reason(&error))?;
            if stored.is_empty() {
                return Err(KeyError::NoneStored.into());
            }
            Ok(stored)
        }
        Action::Rotate => step(database, encryption, true, Stored::rotate).await,
        Action::Revoke { kid } => {
            step(database, encryption, true, |stored| stored.revoke(kid)).await
        }
        Action::Import { directory } => {
            let directory = directory
                .clone()
                .unwrap_or_else(|| source::directory(config));
            let keys = Keys::load(&directory, Clock::default().now())?;
            // Instances that still read the files open nothing that is sealed otherwise.
            let import = |stored: &mut Stored| stored.import(&keys);
            step(database, encryption, false, import).await
        }
        Action::Reencrypt => step(database, encryption, true, Stored::encrypt).await,
    }
}

/// Takes a step of the keys in a transaction, and encrypts secrets anew in it where that is due.
async fn step(
    database: &Database,
    encryption: &EncryptionKeys,
    seals: bool,
    mut step: impl FnMut(&mut Stored) -> Result<(), KeyError>,
) -> Result<Stored, Failure> {
    let mut has_waited = false;
    loop {
        // What is refused leaves nothing behind: its connection ends with it.
        let mut session = database.session().await?;
        let begun = store::begin(&mut session, encryption).await;
        let mut stored = begun.map_err(|error| reason(&error))?;
        let sealer = stored.secrets();
        match step(&mut stored) {
            Err(KeyError::Unpublished { kid, wait }) if !has_waited => {
                drop(session);
                rest(&kid, wait).await;
                has_waited = true;
                continue;
            }
            taken => taken?,
        }
        let writing = async {
            store::write(&mut session, &stored).await?;
            let anew = match seals {
                true => seal_anew(session.connection_mut(), &sealer).await?,
                false => Anew::default(),
            };
            session.commit().await?;
            Ok(anew)
        };
        tell(writing.await.map_err(|error| reason(&error))?);
        return Ok(stored);
    }
}

/// Waits until a key is known to all instances.
async fn rest(kid: &str, wait: chrono::TimeDelta) {
    let wait = wait.to_std().unwrap_or_default();
    output::tell(&format!(
        "{kid} is to sign instead: {} s until all instances know it",
        wait.as_secs() + 1
    ));
    tokio::time::sleep(wait).await;
}

fn tell(anew: Anew) {
    if anew.sealed > 0 {
        output::tell(&format!(
            "{} secrets of webhooks encrypted anew",
            anew.sealed
        ));
    }
    if anew.lost > 0 {
        output::tell(&format!(
            "{} secrets of webhooks cannot be decrypted: they need new ones (POST /v1/webhooks/{{id}}/rotate-secret)",
            anew.lost
        ));
    }
}
