//! The filters and orders of a list of expected reports.

use chrono::{DateTime, Utc};

use super::model::State;
use crate::http::page;
use crate::http::query::{Documented, Parameter, Query, Reader, parameter, without_example};
use crate::values::TerritoryCode;
use crate::values::ids::ConventionId;

/// What a list of expected reports is filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Where they stand.
    pub state: Vec<State>,
    /// Late ones, or those that are not.
    pub late: Option<bool>,
    /// Only those of one of these territories or of what lies in one.
    pub territory: Vec<TerritoryCode>,
    /// On one of these conventions.
    pub convention_id: Vec<ConventionId>,
    /// Whose report was changed then or later.
    pub updated_since: Option<DateTime<Utc>>,
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[
        parameter(
            "state",
            "`missing`, `draft`, `submitted`, `returned`, `validated`, séparés par des virgules",
            "missing,draft",
        ),
        parameter(
            "late",
            "`true` : les seuls bilans en retard ; `false` : les autres",
            "true",
        ),
        parameter(
            "territory",
            "Territoires, eux et ce qu'ils contiennent, séparés par des virgules",
            "academy:10",
        ),
        without_example("convention_id", "Conventions, séparées par des virgules"),
        parameter(
            "updated_since",
            "Ceux dont le bilan a changé à ce moment ou depuis (RFC 3339)",
            "2026-09-01T00:00:00Z",
        ),
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            state: reader.several("state"),
            late: reader.flag("late"),
            territory: reader.several("territory"),
            convention_id: reader.several("convention_id"),
            updated_since: reader.one("updated_since"),
        }
    }
}

/// The filters, as the list and the count document them.
pub type Filters = Documented<Filter>;

/// Expected reports have one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The territory, then the convention and the declination.
    Territory,
}

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Territory;
    const ORDERS: &'static [(&'static str, Self)] = &[("territory", Self::Territory)];
}
