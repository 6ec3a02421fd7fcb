//! Watches PostgreSQL, on a thread and a connection of its own: whether it answers, whether it takes writes,
//! and whether it is still the server it was. No read, write or export makes the watch wait.

use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;

use super::Connector;
use super::cluster::{Seen, Standing};
use super::connect::Opened;
use crate::error::{Error, Result};

/// How often it looks.
const PERIOD: Duration = Duration::from_secs(1);

/// How long a server that was there may take to say that it still is, before another is looked for.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long whoever asks waits for what was found.
const ANSWER: Duration = Duration::from_secs(2);

/// How long whoever asks whether the service is ready waits for what is found now, where it is known how
/// PostgreSQL stood a moment ago: a machine that is busy is no machine that is away.
const HURRY: Duration = Duration::from_millis(25);

/// How long what was found tells how PostgreSQL stands: the next look, and what that may take.
const FRESH: Duration = Duration::from_secs(2);

/// How many may ask at the same time: one answer serves all who wait for it.
const ASKING: usize = 64;

type Found = std::result::Result<Standing, String>;
type Asked = oneshot::Sender<Found>;

/// Watches on behalf of all workers.
#[derive(Clone)]
pub struct Probe {
    asks: mpsc::Sender<Asked>,
    last: watch::Receiver<Option<Look>>,
}

/// A look at PostgreSQL that found it.
#[derive(Debug, Clone, Copy)]
struct Look {
    standing: Standing,
    at: Instant,
}

impl Look {
    /// What it tells now, as long as it tells something.
    fn told(self, now: Instant) -> Option<Ready> {
        let age = now.saturating_duration_since(self.at);
        let standing = self.standing;
        (age <= FRESH).then_some(Ready { standing, age })
    }
}

/// How PostgreSQL stood, and how long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// How it stood.
    pub standing: Standing,
    /// How long ago.
    pub age: Duration,
}

/// The watch, and the connection it looks through.
struct Watch {
    connector: Connector,
    opened: Option<Opened>,
    last: watch::Sender<Option<Look>>,
}

impl Probe {
    /// Begins to watch; ends when nobody can ask any more.
    ///
    /// # Errors
    /// `internal_error` when no thread can be started.
    pub fn start(connector: &Connector) -> Result<Self> {
        let (asks, asked) = mpsc::channel(ASKING);
        let (found, last) = watch::channel(None);
        let mut watch = Watch {
            connector: connector.clone(),
            opened: None,
            last: found,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Error::internal)?;
        std::thread::Builder::new()
            .name("ree-probe".to_owned())
            .spawn(move || runtime.block_on(watch.run(asked)))
            .map_err(Error::internal)?;
        Ok(Self { asks, last })
    }

    /// How PostgreSQL stands: as it is found now, where that takes no time, else as the last look found it.
    ///
    /// # Errors
    /// As [`Probe::ping`].
    pub async fn ready(&self) -> Result<Ready> {
        let last = *self.last.borrow();
        let known = last.and_then(|last| last.told(Instant::now()));
        let standing = match known {
            Some(known) if self.asks.capacity() == 0 => return Ok(known),
            Some(known) => match tokio::time::timeout(HURRY, self.ping()).await {
                Ok(found) => found?,
                Err(_) => return Ok(known),
            },
            None => self.ping().await?,
        };
        let age = Duration::ZERO;
        Ok(Ready { standing, age })
    }

    /// How PostgreSQL stands, asked now.
    ///
    /// # Errors
    /// `service_unavailable` when it does not answer, or not in time.
    pub async fn ping(&self) -> Result<Standing> {
        let (reply, answer) = oneshot::channel();
        self.asks.try_send(reply).map_err(Error::unavailable)?;
        let answer = tokio::time::timeout(ANSWER, answer).await;
        let found = answer.map_err(Error::unavailable)?;
        found
            .map_err(Error::unavailable)?
            .map_err(Error::unavailable)
    }
}

impl Watch {
    async fn run(&mut self, mut asked: mpsc::Receiver<Asked>) {
        let mut looks = tokio::time::interval(PERIOD);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let mut waiting = Vec::new();
            tokio::select! {
                one = asked.recv() => match one {
                    Some(one) => waiting.push(one),
                    None => return,
                },
                _ = looks.tick() => {}
            }
            while let Ok(another) = asked.try_recv() {
                waiting.push(another);
            }
            let found = self.look().await;
            let look = |standing| Look {
                standing,
                at: Instant::now(),
            };
            self.last.send_replace(found.clone().ok().map(look));
            for reply in waiting {
                // Whoever asked may have gone.
                let _ = reply.send(found.clone());
            }
        }
    }

    /// Looks at the server that was there, else at whichever there is.
    async fn look(&mut self) -> Found {
        if let Some(opened) = self.opened.take().filter(|opened| opened.link.is_good())
            && let Ok(Ok(seen)) =
                tokio::time::timeout(PATIENCE, Seen::of(&opened.client)).await
            // Another server may have been promoted.
            && seen.is_writable
        {
            return self.note(opened, seen);
        }
        match self.connector.search().await {
            Ok(opened) => {
                let seen = opened.seen;
                self.note(opened, seen)
            }
            Err(error) => {
                if error.is_silent() {
                    self.connector.cluster().is_away();
                } else if !error.is_busy() {
                    self.connector.cluster().is_missing();
                }
                Err(error.to_string())
            }
        }
    }

    fn note(&mut self, opened: Opened, seen: Seen) -> Found {
        let cluster = self.connector.cluster();
        if !cluster.watched(opened.host, seen) {
            return Err("a former primary answers".to_owned());
        }
        self.opened = Some(opened);
        Ok(cluster.standing())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_tells_how_postgresql_stands_until_the_next_one_is_overdue() {
        let at = Instant::now();
        let look = Look {
            standing: Standing::ReadOnly,
            at,
        };
        let told = look.told(at + Duration::from_secs(1)).unwrap();
        assert_eq!(told.standing, Standing::ReadOnly);
        assert_eq!(told.age, Duration::from_secs(1));
        assert_eq!(look.told(at + FRESH + Duration::from_millis(1)), None);
    }
}
