//! Failures to name oneself: who fails again and again is refused before it is looked up. They count by
//! address, and by client and address together, so that nobody shuts a client out by failing in its
//! name.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::rates::too_many;
use crate::error::Result;

/// In how much time failures count.
const WINDOW: Duration = Duration::from_secs(60);
/// Of one client at one address.
const OF_CLIENT: u32 = 10;
/// Of one address.
const OF_ADDRESS: u32 = 100;
/// How many addresses and clients are remembered before the past ones are forgotten.
const REMEMBERED: usize = 10_000;

/// The failures of the last minute.
#[derive(Default)]
pub struct Attempts {
    failures: Mutex<HashMap<String, (u32, Instant)>>,
}

/// Who tries: the address, and the client it says it is.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    /// The address.
    pub address: &'a str,
    /// The client.
    pub client: &'a str,
}

impl Who<'_> {
    fn keys(self) -> [(String, u32); 2] {
        let Self { address, client } = self;
        [
            (address.to_owned(), OF_ADDRESS),
            (format!("{address} {client}"), OF_CLIENT),
        ]
    }
}

impl Attempts {
    /// Refuses one who has failed too often.
    ///
    /// # Errors
    /// `too_many_requests`, with when to come back.
    pub fn check(&self, who: Who<'_>, now: Instant) -> Result<()> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, most) in who.keys() {
            if let Some((count, since)) = failures.get(&key) {
                let left = WINDOW.saturating_sub(now.saturating_duration_since(*since));
                if *count >= most && !left.is_zero() {
                    return Err(too_many(left));
                }
            }
        }
        Ok(())
    }

    /// Counts a failure.
    pub fn failed(&self, who: Who<'_>, now: Instant) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= REMEMBERED {
            failures.retain(|_, (_, since)| now.saturating_duration_since(*since) < WINDOW);
        }
        for (key, _) in who.keys() {
            let (count, since) = failures.entry(key).or_insert((0, now));
            if now.saturating_duration_since(*since) >= WINDOW {
                (*count, *since) = (0, now);
            }
            *count = count.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_fails_again_and_again_waits_and_shuts_nobody_else_out() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        fn who<'a>(address: &'a str, client: &'a str) -> Who<'a> {
            Who { address, client }
        }
        for _ in 0..OF_CLIENT {
            assert!(attempts.check(who("1.1.1.1", "a"), now).is_ok());
            attempts.failed(who("1.1.1.1", "a"), now);
        }
        assert!(attempts.check(who("1.1.1.1", "a"), now).is_err());
        assert!(attempts.check(who("1.1.1.1", "b"), now).is_ok());
        assert!(attempts.check(who("2.2.2.2", "a"), now).is_ok());
        assert!(attempts.check(who("1.1.1.1", "a"), now + WINDOW).is_ok());
        // Trying many names is failing too.
        for number in 0..OF_ADDRESS {
            let name = number.to_string();
            attempts.failed(who("3.3.3.3", &name), now);
        }
        assert!(attempts.check(who("3.3.3.3", "new"), now).is_err());
    }
}
