//! The filters and orders of a list of declinations.

use chrono::{DateTime, Utc};

use super::content::DeclinationLevel;
use super::model::Status;
use crate::http::page;
use crate::http::query::{
    Documented, Parameter, Query, Reader, UPDATED_SINCE, parameter, without_example,
};
use crate::values::TerritoryCode;
use crate::values::ids::{ConventionId, DeclinationId, PartnerId};

/// What a list of declinations is filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those of one of these conventions.
    pub convention_id: Vec<ConventionId>,
    /// Of a convention to which one of these partners is a party, or was.
    pub partner_id: Vec<PartnerId>,
    /// Only those with one of these levels.
    pub level: Vec<DeclinationLevel>,
    /// Whose territories cover, or lie in, one of these.
    pub territory: Vec<TerritoryCode>,
    /// Only those with one of these statuses.
    pub status: Vec<Status>,
    /// Below one of these.
    pub parent_id: Vec<DeclinationId>,
    /// Changed then or later.
    pub updated_since: Option<DateTime<Utc>>,
    /// The territories asked for and all above them.
    pub above: Vec<String>,
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[
        without_example(
            "convention_id",
            "Conventions déclinées, séparées par des virgules",
        ),
        without_example(
            "partner_id",
            "Partenaires qui sont ou ont été parties à la convention, séparés par des virgules",
        ),
        parameter(
            "level",
            "Niveaux, séparés par des virgules",
            "academy,establishment",
        ),
        parameter(
            "territory",
            "Territoires que la déclinaison couvre ou dans lesquels elle se trouve, séparés par des virgules",
            "academy:10",
        ),
        parameter(
            "status",
            "`draft`, `active`, `closed`, `abandoned`, séparés par des virgules",
            "active,closed",
        ),
        without_example(
            "parent_id",
            "Déclinaisons parentes, séparées par des virgules",
        ),
        UPDATED_SINCE,
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            convention_id: reader.several("convention_id"),
            partner_id: reader.several("partner_id"),
            level: reader.several("level"),
            territory: reader.several("territory"),
            status: reader.several("status"),
            parent_id: reader.several("parent_id"),
            updated_since: reader.one("updated_since"),
            above: Vec::new(),
        }
    }
}

/// The filters, as the list and the count document them.
pub type Filters = Documented<Filter>;

/// The orders of a list of declinations.
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
