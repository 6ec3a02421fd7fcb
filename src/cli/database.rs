//! Which database a command works on: `DATABASE_URL`, or the embedded server of the data directory.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Failure, reason};
use crate::app::Shared;
use crate::auth::keys::source;
use crate::auth::{KeySource, Tokens};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::cluster::Standing;
use crate::db::embedded::{self, Durability, Embedded};
use crate::db::session::Link;
use crate::db::{Connector, Session, installation, migrations};

/// A database, kept up as long as this value lives.
pub struct Database {
    /// How connections are made.
    pub connector: Connector,
    embedded: Option<Arc<Embedded>>,
}

/// The database's name in the embedded server.
const NAME: &str = "ree";

impl Database {
    /// Opens the database of these settings, starting the embedded server if need be.
    ///
    /// # Errors
    /// When there is neither a `DATABASE_URL` nor a PostgreSQL to run, with what to install.
    pub async fn open(config: &Config) -> Result<Self, Failure> {
        if let Some(url) = &config.database_url {
            return Ok(Self {
                connector: Connector::new(url)?,
                embedded: None,
            });
        }
        let embedded = Arc::new(start(&config.data_dir).await?);
        let (client, _link) = Connector::new(&embedded.url("postgres"))?.plain().await?;
        installation::create(&client, NAME).await?;
        let connector = Connector::new(&embedded.url(NAME))?;
        Ok(Self {
            connector,
            embedded: Some(embedded),
        })
    }

    /// A plain connection for bulk work, where the schema is this program's.
    ///
    /// # Errors
    /// When it is not, or the server cannot be reached.
    pub async fn plain(&self) -> Result<(tokio_postgres::Client, Link), Failure> {
        self.is_current().await?;
        Ok(self.connector.bulk().plain().await?)
    }

    /// A connection for queries, where the schema is this program's.
    ///
    /// # Errors
    /// As [`Database::plain`].
    pub async fn session(&self) -> Result<Session, Failure> {
        self.is_current().await?;
        Ok(self.connector.diesel().await?)
    }

    async fn is_current(&self) -> Result<(), Failure> {
        if migrations::is_current(&self.connector).await? {
            return Ok(());
        }
        Err("the database schema is not the one of this program: run `ree migrate` first".into())
    }

    /// The application over this database, brought up to date: what `serve` runs, and what lets a
    /// command take the very steps that requests take.
    ///
    /// # Errors
    /// When the schema cannot be brought up to date, or there are no keys and none can be made.
    pub async fn application(&self, config: &Config) -> Result<Arc<Shared>, Failure> {
        let now = Clock::default().now();
        self.bring_up_to_date(now).await?;
        let (source, files) = (KeySource::of(config), source::directory(config));
        let is_writable = self.connector.cluster().standing() == Standing::Primary;
        let mut session = self.connector.diesel().await?;
        let keys = source.begin(&mut session, &files, is_writable, now).await;
        let tokens = Tokens::new(keys.map_err(|error| reason(&error))?, config.issuer());
        let connector = self.connector.clone();
        Ok(crate::server::shared(config.clone(), connector, source, tokens).await?)
    }

    /// Where no server takes writes, a schema that is this program's is served as it is.
    async fn bring_up_to_date(&self, now: DateTime<Utc>) -> Result<(), Failure> {
        if self.connector.search().await?.seen.is_writable {
            migrations::run(&self.connector, now).await?;
            return Ok(());
        }
        if !migrations::is_current(&self.connector).await? {
            return Err(
                "the database takes no writes, and its schema is not the one of this program:                  run `ree migrate` on its primary first"
                    .into(),
            );
        }
        log::warn!("the database takes no writes: reads are served, writes are answered 503");
        Ok(())
    }

    /// Whether the server is the program's own.
    pub const fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    /// Restarts the embedded server whenever it died, as long as this future is polled.
    pub async fn keep_running(&self) {
        let Some(embedded) = &self.embedded else {
            return std::future::pending().await;
        };
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let server = Arc::clone(embedded);
            match tokio::task::spawn_blocking(move || server.ensure_running()).await {
                Ok(Ok(true)) => {
                    log::warn!("the embedded PostgreSQL had died and was started again")
                }
                Ok(Ok(false)) => {}
                Ok(Err(error)) => {
                    log::error!("the embedded PostgreSQL cannot be started again: {error}")
                }
                Err(error) => log::error!("{error}"),
            }
        }
    }
}

async fn start(data_dir: &Path) -> Result<Embedded, Failure> {
    std::fs::create_dir_all(data_dir)
        .map_err(|error| format!("REE_DATA_DIR={}: {error}", data_dir.display()))?;
    let (directory, reaper) = (data_dir.to_owned(), std::env::current_exe()?);
    let started = tokio::task::spawn_blocking(move || {
        embedded::attach_or_start(directory, Durability::Durable, Duration::ZERO, reaper)
    });
    Ok(started.await??)
}
