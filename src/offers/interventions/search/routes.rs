//! The handlers of the search: the list of interventions, its count and its facets.

use std::rc::Rc;

use actix_web::{HttpResponse, get};
use serde_json::{Map, Value};

use super::facets::{self, ListedInterventions};
use super::filter::Search;
use crate::db::Reading;
use crate::db::limit::Plan;
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::{Count, Listed};
use crate::http::query::Documented;
use crate::offers::interventions::filter::{Filter, OfPartner, Sort};
use crate::offers::interventions::model::InterventionAnswer;
use crate::offers::interventions::status::AsOf;
use crate::offers::interventions::store;
use crate::register::partners::store as partners;
use crate::values::ids::PartnerId;

const TAG: &str = "Interventions";

/// The list of interventions.
pub struct Interventions;

impl List for Interventions {
    type Filter = Search;
    type Sort = Sort;
    type Item = InterventionAnswer;

    async fn page(call: Rc<Call<Search>>, page: Page<Sort>) -> Result<Vec<InterventionAnswer>> {
        let (scope, language) = (call.scope()?, call.admitted.language);
        let reader = call.reader().await?;
        let filter = store::settled(&reader, &call.query.filter, AsOf::now(&call.app)).await?;
        // Who asks for facets looks at much, and narrows it down by them; a territory has much or little.
        let plan = if call.query.facets.is_empty() && filter.within.is_empty() {
            Plan::Kept
        } else {
            Plan::Anew
        };
        let offers = store::page(&reader, scope, &filter, &page, plan).await?;
        let shown = offers
            .into_iter()
            .map(|offer| offer.answer_for(scope, language));
        Ok(shown.collect())
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

/// The list of one partner's interventions.
pub struct PartnerInterventions;

impl List for PartnerInterventions {
    type Filter = OfPartner;
    type Sort = Sort;
    type Item = InterventionAnswer;

    async fn page(call: Rc<Call<OfPartner>>, page: Page<Sort>) -> Result<Vec<InterventionAnswer>> {
        let (scope, language) = (call.scope()?, call.admitted.language);
        let reader = call.reader().await?;
        let filter = of_partner(&call, &reader).await?;
        let offers = store::page(&reader, scope, &filter, &page, Plan::Kept).await?;
        let shown = offers
            .into_iter()
            .map(|offer| offer.answer_for(scope, language));
        Ok(shown.collect())
    }

    fn mark(item: &InterventionAnswer, sort: Sort) -> Mark {
        Interventions::mark(item, sort)
    }
}

/// The filter of the partner that the path names.
async fn of_partner(call: &Call<OfPartner>, reader: &Reading) -> Result<Filter> {
    let partner = partners::find(reader, call.scope()?, call.id("id")).await?;
    Ok(Filter {
        partner_id: vec![partner.id],
        ..store::settled(reader, &call.query.0, AsOf::now(&call.app)).await?
    })
}

/// Liste des interventions d'un partenaire
///
/// Les siennes, quel qu'en soit le statut, pour le partenaire et le ministère ; pour les autres, celles qui sont
/// publiées. Les filtres et les ordres sont ceux de la liste des interventions.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = PartnerId, Path, description = "Identifiant du partenaire"),
        ListCall<PartnerInterventions>,
    ),
    responses((status = 200, description = "Une page d'interventions", content(
        (Listed<InterventionAnswer> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/partners/{id}/interventions")]
pub async fn list_partner_interventions(
    call: ListCall<PartnerInterventions>,
) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre d'interventions d'un partenaire
///
/// Avec les mêmes filtres que leur liste.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = PartnerId, Path, description = "Identifiant du partenaire"),
        Documented<OfPartner>,
    ),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/partners/{id}/interventions/count")]
pub async fn count_partner_interventions(call: Call<OfPartner>) -> Result<Answer> {
    let reader = call.reader().await?;
    let filter = of_partner(&call, &reader).await?;
    let count = store::count(&reader, call.scope()?, &filter).await?;
    Answer::digested(&Count { count })
}

/// The facets asked for, if any are. On a connection of its own: what counts everything found must
/// not hold back the reads of others.
async fn counted(call: &Call<Search>) -> Result<Option<Map<String, Value>>> {
    let Search { filter, facets } = &call.query;
    if facets.is_empty() {
        return Ok(None);
    }
    let connection = call.long_reader().await?;
    let filter = store::settled(&connection, filter, AsOf::now(&call.app)).await?;
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
/// l'appelant trouve avec tous les filtres, et rien d'autre : une académie ou un département a ce que
/// le filtre `within` y trouve, ce qui est proposé dans sa région et dans tout le pays compris.
#[utoipa::path(
    tag = TAG,
    params(
        ListCall<Interventions>,
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
    let reader = call.reader().await?;
    let filter = store::settled(&reader, &call.query, AsOf::now(&call.app)).await?;
    let count = store::count(&reader, call.scope()?, &filter).await?;
    Answer::digested(&Count { count })
}
