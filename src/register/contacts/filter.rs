//! The filters and orders of a list of contacts.

use chrono::{DateTime, Utc};

use super::content::ContactRole;
use crate::http::page;
use crate::http::query::{Documented, Parameter, Query, Reader, UPDATED_SINCE, parameter};
use crate::values::TerritoryCode;

/// What a list of contacts is filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Whose territory covers, or lies in, one of these.
    pub territory: Vec<TerritoryCode>,
    /// Being one of these.
    pub role: Vec<ContactRole>,
    /// Changed then or later.
    pub updated_since: Option<DateTime<Utc>>,
    /// The territories asked for and all above them.
    pub above: Vec<String>,
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[
        parameter(
            "territory",
            "Territoires que le contact couvre ou dans lesquels il se trouve, séparés par des virgules",
            "academy:10",
        ),
        parameter(
            "role",
            "`cell`, `clee`, `bde`, `head`, séparés par des virgules",
            "cell,clee",
        ),
        UPDATED_SINCE,
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            territory: reader.several("territory"),
            role: reader.several("role"),
            updated_since: reader.one("updated_since"),
            above: Vec::new(),
        }
    }
}

/// The filters, as the list and the count document them.
pub type Filters = Documented<Filter>;

/// The orders of a list of contacts. Never by name: an order would reveal names.
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
