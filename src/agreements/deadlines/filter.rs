//! The filters and orders of a list of deadlines.

use chrono::{DateTime, NaiveDate, Utc};

use super::model::{CampaignYear, Kind};
use crate::http::page;
use crate::http::query::{
    Documented, Parameter, Query, Reader, UPDATED_SINCE, parameter, without_example,
};
use crate::values::TerritoryCode;
use crate::values::ids::ConventionId;

/// How far ahead a list goes by default.
const DAYS: i64 = 90;

/// How far it may: ten years.
const MOST_DAYS: i64 = 3660;

/// What a list of deadlines is filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those with one of these kinds.
    pub kind: Vec<Kind>,
    /// Of one of these conventions, or of their declinations.
    pub convention_id: Vec<ConventionId>,
    /// Of what lies in one of these territories or covers it.
    pub territory: Vec<TerritoryCode>,
    /// Of objects changed then or later.
    pub updated_since: Option<DateTime<Utc>>,
    /// Due in this many days at most.
    pub within_days: u64,
    /// The territories asked for and all above them.
    pub above: Vec<String>,
    /// The schools of the caller, and all above them.
    pub above_schools: Vec<String>,
    /// The report rules that campaigns set for their years.
    pub campaigns: Vec<CampaignYear>,
    /// The day it is.
    pub today: NaiveDate,
    /// Only those that are the caller's own affair: of what it keeps, is a party to or lies under.
    pub own: bool,
    /// Of reports, only those that are late, or only those that are not.
    pub late: Option<bool>,
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[
        parameter(
            "within_days",
            "Dans combien de jours au plus, de 1 à 3660 ; 90 par défaut. Ce qui est en retard vient toujours avec",
            "90",
        ),
        parameter(
            "kind",
            "Natures d'échéance (nomenclature `deadline_kinds`), séparées par des virgules",
            "convention_end,notice",
        ),
        without_example(
            "convention_id",
            "Conventions, elles-mêmes et leurs déclinaisons, séparées par des virgules",
        ),
        parameter(
            "territory",
            "Territoires, séparés par des virgules : les déclinaisons qui les couvrent ou s'y trouvent, les conventions qui y sont présentes",
            "academy:10",
        ),
        UPDATED_SINCE,
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        let within = reader.number_or("within_days", 1, MOST_DAYS, DAYS);
        Self {
            within_days: within.unsigned_abs(),
            kind: reader.several("kind"),
            convention_id: reader.several("convention_id"),
            territory: reader.several("territory"),
            updated_since: reader.one("updated_since"),
            ..Self::default()
        }
    }
}

/// The filters, as the list and the count document them.
pub type Filters = Documented<Filter>;

/// Deadlines have one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The day, then the kind, then the object.
    DueOn,
}

impl page::Sort for Sort {
    const DEFAULT: Self = Self::DueOn;
    const ORDERS: &'static [(&'static str, Self)] = &[("due_on", Self::DueOn)];
    const NOTE: &'static str = ", puis la nature";
}
