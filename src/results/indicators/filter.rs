//! The filters and orders of the list of definitions.

use chrono::{DateTime, Utc};

use crate::http::page;
use crate::http::query::{Documented, Parameter, Query, Reader, UPDATED_SINCE};

/// What the list of definitions is filtered by.
#[derive(Debug, Default)]
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

/// The filters, as the list and the count document them.
pub type Filters = Documented<Filter>;

/// By what definitions are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// As they are displayed.
    Place,
    /// The code.
    Code,
}

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Place;
    const ORDERS: &'static [(&'static str, Self)] = &[("place", Self::Place), ("code", Self::Code)];
    const NOTE: &'static str = " ; `place` est l'ordre de présentation";
}
