//! The handlers of publications.

use std::rc::Rc;

use actix_web::{HttpResponse, get, post};

use super::filter::{DryRun, Filter, Filters, Sort};
use super::model::{NewPublication, Publication, PublicationPreview, Withdrawal};
use super::{store, workflow};
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::{Error, Result};
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::open::{Open, OpenListed};
use crate::http::page::{Count, Listed};
use crate::http::query::{Documented, NoQuery};
use crate::values::ids::PublicationId;
use crate::values::today;

const TAG: &str = "Publications";

const OPEN: &str = "Données ouvertes";

/// The list of publications.
pub struct Publications;

impl List for Publications {
    type Filter = Filter;
    type Sort = Sort;
    type Item = Publication;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<Publication>> {
        let reader = call.reader().await?;
        store::page(&reader, call.scope()?, &call.query, &page).await
    }

    fn mark(item: &Publication, sort: Sort) -> Mark {
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

/// Liste des publications
///
/// De toutes les années scolaires, chacune avec ses tableaux. Leurs valeurs se lisent à
/// `/v1/indicators/values`.
#[utoipa::path(
    tag = TAG,
    params(
        ListCall<Publications>,
    ),
    responses((status = 200, description = "Une page de publications", content(
        (Listed<Publication> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/publications")]
pub async fn list_publications(call: ListCall<Publications>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre de publications
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(Filters),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/publications/count")]
pub async fn count_publications(call: Call<Filter>) -> Result<Answer> {
    let reader = call.reader().await?;
    let count = store::count(&reader, call.scope()?, &call.query).await?;
    Answer::digested(&Count { count })
}

/// Publication d'une année scolaire
///
/// Par le ministère. Calcule et fige les tableaux de l'année, tous du même instant. Les petits effectifs (élèves, filles, garçons, élèves de l'éducation prioritaire, stages pourvus, de 1 à 4) et leurs petites variations n'y sont pas dits, et autant d'autres cases qu'il en faut pour qu'aucune somme ne les redonne, dans cette publication ni avec les précédentes de la même année ; un chiffre déjà publié reste alors celui d'avant (`carried`). Une publication ne change plus : une correction en demande une autre. Une année sans bilan validé est refusée (409 `nothing_to_publish`), une année à venir aussi (422 `in_the_future`).
///
/// Avec `dry_run=true`, rien n'est écrit : la réponse dit ce qui serait montré, conservé et masqué.
#[utoipa::path(
    tag = TAG,
    params(Documented<DryRun>, crate::http::parameters::IdempotencyKey),
    request_body(content = NewPublication, example = json!({
        "school_year": "2023-2024", "note": "Chiffres provisoires, avant la clôture de la campagne."
    })),
    responses(
        (status = 201, description = "La publication", body = Publication),
        (status = 200, description = "Ce qui serait publié, avec `dry_run=true`", body = PublicationPreview)
    )
)]
#[post("/v1/publications")]
pub async fn create_publication(call: Call<DryRun, NewPublication>) -> Result<Answer> {
    let small_group = call.app.config.small_group;
    workflow::check_begun(&call.body, today(call.app.now()))?;
    if call.query.dry_run {
        let connection = call.long_reader().await?;
        return Answer::digested(&workflow::preview(&connection, &call.body, small_group).await?);
    }
    call.write(async |tx| {
        let created = workflow::create(tx, &call.body, small_group).await?;
        let location = format!("/v1/publications/{}", created.id);
        Answer::created(created.version, location, &created)
    })
    .await
}

/// Retrait d'une publication
///
/// Par le ministère, avec un motif. Elle reste lisible par son numéro, et par `as_of` aux jours où elle valait ; les chiffres par défaut redeviennent ceux de la publication d'avant.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = PublicationId, Path, description = "Identifiant de la publication"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    request_body(content = Withdrawal, example = json!({ "reason": "Deux bilans comptés deux fois." })),
    responses((status = 200, description = "La publication retirée", body = Publication))
)]
#[post("/v1/publications/{id}/withdraw")]
pub async fn withdraw_publication(call: Call<NoQuery, Withdrawal>) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let withdrawn = workflow::withdraw(tx, scope, call.id("id"), &call.body, if_match).await?;
        Answer::object(withdrawn.version, &withdrawn)
    })
    .await
}

/// Lecture d'une publication
///
/// Ses tableaux, avec le nombre de leurs cases et de celles qui sont masquées.
#[utoipa::path(
    tag = TAG,
    params(("id" = PublicationId, Path, description = "Identifiant de la publication")),
    responses((status = 200, description = "La publication", body = Publication))
)]
#[get("/v1/publications/{id}")]
pub async fn get_publication(call: Call) -> Result<Answer> {
    let reader = call.reader().await?;
    let found = store::find(&reader, call.scope()?, call.id("id")).await?;
    Answer::object(found.version, &found)
}

/// Publications, sans jeton
///
/// De toutes les années scolaires, chacune avec ses tableaux, comme `/v1/publications`. Leurs valeurs se lisent à `/public/indicators/values`.
#[utoipa::path(
    tag = OPEN,
    params(
        ListCall<Publications>,
    ),
    responses((status = 200, description = "Une page de publications", content(
        (OpenListed<Publication> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/public/publications")]
pub async fn list_public_publications(call: ListCall<Publications>) -> Result<HttpResponse> {
    call.answer_open().await
}

/// Publication, sans jeton
///
/// Par son numéro : ses tableaux, avec le nombre de leurs cases et de celles qui sont masquées.
#[utoipa::path(
    tag = OPEN,
    params(("number" = i32, Path, description = "Son numéro", example = 1)),
    responses((status = 200, description = "La publication", body = Open<Publication>))
)]
#[get("/public/publications/{number}")]
pub async fn get_public_publication(call: Call) -> Result<Answer> {
    // What is no number names no publication.
    let number: i32 = call.segment("number").parse().unwrap_or_default();
    let reader = call.reader().await?;
    let found = store::find_numbers(&reader, call.scope()?, &[number]).await?;
    let found = found.into_iter().next().ok_or_else(Error::not_found)?;
    Answer::object(found.version, &Open::of(found))
}
