//! What the lines are asked for.

use crate::http::page;
use crate::http::query::{Documented, Parameter, Query, Reader, UPDATED_SINCE, parameter};
use crate::results::reports::filter::{self, CONVENTION, SCHOOL_YEAR, TERRITORY};
use crate::values::{ActionType, Level};

/// What the lines are filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of these reports; of the validated ones that count when no status is given.
    pub reports: filter::Filter,
    /// Only those with one of these types of action.
    pub action_type: Vec<ActionType>,
    /// Only those with one of these levels.
    pub level: Vec<Level>,
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[
        CONVENTION,
        SCHOOL_YEAR,
        TERRITORY,
        parameter(
            "status",
            "Statuts du bilan, séparés par des virgules ; sans ce filtre, les bilans validés et non remplacés",
            "validated",
        ),
        parameter(
            "action_type",
            "Types d'action, séparés par des virgules",
            "company_visit,class_talk",
        ),
        parameter("level", "Niveaux, séparés par des virgules", "3e,2de_gt"),
        UPDATED_SINCE,
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            reports: filter::Filter {
                convention_id: reader.several("convention_id"),
                declination_id: Vec::new(),
                territory: reader.several("territory"),
                school_year: reader.several("school_year"),
                status: reader.several("status"),
                updated_since: reader.one("updated_since"),
            },
            action_type: reader.several("action_type"),
            level: reader.several("level"),
        }
    }
}

/// The filters, as the list and the count document them.
pub type Filters = Documented<Filter>;

/// The lines have one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Report after report, each in its own order.
    Report,
}

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Report;
    const ORDERS: &'static [(&'static str, Self)] = &[("report_id", Self::Report)];
}
