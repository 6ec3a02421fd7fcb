//! The handlers of amendments.

use std::rc::Rc;

use actix_web::{HttpResponse, delete, get, patch, post};

use super::content::{AmendmentPatch, NewAmendment};
use super::filter::{Filter, Filters, Sort};
use super::model::{AmendmentAnswer, Step};
use super::store;
use super::workflow::{self, Placed};
use crate::agreements::conventions::model::Convention;
use crate::agreements::conventions::signing::NewSignature;
use crate::agreements::conventions::store as conventions;
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::{Count, Listed};
use crate::http::query::NoQuery;
use crate::values::ids::{AmendmentId, ConventionId};
use crate::values::today;

const TAG: &str = "Conventions";

/// The amendments of one convention.
pub struct Amendments;

impl List for Amendments {
    type Filter = Filter;
    type Sort = Sort;
    type Item = AmendmentAnswer;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<AmendmentAnswer>> {
        let (scope, reader) = (call.scope()?, call.reader().await?);
        let convention = conventions::find(&reader, scope, call.id("id")).await?;
        let place = (&convention, today(call.app.now()));
        let rows = store::page(&reader, scope, place, &call.query, &page).await?;
        let language = call.admitted.language;
        let shown = rows
            .into_iter()
            .map(|row| row.answer_for(scope, &convention, language));
        Ok(shown.collect())
    }

    fn mark(item: &AmendmentAnswer, sort: Sort) -> Mark {
        let amendment = &item.amendment;
        let value = match sort {
            Sort::Number => MarkValue::Place(amendment.number.into(), 0),
            Sort::UpdatedAt => MarkValue::Time(amendment.updated_at),
        };
        Mark {
            value,
            id: amendment.id.to_string(),
        }
    }
}

/// The amendment a step wrote, as its caller is answered.
fn shown<Q, B>(call: &Call<Q, B>, (convention, amendment): Placed) -> Result<Answer> {
    let version = amendment.version;
    let shown = amendment.answer_for(call.scope()?, &convention, call.admitted.language);
    Answer::object(version, &shown)
}

/// The convention and the amendment that a path names.
fn place<Q, B>(call: &Call<Q, B>) -> (ConventionId, AmendmentId) {
    (call.id("id"), call.id("amendment_id"))
}

/// Liste des avenants d'une convention
///
/// Les avenants signés et, pour qui suit la convention et pour ses parties, ceux qui sont en
/// préparation.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = ConventionId, Path, description = "Identifiant de la convention, ou sa référence"),
        ListCall<Amendments>,
    ),
    responses((status = 200, description = "Une page d'avenants", content(
        (Listed<AmendmentAnswer> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/conventions/{id}/amendments")]
pub async fn list_amendments(call: ListCall<Amendments>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre d'avenants d'une convention
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(Filters, ("id" = ConventionId, Path, description = "Identifiant de la convention, ou sa référence")),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/conventions/{id}/amendments/count")]
pub async fn count_amendments(call: Call<Filter>) -> Result<Answer> {
    let (scope, reader) = (call.scope()?, call.reader().await?);
    let convention = conventions::find(&reader, scope, call.id("id")).await?;
    let place = (&convention, today(call.app.now()));
    let count = store::count(&reader, scope, place, &call.query).await?;
    Answer::digested(&Count { count })
}

/// Rédaction d'un avenant
///
/// Par qui suit la convention, une fois celle-ci signée. Il reçoit son numéro. Ce qui contredit la
/// convention ou un avenant signé est refusé aussitôt ; ce qui retire ce sur quoi des déclinaisons
/// actives reposent l'est à l'envoi à la signature.
#[utoipa::path(
    tag = TAG,
    params(("id" = ConventionId, Path, description = "Identifiant de la convention, ou sa référence"), crate::http::parameters::IdempotencyKey),
    request_body(content = NewAmendment, example = json!({
        "title": "Prolongation d'un an", "effective_on": "2028-07-01",
        "changes": [
            { "op": "extend", "ends_on": "2029-12-31" },
            { "op": "text", "article": "Article 3", "text": "Le comité de pilotage se réunit deux fois par an." }
        ],
        "signatories": [{ "side": "ministry", "name": "Camille Martin", "function": "Directrice",
            "organisation": "Ministère de l'Éducation nationale", "order": 1 }]
    })),
    responses((status = 201, description = "L'avenant créé", body = AmendmentAnswer))
)]
#[post("/v1/conventions/{id}/amendments")]
pub async fn create_amendment(call: Call<NoQuery, NewAmendment>) -> Result<Answer> {
    let scope = call.scope()?;
    call.write(async |tx| {
        let (convention, created) = workflow::create(tx, scope, call.id("id"), &call.body).await?;
        let location = format!("{}/{}", call.path(), created.id);
        let version = created.version;
        let shown = created.answer_for(scope, &convention, call.admitted.language);
        Answer::created(version, location, &shown)
    })
    .await
}

/// Lecture d'un avenant
///
/// `warnings` dit aussi ce qui empêcherait un projet d'être signé.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = ConventionId, Path, description = "Identifiant de la convention, ou sa référence"),
        ("amendment_id" = AmendmentId, Path, description = "Identifiant de l'avenant"),
    ),
    responses((status = 200, description = "L'avenant", body = AmendmentAnswer))
)]
#[get("/v1/conventions/{id}/amendments/{amendment_id}")]
pub async fn get_amendment(call: Call) -> Result<Answer> {
    let (scope, reader) = (call.scope()?, call.reader().await?);
    let (convention, id) = place(&call);
    let convention: Convention = conventions::find(&reader, scope, convention).await?;
    let day = today(call.app.now());
    let amendment = store::find(&reader, scope, (&convention, day), id).await?;
    shown(&call, (convention, amendment))
}

/// Modification d'un avenant
///
/// Correctif RFC 7396. À signer, un changement de contenu annule les signatures données et en refait
/// un brouillon ; signé, seuls changent ses `documents`.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = ConventionId, Path, description = "Identifiant de la convention, ou sa référence"),
        ("amendment_id" = AmendmentId, Path, description = "Identifiant de l'avenant"),
        crate::http::parameters::RequiredIfMatch,
    ),
    request_body(content = AmendmentPatch, content_type = "application/merge-patch+json", example = json!({
        "documents": [{ "kind": "text", "title": "Avenant signé", "url": "https://www.education.gouv.fr/avenant.pdf" }]
    })),
    responses((status = 200, description = "L'avenant modifié", body = AmendmentAnswer))
)]
#[patch("/v1/conventions/{id}/amendments/{amendment_id}")]
pub async fn update_amendment(call: Call<NoQuery, AmendmentPatch>) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let updated = workflow::update(tx, scope, place(&call), &call.body, if_match).await?;
        shown(&call, updated)
    })
    .await
}

/// Suppression d'un brouillon d'avenant
///
/// Un avenant à signer s'abandonne ; un avenant signé ne disparaît pas.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = ConventionId, Path, description = "Identifiant de la convention, ou sa référence"),
        ("amendment_id" = AmendmentId, Path, description = "Identifiant de l'avenant"),
        crate::http::parameters::RequiredIfMatch,
    ),
    responses((status = 204, description = "Supprimé"))
)]
#[delete("/v1/conventions/{id}/amendments/{amendment_id}")]
pub async fn delete_amendment(call: Call) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        workflow::delete(tx, scope, place(&call), if_match).await?;
        Ok(Answer::nothing())
    })
    .await
}

/// Envoi d'un avenant à la signature
///
/// Chaque partie, et chaque partenaire qui le devient, doit avoir un signataire. Refusé
/// (`amendment_conflict`) avec la liste des obstacles quand il contredit un avenant signé ou retire
/// ce sur quoi des déclinaisons actives reposent.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = ConventionId, Path, description = "Identifiant de la convention, ou sa référence"),
        ("amendment_id" = AmendmentId, Path, description = "Identifiant de l'avenant"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    responses((status = 200, description = "L'avenant", body = AmendmentAnswer))
)]
#[post("/v1/conventions/{id}/amendments/{amendment_id}/send-for-signature")]
pub async fn send_amendment_for_signature(call: Call) -> Result<Answer> {
    step(call, Step::SendForSignature).await
}

/// Enregistrement d'une signature d'un avenant
///
/// Comme pour une convention. La dernière signature fait de l'avenant une partie de la convention, à
/// compter du jour où il prend effet.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = ConventionId, Path, description = "Identifiant de la convention, ou sa référence"),
        ("amendment_id" = AmendmentId, Path, description = "Identifiant de l'avenant"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    request_body(content = NewSignature, example = json!({
        "side": "ministry", "signed_on": "2026-01-15", "medium": "paper", "place": "Paris",
        "document_sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    })),
    responses((status = 200, description = "L'avenant", body = AmendmentAnswer))
)]
#[post("/v1/conventions/{id}/amendments/{amendment_id}/sign")]
pub async fn sign_amendment(call: Call<NoQuery, NewSignature>) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let signed = workflow::sign(tx, scope, place(&call), &call.body, if_match).await?;
        shown(&call, signed)
    })
    .await
}

/// Abandon d'un avenant
///
/// Avant qu'il ne soit signé.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = ConventionId, Path, description = "Identifiant de la convention, ou sa référence"),
        ("amendment_id" = AmendmentId, Path, description = "Identifiant de l'avenant"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    responses((status = 200, description = "L'avenant abandonné", body = AmendmentAnswer))
)]
#[post("/v1/conventions/{id}/amendments/{amendment_id}/abandon")]
pub async fn abandon_amendment(call: Call) -> Result<Answer> {
    step(call, Step::Abandon).await
}

async fn step(call: Call, step: Step) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let after = workflow::step(tx, scope, place(&call), step, if_match).await?;
        shown(&call, after)
    })
    .await
}
