//! Which part of a list is read: in which order, after which row, and how many rows.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The largest page.
pub const MAX_LIMIT: i64 = 200;
/// The page when `limit` is absent.
pub const DEFAULT_LIMIT: i64 = 50;
/// Rows a stream reads from the database at a time.
pub const BATCH: i64 = 500;

/// A place in an order: the value sorted by, and the id that settles ties.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The value sorted by.
    pub value: MarkValue,
    /// The id of the row, as text.
    pub id: String,
}

impl Mark {
    /// The id of a row that has a UUID: a cursor has no other, for nobody can alter one.
    pub fn uuid(&self) -> uuid::Uuid {
        self.id.parse().unwrap_or_default()
    }

    /// Of a place in the change feed, the position.
    pub const fn position(&self) -> Option<i64> {
        match self.value {
            MarkValue::Place(position, _) => Some(position),
            _ => None,
        }
    }
}

/// What lists can be sorted by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MarkValue {
    /// The id alone.
    Id,
    /// A text.
    Text(String),
    /// A moment.
    Time(DateTime<Utc>),
    /// How well a row answers a search: the bits of a single-precision number, to lose none.
    Rank(u32),
    /// The distance of a row: the bits of a double-precision number; none for a row without a place.
    Distance(Option<u64>),
    /// Two numbers: a place in the change feed.
    Place(i64, i64),
}

/// The direction of a sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Greatest first (`-` before the name).
    Descending,
}

impl Direction {
    /// The other one.
    pub const fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }

    /// How `ORDER BY` writes it.
    pub const fn order(self) -> &'static str {
        match self {
            Self::Ascending => "ASC",
            Self::Descending => "DESC",
        }
    }

    /// How what comes after a value is compared with it.
    pub const fn comparison(self) -> &'static str {
        match self {
            Self::Ascending => ">",
            Self::Descending => "<",
        }
    }
}

/// Which part of a list is asked for.
#[derive(Debug, Clone)]
pub struct Page<S> {
    /// By what it is sorted.
    pub sort: S,
    /// In which direction.
    pub direction: Direction,
    /// At most this many rows.
    pub limit: i64,
    /// After this row.
    pub after: Option<Mark>,
}

impl<S: Copy> Page<S> {
    /// The same part of the list, in an order that another list knows by its own name.
    pub fn sorted_by<O: From<S>>(&self) -> Page<O> {
        Page {
            sort: self.sort.into(),
            direction: self.direction,
            limit: self.limit,
            after: self.after.clone(),
        }
    }
}
