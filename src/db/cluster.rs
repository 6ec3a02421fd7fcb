//! What is known of the servers behind one address: which of them takes writes, on which timeline, and
//! since when.
//!
//! A timeline is PostgreSQL's own count of promotions. Where it goes up, what was the primary is a former
//! one, whether it knows or not: everything that leads to it is dropped, and it is not connected to again.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_postgres::{Client, SimpleQueryMessage};

use super::marks::Marks;
use super::position::{KEPT, lsn};

/// What a server says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Whether it takes writes.
    pub is_writable: bool,
    /// Which cluster it belongs to, and on which timeline it is; nothing where it may not be asked.
    pub lineage: Option<Lineage>,
    /// How far its log goes; nothing where it may not be asked.
    pub log: Option<Log>,
    /// When it was asked.
    pub at: Instant,
}

/// How far the log of a server goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// What it has written, or as a standby replayed.
    pub lsn: u64,
    /// Whether it replays what another one wrote.
    pub is_replayed: bool,
    /// Of a standby, since when it replayed no commit, by its own clock.
    pub silent: Duration,
}

/// A cluster and its timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lineage {
    /// PostgreSQL's `system_identifier`.
    pub system: i64,
    /// How many times it was promoted, and one.
    pub timeline: i64,
}

/// How the servers stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// Nobody looked yet.
    #[default]
    Unknown,
    /// One takes writes.
    Primary,
    /// One answers, and none takes writes.
    ReadOnly,
    /// None answers.
    Away,
}

/// What all connections to one address know of its servers.
#[derive(Debug)]
pub struct Cluster {
    /// Goes up where the connections that there are must not be used any more.
    generation: watch::Sender<u64>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// Which of the hosts is tried first.
    host: usize,
    lineage: Option<Lineage>,
    standing: Standing,
    marks: Marks,
    /// What a standby said last that is read from because nothing takes writes.
    standby: Option<Seen>,
}

/// In recovery the timeline is that of the last checkpoint, of what was replayed since, or of what is received,
/// which only roles of `pg_read_all_stats` may know; on a primary that which it writes on, as a checkpoint
/// after a promotion takes its time.
fn ask() -> String {
    format!(
        "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean,
                (SELECT system_identifier FROM pg_control_system()),
                CASE WHEN pg_is_in_recovery()
                     THEN (SELECT greatest(checkpoint.timeline_id, recovery.min_recovery_end_timeline,
                                           (SELECT received_tli FROM pg_stat_wal_receiver))
                             FROM pg_control_checkpoint() AS checkpoint, pg_control_recovery() AS recovery)
                     ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer END,
                CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE {KEPT} END,
                pg_is_in_recovery(),
                greatest(0, extract(epoch FROM clock_timestamp() - coalesce(
                    pg_last_xact_replay_timestamp(), (SELECT checkpoint_time FROM pg_control_checkpoint()))))"
    )
}

/// Where those functions are not to be had: some managed services, and poolers that answer by themselves.
const ASK_LESS: &str = "SHOW transaction_read_only";

impl Seen {
    /// Asks a server.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn of(client: &Client) -> Result<Self, tokio_postgres::Error> {
        let at = Instant::now();
        match first_row(client, &ask()).await {
            Ok(row) => Ok(Self::read(&row, at)),
            Err(error) if error.code().is_some() => first_row(client, ASK_LESS)
                .await
                .map(|row| Self::read(&row, at)),
            Err(error) => Err(error),
        }
    }

    fn read(row: &[Option<String>], at: Instant) -> Self {
        let is = |at: usize| row.get(at).and_then(Option::as_deref);
        let lineage = || {
            Some(Lineage {
                system: is(1)?.parse().ok()?,
                timeline: is(2)?.parse().ok()?,
            })
        };
        let log = || {
            Some(Log {
                lsn: lsn(is(3)?)?,
                is_replayed: is(4)? == "t",
                silent: Duration::try_from_secs_f64(is(5)?.parse().ok()?).ok()?,
            })
        };
        Self {
            is_writable: !matches!(is(0), Some("t" | "on")),
            lineage: lineage(),
            log: log(),
            at,
        }
    }

    /// Whether it replays what another server wrote.
    pub fn is_standby(&self) -> bool {
        self.log.is_some_and(|log| log.is_replayed)
    }
}

async fn first_row(
    client: &Client,
    query: &str,
) -> Result<Vec<Option<String>>, tokio_postgres::Error> {
    let messages = client.simple_query(query).await?;
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    Ok(row
        .map(|row| {
            (0..row.len())
                .map(|at| row.get(at).map(str::to_owned))
                .collect()
        })
        .unwrap_or_default())
}

impl Lineage {
    /// Whether a server of this lineage follows, or is, what was there before.
    fn continues(self, before: Self) -> bool {
        self.system != before.system || self.timeline >= before.timeline
    }
}

impl Default for Cluster {
    fn default() -> Self {
        Self {
            generation: watch::Sender::new(0),
            known: Mutex::default(),
        }
    }
}

impl Cluster {
    /// Which host is tried first.
    pub fn host(&self) -> usize {
        self.lock().host
    }

    /// How the servers stand.
    pub fn standing(&self) -> Standing {
        self.lock().standing
    }

    /// The generation of the connections that are made now.
    pub fn generation(&self) -> watch::Receiver<u64> {
        self.generation.subscribe()
    }

    /// Takes note of what a server said to a new connection. False where it is a former primary, which is
    /// not to be used.
    pub fn meets(&self, host: usize, seen: Seen) -> bool {
        let mut known = self.lock();
        if let (Some(before), Some(now)) = (known.lineage, seen.lineage) {
            if seen.is_writable && !now.continues(before) {
                log::warn!(
                    "a former primary is left alone: timeline {} after {}",
                    now.timeline,
                    before.timeline
                );
                return false;
            }
            if now != before && now.continues(before) {
                log::warn!(
                    "PostgreSQL is on timeline {}, after {}",
                    now.timeline,
                    before.timeline
                );
                known.lineage = Some(now);
                known.marks = Marks::default();
                self.drop_connections();
            }
        } else if seen.lineage.is_some() {
            known.lineage = seen.lineage;
        }
        if seen.is_writable {
            // Sessions that began where nothing was written may go on so.
            if known.standing == Standing::ReadOnly {
                self.drop_connections();
            }
            (known.standing, known.host) = (Standing::Primary, host);
        }
        true
    }

    /// Takes note of what the watch found: as [`Cluster::meets`], and that there is no primary where the
    /// best server takes no writes.
    pub fn watched(&self, host: usize, seen: Seen) -> bool {
        if !self.meets(host, seen) {
            return false;
        }
        let mut known = self.lock();
        known.standby = Some(seen).filter(Seen::is_standby);
        if let Some(log) = seen.log.filter(|log| !log.is_replayed) {
            known.marks.add(seen.at, log.lsn);
        }
        if !seen.is_writable {
            if known.standing == Standing::Primary {
                log::warn!("PostgreSQL takes no writes any more");
                self.drop_connections();
            }
            (known.standing, known.host) = (Standing::ReadOnly, host);
        }
        true
    }

    /// Whether a server takes writes, as far as is known: nobody may have looked yet.
    pub fn has_primary(&self) -> bool {
        matches!(self.standing(), Standing::Primary | Standing::Unknown)
    }

    /// The timeline of the servers.
    pub fn timeline(&self) -> Option<i64> {
        self.lock().lineage.map(|lineage| lineage.timeline)
    }

    /// Whether what another server says shows that it belongs to this cluster and has not been left behind on an
    /// earlier timeline.
    pub fn is_followed_by(&self, seen: &Seen) -> bool {
        match (self.lock().lineage, seen.lineage) {
            (Some(known), Some(of_it)) => {
                of_it.system == known.system && of_it.timeline >= known.timeline
            }
            _ => true,
        }
    }

    /// How long ago all was written that a standby lacks: since the last look at the primary whose log it has
    /// replayed, else since its last commit. Nothing where it may not be asked.
    pub fn age(&self, of: &Seen, now: Instant) -> Option<Duration> {
        let log = of.log?;
        let since_asked = now.saturating_duration_since(of.at);
        if !log.is_replayed {
            return Some(since_asked);
        }
        let reached = self.lock().marks.reached(log.lsn);
        Some(reached.map_or(log.silent + since_asked, |at| {
            now.saturating_duration_since(at)
        }))
    }

    /// The same of the standby that is read from because nothing takes writes.
    pub fn age_of_standby(&self, now: Instant) -> Option<Duration> {
        let standby = self.lock().standby?;
        self.age(&standby, now)
    }

    /// Takes note that no server answers at all: whatever leads to one is waited for in vain.
    pub fn is_away(&self) {
        let mut known = self.lock();
        if known.standing != Standing::Away {
            log::warn!("PostgreSQL does not answer");
            known.standing = Standing::Away;
            self.drop_connections();
        }
    }

    /// Takes note that no server can be connected to: what leads to one may be good all the same.
    pub fn is_missing(&self) {
        let mut known = self.lock();
        if known.standing != Standing::Away {
            log::warn!("PostgreSQL cannot be connected to");
            known.standing = Standing::Away;
        }
    }

    /// Drops the connections of a generation, unless they were dropped already.
    pub fn end(&self, generation: u64) {
        self.generation.send_if_modified(|current| {
            let is_current = *current == generation;
            if is_current {
                *current = current.wrapping_add(1);
            }
            is_current
        });
    }

    fn drop_connections(&self) {
        self.generation
            .send_modify(|current| *current = current.wrapping_add(1));
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(is_writable: bool, timeline: i64) -> Seen {
        let lineage = Some(Lineage {
            system: 7,
            timeline,
        });
        Seen {
            is_writable,
            lineage,
            log: None,
            at: Instant::now(),
        }
    }

    fn with_log(seen: Seen, at: Instant, lsn: u64) -> Seen {
        let log = Log {
            lsn,
            is_replayed: !seen.is_writable,
            silent: Duration::from_secs(60),
        };
        Seen {
            log: Some(log),
            at,
            ..seen
        }
    }

    #[test]
    fn a_standby_is_as_old_as_the_last_look_at_the_primary_whose_log_it_has() {
        let (cluster, began) = (Cluster::default(), Instant::now());
        let second = |n| began + Duration::from_secs(n);
        for (at, lsn) in [(0, 100), (1, 200), (2, 300)] {
            assert!(cluster.watched(0, with_log(seen(true, 1), second(at), lsn)));
        }
        let age = |lsn, now| {
            let standby = with_log(seen(false, 1), second(2), lsn);
            cluster.age(&standby, second(now)).unwrap().as_secs()
        };
        assert_eq!(age(300, 2), 0, "it has all");
        assert_eq!(age(299, 2), 1);
        assert_eq!(age(100, 12), 12, "it lags");
        assert_eq!(age(99, 3), 61, "nothing is known but its last commit");
        let other = Seen {
            log: None,
            ..seen(false, 1)
        };
        assert_eq!(cluster.age(&other, second(2)), None);
    }

    #[test]
    fn a_standby_left_on_an_earlier_timeline_or_of_another_cluster_follows_nothing() {
        let cluster = Cluster::default();
        assert!(cluster.meets(0, seen(true, 2)));
        assert!(cluster.is_followed_by(&seen(false, 2)));
        assert!(cluster.is_followed_by(&seen(true, 3)), "promoted since");
        assert!(!cluster.is_followed_by(&seen(false, 1)));
        let mut other = seen(false, 2);
        other.lineage = Some(Lineage {
            system: 8,
            timeline: 2,
        });
        assert!(!cluster.is_followed_by(&other));
    }

    #[test]
    fn a_promotion_drops_every_connection_and_the_former_primary_is_not_used_again() {
        let cluster = Cluster::default();
        assert!(cluster.meets(0, seen(true, 1)));
        let before = *cluster.generation().borrow();
        assert!(cluster.meets(0, seen(true, 1)));
        assert_eq!(
            *cluster.generation().borrow(),
            before,
            "nothing has changed"
        );
        assert!(cluster.watched(1, seen(true, 2)));
        assert_eq!(*cluster.generation().borrow(), before + 1);
        assert_eq!(cluster.host(), 1);
        assert!(!cluster.meets(0, seen(true, 1)), "woken beside the new one");
        assert_eq!(cluster.host(), 1);
    }

    #[test]
    fn a_server_that_takes_no_writes_any_more_is_told_by_the_watch_alone() {
        let cluster = Cluster::default();
        assert!(cluster.meets(0, seen(true, 1)));
        assert!(cluster.meets(1, seen(false, 1)), "a standby met beside it");
        assert_eq!(cluster.standing(), Standing::Primary);
        let before = *cluster.generation().borrow();
        assert!(cluster.watched(1, seen(false, 1)));
        assert_eq!(cluster.standing(), Standing::ReadOnly);
        assert_eq!(*cluster.generation().borrow(), before + 1);
    }

    #[test]
    fn a_generation_is_dropped_once_however_many_of_its_connections_are_late() {
        let cluster = Cluster::default();
        let first = *cluster.generation().borrow();
        cluster.end(first);
        cluster.end(first);
        assert_eq!(*cluster.generation().borrow(), first + 1);
    }
}
