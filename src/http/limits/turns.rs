//! Turns: so many at once, and of those who wait each client in its turn, whatever it has queued.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::error::{Error, Result};

/// How long a request waits for its turn.
const WAIT: Duration = Duration::from_secs(5);

/// So many turns at once.
#[derive(Clone)]
pub struct Turns {
    state: Arc<Mutex<State>>,
    /// The most of one client.
    share: usize,
    /// The most that wait.
    queue: usize,
}

#[derive(Default)]
struct State {
    free: usize,
    /// How many each client has.
    held: HashMap<Arc<str>, usize>,
    /// How many were refused.
    refused: u64,
    /// Those who wait, by client; the client at the front is next.
    waiting: VecDeque<(Arc<str>, VecDeque<oneshot::Sender<Turn>>)>,
}

/// A turn, given on when it is dropped.
pub struct Turn {
    turns: Turns,
    who: Arc<str>,
}

impl std::fmt::Debug for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Turn({})", self.who)
    }
}

impl Turns {
    /// So many at once, at most `share` for one client, while at most `queue` wait.
    pub fn new(all: usize, share: usize, queue: usize) -> Self {
        let state = State {
            free: all,
            ..State::default()
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            share,
            queue,
        }
    }

    /// The turn of a client.
    ///
    /// # Errors
    /// `service_unavailable` at once when too many wait already, later when it does not come in time.
    pub async fn enter(&self, who: &str) -> Result<Turn> {
        let place = {
            let mut state = self.lock();
            if let Some(turn) = self.take(&mut state, who) {
                return Ok(turn);
            }
            state.queue(who, self.share, self.queue)
        };
        let Some(place) = place else {
            return Err(self.refusal("too many requests of this class wait"));
        };
        match tokio::time::timeout(WAIT, place).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(self.refusal("no turn came in time")),
        }
    }

    /// Refuses who would find neither a turn nor a place to wait for one: asked before a body is read.
    ///
    /// # Errors
    /// `service_unavailable`.
    pub fn look_in(&self, who: &str) -> Result<()> {
        let is_full = {
            let mut state = self.lock();
            let held = state.held.get(who).copied().unwrap_or_default();
            let has_turn = state.free > 0 && held < self.share;
            !has_turn && !state.has_room(who, self.share, self.queue)
        };
        match is_full {
            true => Err(self.refusal("too many requests of this class wait")),
            false => Ok(()),
        }
    }

    fn refusal(&self, why: &'static str) -> Error {
        self.lock().refused += 1;
        Error::unavailable(why)
    }

    /// How many were refused.
    pub fn refused(&self) -> u64 {
        self.lock().refused
    }

    /// How many have a turn, and how many wait.
    pub fn count(&self) -> (usize, usize) {
        let state = self.lock();
        (state.held.values().sum(), state.waiting())
    }

    fn take(&self, state: &mut State, who: &str) -> Option<Turn> {
        let held = state.held.get(who).copied().unwrap_or_default();
        if state.free == 0 || held >= self.share {
            return None;
        }
        state.free -= 1;
        let who: Arc<str> = who.into();
        *state.held.entry(Arc::clone(&who)).or_default() += 1;
        Some(Turn {
            turns: self.clone(),
            who,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives free turns to those who wait, one client after the other.
    fn give(&self) {
        loop {
            let given = {
                let mut state = self.lock();
                let Some((who, place)) = state.next(self.share) else {
                    return;
                };
                self.take(&mut state, &who).map(|turn| (place, turn))
            };
            // Who has gone meanwhile leaves the turn to the next: it is dropped here, outside the lock.
            match given {
                Some((place, turn)) => drop(place.send(turn)),
                None => return,
            }
        }
    }
}

impl State {
    fn waiting(&self) -> usize {
        self.waiting.iter().map(|(_, places)| places.len()).sum()
    }

    /// Whether the queue has a place for a client: it is not full, and the client has not enough in it.
    fn has_room(&mut self, who: &str, share: usize, most: usize) -> bool {
        for (_, places) in &mut self.waiting {
            places.retain(|place| !place.is_closed());
        }
        self.waiting.retain(|(_, places)| !places.is_empty());
        let own = self.waiting.iter().find(|(client, _)| **client == *who);
        let queued = own.map_or(0, |(_, places)| places.len());
        queued < most.min(share.saturating_mul(OF_ONE)) && self.waiting() < most
    }

    /// A place in the queue, where it has room.
    fn queue(&mut self, who: &str, share: usize, most: usize) -> Option<oneshot::Receiver<Turn>> {
        if !self.has_room(who, share, most) {
            return None;
        }
        let (place, arrival) = oneshot::channel();
        let own = self.waiting.iter_mut().find(|(client, _)| **client == *who);
        match own {
            Some((_, places)) => places.push_back(place),
            None => self
                .waiting
                .push_back((who.into(), VecDeque::from([place]))),
        }
        Some(arrival)
    }

    /// The next to have a turn: the first client that has less than its share.
    fn next(&mut self, share: usize) -> Option<(Arc<str>, oneshot::Sender<Turn>)> {
        if self.free == 0 {
            return None;
        }
        let may = |(who, _): &(Arc<str>, _)| self.held.get(who).is_none_or(|held| *held < share);
        let first = self.waiting.iter().position(may)?;
        let (who, mut places) = self.waiting.remove(first)?;
        let place = places.pop_front();
        if !places.is_empty() {
            self.waiting.push_back((Arc::clone(&who), places));
        }
        Some((who, place?))
    }
}

/// For each turn that a client may have at once, how many of its requests wait.
const OF_ONE: usize = 8;

impl Drop for Turn {
    fn drop(&mut self) {
        {
            let mut state = self.turns.lock();
            state.free += 1;
            let held = state.held.get_mut(&self.who).map(|held| {
                *held -= 1;
                *held
            });
            if held == Some(0) {
                state.held.remove(&self.who);
            }
        }
        self.turns.give();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::pin::pin;

    #[tokio::test]
    async fn one_client_never_has_all_and_who_waits_has_it_in_turns() {
        let turns = Turns::new(2, 1, 16);
        let first = turns.enter("a").await.unwrap();
        let mut second_of_a = pin!(turns.enter("a"));
        let mut third_of_a = pin!(turns.enter("a"));
        assert!(second_of_a.as_mut().now_or_never().is_none());
        assert!(third_of_a.as_mut().now_or_never().is_none());
        // Another client comes later, and waits for nobody.
        let b = turns.enter("b").now_or_never().unwrap().unwrap();
        let mut c = pin!(turns.enter("c"));
        assert!(c.as_mut().now_or_never().is_none());
        assert_eq!(turns.count(), (2, 3));
        drop(b);
        let of_c = c.now_or_never().unwrap().unwrap();
        assert!(second_of_a.as_mut().now_or_never().is_none());
        drop(first);
        let of_a = second_of_a.now_or_never().unwrap().unwrap();
        drop((of_a, of_c));
        third_of_a.now_or_never().unwrap().unwrap();
        assert_eq!(turns.count(), (0, 0));
    }

    #[tokio::test]
    async fn a_full_queue_is_refused_at_once_and_one_who_left_takes_no_place() {
        let turns = Turns::new(1, 1, 2);
        let first = turns.enter("a").await.unwrap();
        let mut second = pin!(turns.enter("b"));
        assert!(second.as_mut().now_or_never().is_none());
        {
            let mut third = pin!(turns.enter("c"));
            assert!(third.as_mut().now_or_never().is_none());
            assert!(turns.look_in("d").is_err());
            let refused = turns.enter("d").now_or_never().unwrap().unwrap_err();
            assert_eq!(refused.code, crate::error::Code::ServiceUnavailable);
        }
        assert!(turns.look_in("d").is_ok());
        let mut fourth = pin!(turns.enter("d"));
        assert!(fourth.as_mut().now_or_never().is_none());
        drop(first);
        drop(second.now_or_never().unwrap().unwrap());
        fourth.now_or_never().unwrap().unwrap();
    }
}
