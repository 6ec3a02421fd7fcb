//! The filters and orders of a list of representatives.

use chrono::{DateTime, Utc};

use crate::http::page;
use crate::http::query::{Documented, Parameter, Query, Reader, UPDATED_SINCE, parameter};
use crate::values::TerritoryCode;

/// What a list of representatives is filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Whose territories cover, or lie in, one of these.
    pub territory: Vec<TerritoryCode>,
    /// Those and all above them: filled in by [`crate::register::territories::ancestry`].
    pub above: Vec<String>,
    /// Changed then or later.
    pub updated_since: Option<DateTime<Utc>>,
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[
        parameter(
            "territory",
            "Territoires couverts, séparés par des virgules",
            "academy:10",
        ),
        UPDATED_SINCE,
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            territory: reader.several("territory"),
            updated_since: reader.one("updated_since"),
            above: Vec::new(),
        }
    }
}

/// The filters, as the list and the count document them.
pub type Filters = Documented<Filter>;

/// The orders of a list of representatives. Never by name: an order would reveal names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The order of creation.
    Id,
    /// The last change.
    UpdatedAt,
}

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Id;
    const ORDERS: &'static [(&'static str, Self)] =
        &[("created_at", Self::Id), ("updated_at", Self::UpdatedAt)];
}
