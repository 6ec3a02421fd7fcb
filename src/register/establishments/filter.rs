//! The filters and orders of a list of establishments.

use chrono::{DateTime, Utc};

use super::model::{EstablishmentSector, EstablishmentState, EstablishmentType, Priority};
use crate::http::page;
use crate::http::query::{Documented, Parameter, Query, Reader, UPDATED_SINCE, parameter};
use crate::values::{TerritoryCode, TerritoryKind};

/// What a list of establishments is filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Whose UAI, name, city or postal code contain each of these words, accents and case ignored.
    pub q: Option<String>,
    /// Only those in one of these academies.
    pub academy: Vec<TerritoryCode>,
    /// Only those in one of these departments.
    pub department: Vec<TerritoryCode>,
    /// Only those with one of these types.
    pub kind: Vec<EstablishmentType>,
    /// Only those with one of these sectors.
    pub sector: Vec<EstablishmentSector>,
    /// Only those in one of these programmes.
    pub priority_education: Vec<Priority>,
    /// Known to have a vocational track, or known to have none.
    pub vocational: Option<bool>,
    /// Only those in one of these states.
    pub state: Vec<EstablishmentState>,
    /// Changed then or later.
    pub updated_since: Option<DateTime<Utc>>,
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[
        parameter(
            "q",
            "Mots cherchés dans l'UAI, le nom, la commune et le code postal, tous exigés, sans tenir compte des accents ni de la casse",
            "lycee lyon",
        ),
        parameter(
            "academy",
            "Académies, séparées par des virgules",
            "academy:10",
        ),
        parameter(
            "department",
            "Départements, séparés par des virgules",
            "department:069",
        ),
        parameter("type", "Types, séparés par des virgules", "Lycée"),
        parameter("sector", "`public`, `private`", "public"),
        parameter(
            "priority_education",
            "`REP`, `REP+` (écrit `REP%2B` dans une adresse)",
            "REP",
        ),
        parameter(
            "vocational",
            "`true` : a une voie professionnelle ; `false` : n'en a pas. Là où l'annuaire se tait, ni l'un ni l'autre",
            "true",
        ),
        parameter(
            "state",
            "`open`, `opening`, `closing`, `closed`",
            "open,opening",
        ),
        UPDATED_SINCE,
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            q: reader.q(),
            academy: reader.territories("academy", TerritoryKind::Academy),
            department: reader.territories("department", TerritoryKind::Department),
            kind: reader.several("type"),
            sector: reader.several("sector"),
            priority_education: reader.several("priority_education"),
            vocational: reader.flag("vocational"),
            state: reader.several("state"),
            updated_since: reader.one("updated_since"),
        }
    }
}

/// The filters, as the list and the count document them.
pub type Filters = Documented<Filter>;

/// The orders of a list of establishments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The UAI.
    Uai,
    /// The last change.
    UpdatedAt,
}

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Uai;
    const ORDERS: &'static [(&'static str, Self)] =
        &[("uai", Self::Uai), ("updated_at", Self::UpdatedAt)];
}
