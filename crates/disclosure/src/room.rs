//! How far the people of a cell can be shifted in some consecutive editions, for all that is known of
//! it.

use crate::certificate::Circuit;
use crate::counts::{Counts, Measure, Quantity, Shift};
use crate::edition::{Change, Edition};

/// How far down and how far up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Down.
    pub down: i64,
    /// Up.
    pub up: i64,
}

impl Room {
    /// As far as one wants.
    pub const FREE: Self = Self {
        down: i64::MAX,
        up: i64::MAX,
    };
    /// Not at all.
    pub const NONE: Self = Self { down: 0, up: 0 };

    /// Where both have room.
    pub fn and(self, other: Self) -> Self {
        Self {
            down: self.down.min(other.down),
            up: self.up.min(other.up),
        }
    }

    /// Of a shift so many times as far: the other way, or not at all.
    pub const fn times(self, factor: i64) -> Self {
        match factor {
            0 => Self::FREE,
            1.. => Self {
                down: self.down / factor,
                up: self.up / factor,
            },
            _ => Self {
                down: self.up / -factor,
                up: self.down / -factor,
            },
        }
    }

    /// Whether there is this much.
    pub const fn covers(self, other: Self) -> bool {
        self.down >= other.down && self.up >= other.up
    }
}

/// The first and the last edition that are shifted.
pub type Span = (usize, usize);

/// The editions of a year, the new one last.
#[derive(Debug)]
pub struct Editions {
    all: Vec<Edition>,
    /// The published quantities: a measure and how much of it there is.
    published: Vec<Quantity>,
}

impl Editions {
    /// Of these.
    pub fn new(all: Vec<Edition>) -> Self {
        let published = Quantity::all()
            .into_iter()
            .filter(|one| one.is_published)
            .collect();
        Self { all, published }
    }

    /// One of them.
    pub fn get(&self, number: usize) -> Option<&Edition> {
        self.all.get(number)
    }

    /// The new one.
    pub fn new_one(&mut self) -> Option<&mut Edition> {
        self.all.last_mut()
    }

    /// The number of the new one.
    pub fn last(&self) -> usize {
        self.all.len().saturating_sub(1)
    }

    /// All of them.
    pub fn into_all(self) -> Vec<Edition> {
        self.all
    }

    /// What became of a cell in an edition.
    pub fn change(&self, edition: usize, cell: usize) -> Change {
        let before = edition.checked_sub(1).and_then(|one| self.all.get(one));
        let before = before.map(|one| one.counts(cell)).unwrap_or_default();
        let after = self.all.get(edition).map(|one| one.counts(cell));
        Change::between(&before, &after.unwrap_or_default())
    }

    /// Since which edition a measure of a cell has not been told, up to this one.
    pub fn untold_since(&self, measure: Measure, cell: usize, edition: usize) -> usize {
        let told = |one: &usize| {
            self.all
                .get(*one)
                .is_some_and(|one| !one.untold(cell).has(measure))
        };
        let before = (0..edition).rev().find(told);
        before.map_or(0, |one| one + 1)
    }

    /// Whether what a shift moves is not told in a cell, from one edition to before another one.
    pub fn is_untold(&self, shift: &Shift, cell: usize, editions: std::ops::Range<usize>) -> bool {
        let mut editions = self.all.get(editions).into_iter().flatten();
        editions.all(|one| one.untold(cell).has_all(shift.moved))
    }

    /// How far a shift can go in a cell of an edition that is shifted up (1), down (-1) or not at all,
    /// as the edition before it is: no part below zero, in it nor in what was added; and nothing hidden
    /// at zero that would be shown.
    pub fn room(&self, shift: &Shift, edition: usize, cell: usize, before: i64, now: i64) -> Room {
        let added = match self.change(edition, cell) {
            Change::None if before != now => return Room::NONE,
            Change::Growth(added) => of_parts(shift, &added).times(now - before),
            Change::None | Change::Correction => Room::FREE,
        };
        let Some(own) = self.all.get(edition).filter(|_| now != 0) else {
            return added;
        };
        let counts = own.counts(cell);
        if counts.is_empty() {
            return Room::NONE;
        }
        added.and(
            of_parts(shift, &counts)
                .and(self.above_zero(shift, own, cell))
                .times(now),
        )
    }

    /// How far an edition can be shifted along a circuit, as the one before it is along another.
    pub fn room_of(&self, shift: &Shift, edition: usize, before: &Circuit, now: &Circuit) -> Room {
        let of = |circuit: &Circuit, cell: &usize| circuit.get(cell).copied().unwrap_or_default();
        let cells = before.keys().chain(now.keys());
        let each =
            cells.map(|cell| self.room(shift, edition, *cell, of(before, cell), of(now, cell)));
        each.fold(Room::FREE, Room::and)
    }

    /// What is hidden for itself is known not to be zero.
    fn above_zero(&self, shift: &Shift, edition: &Edition, cell: usize) -> Room {
        let (counts, untold) = (edition.counts(cell), edition.untold(cell));
        let free = |one: &&Quantity| one.moved_by(shift) > 0 && !untold.may_be_zero(one.measure);
        let least = self
            .published
            .iter()
            .filter(free)
            .map(|one| (one.value(&counts) - 1).max(0))
            .min();
        Room {
            down: least.unwrap_or(i64::MAX),
            up: i64::MAX,
        }
    }
}

/// As far as there are people in the parts that lose some.
fn of_parts(shift: &Shift, counts: &Counts) -> Room {
    let least = |parts: &[usize]| parts.iter().map(|part| counts.of(*part)).min();
    Room {
        down: least(&shift.plus).unwrap_or(i64::MAX),
        up: least(&shift.minus).unwrap_or(i64::MAX),
    }
}
