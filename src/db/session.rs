//! A connection as it is used: what drives it, how long it is waited for, and how it is let go.

use std::num::NonZero;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::QueryResult;
use diesel::connection::{TransactionDepthChange, TransactionManagerStatus};
use diesel_async::pooled_connection::PoolableConnection;
use diesel_async::{
    AnsiTransactionManager, AsyncPgConnection, SimpleAsyncConnection, TransactionManager,
};
use futures_util::future::poll_fn;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::TlsStream;
use tokio_postgres::{AsyncMessage, CancelToken, Connection};

use super::cluster::Cluster;
use super::position::{self, Position};
use super::socket::Target;
use super::wire::Pulse;
use crate::error::{Error, Result, last_demotion};

/// How long a connection is used: what became of its server without a word to it (another role, another
/// address) is met for no longer than that.
const LIFE: Duration = Duration::from_mins(2);

/// How long a commit may take: PostgreSQL has no bound of its own on the wait for a synchronous standby.
const COMMIT: Duration = Duration::from_secs(5);

/// How long a server may take to give up what it was asked to.
const GIVING_UP: Duration = Duration::from_secs(2);

/// What there is to know of a connection beside what is asked on it.
#[derive(Clone)]
pub struct Link(Arc<Inner>);

struct Inner {
    is_alive: AtomicBool,
    /// Warnings without a class of their own that the server sent.
    warnings: AtomicU64,
    created: Instant,
    token: CancelToken,
    target: Target,
    /// Whether its server was a standby when it was made.
    is_of_standby: bool,
}

impl Link {
    /// Of a connection made now.
    pub(super) fn new(token: CancelToken, target: Target, is_of_standby: bool) -> Self {
        Self(Arc::new(Inner {
            is_alive: AtomicBool::new(true),
            warnings: AtomicU64::new(0),
            created: Instant::now(),
            token,
            target,
            is_of_standby,
        }))
    }

    /// Whether its server was a standby when it was made: it may lack what was written elsewhere.
    pub fn is_of_standby(&self) -> bool {
        self.0.is_of_standby
    }

    /// False once the connection was lost, or is not to be used again.
    pub fn is_alive(&self) -> bool {
        self.0.is_alive.load(Ordering::Acquire)
    }

    /// The connection is not to be used again.
    pub fn discard(&self) {
        self.0.is_alive.store(false, Ordering::Release);
    }

    /// Whether it may be used further: it is neither lost, nor old, nor was there when PostgreSQL refused a
    /// write because it is a standby now.
    pub fn is_good(&self) -> bool {
        let created = self.0.created;
        let is_stale = created.elapsed() > LIFE || last_demotion().is_some_and(|at| created <= at);
        self.is_alive() && !is_stale
    }

    /// How many warnings (SQLSTATE 01000) the server sent until now.
    pub fn warnings(&self) -> u64 {
        self.0.warnings.load(Ordering::Acquire)
    }

    /// Asks the server to give up what it does for this connection, which is not used again: what is
    /// cancelled may have ended meanwhile, and what came next would be.
    pub async fn cancel(&self) {
        self.discard();
        let cancelling = self.0.target.cancel(&self.0.token);
        if !matches!(
            tokio::time::timeout(GIVING_UP, cancelling).await,
            Ok(Ok(()))
        ) {
            log::warn!("PostgreSQL could not be asked to cancel");
        }
    }
}

/// What ends a connection that would not end by itself.
pub(super) struct Limits {
    pub pulse: Arc<Pulse>,
    /// How long the server may leave it without a byte that is awaited.
    pub patience: Duration,
    pub cluster: Arc<Cluster>,
    pub generation: watch::Receiver<u64>,
}

/// Drives a connection until it ends, its server is waited for too long, or its generation is dropped.
/// Whoever waits for an answer on it is told then that it was lost.
pub(super) async fn drive<S, T>(mut connection: Connection<S, T>, link: Link, mut limits: Limits)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: TlsStream + Unpin,
{
    let mut look = std::pin::pin!(tokio::time::sleep(limits.patience));
    let mut is_given_up = false;
    loop {
        tokio::select! {
            message = poll_fn(|context| connection.poll_message(context)) => match message {
                Some(Ok(AsyncMessage::Notice(notice))) => {
                    log::debug!("PostgreSQL: {notice}");
                    if *notice.code() == SqlState::WARNING {
                        link.0.warnings.fetch_add(1, Ordering::Release);
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    log::warn!("a PostgreSQL connection was lost: {error}");
                    break;
                }
                None => break,
            },
            () = look.as_mut() => {
                let wait = match limits.pulse.left_of(limits.patience) {
                    Some(left) => left,
                    // It may still be there, and wait itself: for a standby to have what it wrote.
                    None if !is_given_up => {
                        is_given_up = true;
                        let link = link.clone();
                        tokio::spawn(async move { link.cancel().await });
                        GIVING_UP
                    }
                    None => {
                        log::warn!("PostgreSQL did not answer in time: its connections are dropped");
                        let generation = *limits.generation.borrow();
                        limits.cluster.end(generation);
                        break;
                    }
                };
                look.as_mut().reset(tokio::time::Instant::now() + wait);
            }
            _ = limits.generation.changed() => break,
        }
    }
    link.discard();
}

/// A connection for queries.
pub struct Session {
    connection: AsyncPgConnection,
    link: Link,
}

impl Session {
    /// Over a connection that is driven.
    pub(super) const fn new(connection: AsyncPgConnection, link: Link) -> Self {
        Self { connection, link }
    }

    /// What there is to know of it.
    pub const fn link(&self) -> &Link {
        &self.link
    }

    /// The connection, for queries beside what else is borrowed of it.
    pub const fn connection_mut(&mut self) -> &mut AsyncPgConnection {
        &mut self.connection
    }

    /// The connection alone, which is driven all the same.
    pub fn into_connection(self) -> AsyncPgConnection {
        self.connection
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// `service_unavailable` when the server is away.
    pub async fn begin(&mut self) -> Result<()> {
        Ok(AnsiTransactionManager::begin_transaction(&mut self.connection).await?)
    }

    /// Ends the transaction, all of it written, on the synchronous standbys too where there are some. Tells the
    /// position after it, where the server does: asked for behind the commit, in the same round trip.
    ///
    /// # Errors
    /// `outcome_unknown` when the answer did not come, or not in time, or PostgreSQL warned that it did not
    /// wait for a standby. `service_unavailable` and others when it was refused.
    pub async fn commit(&mut self) -> Result<Option<Position>> {
        if self.depth() > 1 {
            // A part of another transaction: nothing is written yet.
            AnsiTransactionManager::commit_transaction(&mut self.connection).await?;
            return Ok(None);
        }
        let warnings = self.link.warnings();
        let (outcome, end) = self.committed().await?;
        if let Err(error) = outcome {
            // What Diesel takes it to be in is no transaction any more.
            self.link.discard();
            return Err(Error::of_commit(error));
        }
        if self.link.warnings() > warnings {
            self.link.discard();
            return Err(Error::unknown_outcome("a standby was not waited for"));
        }
        self.is_in_no_transaction()?;
        Ok(end
            .inspect_err(|error| log::debug!("no position: {error}"))
            .ok())
    }

    /// Commits and asks for the position behind it, and gives up when that takes too long.
    async fn committed(&self) -> Result<(QueryResult<()>, Result<Position>)> {
        let (mut first, second) = (&self.connection, &self.connection);
        let committing =
            async move { tokio::join!(first.batch_execute("COMMIT"), position::end(second)) };
        let mut committing = std::pin::pin!(committing);
        match tokio::time::timeout(COMMIT, &mut committing).await {
            Ok(committed) => Ok(committed),
            Err(_) => {
                log::warn!("a commit took over {COMMIT:?}: its outcome is unknown");
                // Otherwise its locks are held for as long as the standby stays away.
                self.link.cancel().await;
                let _ended = tokio::time::timeout(GIVING_UP, committing).await;
                Err(Error::unknown_outcome("the commit took too long"))
            }
        }
    }

    /// How many transactions, one in the other, run on it.
    fn depth(&mut self) -> u32 {
        let status = AnsiTransactionManager::transaction_manager_status_mut(&mut self.connection);
        let depth = status.transaction_depth().ok().flatten();
        depth.map_or(0, NonZero::get)
    }

    /// Tells Diesel that the transaction has ended: its own way to commit leaves no room for another statement
    /// in the same round trip.
    fn is_in_no_transaction(&mut self) -> Result<()> {
        let status = AnsiTransactionManager::transaction_manager_status_mut(&mut self.connection);
        match status {
            TransactionManagerStatus::Valid(valid) => {
                valid.change_transaction_depth(TransactionDepthChange::DecreaseDepth)?;
            }
            TransactionManagerStatus::InError => self.link.discard(),
        }
        Ok(())
    }

    /// Whether it may be used further, and is in no transaction.
    pub fn is_good(&mut self) -> bool {
        self.link.is_good() && !self.connection.is_broken()
    }
}

impl Deref for Session {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        &self.connection
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        &mut self.connection
    }
}
