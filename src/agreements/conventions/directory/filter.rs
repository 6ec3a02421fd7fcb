//! The filters and orders of the public directory.

use crate::agreements::conventions::content::ConventionScope;
use crate::agreements::conventions::filter;
use crate::http::page;
use crate::http::query::{
    Documented, Parameter, Query, Reader, UPDATED_SINCE, parameter, without_example,
};

/// What the directory is filtered by: of the filters of conventions, those that speak of what is
/// public.
#[derive(Debug, Clone)]
pub struct Filter(pub filter::Filter);

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[
        parameter(
            "effective_status",
            "Ce qu'elles sont aujourd'hui, séparé par des virgules",
            "in_force,upcoming",
        ),
        parameter("in_force_on", "En vigueur ce jour-là", "2026-03-01"),
        without_example(
            "partner_id",
            "Partenaires parties, séparés par des virgules",
        ),
        parameter(
            "sector",
            "Secteurs d'un partenaire partie, séparés par des virgules",
            "metal_industry",
        ),
        parameter(
            "axis",
            "Axes couverts, séparés par des virgules",
            "internships",
        ),
        parameter(
            "action_type",
            "Types d'action couverts, séparés par des virgules",
            "company_visit",
        ),
        parameter("level", "Niveaux couverts, séparés par des virgules", "3e"),
        parameter(
            "territory",
            "Territoires où elles sont déclinées par une déclinaison active, séparés par des virgules",
            "academy:10",
        ),
        parameter(
            "q",
            "Texte cherché dans l'intitulé, la référence, le NOR, la référence au Bulletin officiel et le nom des parties",
            "metallurgie",
        ),
        UPDATED_SINCE,
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        // The other filters of conventions are unknown parameters here, and refused as such.
        Self(filter::Filter {
            scope: vec![ConventionScope::National],
            names_parties: true,
            ..filter::Filter::read(reader)
        })
    }
}

/// The filters, as the list documents them.
pub type Filters = Documented<Filter>;

/// The orders of the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The reference.
    Reference,
    /// The last change.
    UpdatedAt,
}

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Reference;
    const ORDERS: &'static [(&'static str, Self)] = &[
        ("reference", Self::Reference),
        ("updated_at", Self::UpdatedAt),
    ];
}

impl From<Sort> for filter::Sort {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Reference => Self::Reference,
            Sort::UpdatedAt => Self::UpdatedAt,
        }
    }
}
