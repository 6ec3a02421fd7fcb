//! The filters and orders of a list of partners.

use chrono::{DateTime, NaiveDate, Utc};

use super::content::{Origin, PartnerKinds, Sectors};
use super::model::PartnerStatuses;
use crate::http::page;
use crate::http::query::{Documented, Parameter, Query, Reader, UPDATED_SINCE, parameter};
use crate::values::{Code, Siren, TerritoryCode};

/// What a list of partners is filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those with one of these kinds.
    pub kind: Vec<Code<PartnerKinds>>,
    /// Only those with one of these sectors.
    pub sector: Vec<Code<Sectors>>,
    /// Only those with one of these statuses.
    pub status: Vec<Code<PartnerStatuses>>,
    /// Only national ones, or local ones.
    pub origin: Option<Origin>,
    /// Only the local ones of these territories or of one below them.
    pub territory: Vec<TerritoryCode>,
    /// Only those with this SIREN.
    pub siren: Option<Siren>,
    /// Whose names or numbers contain this, accents and case ignored.
    pub q: Option<String>,
    /// Party to a convention in force today, or to none.
    pub with_convention_in_force: Option<bool>,
    /// Changed then or later.
    pub updated_since: Option<DateTime<Utc>>,
    /// The day it is.
    pub today: NaiveDate,
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[
        parameter(
            "kind",
            "Natures, séparées par des virgules",
            "company,association",
        ),
        parameter(
            "sector",
            "Secteurs, séparés par des virgules",
            "metal_industry",
        ),
        parameter("status", "`active`, `archived`", "active"),
        parameter("origin", "`national` ou `local`", "local"),
        parameter(
            "territory",
            "Partenaires locaux de ces territoires ou d'un territoire qui s'y trouve",
            "academy:10",
        ),
        parameter("siren", "Numéro SIREN", "552049447"),
        parameter(
            "q",
            "Texte cherché dans les noms et les numéros, sans tenir compte des accents ni de la casse",
            "metallurgie",
        ),
        parameter(
            "with_convention_in_force",
            "`true` : parties à une convention en vigueur aujourd'hui ; `false` : à aucune",
            "true",
        ),
        UPDATED_SINCE,
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            kind: reader.several("kind"),
            sector: reader.several("sector"),
            status: reader.several("status"),
            origin: reader.one("origin"),
            territory: reader.several("territory"),
            siren: reader.one("siren"),
            q: reader.q(),
            with_convention_in_force: reader.flag("with_convention_in_force"),
            updated_since: reader.one("updated_since"),
            ..Self::default()
        }
    }
}

/// The filters, as the list and the count document them.
pub type Filters = Documented<Filter>;

/// The orders of a list of partners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The order of creation.
    Id,
    /// The legal name, accents and case ignored.
    LegalName,
    /// The last change.
    UpdatedAt,
}

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Id;
    const ORDERS: &'static [(&'static str, Self)] = &[
        ("created_at", Self::Id),
        ("legal_name", Self::LegalName),
        ("updated_at", Self::UpdatedAt),
    ];
}
