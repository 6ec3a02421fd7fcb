//! The filters and orders of a list of reports.

use chrono::{DateTime, Utc};

use super::model::Status;
use crate::http::page;
use crate::http::query::{
    Documented, Parameter, Query, Reader, UPDATED_SINCE, parameter, without_example,
};
use crate::values::ids::{ConventionId, DeclinationId};
use crate::values::{SchoolYear, TerritoryCode, code_enum};

/// The filter by convention, which the lines have too.
pub const CONVENTION: Parameter =
    without_example("convention_id", "Conventions, séparées par des virgules");

/// The filter by territory, which the lines have too.
pub const TERRITORY: Parameter = parameter(
    "territory",
    "Territoires, eux et ce qu'ils contiennent, séparés par des virgules",
    "academy:10",
);

/// The filter by school year, which the lines have too.
pub const SCHOOL_YEAR: Parameter = parameter(
    "school_year",
    "Années scolaires, séparées par des virgules",
    "2025-2026",
);

const DECLINATION: Parameter =
    without_example("declination_id", "Déclinaisons, séparées par des virgules");

const STATUS: Parameter = parameter(
    "status",
    "`draft`, `submitted`, `returned`, `validated`, séparés par des virgules",
    "submitted,validated",
);

/// What a list of reports is filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those of one of these conventions.
    pub convention_id: Vec<ConventionId>,
    /// Only those of one of these declinations.
    pub declination_id: Vec<DeclinationId>,
    /// Only those of one of these territories or below.
    pub territory: Vec<TerritoryCode>,
    /// Only those of one of these school years.
    pub school_year: Vec<SchoolYear>,
    /// Only those with one of these statuses.
    pub status: Vec<Status>,
    /// Changed then or later.
    pub updated_since: Option<DateTime<Utc>>,
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[
        CONVENTION,
        DECLINATION,
        TERRITORY,
        SCHOOL_YEAR,
        STATUS,
        UPDATED_SINCE,
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            convention_id: reader.several("convention_id"),
            declination_id: reader.several("declination_id"),
            territory: reader.several("territory"),
            school_year: reader.several("school_year"),
            status: reader.several("status"),
            updated_since: reader.one("updated_since"),
        }
    }
}

code_enum! {
    /// What a list tells besides where it is asked for.
    Include of "report_includes" {
        /// What the reports of the territories within add.
        Consolidated = "consolidated",
    }
}

/// What a list of reports is asked for: its filters, and what it tells besides.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// The filters.
    pub filter: Filter,
    /// What is told besides.
    pub include: Vec<Include>,
}

impl Query for Listing {
    const PARAMETERS: &'static [Parameter] = &[
        CONVENTION,
        DECLINATION,
        TERRITORY,
        SCHOOL_YEAR,
        STATUS,
        UPDATED_SINCE,
        parameter(
            "include",
            "`consolidated` : ce que les bilans des territoires inclus ajoutent à chacun",
            "consolidated",
        ),
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            filter: Filter::read(reader),
            include: reader.distinct("include"),
        }
    }
}

/// The filters, as the list and the count document them.
pub type Filters = Documented<Filter>;

/// The orders of a list of reports.
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
