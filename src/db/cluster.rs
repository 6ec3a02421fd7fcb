//! What is known of the servers behind one address: which of them takes writes, on which timeline, and
//! since when.
//!
//! A timeline is PostgreSQL's own count of promotions. Where it goes up, what was the primary is a former
//! one, whether it knows or not: everything that leads to it is dropped, and it is not connected to again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio_postgres::{Client, SimpleQueryMessage};

/// What a server says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Whether it takes writes.
    pub is_writable: bool,
    /// Which cluster it belongs to, and on which timeline it is; nothing where it may not be asked.
    pub lineage: Option<Lineage>,
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
}

/// In recovery the timeline is that of the last checkpoint or of what was replayed since; on a primary that
/// which it writes on, as a checkpoint after a promotion takes its time.
const ASK: &str = "
    SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean,
           (SELECT system_identifier FROM pg_control_system()),
           CASE WHEN pg_is_in_recovery()
                THEN (SELECT greatest(checkpoint.timeline_id, recovery.min_recovery_end_timeline)
                        FROM pg_control_checkpoint() AS checkpoint, pg_control_recovery() AS recovery)
                ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer END";

/// Where those functions are not to be had: some managed services, and poolers that answer by themselves.
const ASK_LESS: &str = "SHOW transaction_read_only";

impl Seen {
    /// Asks a server.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn of(client: &Client) -> Result<Self, tokio_postgres::Error> {
        match first_row(client, ASK).await {
            Ok(row) => Ok(Self::read(&row)),
            Err(error) if error.code().is_some() => first_row(client, ASK_LESS)
                .await
                .map(|row| Self::read(&row)),
            Err(error) => Err(error),
        }
    }

    fn read(row: &[Option<String>]) -> Self {
        let is = |at: usize| row.get(at).and_then(Option::as_deref);
        let lineage = || {
            Some(Lineage {
                system: is(1)?.parse().ok()?,
                timeline: is(2)?.parse().ok()?,
            })
        };
        Self {
            is_writable: !matches!(is(0), Some("t" | "on")),
            lineage: lineage(),
        }
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
        if !seen.is_writable {
            let mut known = self.lock();
            if known.standing == Standing::Primary {
                log::warn!("PostgreSQL takes no writes any more");
                self.drop_connections();
            }
            (known.standing, known.host) = (Standing::ReadOnly, host);
        }
        true
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

    const fn seen(is_writable: bool, timeline: i64) -> Seen {
        let lineage = Some(Lineage {
            system: 7,
            timeline,
        });
        Seen {
            is_writable,
            lineage,
        }
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
