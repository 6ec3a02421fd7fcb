//! The filters and orders of a list of nomenclatures.

use chrono::{DateTime, Utc};

use crate::http::page;
use crate::http::query::{Documented, Parameter, Query, Reader, UPDATED_SINCE};

/// What a list of nomenclatures is filtered by.
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

/// The filters, as the list and the count document them.
pub type Filters = Documented<Filter>;

/// The orders of a list of nomenclatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The name.
    Name,
    /// The last change.
    UpdatedAt,
}

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Name;
    const ORDERS: &'static [(&'static str, Self)] =
        &[("name", Self::Name), ("updated_at", Self::UpdatedAt)];
}
