//! What the versions of a report are asked for.

use chrono::{DateTime, Utc};

use crate::db::page::Direction;
use crate::http::page;
use crate::http::query::{Documented, Parameter, Query, Reader, UPDATED_SINCE};

/// What the versions of a report are filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Changed then or later.
    pub updated_since: Option<DateTime<Utc>>,
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[UPDATED_SINCE];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            updated_since: reader.one("updated_since"),
        }
    }
}

/// The filters, as the list documents them.
pub type Filters = Documented<Filter>;

/// Versions have one order, that of their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The newest first, unless it is turned round.
    Number,
}

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Number;
    const FIRST: Direction = Direction::Descending;
    const ORDERS: &'static [(&'static str, Self)] = &[("version", Self::Number)];
}
