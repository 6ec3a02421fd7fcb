//! PostgreSQL: how connections are made, lent and bounded.
//!
//! Each HTTP worker has a [`Db`] of its own: one connection that its short reads share, pipelined, a
//! small pool that a write borrows one from, and another for long reads, so that neither waits for the
//! other. Connections so live on the thread
//! that uses them: nothing wakes another thread to answer a request.
//!
//! Where a request reads, [`Db`] alone decides: from a standby that is as fresh as the request asks for, where
//! there is one, else where writes go.

pub mod cluster;
pub mod condition;
pub mod connect;
mod connect_error;
pub mod embedded;
pub mod freshness;
pub mod functions;
pub mod idempotency;
pub mod installation;
pub mod journal;
pub mod keyset;
pub mod limit;
mod marks;
pub mod migrations;
pub mod moment;
pub mod news;
pub mod overlap;
pub mod page;
pub mod pools;
pub mod position;
pub mod probe;
mod reads;
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
pub mod standby;
mod tls;
pub mod tx;
pub mod version;
mod wire;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use deadpool::managed::{
    Manager, Metrics, Object, Pool, PoolError, RecycleError, RecycleResult, Timeouts,
};
use diesel_async::AsyncPgConnection;

use crate::error::{Error, Result};
use cluster::Standing;
pub use connect::Connector;
use freshness::{Freshness, before};
use pools::Pools;
use probe::Probe;
use reads::Reads;
pub use session::Session;
use snapshot::Snapshot;
use standby::{Standby, Standbys};

/// A connection that a write borrows.
pub type Borrowed = Object<Sessions>;

/// How long a request may wait for a connection before it is answered 503, and for one to be made.
const WAIT: Duration = Duration::from_secs(3);
const MAKING: Duration = Duration::from_secs(4);

/// The pools, by the names that the metrics give them.
const WRITES: &str = "writes";
const QUERIES: &str = "queries";
const STANDBYS: &str = "standby_queries";

/// How long a connection to a standby is waited for, before another server is read from.
const PATIENCE: Duration = Duration::from_millis(500);

/// One worker's connections.
pub struct Db {
    cluster: Connector,
    watch: Probe,
    pool: Pool<Sessions>,
    /// To the server that takes writes, else to one that answers.
    primary: Reads,
    standbys: Arc<Standbys>,
    /// In their order.
    from_standbys: Vec<Reads>,
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
        self.as_ref()
    }
}

impl AsRef<Session> for Reading {
    fn as_ref(&self) -> &Session {
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
    /// Connections made by this connector, at most `writes` for writes and `queries` for long reads, and as
    /// many of these to each standby; none is opened yet.
    ///
    /// # Errors
    /// `internal_error` when a pool cannot be built.
    pub fn new(
        connector: &Connector,
        watch: &Probe,
        standbys: &Arc<Standbys>,
        (writes, queries): (usize, usize),
    ) -> Result<Self> {
        let reads = |standby: &Arc<Standby>| Reads::new(standby.connector(), queries);
        Ok(Self {
            cluster: connector.clone(),
            watch: watch.clone(),
            pool: pool(connector, writes)?,
            primary: Reads::new(connector, queries)?,
            from_standbys: standbys.all().iter().map(reads).collect::<Result<_>>()?,
            standbys: Arc::clone(standbys),
        })
    }

    /// Has these pools be seen in the metrics.
    pub fn watched(self, pools: &Pools) -> Self {
        pools.watch(WRITES, &self.pool);
        pools.watch(QUERIES, &self.primary.queries);
        for reads in &self.from_standbys {
            pools.watch(STANDBYS, &reads.queries);
        }
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

    /// Whether a server takes writes, as far as is known.
    pub fn has_primary(&self) -> bool {
        self.cluster.cluster().has_primary()
    }

    /// Whether it is known that no server takes writes now, and one may be read from.
    pub fn is_read_only(&self) -> bool {
        match self.cluster.cluster().standing() {
            Standing::ReadOnly => true,
            Standing::Away => self.standbys.age().is_some(),
            Standing::Primary | Standing::Unknown => false,
        }
    }

    /// A connection of one's own, for a long read of what must be as fresh as there is.
    ///
    /// # Errors
    /// As [`Db::borrow`].
    pub async fn query(&self) -> Result<Borrowed> {
        match self.without_primary(Reads::query).await {
            Some(query) => Ok(query),
            None => self.primary.query().await,
        }
    }

    /// The connection shared by this worker's reads of what must be as fresh as there is.
    ///
    /// # Errors
    /// `service_unavailable` when PostgreSQL is away.
    pub async fn reader(&self) -> Result<Arc<Session>> {
        match self.without_primary(Reads::reader).await {
            Some(reader) => Ok(reader),
            None => self.primary.reader().await,
        }
    }

    /// What is committed now, where writes go.
    ///
    /// # Errors
    /// As any query, and where it is known that nothing takes writes.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        if !self.has_primary() {
            return Err(Error::unavailable("nothing takes writes"));
        }
        let generation = *self.cluster.cluster().generation().borrow();
        let reader = self.primary.reader().await?;
        snapshot::read(generation, &reader).await
    }

    /// A connection to read on, as fresh as the request asks for: the shared one, unless the read may be long.
    ///
    /// # Errors
    /// As [`Db::borrow`], and where no server has what is asked for.
    pub async fn reading(
        &self,
        is_long: bool,
        freshness: &Freshness,
        now: DateTime<Utc>,
    ) -> Result<Reading> {
        let take = async |reads: &Reads| reads.reading(is_long).await;
        self.fresh(take, freshness, now).await
    }

    /// The same for a long read.
    ///
    /// # Errors
    /// As [`Db::reading`].
    pub async fn long_reading(
        &self,
        freshness: &Freshness,
        now: DateTime<Utc>,
    ) -> Result<Borrowed> {
        let take = async |reads: &Reads| reads.query().await;
        self.fresh(take, freshness, now).await
    }
}

/// Where a request reads.
impl Db {
    /// From a standby that has what is asked for, else where writes go; while nothing takes writes, from
    /// whichever has it.
    async fn fresh<T: AsRef<Session>>(
        &self,
        take: impl AsyncFn(&Reads) -> Result<T>,
        freshness: &Freshness,
        now: DateTime<Utc>,
    ) -> Result<T> {
        let may_lag = freshness.takes_standby(self.has_primary());
        if may_lag && !self.from_standbys.is_empty() {
            let found = self.of_standbys(&take, freshness, now).await;
            self.standbys.count(found.is_some());
            if let Some(taken) = found {
                return Ok(taken);
            }
        }
        let taken = take(&self.primary).await?;
        if !taken.as_ref().link().is_of_standby() {
            freshness.keep_to_primary();
            return Ok(taken);
        }
        let cluster = self.cluster.cluster();
        if !freshness
            .is_met(taken.as_ref(), cluster.timeline(), None)
            .await
        {
            return Err(Error::unavailable(
                "no server has yet what is to be read after",
            ));
        }
        if let Some(age) = cluster.age_of_standby(Instant::now()) {
            freshness.note(before(now, age));
        }
        Ok(taken)
    }

    async fn of_standbys<T: AsRef<Session>>(
        &self,
        take: &impl AsyncFn(&Reads) -> Result<T>,
        freshness: &Freshness,
        now: DateTime<Utc>,
    ) -> Option<T> {
        for (standby, reads) in self.standbys.all().iter().zip(&self.from_standbys) {
            let (Some(age), Some(seen)) = (standby.age(), standby.seen()) else {
                continue;
            };
            let as_of = before(now, age);
            if freshness.is_after(as_of) {
                continue;
            }
            let Ok(Ok(taken)) = tokio::time::timeout(PATIENCE, take(reads)).await else {
                continue;
            };
            let timeline = seen.lineage.map(|lineage| lineage.timeline);
            let replayed = seen.log.map(|log| log.lsn);
            if freshness.is_met(taken.as_ref(), timeline, replayed).await {
                freshness.note(as_of);
                return Some(taken);
            }
        }
        None
    }

    /// From a standby, where it is known that nothing takes writes.
    async fn without_primary<T>(&self, take: impl AsyncFn(&Reads) -> Result<T>) -> Option<T> {
        if self.has_primary() {
            return None;
        }
        self.of_any_standby(take).await
    }

    async fn of_any_standby<T>(&self, take: impl AsyncFn(&Reads) -> Result<T>) -> Option<T> {
        for (standby, reads) in self.standbys.all().iter().zip(&self.from_standbys) {
            if standby.age().is_some()
                && let Ok(Ok(taken)) = tokio::time::timeout(PATIENCE, take(reads)).await
            {
                return Some(taken);
            }
        }
        None
    }

    /// A connection to a standby, for who cannot wait for the primary: what is read on it may be old.
    pub async fn standby(&self) -> Option<Arc<Session>> {
        self.of_any_standby(Reads::reader).await
    }

    /// Whether there are standbys to read from.
    pub fn has_standbys(&self) -> bool {
        !self.from_standbys.is_empty()
    }
}
