//! Readers that wait for what is not there yet. They hold no turn and no connection to the database,
//! and are so many for each client.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::rates::too_many;
use crate::error::{Result, Subject};

/// When one that finds no place is to come back.
const RETRY: Duration = Duration::from_secs(10);

/// How many wait of each client, and how many may.
pub struct Waiting {
    most: usize,
    waiting: Arc<Readers>,
}

type Readers = Mutex<HashMap<String, usize>>;

/// A reader's place among those of its client, free again when it is dropped.
#[derive(Debug)]
pub struct WaitingPlace {
    waiting: Arc<Readers>,
    who: String,
}

impl Waiting {
    /// So many of each client.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            waiting: Arc::default(),
        }
    }

    /// A place for one more.
    ///
    /// # Errors
    /// `too_many_requests` where the client has as many as it may.
    pub fn enter(&self, who: &str) -> Result<WaitingPlace> {
        let mut waiting = lock(&self.waiting);
        let count = waiting.entry(who.to_owned()).or_default();
        if *count >= self.most {
            let most = self.most;
            return Err(too_many(RETRY).about(Subject::words(
                format!("ce client a déjà {most} lecteurs en attente"),
                format!("{most} readers of this client wait already"),
            )));
        }
        *count += 1;
        Ok(WaitingPlace {
            waiting: Arc::clone(&self.waiting),
            who: who.to_owned(),
        })
    }

    /// How many there are, of all clients.
    pub fn count(&self) -> usize {
        lock(&self.waiting).values().sum()
    }
}

fn lock(waiting: &Readers) -> MutexGuard<'_, HashMap<String, usize>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for WaitingPlace {
    fn drop(&mut self) {
        let mut waiting = lock(&self.waiting);
        if let Some(count) = waiting.get_mut(&self.who) {
            *count -= 1;
            if *count == 0 {
                waiting.remove(&self.who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_has_so_many_readers_that_wait() {
        let waiting = Waiting::new(2);
        let places = [waiting.enter("a").unwrap(), waiting.enter("a").unwrap()];
        assert!(waiting.enter("a").is_err());
        let other = waiting.enter("b").unwrap();
        assert_eq!(waiting.count(), 3);
        drop((places, other));
        assert_eq!(waiting.count(), 0);
        assert!(waiting.enter("a").is_ok());
    }
}
