//! The filters and orders of a list of solicitations.

use chrono::{DateTime, Utc};

use super::model::Status;
use crate::http::page;
use crate::http::query::{
    Documented, Parameter, Query, Reader, UPDATED_SINCE, parameter, without_example,
};
use crate::values::ids::{InterventionId, PartnerId};
use crate::values::{TerritoryCode, Uai};

/// What a list of solicitations is filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those of one of these schools.
    pub uai: Vec<Uai>,
    /// Addressed to one of these partners.
    pub partner_id: Vec<PartnerId>,
    /// On one of these interventions.
    pub intervention_id: Vec<InterventionId>,
    /// Only those with one of these statuses.
    pub status: Vec<Status>,
    /// Of a school in one of these.
    pub territory: Vec<TerritoryCode>,
    /// Changed then or later.
    pub updated_since: Option<DateTime<Utc>>,
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[
        parameter(
            "uai",
            "Établissements (UAI), séparés par des virgules",
            "0690001B",
        ),
        without_example("partner_id", "Partenaires, séparés par des virgules"),
        without_example(
            "intervention_id",
            "Interventions demandées, séparées par des virgules",
        ),
        parameter(
            "status",
            "`requested`, `accepted`, `declined`, `held`, `not_held`, `cancelled`, séparés par des virgules",
            "requested,accepted",
        ),
        parameter(
            "territory",
            "Territoires où se trouve l'établissement, séparés par des virgules",
            "academy:10",
        ),
        UPDATED_SINCE,
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            uai: reader.several("uai"),
            partner_id: reader.several("partner_id"),
            intervention_id: reader.several("intervention_id"),
            status: reader.several("status"),
            territory: reader.several("territory"),
            updated_since: reader.one("updated_since"),
        }
    }
}

/// The filters, as the list and the count document them.
pub type Filters = Documented<Filter>;

/// The orders of a list of solicitations.
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
