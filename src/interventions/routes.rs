//! The handlers of interventions.

use std::rc::Rc;

use actix_web::{HttpResponse, delete, get, patch, put};

use super::content::NewIntervention;
use super::filter::{Filter, Sort};
use super::model::{ExternalId, InterventionAnswer, InterventionId, Key};
use super::standing::Looked;
use super::workflow::Put;
use super::{store, workflow};
use crate::db::Reader as Connection;
use crate::error::notice::BEFORE_START;
use crate::error::{Error, Result, Rule};
use crate::establishments::reach;
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::merge::Patch;
use crate::http::page::{self, Count, Listed, Mark, MarkValue, Page};
use crate::http::query::{
    Documented, NoQuery, Parameter, Query, Reader, UPDATED_SINCE, parameter, without_example,
};
use crate::partners::model::PartnerId;

const TAG: &str = "Interventions";

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[
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
        parameter("available_from", "Proposées ce jour ou après", "2026-09-01"),
        parameter("available_to", "Proposées ce jour ou avant", "2027-06-30"),
        parameter(
            "status",
            "`published`, `withheld`, `withdrawn`, `expired`, `stale` ; hors du ministère et du partenaire, seules les publiées se lisent",
            "published",
        ),
        UPDATED_SINCE,
    ];

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
        let by_relevance = matches!(reader.text("sort"), Some("relevance" | "-relevance"));
        if by_relevance && filter.q.is_none() {
            reader.fault("sort", Rule::OnlyWith("q"));
        }
        filter
    }
}

/// The filters, as the list and the count document them.
type Filters = Documented<Filter>;

/// What changes of an intervention.
type InterventionPatch = Patch<NewIntervention>;

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Natural;
    const ORDERS: &'static [(&'static str, Self)] = &[
        ("created_at", Self::Id),
        ("updated_at", Self::UpdatedAt),
        ("relevance", Self::Relevance),
    ];
}

/// The list of interventions.
pub struct Interventions;

impl List for Interventions {
    type Filter = Filter;
    type Sort = Sort;
    type Item = InterventionAnswer;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<InterventionAnswer>> {
        let (scope, language) = (call.scope()?, call.admitted.language);
        let reader = call.app.db.reader().await?;
        let filter = with_reach(&call, &reader).await?;
        let offers = store::page(&reader, scope, &filter, &page).await?;
        let seen = offers
            .into_iter()
            .map(|offer| offer.seen_by(scope, language));
        Ok(seen.collect())
    }

    fn mark(item: &InterventionAnswer, sort: Sort) -> Mark {
        let value = match (sort.settled(item.rank.is_some()), item.rank) {
            (Sort::Relevance, Some(rank)) => MarkValue::Rank(rank.to_bits()),
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
async fn with_reach(call: &Call<Filter>, connection: &Connection) -> Result<Filter> {
    Ok(Filter {
        above: reach::of_known(connection, &call.query.territory).await?,
        looked: looked(call),
        ..call.query.clone()
    })
}

/// When a request looks at interventions.
pub fn looked<Q, B>(call: &Call<Q, B>) -> Looked {
    Looked::at(call.app.now(), call.app.config.stale_after_days)
}

/// What the path names.
fn key<Q, B>(call: &Call<Q, B>) -> Result<Key> {
    Ok(Key {
        partner: call.id("id"),
        external_id: ExternalId::of_path(call.segment("external_id"))?,
    })
}

/// Liste des interventions
///
/// Celles qui sont publiées ; le ministère lit aussi les autres, et un partenaire les siennes. Avec
/// `q`, la plus pertinente d'abord ; sinon dans l'ordre de création.
#[utoipa::path(
    tag = TAG,
    params(
        Filters,
        ("sort" = Option<String>, Query, description = "`created_at` (par défaut), `updated_at`, et avec `q` `relevance` (alors par défaut) ; `-` devant pour l'ordre inverse", example = "-updated_at"),
        crate::openapi::PageParameters,
    ),
    responses((status = 200, description = "Une page d'interventions", content(
        (Listed<InterventionAnswer> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/interventions")]
pub async fn list_interventions(call: ListCall<Interventions>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre d'interventions
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(Filters),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/interventions/count")]
pub async fn count_interventions(call: Call<Filter>) -> Result<Answer> {
    let reader = call.app.db.reader().await?;
    let filter = with_reach(&call, &reader).await?;
    let count = store::count(&reader, call.scope()?, &filter).await?;
    Answer::digested(&Count { count })
}

/// Lecture d'une intervention
///
/// Par l'identifiant que lui donne le registre.
#[utoipa::path(
    tag = TAG,
    params(("id" = InterventionId, Path, description = "Identifiant de l'intervention")),
    responses((status = 200, description = "L'intervention", body = InterventionAnswer))
)]
#[get("/v1/interventions/{id}")]
pub async fn get_intervention_by_id(call: Call) -> Result<Answer> {
    let (scope, ids) = (call.scope()?, [call.id("id")]);
    let reader = call.app.db.reader().await?;
    let found = store::find_all(&reader, scope, &ids, looked(&call)).await?;
    let offer = found.into_iter().next().ok_or_else(Error::not_found)?;
    let version = offer.intervention.version;
    Answer::object(version, &offer.seen_by(scope, call.admitted.language))
}

/// Lecture d'une intervention de son partenaire
///
/// Par l'identifiant que lui donne son partenaire.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = PartnerId, Path, description = "Identifiant du partenaire"),
        ("external_id" = ExternalId, Path, description = "Identifiant donné par le partenaire"),
    ),
    responses((status = 200, description = "L'intervention", body = InterventionAnswer))
)]
#[get("/v1/partners/{id}/interventions/{external_id}")]
pub async fn get_intervention(call: Call) -> Result<Answer> {
    let (scope, key) = (call.scope()?, key(&call)?);
    let offer = store::find(&*call.app.db.reader().await?, scope, &key, looked(&call)).await?;
    let version = offer.intervention.version;
    Answer::object(version, &offer.seen_by(scope, call.admitted.language))
}

/// Dépôt d'une intervention
///
/// La crée, ou la remplace : un champ absent est vidé. Une intervention retirée est proposée de
/// nouveau. Redire la même chose ne change rien, et la confirme.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = PartnerId, Path, description = "Identifiant du partenaire"),
        ("external_id" = ExternalId, Path, description = "Identifiant donné par le partenaire : 1 à 128 lettres, chiffres, `.`, `_`, `:`, `~` ou `-` ; ni `batch` ni `touch`"),
        crate::openapi::OptionalIfMatch,
        crate::openapi::OptionalIfNoneMatch,
    ),
    request_body(content = NewIntervention, example = json!({
        "convention_id": "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e3f", "title": "Visite d'un atelier de métallurgie",
        "description": "Les élèves découvrent les métiers de l'atelier avec ceux qui les exercent.",
        "action_type": "company_visit", "levels": ["3e", "2de_gt"], "moments": ["career_discovery"],
        "axes": ["career_discovery"], "event": "semaine_industrie", "modality": "in_person", "nationwide": false,
        "territories": ["academy:10"],
        "place": { "latitude": 45.75, "longitude": 4.85, "radius_km": 30, "label": "Atelier de Vénissieux" },
        "available_from": "2026-09-01", "available_to": "2099-06-30", "duration_minutes": 120, "sessions": 10,
        "pupils_per_session": 30, "languages": ["fr"], "url": "https://www.exemple.fr/visite",
        "accessibility": "Atelier accessible en fauteuil roulant."
    })),
    responses(
        (status = 200, description = "L'intervention, remplacée ou confirmée", body = InterventionAnswer),
        (status = 201, description = "L'intervention créée", body = InterventionAnswer),
    )
)]
#[put("/v1/partners/{id}/interventions/{external_id}")]
pub async fn put_intervention(call: Call<NoQuery, NewIntervention>) -> Result<Answer> {
    let (scope, key, language) = (call.scope()?, key(&call)?, call.admitted.language);
    call.write(async |tx| {
        let conditions = call.admitted.conditions();
        match workflow::put(tx, scope, &key, &call.body, conditions, looked(&call)).await? {
            Put::Created(offer) => {
                let (version, path) = (offer.intervention.version, offer.intervention.path());
                Answer::created(version, path, &offer.seen_by(scope, language))
            }
            Put::Kept(offer) => {
                Answer::object(offer.intervention.version, &offer.seen_by(scope, language))
            }
        }
    })
    .await
}

/// Modification d'une intervention
///
/// Correctif RFC 7396, par son partenaire. Une intervention retirée se propose de nouveau par `PUT`.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = PartnerId, Path, description = "Identifiant du partenaire"),
        ("external_id" = ExternalId, Path, description = "Identifiant donné par le partenaire"),
        crate::openapi::RequiredIfMatch,
    ),
    request_body(content = InterventionPatch, content_type = "application/merge-patch+json", example = json!({
        "available_to": "2099-12-31", "sessions": 5
    })),
    responses((status = 200, description = "L'intervention modifiée", body = InterventionAnswer))
)]
#[patch("/v1/partners/{id}/interventions/{external_id}")]
pub async fn update_intervention(call: Call<NoQuery, InterventionPatch>) -> Result<Answer> {
    let (scope, key) = (call.scope()?, key(&call)?);
    call.write(async |tx| {
        let if_match = &call.admitted.if_match;
        let offer = workflow::update(tx, scope, &key, &call.body, if_match, looked(&call)).await?;
        let version = offer.intervention.version;
        Answer::object(version, &offer.seen_by(scope, call.admitted.language))
    })
    .await
}

/// Retrait d'une intervention
///
/// Par son partenaire ou par le ministère. Elle reste lisible d'eux ; la retirer deux fois n'y
/// change rien.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = PartnerId, Path, description = "Identifiant du partenaire"),
        ("external_id" = ExternalId, Path, description = "Identifiant donné par le partenaire"),
        crate::openapi::OptionalIfMatch,
        crate::openapi::OptionalIfNoneMatch,
    ),
    responses((status = 200, description = "L'intervention retirée", body = InterventionAnswer))
)]
#[delete("/v1/partners/{id}/interventions/{external_id}")]
pub async fn withdraw_intervention(call: Call) -> Result<Answer> {
    let (scope, key) = (call.scope()?, key(&call)?);
    call.write(async |tx| {
        let conditions = call.admitted.conditions();
        let offer = workflow::withdraw(tx, scope, &key, conditions, looked(&call)).await?;
        let version = offer.intervention.version;
        Answer::object(version, &offer.seen_by(scope, call.admitted.language))
    })
    .await
}
