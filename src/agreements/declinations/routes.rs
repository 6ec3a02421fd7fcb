//! The handlers of declinations.

use std::rc::Rc;

use actix_web::{HttpResponse, delete, get, patch, post};

use super::answer::DeclinationAnswer;
use super::content::{Activation, DeclinationPatch, NewDeclination};
use super::filter::{Filter, Filters, Sort};
use super::model::DeclinationInContext;
use super::{store, workflow};
use crate::auth::person_viewer::Viewer;
use crate::db::Reading as Connection;
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::{Count, Listed};
use crate::http::query::NoQuery;
use crate::register::territories::ancestry;
use crate::values::ids::DeclinationId;
use crate::values::today;

const TAG: &str = "Déclinaisons";

/// The list of declinations.
pub struct Declinations;

impl List for Declinations {
    type Filter = Filter;
    type Sort = Sort;
    type Item = DeclinationAnswer;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<DeclinationAnswer>> {
        let scope = call.scope()?;
        let reader = call.reader().await?;
        let filter = with_reach(&reader, &call.query).await?;
        // Sent together: one round trip.
        let (above, rows) = tokio::try_join!(
            ancestry::above_schools(&reader, scope),
            store::page(&reader, scope, &filter, &page),
        )?;
        let (viewer, day) = (Viewer::new(scope, above), today(call.app.now()));
        let language = call.admitted.language;
        let shown = rows
            .into_iter()
            .map(|row| row.answer_for(&viewer, day, language));
        Ok(shown.collect())
    }

    fn mark(item: &DeclinationAnswer, sort: Sort) -> Mark {
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

/// Liste des déclinaisons
///
/// Actives et closes pour tous ; les autres, pour le ministère et là où elles sont en préparation.
/// Le nom, le courriel et le téléphone de la personne qui coordonne ne sont montrés qu'à qui en a
/// l'usage.
#[utoipa::path(
    tag = TAG,
    params(
        ListCall<Declinations>,
    ),
    responses((status = 200, description = "Une page de déclinaisons", content(
        (Listed<DeclinationAnswer> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/declinations")]
pub async fn list_declinations(call: ListCall<Declinations>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre de déclinaisons
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(
        Filters,
    ),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/declinations/count")]
pub async fn count_declinations(call: Call<Filter>) -> Result<Answer> {
    let reader = call.reader().await?;
    let filter = with_reach(&reader, &call.query).await?;
    let count = store::count(&reader, call.scope()?, &filter).await?;
    Answer::digested(&Count { count })
}

/// Création d'une déclinaison
///
/// Par le ministère, par une académie dans son périmètre, par un établissement pour lui-même. La
/// convention doit avoir été signée.
#[utoipa::path(
    tag = TAG,
    params(crate::http::parameters::IdempotencyKey),
    request_body(content = NewDeclination, example = json!({
        "convention_id": "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03", "level": "academy", "territories": ["academy:10"],
        "title": "L'industrie dans l'académie de Lyon", "axes": ["career_discovery"], "levels": ["3e"],
        "coordinator": { "name": "Dominique Petit", "function": "Chargée de mission école-entreprise", "email": "dominique.petit@ac-lyon.fr" },
        "starts_on": "2026-09-01", "ends_on": "2028-08-31",
        "targets": [{ "measure": "pupils", "school_year": "2026-2027", "value": 1200 }],
        "planned_actions": [{ "title": "Visites d'ateliers pour les troisièmes", "action_type": "company_visit", "levels": ["3e"] }]
    })),
    responses((status = 201, description = "La déclinaison créée", body = DeclinationAnswer))
)]
#[post("/v1/declinations")]
pub async fn create_declination(call: Call<NoQuery, NewDeclination>) -> Result<Answer> {
    let scope = call.scope()?;
    call.write(async |tx| {
        let created = workflow::create(tx, scope, &call.body).await?;
        let location = format!("/v1/declinations/{}", created.declination.id);
        answered(&call, created, |version, shown| {
            Answer::created(version, location, shown)
        })
    })
    .await
}

/// Lecture d'une déclinaison
///
/// Le nom, le courriel et le téléphone de la personne qui coordonne sont `null` pour qui n'en a pas
/// l'usage.
#[utoipa::path(
    tag = TAG,
    params(("id" = DeclinationId, Path, description = "Identifiant de la déclinaison")),
    responses((status = 200, description = "La déclinaison", body = DeclinationAnswer))
)]
#[get("/v1/declinations/{id}")]
pub async fn get_declination(call: Call) -> Result<Answer> {
    let scope = call.scope()?;
    let reader = call.reader().await?;
    let (above, found) = tokio::try_join!(
        ancestry::above_schools(&reader, scope),
        store::find(&reader, scope, call.id("id")),
    )?;
    let (viewer, day) = (Viewer::new(scope, above), today(call.app.now()));
    let version = found.declination.version;
    Answer::object(
        version,
        &found.answer_for(&viewer, day, call.admitted.language),
    )
}

/// Modification d'une déclinaison
///
/// Correctif RFC 7396. Un brouillon change entièrement, sauf sa convention. D'une déclinaison
/// active changent l'intitulé, la coordination, le représentant, les objectifs, les actions
/// prévues, la délibération et l'échéance : le reste est convenu.
#[utoipa::path(
    tag = TAG,
    params(("id" = DeclinationId, Path, description = "Identifiant de la déclinaison"), crate::http::parameters::RequiredIfMatch),
    request_body(content = DeclinationPatch, content_type = "application/merge-patch+json", example = json!({
        "title": "L'industrie à Lyon", "coordinator": { "name": "Dominique Petit", "phone": "04 72 80 60 60" }, "ends_on": "2029-08-31"
    })),
    responses((status = 200, description = "La déclinaison modifiée", body = DeclinationAnswer))
)]
#[patch("/v1/declinations/{id}")]
pub async fn update_declination(call: Call<NoQuery, DeclinationPatch>) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let updated = workflow::update(tx, scope, call.id("id"), &call.body, if_match).await?;
        answered(&call, updated, Answer::object)
    })
    .await
}

/// Suppression d'un brouillon
///
/// Ce qui a été actif ne disparaît pas : fermez-le.
#[utoipa::path(
    tag = TAG,
    params(("id" = DeclinationId, Path, description = "Identifiant de la déclinaison"), crate::http::parameters::RequiredIfMatch),
    responses((status = 204, description = "Supprimée"))
)]
#[delete("/v1/declinations/{id}")]
pub async fn delete_declination(call: Call) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        workflow::delete(tx, scope, call.id("id"), if_match).await?;
        Ok(Answer::nothing())
    })
    .await
}

/// Activation d'une déclinaison
///
/// Enregistre qui l'a signée. La convention doit être en vigueur ou à venir, la déclinaison parente
/// active, et aucun de ses territoires couvert par une autre déclinaison active de la convention au
/// même niveau.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = DeclinationId, Path, description = "Identifiant de la déclinaison"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    request_body(content = Option<Activation>, example = json!({
        "signatories": [{ "side": "ministry", "name": "Anne Bisagni-Faure", "function": "Rectrice de région académique", "organisation": "Académie de Lyon" }]
    })),
    responses((status = 200, description = "La déclinaison active", body = DeclinationAnswer))
)]
#[post("/v1/declinations/{id}/activate")]
pub async fn activate_declination(call: Call<NoQuery, Activation>) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let active = workflow::activate(tx, scope, call.id("id"), &call.body, if_match).await?;
        answered(&call, active, Answer::object)
    })
    .await
}

/// Fermeture d'une déclinaison active
///
/// Elle reste lisible, et ses territoires peuvent être repris par une autre.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = DeclinationId, Path, description = "Identifiant de la déclinaison"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    responses((status = 200, description = "La déclinaison close", body = DeclinationAnswer))
)]
#[post("/v1/declinations/{id}/close")]
pub async fn close_declination(call: Call) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let closed = workflow::close(tx, scope, call.id("id"), if_match).await?;
        answered(&call, closed, Answer::object)
    })
    .await
}

/// Abandon d'un brouillon
///
/// Il reste lisible là où il était en préparation.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = DeclinationId, Path, description = "Identifiant de la déclinaison"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    responses((status = 200, description = "La déclinaison abandonnée", body = DeclinationAnswer))
)]
#[post("/v1/declinations/{id}/abandon")]
pub async fn abandon_declination(call: Call) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let abandoned = workflow::abandon(tx, scope, call.id("id"), if_match).await?;
        answered(&call, abandoned, Answer::object)
    })
    .await
}

/// The declination a step wrote, as its caller is answered; a kept answer that holds the
/// coordinator goes with them.
fn answered<Q, B>(
    call: &Call<Q, B>,
    in_context: DeclinationInContext,
    answer: impl FnOnce(i64, &DeclinationAnswer) -> Result<Answer>,
) -> Result<Answer> {
    let viewer = Viewer::of_writer(call.scope()?);
    let (id, version) = (
        in_context.declination.id.uuid(),
        in_context.declination.version,
    );
    let shown = in_context.answer_for(&viewer, today(call.app.now()), call.admitted.language);
    let answer = answer(version, &shown)?;
    Ok(if shown.coordinator.is_some() {
        answer.about_person(id)
    } else {
        answer
    })
}
