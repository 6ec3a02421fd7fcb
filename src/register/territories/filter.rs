//! The filters and orders of a list of territories.

use chrono::{DateTime, Utc};

use super::model::TerritoryKind;
use crate::http::page;
use crate::http::query::{Documented, Parameter, Query, Reader, UPDATED_SINCE, parameter};
use crate::values::TerritoryCode;

/// What a list of territories is filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those with one of these kinds.
    pub kind: Vec<TerritoryKind>,
    /// Just below one of these.
    pub parent: Vec<TerritoryCode>,
    /// Whose name or official code contain each of these words, accents and case ignored.
    pub q: Option<String>,
    /// Changed then or later.
    pub updated_since: Option<DateTime<Utc>>,
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[
        parameter(
            "kind",
            "Natures, séparées par des virgules",
            "academic_region,academy",
        ),
        parameter(
            "parent",
            "Ceux qui sont juste au-dessous de ces territoires, séparés par des virgules",
            "region:84",
        ),
        parameter(
            "q",
            "Mots cherchés dans le nom et le code officiel, tous exigés, sans tenir compte des accents ni de la casse ; pour un établissement, aussi dans la commune et le code postal",
            "lyon",
        ),
        UPDATED_SINCE,
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            kind: reader.several("kind"),
            parent: reader.several("parent"),
            q: reader.q(),
            updated_since: reader.one("updated_since"),
        }
    }
}

/// The filters, as the list and the count document them.
pub type Filters = Documented<Filter>;

/// The orders of a list of territories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The code.
    Code,
    /// The last change.
    UpdatedAt,
}

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Code;
    const ORDERS: &'static [(&'static str, Self)] =
        &[("code", Self::Code), ("updated_at", Self::UpdatedAt)];
}
