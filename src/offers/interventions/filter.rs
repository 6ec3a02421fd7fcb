//! The filters and orders of a list of interventions.

use chrono::{DateTime, NaiveDate, Utc};

use super::content::Modality;
use super::geo::{Circle, Point};
use super::status::{AsOf, Status};
use crate::error::Rule;
use crate::error::notice::BEFORE_START;
use crate::http::page;
use crate::http::query::{Parameter, Query, Reader, UPDATED_SINCE, parameter, without_example};
use crate::offers::interventions::geo::MAX_KM;
use crate::register::partners::content::Sector;
use crate::values::ids::{ConventionId, PartnerId};
use crate::values::{ActionType, Axis, Level, Moment, TerritoryCode, Text};

/// What the list takes; the count takes all but the last.
pub const PARAMETERS: &[Parameter] = &[
    // First: the list of one partner leaves it out.
    without_example("partner_id", "Partenaires, séparés par des virgules"),
    parameter(
        "q",
        "Mots cherchés dans l'intitulé et la présentation, en français, sans tenir compte des accents ni des terminaisons ; `\"…\"` pour une expression, `-` pour exclure",
        "métallurgie",
    ),
    without_example("convention_id", "Conventions, séparées par des virgules"),
    parameter(
        "action_type",
        "Types d'action, séparés par des virgules",
        "company_visit",
    ),
    parameter("level", "Niveaux, séparés par des virgules", "3e,2de_gt"),
    parameter(
        "moment",
        "Temps du parcours, séparés par des virgules",
        "career_discovery",
    ),
    parameter("axis", "Axes, séparés par des virgules", "internships"),
    parameter("modality", "`in_person`, `remote`, `hybrid`", "remote"),
    parameter(
        "territory",
        "Territoires où elles sont proposées, séparés par des virgules : une académie ou un établissement trouve ce qui le couvre",
        "academy:10",
    ),
    parameter(
        "within",
        "Territoires, séparés par des virgules : celles qui y ont lieu ou y sont ouvertes, ne serait-ce que dans une partie. Une académie a ce qu'ont ses départements, ensemble",
        "academy:10",
    ),
    parameter(
        "sector",
        "Secteurs des partenaires, séparés par des virgules",
        "metal_industry",
    ),
    without_example(
        "host",
        "L'hôte : son SIRET, un SIREN pour tous ses établissements, ou une partie de son nom",
    ),
    parameter(
        "free",
        "`true` : celles dont il reste des séances, ou dont le nombre n'est pas limité ; `false` : les autres",
        "true",
    ),
    parameter(
        "near",
        "Un point, `latitude,longitude` en degrés (WGS 84), avec un point décimal : donne la distance de chacune (`distance_km`) ; seul, ne filtre rien",
        "45.75,4.85",
    ),
    // An example of it would not work alone.
    without_example(
        "within_km",
        "Avec `near` (`near=45.75,4.85&within_km=30`) : celles dont le lieu est à cette distance au plus, de 0 à 20000 km, et qui viennent jusque-là (`radius_km`). Sans lieu, une intervention n'est à aucune distance",
    ),
    parameter("available_from", "Proposées ce jour ou après", "2026-09-01"),
    parameter("available_to", "Proposées ce jour ou avant", "2027-06-30"),
    parameter(
        "status",
        "`published`, `withheld`, `withdrawn`, `expired`, `stale` ; hors du ministère et du partenaire, seules les publiées se lisent",
        "published",
    ),
    UPDATED_SINCE,
    parameter(
        "facets",
        "Compte aussi ce qui est trouvé, toutes pages confondues : `action_type`, `level`, `academy`, `department`, `modality`, séparées par des virgules ; en JSON seulement",
        "action_type,level",
    ),
];

/// What a list of interventions is filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Whose title or description has these words.
    pub q: Option<String>,
    /// Only those of one of these partners.
    pub partner_id: Vec<PartnerId>,
    /// Under one of these conventions.
    pub convention_id: Vec<ConventionId>,
    /// Only those with one of these types of action.
    pub action_type: Vec<ActionType>,
    /// For one of these levels.
    pub level: Vec<Level>,
    /// For one of these moments.
    pub moment: Vec<Moment>,
    /// On one of these axes.
    pub axis: Vec<Axis>,
    /// Only those in one of these ways.
    pub modality: Vec<Modality>,
    /// Offered in one of these territories.
    pub territory: Vec<TerritoryCode>,
    /// What takes place, or is offered, anywhere in one of these territories.
    pub within: Vec<TerritoryCode>,
    /// Of partners of one of these sectors.
    pub sector: Vec<Sector>,
    /// Whose host has this in its name or its number.
    pub host: Option<Text<200>>,
    /// With sessions left, or without.
    pub free: Option<bool>,
    /// From where distances are measured.
    pub near: Option<Point>,
    /// At most so far from there, in kilometres.
    pub within_km: Option<f64>,
    /// Offered then or later.
    pub available_from: Option<NaiveDate>,
    /// Offered then or earlier.
    pub available_to: Option<NaiveDate>,
    /// With one of these statuses today.
    pub status: Vec<Status>,
    /// Changed then or later.
    pub updated_since: Option<DateTime<Utc>>,
    /// The territories asked for and all above them.
    pub above: Vec<String>,
    /// The same of those that it is to be within.
    pub above_within: Vec<String>,
    /// The day that statuses are computed for.
    pub as_of: AsOf,
}

impl Filter {
    /// The circle its place must lie in, if any.
    pub fn circle(&self) -> Option<Circle> {
        let (center, radius_km) = self.near.zip(self.within_km)?;
        Some(Circle { center, radius_km })
    }
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = match PARAMETERS.split_last() {
        Some((_, filters)) => filters,
        None => &[],
    };

    fn read(reader: &mut Reader<'_>) -> Self {
        let filter = Self {
            q: reader.q(),
            partner_id: reader.several("partner_id"),
            convention_id: reader.several("convention_id"),
            action_type: reader.several("action_type"),
            level: reader.several("level"),
            moment: reader.several("moment"),
            axis: reader.several("axis"),
            modality: reader.several("modality"),
            territory: reader.several("territory"),
            within: reader.several("within"),
            sector: reader.several("sector"),
            host: reader.one("host"),
            free: reader.flag("free"),
            near: reader.one("near"),
            within_km: reader.decimal("within_km", 0, MAX_KM),
            available_from: reader.one("available_from"),
            available_to: reader.one("available_to"),
            status: reader.several("status"),
            updated_since: reader.one("updated_since"),
            ..Self::default()
        };
        let window = filter.available_from.zip(filter.available_to);
        if window.is_some_and(|(first, last)| last < first) {
            reader.fault("available_to", Rule::Own(&BEFORE_START));
        }
        needs_another(reader, &filter);
        filter
    }
}

/// What the list of one partner's interventions is filtered by: all but the partner.
#[derive(Debug)]
pub struct OfPartner(pub Filter);

impl Query for OfPartner {
    const PARAMETERS: &'static [Parameter] = match Filter::PARAMETERS.split_first() {
        Some((_, others)) => others,
        None => &[],
    };

    fn read(reader: &mut Reader<'_>) -> Self {
        Self(Filter::read(reader))
    }
}

/// Notes parameters that mean nothing without another one.
fn needs_another(reader: &mut Reader<'_>, filter: &Filter) {
    let sort = reader.text("sort").unwrap_or_default();
    let has_point = reader.text("near").is_some();
    match sort.strip_prefix('-').unwrap_or(sort) {
        "relevance" if filter.q.is_none() => reader.fault("sort", Rule::OnlyWith("q")),
        "distance" if !has_point => reader.fault("sort", Rule::OnlyWith("near")),
        _ => {}
    }
    if reader.text("within_km").is_some() && !has_point {
        reader.fault("within_km", Rule::OnlyWith("near"));
    }
}

/// The orders of a list of interventions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The best match first in a search, else the order of creation.
    Natural,
    /// The best match first.
    Relevance,
    /// The order of creation.
    Id,
    /// The last change.
    UpdatedAt,
    /// The distance of the place, those without one last in both directions.
    Distance,
}

impl Sort {
    /// The order that applies, with a search or without.
    pub const fn settled(self, searches: bool) -> Self {
        match (self, searches) {
            (Self::Natural | Self::Relevance, true) => Self::Relevance,
            (Self::Natural | Self::Relevance, false) => Self::Id,
            (other, _) => other,
        }
    }
}

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Natural;
    const ORDERS: &'static [(&'static str, Self)] = &[
        ("created_at", Self::Id),
        ("updated_at", Self::UpdatedAt),
        ("relevance", Self::Relevance),
        ("distance", Self::Distance),
    ];
    const NOTE: &'static str = " ; par défaut l'ordre de création, ou `relevance` avec `q` ; \
        `distance` va avec `near`, sans lieu en dernier";
}
