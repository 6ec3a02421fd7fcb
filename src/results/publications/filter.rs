//! The filters and orders of a list of publications.

use chrono::{DateTime, Utc};

use crate::http::page;
use crate::http::query::{Documented, Parameter, Query, Reader, UPDATED_SINCE, parameter};
use crate::values::SchoolYear;

/// What a list of publications is filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those of one of these years.
    pub school_year: Vec<SchoolYear>,
    /// Changed then or later.
    pub updated_since: Option<DateTime<Utc>>,
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[
        parameter(
            "school_year",
            "Années scolaires, séparées par des virgules",
            "2025-2026",
        ),
        UPDATED_SINCE,
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            school_year: reader.several("school_year"),
            updated_since: reader.one("updated_since"),
        }
    }
}

/// Whether a publication is only to be shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct DryRun {
    /// It is, and nothing is written.
    pub dry_run: bool,
}

impl Query for DryRun {
    const PARAMETERS: &'static [Parameter] = &[parameter(
        "dry_run",
        "`true` : dire ce qui serait publié, sans rien écrire",
        "true",
    )];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            dry_run: reader.flag("dry_run").unwrap_or_default(),
        }
    }
}

/// The filters, as the list and the count document them.
pub type Filters = Documented<Filter>;

/// The orders of a list of publications.
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
    const NOTE: &'static str = " ; l'ordre de création est celui des numéros";
}
