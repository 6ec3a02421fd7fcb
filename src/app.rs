//! The application: what every handler works with. [`server`](crate::server) mounts it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use uuid::Uuid;

use crate::auth::authenticator::Authenticator;
use crate::auth::{KeySource, Tokens};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::news::News;
use crate::db::pools::Pools;
use crate::db::probe::Probe;
use crate::db::standby::Standbys;
use crate::db::{Connector, Db, installation};
use crate::error::{Error, Result};
use crate::http::contract::Contract;
use crate::http::labels::names::ReadNames;
use crate::http::limits::Limits;
use crate::http::page::Cursors;
use crate::http::page_cache::PageCache;
use crate::http::references::ReadReferences;
use crate::http::request_log::RequestLog;
use crate::metrics::Metrics;

/// What all workers share.
pub struct Shared {
    /// The settings.
    pub config: Config,
    /// How connections are made.
    pub connector: Connector,
    /// Recognises callers.
    pub authenticator: Authenticator,
    /// Signs cursors.
    pub cursors: Cursors,
    /// Time and ids.
    pub clock: Clock,
    /// The contract.
    pub api: Api,
    /// What is measured.
    pub metrics: Metrics,
    /// What callers may cost each other.
    pub limits: Limits,
    /// The connections of all workers.
    pub pools: Pools,
    /// Public pages, until something is written.
    pub pages: PageCache,
    /// The last requests, until they are kept.
    pub request_log: RequestLog,
    /// Asks whether PostgreSQL answers.
    pub probe: Probe,
    /// The standbys that are read from.
    pub standbys: Arc<Standbys>,
    /// What is new in the change feed.
    pub news: Arc<News>,
    /// Whether the service was told to stop.
    stopping: watch::Sender<bool>,
}

/// The application of one worker.
pub struct App {
    shared: Arc<Shared>,
    /// This worker's connections.
    pub db: Db,
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

/// The contract of the service, read and written.
pub struct Api {
    /// The document as it is enforced.
    pub contract: Arc<Contract>,
    /// The document as it is served.
    pub document: String,
    /// How what an answer names is called.
    pub names: ReadNames,
    /// Which conventions the references that a request names are of.
    pub references: ReadReferences,
}

impl Shared {
    /// Over a database that is up to date.
    ///
    /// # Errors
    /// `service_unavailable` when the database is away.
    pub async fn new(
        config: Config,
        connector: Connector,
        source: KeySource,
        tokens: Tokens,
        api: Api,
    ) -> Result<Arc<Self>> {
        let cursors = Cursors::new(installation::cursor_key(&connector).await?);
        let read_url = config.read_url.as_deref();
        let read = read_url.map(|url| Connector::of_setting("REE_READ_URL", url));
        let read = read.transpose().map_err(Error::internal)?;
        Ok(Arc::new(Self {
            limits: Limits::new(&config),
            pools: Pools::default(),
            pages: PageCache::default(),
            request_log: RequestLog::default(),
            probe: Probe::start(&connector)?,
            standbys: Standbys::start(read.as_ref(), &connector)?,
            config,
            news: News::new(connector.clone()),
            connector,
            authenticator: Authenticator::new(source, tokens),
            cursors,
            clock: Clock::default(),
            api,
            metrics: Metrics::default(),
            stopping: watch::Sender::new(false),
        }))
    }

    /// What is measured, as it is now, as a Prometheus server reads it.
    pub fn measured(&self) -> String {
        self.metrics.set(|| {
            self.limits.measure();
            self.pools.measure();
            self.standbys.measure();
            self.pages.measure();
        });
        self.metrics.render()
    }

    /// From now on the service is not ready, and asks its callers to connect elsewhere.
    pub fn begin_to_stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether the service was told to stop.
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Returns once the service was told to stop: those who wait for something are answered then.
    pub async fn stopped(&self) {
        // The sender lives as long as this does: there is no other outcome.
        let mut stopping = self.stopping.subscribe();
        let _told = stopping.wait_for(|is_stopping| *is_stopping).await;
    }
}

impl App {
    /// The application of a worker, with connections of its own.
    ///
    /// # Errors
    /// `internal_error` when the pool cannot be built.
    pub fn new(shared: Arc<Shared>) -> Result<Self> {
        let config = &shared.config;
        let sizes = (config.db_connections, config.query_connections);
        let db = Db::new(&shared.connector, &shared.probe, &shared.standbys, sizes)?;
        let db = db.watched(&shared.pools);
        Ok(Self { shared, db })
    }

    /// Now.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A new UUIDv7.
    pub fn new_id(&self) -> Uuid {
        self.clock.new_id()
    }
}
