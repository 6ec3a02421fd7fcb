//! The filters and orders of a list of conventions.

use chrono::{DateTime, NaiveDate, Utc};

use super::content::{ConventionKind, ConventionScope};
use super::model::Status;
use super::term::EffectiveStatus;
use crate::http::page;
use crate::http::query::{
    Documented, Parameter, Query, Reader, UPDATED_SINCE, parameter, without_example,
};
use crate::register::partners::content::Sector;
use crate::values::ids::PartnerId;
use crate::values::{ActionType, Axis, Level, TerritoryCode};

/// What a list of conventions is filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// National or local.
    pub scope: Vec<ConventionScope>,
    /// Only those with one of these kinds.
    pub kind: Vec<ConventionKind>,
    /// Only those with one of these statuses.
    pub status: Vec<Status>,
    /// Being one of these today.
    pub effective_status: Vec<EffectiveStatus>,
    /// In force on this day, renewals, amendments, terminations and successors counted.
    pub in_force_on: Option<NaiveDate>,
    /// To which one of these partners is a party, or was.
    pub partner_id: Vec<PartnerId>,
    /// To which a partner of one of these sectors is a party, or was.
    pub sector: Vec<Sector>,
    /// Covering one of these axes today.
    pub axis: Vec<Axis>,
    /// Covering one of these types of action today.
    pub action_type: Vec<ActionType>,
    /// Covering one of these levels today.
    pub level: Vec<Level>,
    /// Present in one of these territories.
    pub territory: Vec<TerritoryCode>,
    /// Without a declination in force there today.
    pub not_declined_in: Vec<TerritoryCode>,
    /// Whose title or numbers contain this, accents and case ignored.
    pub q: Option<String>,
    /// Changed then or later.
    pub updated_since: Option<DateTime<Utc>>,
    /// The territories asked for and all above them.
    pub above: Vec<String>,
    /// Those they must not be declined in, and all above them.
    pub above_undeclined: Vec<String>,
    /// Whether `q` is looked for in the names of the parties too.
    pub names_parties: bool,
    /// The day it is.
    pub today: NaiveDate,
}

impl Filter {
    /// Whether it asks for what the text of a convention covers.
    pub const fn restricts(&self) -> bool {
        !(self.axis.is_empty() && self.action_type.is_empty() && self.level.is_empty())
    }
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[
        parameter("scope", "`national`, `local`", "national"),
        parameter(
            "kind",
            "Natures, séparées par des virgules",
            "framework_cooperation",
        ),
        parameter(
            "status",
            "Statuts, séparés par des virgules",
            "signed,to_sign",
        ),
        parameter(
            "effective_status",
            "Ce qu'elles sont aujourd'hui, séparé par des virgules",
            "in_force,upcoming",
        ),
        parameter(
            "in_force_on",
            "En vigueur ce jour-là : reconductions, avenants, résiliations et remplacements compris",
            "2026-03-01",
        ),
        without_example(
            "partner_id",
            "Partenaires qui sont, ont été ou, par un avenant signé, seront parties, séparés par des virgules",
        ),
        parameter(
            "sector",
            "Secteurs d'un partenaire qui est, a été ou sera partie, séparés par des virgules",
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
            "Territoires où elles sont présentes : locales, ou déclinées par une déclinaison active",
            "academy:10",
        ),
        parameter(
            "not_declined_in",
            "Territoires où aucune déclinaison en vigueur ne les porte aujourd'hui",
            "academy:10",
        ),
        parameter(
            "q",
            "Texte cherché dans l'intitulé, la référence, le NOR et la référence au Bulletin officiel",
            "metallurgie",
        ),
        UPDATED_SINCE,
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            scope: reader.several("scope"),
            kind: reader.several("kind"),
            status: reader.several("status"),
            effective_status: reader.several("effective_status"),
            in_force_on: reader.one("in_force_on"),
            partner_id: reader.several("partner_id"),
            sector: reader.several("sector"),
            axis: reader.several("axis"),
            action_type: reader.several("action_type"),
            level: reader.several("level"),
            territory: reader.several("territory"),
            not_declined_in: reader.several("not_declined_in"),
            q: reader.q(),
            updated_since: reader.one("updated_since"),
            ..Self::default()
        }
    }
}

/// The filters, as the list and the count document them.
pub type Filters = Documented<Filter>;

/// The orders of a list of conventions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The order of creation.
    Id,
    /// The reference.
    Reference,
    /// The last change.
    UpdatedAt,
}

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Id;
    const ORDERS: &'static [(&'static str, Self)] = &[
        ("created_at", Self::Id),
        ("reference", Self::Reference),
        ("updated_at", Self::UpdatedAt),
    ];
}
