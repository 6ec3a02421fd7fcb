//! Time and ids come from here, so that tests can set the one and foresee the other.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::{ContextV7, NoContext, Timestamp, Uuid};

/// The clock of an application.
#[derive(Debug)]
pub struct Clock {
    /// Orders the ids made within one millisecond.
    context: Mutex<ContextV7>,
    /// Added to the system's clock, in milliseconds: tests travel with it.
    ahead: AtomicI64,
    /// Given out before any that is made.
    foreseen: Mutex<Option<Uuid>>,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            context: Mutex::new(ContextV7::new()),
            ahead: AtomicI64::new(0),
            foreseen: Mutex::default(),
        }
    }
}

impl Clock {
    /// Now, to the microsecond: what PostgreSQL can store.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the system's clock"
    )]
    pub fn now(&self) -> DateTime<Utc> {
        let now = Utc::now() + TimeDelta::milliseconds(self.ahead.load(Ordering::Relaxed));
        DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }

    /// A clock whose first id is this one: the example data has the ids that the document tells of.
    pub fn foreseeing(id: Uuid) -> Self {
        Self {
            foreseen: Mutex::new(Some(id)),
            ..Self::default()
        }
    }

    /// A new UUIDv7, of now.
    pub fn new_id(&self) -> Uuid {
        let mut foreseen = self.foreseen.lock().unwrap_or_else(PoisonError::into_inner);
        foreseen.take().unwrap_or_else(|| self.made_id())
    }

    fn made_id(&self) -> Uuid {
        let now = self.now();
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        Uuid::new_v7(Timestamp::from_unix(
            &self.context,
            seconds,
            now.timestamp_subsec_nanos(),
        ))
    }

    /// An id of a moment that another clock told: of whoever orders by ids what several clocks made.
    pub fn id_of(moment: DateTime<Utc>) -> Uuid {
        let seconds = u64::try_from(moment.timestamp()).unwrap_or_default();
        let nanoseconds = moment.timestamp_subsec_nanos();
        Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, nanoseconds))
    }

    /// The last id that a moment can have, to the millisecond.
    pub fn last_id_of(moment: DateTime<Utc>) -> Uuid {
        const RANDOM: u128 = 0x0fff_3fff_ffff_ffff_ffff;
        Uuid::from_u128(Self::id_of(moment).as_u128() | RANDOM)
    }

    /// Moves the clock forward (or back), for tests.
    pub fn travel(&self, by: TimeDelta) {
        self.ahead
            .fetch_add(by.num_milliseconds(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_id_of_a_moment_is_after_every_other_and_before_the_next() {
        let moment = DateTime::from_timestamp_millis(1_800_000_000_123).unwrap();
        let last = Clock::last_id_of(moment);
        assert_eq!(last.get_version_num(), 7);
        for _ in 0..100 {
            assert!(Clock::id_of(moment) <= last);
            assert!(Clock::id_of(moment + TimeDelta::milliseconds(1)) > last);
        }
    }
}
