//! The handlers of campaigns.

use std::rc::Rc;

use actix_web::{HttpResponse, get, patch, post};

use super::filter::{Filter, Filters, Sort};
use super::model::{CampaignAnswer, CampaignPatch, NewCampaign, Reopening};
use super::{store, workflow};
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::{Count, Listed};
use crate::http::query::NoQuery;
use crate::values::ids::CampaignId;

const TAG: &str = "Campagnes";

/// The list of campaigns.
pub struct Campaigns;

impl List for Campaigns {
    type Filter = Filter;
    type Sort = Sort;
    type Item = CampaignAnswer;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<CampaignAnswer>> {
        let scope = call.scope()?;
        let reader = call.reader().await?;
        let rows = store::page(&reader, scope, &call.query, &page).await?;
        Ok(rows.into_iter().map(|row| row.answer_for(scope)).collect())
    }

    fn mark(item: &CampaignAnswer, sort: Sort) -> Mark {
        let value = match sort {
            Sort::Id => MarkValue::Id,
            Sort::UpdatedAt => MarkValue::Time(item.updated_at),
        };
        Mark {
            value,
            id: item.id.to_string(),
        }
    }
}

/// Liste des campagnes
///
/// Pour le ministère et les académies.
#[utoipa::path(
    tag = TAG,
    params(
        ListCall<Campaigns>,
    ),
    responses((status = 200, description = "Une page de campagnes", content(
        (Listed<CampaignAnswer> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/campaigns")]
pub async fn list_campaigns(call: ListCall<Campaigns>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre de campagnes
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(Filters),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/campaigns/count")]
pub async fn count_campaigns(call: Call<Filter>) -> Result<Answer> {
    let reader = call.reader().await?;
    let count = store::count(&reader, call.scope()?, &call.query).await?;
    Answer::digested(&Count { count })
}

/// Ouverture d'une campagne
///
/// Une par année scolaire. Y sont attendus les bilans de chaque convention et de chaque déclinaison en
/// vigueur un jour de l'année, pour chacun de leurs territoires ; ce qui est signé, activé ou prend fin
/// tant que la campagne est ouverte s'y ajoute ou s'en retire de soi-même.
#[utoipa::path(
    tag = TAG,
    params(crate::http::parameters::IdempotencyKey),
    request_body(content = NewCampaign, example = json!({
        "school_year": "2025-2026", "opens_on": "2026-05-04", "due_on": "2026-09-30"
    })),
    responses((status = 201, description = "La campagne ouverte", body = CampaignAnswer))
)]
#[post("/v1/campaigns")]
pub async fn create_campaign(call: Call<NoQuery, NewCampaign>) -> Result<Answer> {
    let scope = call.scope()?;
    call.write(async |tx| {
        let created = workflow::create(tx, scope, &call.body).await?;
        let (version, location) = (created.version, format!("/v1/campaigns/{}", created.id));
        Answer::created(version, location, &created.answer_for(scope))
    })
    .await
}

/// Lecture d'une campagne
///
/// Ses jours, si elle est close, et pourquoi elle a été rouverte. Où en sont ses bilans est l'affaire
/// de `/progress`.
#[utoipa::path(
    tag = TAG,
    params(("id" = CampaignId, Path, description = "Identifiant de la campagne")),
    responses((status = 200, description = "La campagne", body = CampaignAnswer))
)]
#[get("/v1/campaigns/{id}")]
pub async fn get_campaign(call: Call) -> Result<Answer> {
    let (scope, reader) = (call.scope()?, call.reader().await?);
    let found = store::find(&reader, scope, call.id("id")).await?;
    Answer::object(found.version, &found.answer_for(scope))
}

/// Modification d'une campagne ouverte
///
/// Correctif RFC 7396 de ses jours ; l'année scolaire ne change pas.
#[utoipa::path(
    tag = TAG,
    params(("id" = CampaignId, Path, description = "Identifiant de la campagne"), crate::http::parameters::RequiredIfMatch),
    request_body(content = CampaignPatch, content_type = "application/merge-patch+json", example = json!({
        "due_on": "2026-10-15"
    })),
    responses((status = 200, description = "La campagne modifiée", body = CampaignAnswer))
)]
#[patch("/v1/campaigns/{id}")]
pub async fn update_campaign(call: Call<NoQuery, CampaignPatch>) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let updated = workflow::update(tx, scope, call.id("id"), &call.body, if_match).await?;
        Answer::object(updated.version, &updated.answer_for(scope))
    })
    .await
}

/// Clôture d'une campagne
///
/// Aucun bilan de l'année n'est plus créé, modifié, transmis ni renvoyé, corrections comprises, jusqu'à
/// ce qu'elle soit rouverte ; ce qui a été transmis peut encore être validé.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = CampaignId, Path, description = "Identifiant de la campagne"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    responses((status = 200, description = "La campagne close", body = CampaignAnswer))
)]
#[post("/v1/campaigns/{id}/close")]
pub async fn close_campaign(call: Call) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let closed = workflow::close(tx, scope, call.id("id"), if_match).await?;
        Answer::object(closed.version, &closed.answer_for(scope))
    })
    .await
}

/// Réouverture d'une campagne
///
/// Avec un motif, qui reste. Les bilans attendus sont établis de nouveau.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = CampaignId, Path, description = "Identifiant de la campagne"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    request_body(content = Reopening, example = json!({ "reason": "L'académie de Mayotte n'a pu rendre compte à temps." })),
    responses((status = 200, description = "La campagne rouverte", body = CampaignAnswer))
)]
#[post("/v1/campaigns/{id}/reopen")]
pub async fn reopen_campaign(call: Call<NoQuery, Reopening>) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let reopened = workflow::reopen(tx, scope, call.id("id"), &call.body, if_match).await?;
        Answer::object(reopened.version, &reopened.answer_for(scope))
    })
    .await
}
