//! PostgreSQL: how connections are made, lent and bounded.
//!
//! Each HTTP worker has a [`Db`] of its own: one connection that its short reads share, pipelined, a
//! small pool that a write borrows one from, and another for long reads, so that neither waits for the
//! other. Connections so live on the thread
//! that uses them: nothing wakes another thread to answer a request.

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
pub mod news;
pub mod overlap;
pub mod page;
pub mod probe;
mod reference;
#[expect(
    missing_docs,
    reason = "generated; the migrations say what each column is"
)]
pub mod schema;
pub mod search;
pub mod sql_text;
pub mod tx;
pub mod version;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use deadpool::managed::{Hook, HookError, Timeouts};
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::{Object, Pool, PoolError};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};

use crate::error::{Error, Result, last_demotion};
pub use connect::Connector;

/// A connection that a write borrows.
pub type Borrowed = Object<AsyncPgConnection>;

/// How long a request may wait for a connection before it is answered 503.
const WAIT: Duration = Duration::from_secs(3);

/// How long a connection is used: what became of its server without a word to it (another role, another
/// address) is met for no longer than that.
const LIFE: Duration = Duration::from_mins(2);

/// Whether a connection is to be made anew: it is old, or was there when PostgreSQL refused a write because
/// it is a standby now.
fn is_stale(created: Instant) -> bool {
    created.elapsed() > LIFE || last_demotion().is_some_and(|at| created <= at)
}

/// One worker's connections.
pub struct Db {
    connector: Connector,
    pool: Pool<AsyncPgConnection>,
    queries: Pool<AsyncPgConnection>,
    reader: Mutex<Option<Arc<Reader>>>,
}

/// The connection that a worker's reads share; queries on it are pipelined.
pub struct Reader {
    connection: AsyncPgConnection,
    alive: connect::Alive,
    created: Instant,
}

/// A connection to read on.
pub enum Reading {
    /// That which the worker's reads share.
    Shared(Arc<Reader>),
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

fn pool(connector: &Connector, size: usize) -> Result<Pool<AsyncPgConnection>> {
    let mut config = ManagerConfig::default();
    // Broken connections are recognised without a query: the pool must not cost a round trip.
    config.recycling_method = RecyclingMethod::Fast;
    let made_by = connector.clone();
    config.custom_setup = Box::new(move |_| {
        let connector = made_by.clone();
        Box::pin(async move { connector.diesel().await.map(|(connection, _)| connection) })
    });
    let manager = AsyncDieselConnectionManager::new_with_config("", config);
    let timeouts = Timeouts {
        wait: Some(WAIT),
        create: Some(WAIT),
        recycle: Some(WAIT),
    };
    Pool::builder(manager)
        .max_size(size)
        .timeouts(timeouts)
        .pre_recycle(Hook::sync_fn(|_, metrics| {
            if is_stale(metrics.created) {
                return Err(HookError::message("made anew"));
            }
            Ok(())
        }))
        .runtime(deadpool::Runtime::Tokio1)
        .build()
        .map_err(Error::internal)
}

async fn borrow(pool: &Pool<AsyncPgConnection>) -> Result<Borrowed> {
    pool.get()
        .await
        .map_err(|error: PoolError| Error::unavailable(error))
}

impl Reader {
    async fn connect(connector: &Connector) -> diesel::ConnectionResult<Self> {
        let (connection, alive) = connector.diesel().await?;
        Ok(Self {
            connection,
            alive,
            created: Instant::now(),
        })
    }

    /// Whether it may be used further.
    fn is_good(&self) -> bool {
        self.alive.is_alive() && !is_stale(self.created)
    }
}

impl std::ops::Deref for Reader {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        &self.connection
    }
}

impl Db {
    /// Connections made by this connector, at most `writes` for writes and `queries` for long reads;
    /// none is opened yet.
    ///
    /// # Errors
    /// `internal_error` when a pool cannot be built.
    pub fn new(connector: &Connector, writes: usize, queries: usize) -> Result<Self> {
        Ok(Self {
            pool: pool(connector, writes)?,
            queries: pool(connector, queries)?,
            connector: connector.within(SHORT),
            reader: Mutex::new(None),
        })
    }

    /// A connection of one's own, for a write.
    ///
    /// # Errors
    /// `service_unavailable` when none is free or PostgreSQL is away.
    pub async fn borrow(&self) -> Result<Borrowed> {
        borrow(&self.pool).await
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
    pub async fn reader(&self) -> Result<Arc<Reader>> {
        if let Some(reader) = self.lock().as_ref().filter(|reader| reader.is_good()) {
            return Ok(Arc::clone(reader));
        }
        let made = Reader::connect(&self.connector).await;
        let reader = Arc::new(made.map_err(Error::unavailable)?);
        *self.lock() = Some(Arc::clone(&reader));
        Ok(reader)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<Reader>>> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
