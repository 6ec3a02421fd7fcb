//! The filters and orders of a list of clients.

use chrono::{DateTime, Utc};

use super::content::ClientRole;
use super::model::ClientStatuses;
use crate::http::page;
use crate::http::query::{Documented, Parameter, Query, Reader, UPDATED_SINCE, parameter};
use crate::values::Code;
use crate::values::ids::PartnerId;

/// What a list of clients is filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those with one of these roles.
    pub role: Vec<ClientRole>,
    /// Only those with one of these statuses.
    pub status: Vec<Code<ClientStatuses>>,
    /// Only those of this partner.
    pub partner_id: Option<PartnerId>,
    /// Changed then or later.
    pub updated_since: Option<DateTime<Utc>>,
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[
        parameter(
            "role",
            "Rôles, séparés par des virgules",
            "establishment,partner",
        ),
        parameter("status", "`active`, `revoked`", "active"),
        Parameter {
            name: "partner_id",
            description: "Identifiant du partenaire",
            example: None,
        },
        UPDATED_SINCE,
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            role: reader.several("role"),
            status: reader.several("status"),
            partner_id: reader.one("partner_id"),
            updated_since: reader.one("updated_since"),
        }
    }
}

/// The filters, as the list and the count document them.
pub type Filters = Documented<Filter>;

/// The orders of a list of clients.
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
