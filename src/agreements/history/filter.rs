//! The filters and orders of a history.

use chrono::{DateTime, Utc};

use crate::db::page::Direction;
use crate::http::page;
use crate::http::query::{Documented, Parameter, Query, Reader, UPDATED_SINCE};

/// What a history is filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Written then or later.
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

/// The filter, as both histories document it.
pub type Filters = Documented<Filter>;

/// A history has one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// That in which it was written.
    Id,
}

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Id;
    const FIRST: Direction = Direction::Descending;
    const ORDERS: &'static [(&'static str, Self)] = &[("occurred_at", Self::Id)];
}
