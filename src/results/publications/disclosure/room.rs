//! How far the figures of a cell can be shifted without contradicting what is known of them.
//!
//! What is known: a hidden count is at least 1; girls, and pupils in priority education, are at most
//! the pupils; and, between two publications, all of this of what was added, should one suppose that
//! figures only grow. What the true figures contradict cannot be known, and binds nothing.

use super::shape::at;

/// The measures that are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Pupils.
    Pupils,
    /// Girls among them.
    Girls,
    /// Pupils in priority education among them.
    Priority,
}

impl Measure {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Pupils, Self::Girls, Self::Priority];
}

/// The measures that are shifted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    /// One alone.
    Alone(Measure),
    /// One and the pupils with it.
    WithPupils(Measure),
}

impl Shift {
    /// Those in which a figure of this measure is shifted, the cheaper one first.
    pub fn of(measure: Measure) -> &'static [Self] {
        match measure {
            Measure::Pupils => &[Self::Alone(Measure::Pupils)],
            Measure::Girls => &[
                Self::Alone(Measure::Girls),
                Self::WithPupils(Measure::Girls),
            ],
            Measure::Priority => &[
                Self::Alone(Measure::Priority),
                Self::WithPupils(Measure::Priority),
            ],
        }
    }

    /// The measures shifted.
    pub fn measures(self) -> impl Iterator<Item = Measure> + Clone {
        Measure::ALL.into_iter().filter(move |one| self.has(*one))
    }

    /// Whether it shifts this measure.
    pub fn has(self, measure: Measure) -> bool {
        match self {
            Self::Alone(own) => own == measure,
            Self::WithPupils(own) => own == measure || measure == Measure::Pupils,
        }
    }
}

/// The figures of a cell, 0 where nobody knows; or what was added to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Pupils.
    pub pupils: i64,
    /// Girls.
    pub girls: i64,
    /// Pupils in priority education.
    pub priority: i64,
}

impl Counts {
    /// One of them.
    pub fn of(self, measure: Measure) -> i64 {
        match measure {
            Measure::Pupils => self.pupils,
            Measure::Girls => self.girls,
            Measure::Priority => self.priority,
        }
    }

    /// What was added to the earlier ones.
    pub fn since(self, earlier: Self) -> Self {
        Self {
            pupils: self.pupils - earlier.pupils,
            girls: self.girls - earlier.girls,
            priority: self.priority - earlier.priority,
        }
    }

    /// Shifted by this much.
    pub fn shifted(self, shift: Shift, by: i64) -> Self {
        let add = |measure, figure: i64| {
            if shift.has(measure) {
                figure + by
            } else {
                figure
            }
        };
        Self {
            pupils: add(Measure::Pupils, self.pupils),
            girls: add(Measure::Girls, self.girls),
            priority: add(Measure::Priority, self.priority),
        }
    }
}

/// How far down and how far up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Room {
    /// Down.
    pub down: i64,
    /// Up.
    pub up: i64,
}

impl Room {
    /// No bound.
    pub const FREE: Self = Self {
        down: i64::MAX,
        up: i64::MAX,
    };

    /// What both leave.
    pub fn and(self, other: Self) -> Self {
        Self {
            down: self.down.min(other.down),
            up: self.up.min(other.up),
        }
    }

    /// Of what is shifted the other way.
    pub const fn reversed(self) -> Self {
        Self {
            down: self.up,
            up: self.down,
        }
    }
}

/// The room of figures of which each is at least so much, and parts at most the pupils.
pub fn room(counts: Counts, shift: Shift, floor: impl Fn(Measure) -> i64) -> Room {
    let mut room = Room::FREE;
    for measure in shift.measures() {
        let spare = counts.of(measure) - floor(measure);
        if spare >= 0 {
            room.down = room.down.min(spare);
        }
    }
    for part in [Measure::Girls, Measure::Priority] {
        let (whole, own) = (counts.pupils, counts.of(part));
        let spare = whole - own;
        match (shift.has(Measure::Pupils), shift.has(part)) {
            _ if spare.min(whole).min(own) < 0 => {}
            (true, false) => room.down = room.down.min(spare),
            (false, true) => room.up = room.up.min(spare),
            _ => {}
        }
    }
    room
}

/// The figures of all cells, by number.
#[derive(Debug, Clone, Default)]
pub struct Figures(pub Vec<Counts>);

impl Figures {
    /// Of one cell.
    pub fn of(&self, cell: usize) -> Counts {
        at(&self.0, cell)
    }

    /// What was added to the earlier ones.
    pub fn since(&self, earlier: &Self) -> Self {
        let all = self.0.iter().enumerate();
        Self(
            all.map(|(cell, counts)| counts.since(earlier.of(cell)))
                .collect(),
        )
    }
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
            let room = room(counts, shift, |_| 1);
            (room.down, room.up)
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
            room(counts, Shift::Alone(Measure::Girls), |_| 1).up,
            i64::MAX
        );
        // Pupils were taken away, girls added.
        let added = Counts {
            pupils: -2,
            girls: 1,
            priority: 0,
        };
        let free = room(added, Shift::Alone(Measure::Pupils), |_| 0);
        assert_eq!(free, Room::FREE);
    }
}
