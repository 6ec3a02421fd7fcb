//! What is new in the change feed, for those who wait for it: one watcher for the whole process, on one
//! connection, for as long as somebody waits.
//!
//! It asks five times a second what lies between the last event told and the horizon. PostgreSQL's own
//! `NOTIFY` would do worse: it makes all who write commit one after the other, does not go through the
//! usual connection poolers, and says nothing when an event becomes readable because an older
//! transaction has ended, which is what a reader of the feed waits for.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio_postgres::{Client, Row};

use super::Connector;
use crate::error::{Error, Result};

/// How often the feed is looked at.
const PERIOD: Duration = Duration::from_millis(200);
/// How long a database that is away is left alone.
const REST: Duration = Duration::from_secs(1);
/// Events read at a time.
const MOST: i64 = 500;
/// What is told to who does not listen in time: that there is more than it heard.
const ROOM: usize = 64;

const NEWEST: &str = "
    SELECT position, seq FROM changes WHERE position < feed_horizon()
     ORDER BY position DESC, seq DESC LIMIT 1";

const SINCE: &str = "
    SELECT position, seq, type, audience FROM changes
     WHERE (position, seq) > ($1, $2) AND position < feed_horizon()
     ORDER BY position, seq LIMIT $3";

/// The watcher, and those who listen to it.
pub struct News {
    connector: Connector,
    told: broadcast::Sender<Arc<Told>>,
    is_watched: Mutex<bool>,
}

/// What became readable at a time.
enum Told {
    /// These events.
    Events(Vec<Event>),
    /// It is not known: whoever waits looks for itself.
    Anything,
}

/// What an event is to those who wait.
struct Event {
    kind: String,
    audience: HashSet<String>,
}

/// What a reader waits for.
#[derive(Debug, Clone, Default)]
pub struct Interest {
    /// The words of an audience that it answers to; none where it reads everything.
    pub words: Option<Vec<String>>,
    /// The types of change; all where it is empty.
    pub types: Vec<String>,
}

/// Who listens.
pub struct Listener(broadcast::Receiver<Arc<Told>>);

impl News {
    /// Of this database; nothing is watched before somebody listens.
    pub fn new(connector: Connector) -> Arc<Self> {
        Arc::new(Self {
            connector,
            told: broadcast::Sender::new(ROOM),
            is_watched: Mutex::new(false),
        })
    }

    /// Listens from now on.
    pub fn listen(self: &Arc<Self>) -> Listener {
        let mut is_watched = self.lock();
        let listener = Listener(self.told.subscribe());
        if !*is_watched {
            *is_watched = true;
            tokio::spawn(Arc::clone(self).watch());
        }
        listener
    }

    async fn watch(self: Arc<Self>) {
        while let Err(error) = self.follow().await {
            log::warn!("the change feed cannot be watched: {error}");
            tokio::time::sleep(REST).await;
            if !self.is_listened_to() {
                return;
            }
        }
    }

    /// Follows the feed until nobody listens.
    async fn follow(&self) -> Result<()> {
        let (client, _alive) = self.connector.plain().await.map_err(Error::unavailable)?;
        let since = client.prepare(SINCE).await.map_err(Error::unavailable)?;
        let mut place = newest(&client).await?;
        // What came before the first look is nobody's news, and who listens already may wait for it.
        self.tell(Told::Anything);
        while self.is_listened_to() {
            tokio::time::sleep(PERIOD).await;
            let rows = client
                .query(&since, &[&place.0, &place.1, &MOST])
                .await
                .map_err(Error::unavailable)?;
            if let Some(last) = rows.last() {
                place = place_of(last)?;
                let events = rows.iter().map(Event::of).collect::<Result<_>>()?;
                self.tell(Told::Events(events));
            }
        }
        Ok(())
    }

    /// Nobody may listen: that is no failure.
    fn tell(&self, told: Told) {
        let _heard_by = self.told.send(Arc::new(told));
    }

    /// Whether somebody still listens; otherwise the watcher is known to end.
    fn is_listened_to(&self) -> bool {
        let mut is_watched = self.lock();
        *is_watched = self.told.receiver_count() > 0;
        *is_watched
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, bool> {
        self.is_watched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

async fn newest(client: &Client) -> Result<(i64, i64)> {
    let row = client
        .query_opt(NEWEST, &[])
        .await
        .map_err(Error::unavailable)?;
    row.map_or(Ok((0, 0)), |row| place_of(&row))
}

fn place_of(row: &Row) -> Result<(i64, i64)> {
    let read = |column| row.try_get(column).map_err(Error::internal);
    Ok((read(0)?, read(1)?))
}

impl Event {
    fn of(row: &Row) -> Result<Self> {
        let audience: Vec<String> = row.try_get(3).map_err(Error::internal)?;
        Ok(Self {
            kind: row.try_get(2).map_err(Error::internal)?,
            audience: audience.into_iter().collect(),
        })
    }
}

impl Interest {
    fn has(&self, event: &Event) -> bool {
        let is_told = |words: &Vec<String>| words.iter().any(|word| event.audience.contains(word));
        (self.types.is_empty() || self.types.contains(&event.kind))
            && self.words.as_ref().is_none_or(is_told)
    }
}

impl Told {
    fn concerns(&self, interest: &Interest) -> bool {
        match self {
            Self::Events(events) => events.iter().any(|event| interest.has(event)),
            Self::Anything => true,
        }
    }
}

impl Listener {
    /// Returns when there may be something of interest.
    pub async fn hear(&mut self, interest: &Interest) {
        loop {
            match self.0.recv().await {
                Ok(told) if !told.concerns(interest) => {}
                Ok(_) | Err(RecvError::Lagged(_)) => return,
                // The watcher's side lives as long as the application.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_hears_of_what_it_may_read_and_asked_for() {
        let told = Told::Events(vec![Event {
            kind: "report.created".into(),
            audience: ["within:academy:10".to_owned()].into(),
        }]);
        let interest = |words: Option<&str>, kind: Option<&str>| Interest {
            words: words.map(|word| vec!["everyone".to_owned(), word.to_owned()]),
            types: kind.into_iter().map(str::to_owned).collect(),
        };
        assert!(told.concerns(&interest(None, None)));
        assert!(told.concerns(&interest(Some("within:academy:10"), Some("report.created"))));
        assert!(!told.concerns(&interest(Some("within:academy:08"), None)));
        assert!(!told.concerns(&interest(None, Some("partner.created"))));
        assert!(Told::Anything.concerns(&interest(Some("readers"), Some("partner.created"))));
    }
}
