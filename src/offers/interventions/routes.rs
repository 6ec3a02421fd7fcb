//! The handlers of interventions.

use actix_web::{delete, get, patch, put};

use super::content::NewIntervention;
use super::model::{ExternalId, InterventionAnswer, Key};
use super::status::AsOf;
use super::store;
use super::workflow::{self, Put};
use crate::error::{Error, Result};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::merge::Patch;
use crate::http::query::NoQuery;
use crate::values::ids::{InterventionId, PartnerId};

const TAG: &str = "Interventions";

/// What changes of an intervention.
type InterventionPatch = Patch<NewIntervention>;

/// What the path names.
fn key<Q, B>(call: &Call<Q, B>) -> Result<Key> {
    Ok(Key {
        partner: call.id("id"),
        external_id: ExternalId::of_path(call.segment("external_id"))?,
    })
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
    let reader = call.reader().await?;
    let found = store::find_all(&reader, scope, &ids, AsOf::now(&call.app)).await?;
    let offer = found.into_iter().next().ok_or_else(Error::not_found)?;
    let version = offer.intervention.version;
    Answer::object(version, &offer.answer_for(scope, call.admitted.language))
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
    let offer = store::find(&*call.reader().await?, scope, &key, AsOf::now(&call.app)).await?;
    let version = offer.intervention.version;
    Answer::object(version, &offer.answer_for(scope, call.admitted.language))
}

/// Dépôt d'une intervention
///
/// La crée, ou la remplace : un champ absent est vidé. Une intervention retirée est proposée de
/// nouveau. Redire la même chose ne change rien, et la confirme.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = PartnerId, Path, description = "Identifiant du partenaire"),
        ("external_id" = ExternalId, Path, description = "Identifiant donné par le partenaire : 1 à 128 lettres, chiffres, `.`, `_`, `:`, `~` ou `-` ; ni `batch`, ni `count`, ni `touch`"),
        crate::http::parameters::OptionalIfMatch,
        crate::http::parameters::OptionalIfNoneMatch,
    ),
    request_body(content = NewIntervention, example = json!({
        "convention_id": "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03", "title": "Visite d'un atelier de métallurgie",
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
        match workflow::put(
            tx,
            scope,
            &key,
            &call.body,
            conditions,
            AsOf::now(&call.app),
        )
        .await?
        {
            Put::Created(offer) => {
                let (version, path) = (offer.intervention.version, offer.intervention.path());
                Answer::created(version, path, &offer.answer_for(scope, language))
            }
            Put::Kept(offer) => Answer::object(
                offer.intervention.version,
                &offer.answer_for(scope, language),
            ),
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
        crate::http::parameters::RequiredIfMatch,
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
        let offer =
            workflow::update(tx, scope, &key, &call.body, if_match, AsOf::now(&call.app)).await?;
        let version = offer.intervention.version;
        Answer::object(version, &offer.answer_for(scope, call.admitted.language))
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
        crate::http::parameters::OptionalIfMatch,
        crate::http::parameters::OptionalIfNoneMatch,
    ),
    responses((status = 200, description = "L'intervention retirée", body = InterventionAnswer))
)]
#[delete("/v1/partners/{id}/interventions/{external_id}")]
pub async fn withdraw_intervention(call: Call) -> Result<Answer> {
    let (scope, key) = (call.scope()?, key(&call)?);
    call.write(async |tx| {
        let conditions = call.admitted.conditions();
        let offer = workflow::withdraw(tx, scope, &key, conditions, AsOf::now(&call.app)).await?;
        let version = offer.intervention.version;
        Answer::object(version, &offer.answer_for(scope, call.admitted.language))
    })
    .await
}
