//! PostgreSQL: how connections are made, lent and bounded.
//!
//! Each HTTP worker has a [`Db`] of its own: one connection that its short reads share, pipelined, a
//! small pool that a write borrows one from, and another for long reads, so that neither waits for the
//! other. Connections so live on the thread
//! that uses them: nothing wakes another thread to answer a request.

pub mod cluster;
pub mod condition;
pub mod connect;
pub mod embedded;
pub mod functions;
pub mod idempotency;
pub mod installation;
pub mod journal;
pub mod keyset;
pub mod limit;
pub mod migrations;
pub mod moment;
pub mod news;
pub mod overlap;
pub mod page;
pub mod pools;
pub mod probe;
mod reference;
pub mod rows;
#[expect(
    missing_docs,
    reason = "generated; the migrations say what each column is"
)]
pub mod schema;
pub mod search;
pub mod session;
pub mod snapshot;
mod socket;
pub mod sql_text;
mod tls;
pub mod tx;
pub mod version;
mod wire;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deadpool::managed::{
    Manager, Metrics, Object, Pool, PoolError, RecycleError, RecycleResult, Timeouts,
};
use diesel_async::AsyncPgConnection;

use crate::error::{Error, Result};
use cluster::Standing;
pub use connect::Connector;
use pools::Pools;
use probe::Probe;
pub use session::Session;
use snapshot::Snapshot;

/// A connection that a write borrows.
pub type Borrowed = Object<Sessions>;

/// How long a request may wait for a connection before it is answered 503, and for one to be made.
const WAIT: Duration = Duration::from_secs(3);
const MAKING: Duration = Duration::from_secs(4);

/// The pools, by the names that the metrics give them.
const WRITES: &str = "writes";
const QUERIES: &str = "queries";

/// One worker's connections.
pub struct Db {
    connector: Connector,
    watch: Probe,
    pool: Pool<Sessions>,
    queries: Pool<Sessions>,
    reader: Mutex<Option<Arc<Session>>>,
}

/// A connection to read on.
pub enum Reading {
    /// That which the worker's reads share.
    Shared(Arc<Session>),
    /// One of its own.
    Own(Box<Borrowed>),
}

impl std::ops::Deref for Reading {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        match self {
            Self::Shared(reader) => reader,
            Self::Own(borrowed) => borrowed,
        }
    }
}

/// How long a statement may take on the connection that reads share: others wait behind it.
const SHORT: Duration = Duration::from_secs(5);

/// Makes the connections of a pool.
pub struct Sessions(Connector);

impl Manager for Sessions {
    type Type = Session;
    type Error = Error;

    async fn create(&self) -> Result<Session> {
        self.0.diesel().await.map_err(Error::unavailable)
    }

    /// Broken connections are recognised without a query: the pool must not cost a round trip.
    async fn recycle(&self, session: &mut Session, _: &Metrics) -> RecycleResult<Error> {
        if session.is_good() {
            Ok(())
        } else {
            Err(RecycleError::message("made anew"))
        }
    }
}

fn pool(connector: &Connector, size: usize) -> Result<Pool<Sessions>> {
    let timeouts = Timeouts {
        wait: Some(WAIT),
        create: Some(MAKING),
        recycle: Some(WAIT),
    };
    Pool::builder(Sessions(connector.clone()))
        .max_size(size)
        .timeouts(timeouts)
        .runtime(deadpool::Runtime::Tokio1)
        .build()
        .map_err(Error::internal)
}

async fn borrow(pool: &Pool<Sessions>) -> Result<Borrowed> {
    pool.get().await.map_err(|error| match error {
        PoolError::Backend(error) => error,
        other => Error::unavailable(other),
    })
}

impl Db {
    /// Connections made by this connector, at most `writes` for writes and `queries` for long reads;
    /// none is opened yet.
    ///
    /// # Errors
    /// `internal_error` when a pool cannot be built.
    pub fn new(
        connector: &Connector,
        watch: &Probe,
        writes: usize,
        queries: usize,
    ) -> Result<Self> {
        Ok(Self {
            watch: watch.clone(),
            pool: pool(connector, writes)?,
            queries: pool(connector, queries)?,
            connector: connector.within(SHORT),
            reader: Mutex::new(None),
        })
    }

    /// Has these pools be seen in the metrics.
    pub fn watched(self, pools: &Pools) -> Self {
        pools.watch(WRITES, &self.pool);
        pools.watch(QUERIES, &self.queries);
        self
    }

    /// A connection of one's own, for a write.
    ///
    /// # Errors
    /// `service_unavailable` when none is free, or PostgreSQL is away or takes no writes.
    pub async fn borrow(&self) -> Result<Borrowed> {
        // Asked again now, once for all who write: a primary is used as soon as there is one.
        if self.is_read_only() && self.watch.ping().await? != Standing::Primary {
            return Err(Error::unavailable("PostgreSQL takes no writes"));
        }
        borrow(&self.pool).await
    }

    /// Whether it is known that no server takes writes now.
    pub fn is_read_only(&self) -> bool {
        self.connector.cluster().standing() == Standing::ReadOnly
    }

    /// A connection of one's own, for a long read: a search, a sum, an export.
    ///
    /// # Errors
    /// As [`Db::borrow`].
    pub async fn query(&self) -> Result<Borrowed> {
        borrow(&self.queries).await
    }

    /// A connection to read on: the shared one, unless the read may be long.
    ///
    /// # Errors
    /// As [`Db::borrow`].
    pub async fn reading(&self, is_long: bool) -> Result<Reading> {
        if is_long {
            let own = self.query().await?;
            Ok(Reading::Own(Box::new(own)))
        } else {
            self.reader().await.map(Reading::Shared)
        }
    }

    /// The connection shared by this worker's reads, made again when it was lost.
    ///
    /// # Errors
    /// `service_unavailable` when PostgreSQL is away.
    pub async fn reader(&self) -> Result<Arc<Session>> {
        let shared = self.lock().clone();
        if let Some(reader) = shared.filter(|reader| reader.link().is_good()) {
            return Ok(reader);
        }
        let made = self.connector.diesel().await;
        let reader = Arc::new(made.map_err(Error::unavailable)?);
        *self.lock() = Some(Arc::clone(&reader));
        Ok(reader)
    }

    /// What is committed now.
    ///
    /// # Errors
    /// As any query.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        let generation = *self.connector.cluster().generation().borrow();
        let reader = self.reader().await?;
        snapshot::read(generation, &reader).await
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<Session>>> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
