//! Feasibility intervals: how far the figures of a cell can be shifted without contradicting what is
//! known of them.
//!
//! What is known: a hidden count is at least 1; girls, and pupils in priority education, are at most
//! the pupils; and, between two publications, all of this of what was added, should one suppose that
//! figures only grow. What the true figures contradict cannot be known, and binds nothing.

use super::figures::{Counts, Measure, Shift};

/// A feasibility interval, by its distances from the true figure: how far down and how far up. Also
/// the protection levels that it must reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Interval {
    /// Down.
    pub down: i64,
    /// Up.
    pub up: i64,
}

impl Interval {
    /// Bounded on neither side.
    pub const UNBOUNDED: Self = Self {
        down: i64::MAX,
        up: i64::MAX,
    };

    /// The intersection of both.
    pub fn and(self, other: Self) -> Self {
        Self {
            down: self.down.min(other.down),
            up: self.up.min(other.up),
        }
    }

    /// Whether it reaches as far as these protection levels.
    pub const fn covers(self, levels: Self) -> bool {
        self.down >= levels.down && self.up >= levels.up
    }

    /// Of what is shifted the other way.
    pub const fn reversed(self) -> Self {
        Self {
            down: self.up,
            up: self.down,
        }
    }
}

/// The feasibility interval of figures of which each is at least so much, and parts at most the
/// pupils.
pub fn feasible(counts: Counts, shift: Shift, floor: impl Fn(Measure) -> i64) -> Interval {
    let mut interval = Interval::UNBOUNDED;
    for measure in shift.measures() {
        let spare = counts.of(measure) - floor(measure);
        if spare >= 0 {
            interval.down = interval.down.min(spare);
        }
    }
    for part in [Measure::Girls, Measure::Priority] {
        let (whole, own) = (counts.pupils, counts.of(part));
        let spare = whole - own;
        match (shift.has(Measure::Pupils), shift.has(part)) {
            _ if spare.min(whole).min(own) < 0 => {}
            (true, false) => interval.down = interval.down.min(spare),
            (false, true) => interval.up = interval.up.min(spare),
            _ => {}
        }
    }
    interval
}

/// The protection levels that share a sliding protection level out: all up, all down, and half of it
/// each way.
pub fn protection_levels(sliding: i64) -> [Interval; 4] {
    let half = sliding / 2;
    [
        (0, sliding),
        (sliding, 0),
        (half, sliding - half),
        (sliding - half, half),
    ]
    .map(|(down, up)| Interval { down, up })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_bind_the_whole_and_the_whole_its_parts() {
        let counts = Counts {
            pupils: 10,
            girls: 4,
            priority: 7,
        };
        let of = |shift| {
            let interval = feasible(counts, shift, |_| 1);
            (interval.down, interval.up)
        };
        assert_eq!(of(Shift::Alone(Measure::Pupils)), (3, i64::MAX));
        assert_eq!(of(Shift::Alone(Measure::Girls)), (3, 6));
        assert_eq!(of(Shift::Alone(Measure::Priority)), (6, 3));
        assert_eq!(of(Shift::WithPupils(Measure::Girls)), (3, i64::MAX));
        assert_eq!(of(Shift::WithPupils(Measure::Priority)), (6, i64::MAX));
    }

    #[test]
    fn what_the_figures_contradict_binds_nothing() {
        // Girls were counted where pupils were not.
        let counts = Counts {
            pupils: 3,
            girls: 5,
            priority: 0,
        };
        assert_eq!(
            feasible(counts, Shift::Alone(Measure::Girls), |_| 1).up,
            i64::MAX
        );
        // Pupils were taken away, girls added.
        let added = Counts {
            pupils: -2,
            girls: 1,
            priority: 0,
        };
        let free = feasible(added, Shift::Alone(Measure::Pupils), |_| 0);
        assert_eq!(free, Interval::UNBOUNDED);
    }
}
