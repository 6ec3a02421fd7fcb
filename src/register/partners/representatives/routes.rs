//! The handlers of representatives.

use std::rc::Rc;

use actix_web::{HttpResponse, delete, get, patch, post};

use super::content::{NewRepresentative, RepresentativePatch};
use super::filter::{Filter, Filters, Sort};
use super::model::RepresentativeAnswer;
use super::{store, workflow};
use crate::auth::person_viewer::Viewer;
use crate::db::Reading as Connection;
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::{Count, Listed};
use crate::http::query::NoQuery;
use crate::register::partners::store as partners;
use crate::register::territories::ancestry;
use crate::values::ids::{PartnerId, RepresentativeId};

const TAG: &str = "Partenaires";

/// The representatives of one partner.
pub struct Representatives;

impl List for Representatives {
    type Filter = Filter;
    type Sort = Sort;
    type Item = RepresentativeAnswer;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<RepresentativeAnswer>> {
        let (scope, partner) = (call.scope()?, call.id("id"));
        let reader = call.reader().await?;
        let filter = with_reach(&reader, &call.query).await?;
        // Sent together: one round trip.
        let (_, above, rows) = tokio::try_join!(
            partners::find(&reader, scope, partner),
            ancestry::above_schools(&reader, scope),
            store::page(&reader, scope, partner, &filter, &page),
        )?;
        let viewer = Viewer::new(scope, above);
        Ok(rows
            .into_iter()
            .map(|row| row.answer_for(&viewer))
            .collect())
    }

    fn mark(item: &RepresentativeAnswer, sort: Sort) -> Mark {
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

/// The filter with what is above its territories; a school that does not exist is above nothing.
async fn with_reach(connection: &Connection, filter: &Filter) -> Result<Filter> {
    let above = ancestry::of(connection, &filter.territory)
        .await?
        .unwrap_or_default();
    Ok(Filter {
        above,
        ..filter.clone()
    })
}

/// Liste des représentants d'un partenaire
///
/// Leurs nom, courriel et téléphone ne sont montrés qu'à qui en a l'usage.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = PartnerId, Path, description = "Identifiant du partenaire"),
        ListCall<Representatives>,
    ),
    responses((status = 200, description = "Une page de représentants", content(
        (Listed<RepresentativeAnswer> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/partners/{id}/representatives")]
pub async fn list_representatives(call: ListCall<Representatives>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre de représentants d'un partenaire
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(
        Filters,
        ("id" = PartnerId, Path, description = "Identifiant du partenaire"),
    ),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/partners/{id}/representatives/count")]
pub async fn count_representatives(call: Call<Filter>) -> Result<Answer> {
    let (scope, partner) = (call.scope()?, call.id("id"));
    let reader = call.reader().await?;
    let filter = with_reach(&reader, &call.query).await?;
    let (_, count) = tokio::try_join!(
        partners::find(&reader, scope, partner),
        store::count(&reader, scope, partner, &filter)
    )?;
    Answer::digested(&Count { count })
}

/// Enregistrement d'un représentant
///
/// Par le ministère, ou par le partenaire pour lui-même.
#[utoipa::path(
    tag = TAG,
    params(("id" = PartnerId, Path, description = "Identifiant du partenaire"), crate::http::parameters::IdempotencyKey),
    request_body(content = NewRepresentative, example = json!({
        "name": "Camille Martin", "function": "Déléguée territoriale", "email": "camille.martin@exemple.fr",
        "phone": "01 23 45 67 89", "territories": ["academy:10"]
    })),
    responses((status = 201, description = "Le représentant enregistré", body = RepresentativeAnswer))
)]
#[post("/v1/partners/{id}/representatives")]
pub async fn create_representative(call: Call<NoQuery, NewRepresentative>) -> Result<Answer> {
    let (scope, partner) = (call.scope()?, call.id("id"));
    call.write(async |tx| {
        let created = workflow::create(tx, scope, partner, &call.body).await?;
        let (id, version) = (created.id, created.version);
        let location = format!("/v1/partners/{partner}/representatives/{id}");
        let answer = Answer::created(
            version,
            location,
            &created.answer_for(&Viewer::of_writer(scope)),
        )?;
        Ok(answer.about_person(id.uuid()))
    })
    .await
}

/// Lecture d'un représentant
///
/// Son nom, son courriel et son téléphone sont `null` pour qui n'en a pas l'usage.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = PartnerId, Path, description = "Identifiant du partenaire"),
        ("representative_id" = RepresentativeId, Path, description = "Identifiant du représentant"),
    ),
    responses((status = 200, description = "Le représentant", body = RepresentativeAnswer))
)]
#[get("/v1/partners/{id}/representatives/{representative_id}")]
pub async fn get_representative(call: Call) -> Result<Answer> {
    let scope = call.scope()?;
    let reader = call.reader().await?;
    let (above, found) = tokio::try_join!(
        ancestry::above_schools(&reader, scope),
        store::find(&reader, scope, call.id("id"), call.id("representative_id")),
    )?;
    Answer::object(found.version, &found.answer_for(&Viewer::new(scope, above)))
}

/// Modification d'un représentant
///
/// Correctif RFC 7396, par le ministère ou par le partenaire pour les siens.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = PartnerId, Path, description = "Identifiant du partenaire"),
        ("representative_id" = RepresentativeId, Path, description = "Identifiant du représentant"),
        crate::http::parameters::RequiredIfMatch,
    ),
    request_body(content = RepresentativePatch, content_type = "application/merge-patch+json", example = json!({
        "function": "Déléguée régionale", "territories": ["region:84"]
    })),
    responses((status = 200, description = "Le représentant modifié", body = RepresentativeAnswer))
)]
#[patch("/v1/partners/{id}/representatives/{representative_id}")]
pub async fn update_representative(call: Call<NoQuery, RepresentativePatch>) -> Result<Answer> {
    let scope = call.scope()?;
    let key = (call.id("id"), call.id("representative_id"));
    call.write(async |tx| {
        let updated = workflow::update(tx, scope, key, &call.body, &call.admitted.if_match).await?;
        Answer::object(
            updated.version,
            &updated.answer_for(&Viewer::of_writer(scope)),
        )
    })
    .await
}

/// Effacement d'un représentant
///
/// La personne disparaît du registre, de ses réponses gardées et de ses événements ; il n'en reste
/// que la trace anonyme.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = PartnerId, Path, description = "Identifiant du partenaire"),
        ("representative_id" = RepresentativeId, Path, description = "Identifiant du représentant"),
        crate::http::parameters::OptionalIfMatch,
    ),
    responses((status = 204, description = "Effacé"))
)]
#[delete("/v1/partners/{id}/representatives/{representative_id}")]
pub async fn delete_representative(call: Call) -> Result<Answer> {
    let scope = call.scope()?;
    let key = (call.id("id"), call.id("representative_id"));
    call.write(async |tx| {
        workflow::erase(tx, scope, key, &call.admitted.if_match).await?;
        Ok(Answer::nothing())
    })
    .await
}
