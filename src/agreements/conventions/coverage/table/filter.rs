//! The filters of a coverage of many conventions, and their order.

use crate::agreements::conventions::filter::{self as conventions, Filter as Conventions};
use crate::http::page;
use crate::http::query::{Documented, Parameter, Query, Reader, parameter, without_example};

/// Which conventions, and the day: that of `in_force_on`.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The conventions.
    pub conventions: Conventions,
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[
        parameter(
            "sector",
            "Secteurs d'un partenaire qui est, a été ou sera partie, séparés par des virgules",
            "metal_industry",
        ),
        parameter(
            "in_force_on",
            "Le jour : les conventions en vigueur ce jour-là, et leurs déclinaisons d'alors ; aujourd'hui par défaut",
            "2026-03-01",
        ),
        without_example(
            "partner_id",
            "Partenaires qui sont, ont été ou, par un avenant signé, seront parties, séparés par des virgules",
        ),
        parameter("scope", "`national`, `local`", "national"),
        parameter(
            "kind",
            "Natures, séparées par des virgules",
            "framework_cooperation",
        ),
        parameter(
            "not_declined_in",
            "Territoires où aucune déclinaison en vigueur ne les porte ce jour-là",
            "academy:10",
        ),
        parameter(
            "q",
            "Texte cherché dans l'intitulé, la référence, le NOR et la référence au Bulletin officiel",
            "metallurgie",
        ),
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            conventions: Conventions {
                sector: reader.several("sector"),
                in_force_on: reader.one("in_force_on"),
                partner_id: reader.several("partner_id"),
                scope: reader.several("scope"),
                kind: reader.several("kind"),
                not_declined_in: reader.several("not_declined_in"),
                q: reader.q(),
                ..Conventions::default()
            },
        }
    }
}

/// The filters, as the list and the count document them.
pub type Filters = Documented<Filter>;

/// They have one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The reference.
    Reference,
}

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Reference;
    const ORDERS: &'static [(&'static str, Self)] = &[("reference", Self::Reference)];
}

impl From<Sort> for conventions::Sort {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Reference => Self::Reference,
        }
    }
}
