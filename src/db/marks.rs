//! How far the primary's log went, moment after moment: by which of them a standby has reached is known how
//! old it is, whatever the clocks say.

use std::collections::VecDeque;
use std::time::Instant;

/// How many are kept: one is added each second.
const MOST: usize = 128;

/// The moments, the latest last, each with a place that all stands before that was acknowledged until then.
#[derive(Debug, Default)]
pub struct Marks(VecDeque<(Instant, u64)>);

impl Marks {
    /// The log went so far at this moment, or further.
    pub fn add(&mut self, at: Instant, lsn: u64) {
        self.0.push_back((at, lsn));
        if self.0.len() > MOST {
            self.0.pop_front();
        }
    }

    /// The latest moment of which a log has all that goes so far.
    pub fn reached(&self, lsn: u64) -> Option<Instant> {
        let mut latest = self.0.iter().rev();
        latest.find(|mark| mark.1 <= lsn).map(|mark| mark.0)
    }
}
