//! What a client, or an address that names no client, may ask in a time: a bucket of tokens each
//! (GCRA), dearer for what costs more.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use crate::auth::policy::Class;
use crate::error::{Code, Error, Result};

type Buckets =
    RateLimiter<String, DefaultKeyedStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// In how many seconds a bucket that is empty is full again.
pub const WINDOW: u32 = 10;

/// The buckets of all.
pub struct Rates {
    requests: Option<(Buckets, NonZeroU32)>,
    clock: DefaultClock,
    refused: AtomicU64,
}

/// What each may spend in a [`WINDOW`], at a rate a second; none: no bound.
pub fn quota(rate: u32) -> Option<u32> {
    let rate = NonZeroU32::new(rate)?;
    Some(burst(rate).get())
}

fn burst(rate: NonZeroU32) -> NonZeroU32 {
    rate.saturating_mul(NonZeroU32::MIN.saturating_add(WINDOW - 1))
}

/// What is left to a caller, for the headers of an answer.
#[derive(Debug, Clone, Copy)]
pub struct Left {
    quota: u32,
    remaining: u32,
}

impl Left {
    /// `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers).
    pub fn headers(self) -> [(&'static str, String); 2] {
        let Self { quota, remaining } = self;
        let missing = quota.saturating_sub(remaining);
        let seconds = (u64::from(missing) * u64::from(WINDOW)).div_ceil(u64::from(quota.max(1)));
        [
            (
                "ratelimit-policy",
                format!("\"default\";q={quota};w={WINDOW}"),
            ),
            (
                "ratelimit",
                format!("\"default\";r={remaining};t={seconds}"),
            ),
        ]
    }
}

/// What a request takes of its bucket.
const fn cost(class: Class) -> NonZeroU32 {
    let cost = match class {
        Class::Point => 1,
        Class::List | Class::Write => 2,
        Class::Search | Class::Aggregate => 5,
        Class::Bulk => 10,
        Class::Export => 20,
    };
    match NonZeroU32::new(cost) {
        Some(cost) => cost,
        None => NonZeroU32::MIN,
    }
}

impl Rates {
    /// So many tokens a second for each; none: no bound.
    pub fn new(rate: Option<NonZeroU32>) -> Self {
        let requests = rate.map(|rate| {
            let burst = burst(rate);
            let buckets = RateLimiter::dashmap(Quota::per_second(rate).allow_burst(burst));
            (
                buckets.with_middleware::<StateInformationMiddleware>(),
                burst,
            )
        });
        Self {
            requests,
            clock: DefaultClock::default(),
            refused: AtomicU64::new(0),
        }
    }

    /// Takes the price of a request from the bucket of who sends it; what is left in it, where there is
    /// a bound.
    ///
    /// # Errors
    /// `too_many_requests`, with when enough will be there.
    pub fn take(&self, who: &str, class: Class) -> Result<Option<Left>> {
        let Some((buckets, burst)) = &self.requests else {
            return Ok(None);
        };
        match buckets.check_key_n(&who.to_owned(), cost(class)) {
            Ok(Ok(state)) => Ok(Some(Left {
                quota: burst.get(),
                remaining: state.remaining_burst_capacity(),
            })),
            Ok(Err(until)) => {
                Err(self.refusal(until.wait_time_from(self.clock.now()), burst.get()))
            }
            Err(_) => Ok(None),
        }
    }

    /// How many were refused.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Forgets the buckets that are full again.
    pub fn forget_full(&self) {
        if let Some((buckets, _)) = &self.requests {
            buckets.retain_recent();
        }
    }

    fn refusal(&self, wait: Duration, quota: u32) -> Error {
        self.refused.fetch_add(1, Ordering::Relaxed);
        let mut error = too_many(wait);
        let left = Left {
            quota,
            remaining: 0,
        };
        for (name, value) in left.headers() {
            if let Ok(value) = HeaderValue::from_str(&value) {
                error = error.header(HeaderName::from_static(name), value);
            }
        }
        error
    }
}

/// The refusal of who asked too often, with when to come back.
pub fn too_many(wait: Duration) -> Error {
    let seconds = wait.as_secs().saturating_add(1);
    Error::new(Code::TooManyRequests).header(RETRY_AFTER, HeaderValue::from(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_bucket_of_its_own_and_what_costs_more_takes_more() {
        let rates = Rates::new(NonZeroU32::new(10));
        let left = |who: &str, class| {
            let left = rates.take(who, class).map(|left| left.unwrap().remaining);
            left.map_err(|error| error.code)
        };
        assert_eq!(left("a", Class::Point), Ok(99));
        assert_eq!(left("a", Class::Export), Ok(79));
        for _ in 0..3 {
            assert!(left("a", Class::Export).is_ok());
        }
        assert_eq!(left("a", Class::Export), Err(Code::TooManyRequests));
        assert!(
            left("a", Class::Bulk).is_ok(),
            "what is left serves what costs less"
        );
        assert_eq!(left("b", Class::Point), Ok(99));
        assert_eq!(rates.refused(), 1);
        assert!(Rates::new(None).take("a", Class::Export).unwrap().is_none());
    }

    #[test]
    fn the_headers_tell_the_bucket_and_when_it_is_full_again() {
        let left = Left {
            quota: 100,
            remaining: 79,
        };
        let [policy, state] = left.headers().map(|(_, value)| value);
        assert_eq!(policy, "\"default\";q=100;w=10");
        assert_eq!(state, "\"default\";r=79;t=3");
    }
}
