//! The handlers of the search: the list of interventions, its count and its facets.

use std::rc::Rc;

use actix_web::{HttpResponse, get};
use serde_json::{Map, Value};

use super::facets::{self, Facet, ListedInterventions};
use crate::db::limit::Plan;
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::notice::BEFORE_START;
use crate::error::{Result, Rule};
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::{self, Count};
use crate::http::query::{
    Documented, Parameter, Query, Reader, UPDATED_SINCE, parameter, without_example,
};
use crate::offers::interventions::filter::{Filter, Sort};
use crate::offers::interventions::geo::MAX_KM;
use crate::offers::interventions::model::InterventionAnswer;
use crate::offers::interventions::routes::looked;
use crate::offers::interventions::store;
use crate::register::territories::ancestry;

const TAG: &str = "Interventions";

/// What the list takes; the count takes all but the last.
const PARAMETERS: &[Parameter] = &[
    parameter(
        "q",
        "Mots cherchés dans l'intitulé et la présentation, en français, sans tenir compte des accents ni des terminaisons ; `\"…\"` pour une expression, `-` pour exclure",
        "métallurgie",
    ),
    without_example("partner_id", "Partenaires, séparés par des virgules"),
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
        "Compte aussi ce qui est trouvé, toutes pages confondues : `action_type`, `level`, `academy`, `modality`, séparées par des virgules ; en JSON seulement",
        "action_type,level",
    ),
];

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

/// Notes what means nothing without another parameter.
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

/// What is looked for, and what of it is counted.
#[derive(Debug)]
pub struct Search {
    filter: Filter,
    facets: Vec<Facet>,
}

impl Query for Search {
    const PARAMETERS: &'static [Parameter] = PARAMETERS;

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            facets: reader.distinct("facets"),
            filter: Filter::read(reader),
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
}

/// The list of interventions.
pub struct Interventions;

impl List for Interventions {
    type Filter = Search;
    type Sort = Sort;
    type Item = InterventionAnswer;

    async fn page(call: Rc<Call<Search>>, page: Page<Sort>) -> Result<Vec<InterventionAnswer>> {
        let (scope, language) = (call.scope()?, call.admitted.language);
        let reader = call.app.db.reader().await?;
        let asked = &call.query.filter;
        let above = ancestry::of_known(&reader, &asked.territory).await?;
        let filter = settled(&call, asked, above);
        // Who asks for facets looks at much, and narrows it down by them.
        let plan = if call.query.facets.is_empty() {
            Plan::Kept
        } else {
            Plan::Anew
        };
        let offers = if page.sort == Sort::Distance {
            // Everything found is measured: not on the connection that others read on.
            let connection = call.app.db.borrow().await?;
            store::page(&connection, scope, &filter, &page, plan).await?
        } else {
            store::page(&reader, scope, &filter, &page, plan).await?
        };
        let seen = offers
            .into_iter()
            .map(|offer| offer.seen_by(scope, language));
        Ok(seen.collect())
    }

    fn mark(item: &InterventionAnswer, sort: Sort) -> Mark {
        let value = match (sort.settled(item.rank.is_some()), item.rank) {
            (Sort::Relevance, Some(rank)) => MarkValue::Rank(rank.to_bits()),
            (Sort::Distance, _) => MarkValue::Distance(item.distance.map(f64::to_bits)),
            (Sort::UpdatedAt, _) => MarkValue::Time(item.intervention.updated_at),
            _ => MarkValue::Id,
        };
        Mark {
            value,
            id: item.intervention.id.to_string(),
        }
    }
}

/// The filter with what is above its territories, on this day.
fn settled<Q>(call: &Call<Q>, filter: &Filter, above: Vec<String>) -> Filter {
    Filter {
        above,
        looked: looked(call),
        ..filter.clone()
    }
}

/// The facets asked for, if any are. On a connection of its own: what counts everything found must
/// not hold back the reads of others.
async fn counted(call: &Call<Search>) -> Result<Option<Map<String, Value>>> {
    let Search { filter, facets } = &call.query;
    if facets.is_empty() {
        return Ok(None);
    }
    let connection = call.app.db.borrow().await?;
    let above = ancestry::of_known(&connection, &filter.territory).await?;
    let filter = settled(call, filter, above);
    let counted = store::facets(&connection, call.scope()?, &filter, facets).await?;
    facets::answered(facets, counted).map(Some)
}

/// A page and its facets, asked for at once.
async fn read(call: Rc<Call<Search>>, page: Page<Sort>) -> Result<Searched> {
    tokio::try_join!(Interventions::page(Rc::clone(&call), page), counted(&call))
}

/// Interventions, and their facets where they are asked for.
type Searched = (Vec<InterventionAnswer>, Option<Map<String, Value>>);

/// Liste des interventions
///
/// Celles qui sont publiées ; le ministère lit aussi les autres, et un partenaire les siennes. Avec
/// `q`, la plus pertinente d'abord ; sinon dans l'ordre de création. Les facettes comptent ce que
/// l'appelant trouve avec tous les filtres, et rien d'autre : une académie a ce que le filtre
/// `territory` y trouve, ce qui est proposé dans sa région et dans tout le pays compris.
#[utoipa::path(
    tag = TAG,
    params(
        Documented<Search>,
        ("sort" = Option<String>, Query, description = "`created_at` (par défaut), `updated_at`, avec `q` `relevance` (alors par défaut), avec `near` `distance` (sans lieu, en dernier) ; `-` devant pour l'ordre inverse", example = "-updated_at"),
        crate::http::parameters::PageParameters,
    ),
    responses((status = 200, description = "Une page d'interventions", content(
        (ListedInterventions = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/interventions")]
pub async fn list_interventions(call: ListCall<Interventions>) -> Result<HttpResponse> {
    call.answer_with(read, ListedInterventions::with).await
}

/// Nombre d'interventions
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(Documented<Filter>),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/interventions/count")]
pub async fn count_interventions(call: Call<Filter>) -> Result<Answer> {
    let reader = call.app.db.reader().await?;
    let above = ancestry::of_known(&reader, &call.query.territory).await?;
    let filter = settled(&call, &call.query, above);
    let count = store::count(&reader, call.scope()?, &filter).await?;
    Answer::digested(&Count { count })
}
