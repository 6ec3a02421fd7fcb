//! The standbys that are read from (`REE_READ_URL`): which of them answers, how far it is behind, and
//! whether it still follows the primary. Each is looked at several times a second, on a thread of their own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::Connector;
use super::cluster::Seen;
use super::connect::Opened;
use crate::error::{Error, Result};

/// How often a standby is looked at.
const PERIOD: Duration = Duration::from_millis(200);

/// How long it may take to answer, before it is left and what waits on it is answered.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long a look tells something.
const FRESH: Duration = Duration::from_secs(1);

/// Further behind than this it is not read from, as long as there is a primary.
const FAR: Duration = Duration::from_secs(30);

/// One server that is read from.
pub struct Standby {
    /// What it is called in metrics.
    name: String,
    /// To this server alone.
    connector: Connector,
    /// To those that may take writes.
    primary: Connector,
    seen: Mutex<Option<Seen>>,
}

/// All of them, the one that is read from first in front.
#[derive(Default)]
pub struct Standbys {
    all: Vec<Arc<Standby>>,
    /// Reads that might have been a standby's, and where they went.
    by_standby: AtomicU64,
    by_primary: AtomicU64,
}

impl Standbys {
    /// Begins to look at the servers of this address; ends when nobody reads from them any more.
    ///
    /// # Errors
    /// `internal_error` when no thread can be started.
    pub fn start(read: Option<&Connector>, primary: &Connector) -> Result<Arc<Self>> {
        let servers = read.map(Connector::each_server).unwrap_or_default();
        let standby = |(name, connector)| {
            Arc::new(Standby {
                name,
                connector,
                primary: primary.clone(),
                seen: Mutex::new(None),
            })
        };
        let all: Vec<Arc<Standby>> = servers.into_iter().map(standby).collect();
        if !all.is_empty() {
            let watched: Vec<Weak<Standby>> = all.iter().map(Arc::downgrade).collect();
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(Error::internal)?;
            std::thread::Builder::new()
                .name("ree-standbys".to_owned())
                .spawn(move || runtime.block_on(join_all(watched.into_iter().map(watch))))
                .map_err(Error::internal)?;
        }
        Ok(Arc::new(Self {
            all,
            ..Self::default()
        }))
    }

    /// Each of them.
    pub fn all(&self) -> &[Arc<Standby>] {
        &self.all
    }

    /// How old what the first of them has is that may be read from; nothing where none may.
    pub fn age(&self) -> Option<Duration> {
        self.all.iter().find_map(|standby| standby.age())
    }

    /// Counts a read that might have been a standby's.
    pub(super) fn count(&self, by_standby: bool) {
        let counter = if by_standby {
            &self.by_standby
        } else {
            &self.by_primary
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Tells how they stand now.
    pub fn measure(&self) {
        if self.all.is_empty() {
            return;
        }
        for (server, count) in [("standby", &self.by_standby), ("primary", &self.by_primary)] {
            let count = count.load(Ordering::Relaxed);
            metrics::counter!("ree_reads_total", "server" => server).absolute(count);
        }
        for standby in &self.all {
            let name = || standby.name.clone();
            let is_read = if standby.age().is_some() { 1.0 } else { 0.0 };
            metrics::gauge!("ree_standby_up", "standby" => name()).set(is_read);
            let age = standby
                .known_age()
                .map_or(f64::NAN, |age| age.as_secs_f64());
            metrics::gauge!("ree_standby_age_seconds", "standby" => name()).set(age);
        }
    }
}

impl Standby {
    /// How connections to it are made.
    pub(super) const fn connector(&self) -> &Connector {
        &self.connector
    }

    /// What it said last.
    pub(super) fn seen(&self) -> Option<Seen> {
        *self.lock()
    }

    /// How old what it has is, where it may be read from: it answers, belongs to the primary's cluster and was
    /// not left on an earlier timeline; and is not far behind, as long as there is a primary.
    pub fn age(&self) -> Option<Duration> {
        let cluster = self.primary.cluster();
        let follows = self
            .seen()
            .is_some_and(|seen| cluster.is_followed_by(&seen));
        self.known_age()
            .filter(|age| follows && (*age <= FAR || !cluster.has_primary()))
    }

    /// The same, whether it may be read from or not.
    fn known_age(&self) -> Option<Duration> {
        let now = Instant::now();
        let seen = self.seen()?;
        let is_fresh = now.saturating_duration_since(seen.at) <= FRESH;
        let age = self.primary.cluster().age(&seen, now);
        age.filter(|_| is_fresh)
    }

    /// Looks at it, through the connection there was or a new one.
    async fn look(&self, opened: Option<Opened>) -> Option<Opened> {
        let Some(opened) = opened.filter(|opened| opened.link.is_good()) else {
            let made = self.connector.open().await;
            let made = made.inspect_err(|error| log::debug!("{}: {error}", self.name));
            let found = made.ok();
            self.note(found.as_ref().map(|opened| opened.seen));
            return found;
        };
        let seen = tokio::time::timeout(PATIENCE, Seen::of(&opened.client)).await;
        let seen = seen.ok().and_then(std::result::Result::ok);
        self.note(seen);
        seen.map(|_| opened)
    }

    /// Takes note of what it said. Where it says nothing any more, what waits on it is answered.
    fn note(&self, seen: Option<Seen>) {
        let before = std::mem::replace(&mut *self.lock(), seen);
        match (before, seen) {
            (Some(_), None) => {
                log::warn!(
                    "the standby {} does not answer: others are read from",
                    self.name
                );
                let cluster = self.connector.cluster();
                let generation = *cluster.generation().borrow();
                cluster.end(generation);
            }
            (None, Some(_)) => log::info!("the standby {} answers", self.name),
            _ => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn watch(standby: Weak<Standby>) {
    let mut opened = None;
    while let Some(standby) = standby.upgrade() {
        opened = standby.look(opened).await;
        drop(standby);
        tokio::time::sleep(PERIOD).await;
    }
}
