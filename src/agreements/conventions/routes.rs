//! The handlers of conventions.

use std::rc::Rc;

use actix_web::{HttpResponse, delete, get, patch, post};
use chrono::NaiveDate;

use super::answer::ConventionAnswer;
use super::content::{ConventionPatch, NewConvention};
use super::filter::{Filter, Filters, Sort};
use super::model::{Convention, Step};
use super::signing::NewSignature;
use super::termination::{NewRenewal, NewTermination};
use super::{store, workflow};
use crate::db::Reading as Connection;
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::{Count, Listed};
use crate::http::query::{Documented, NoQuery, Parameter, Query, Reader, parameter};
use crate::register::territories::ancestry;
use crate::values::ids::ConventionId;
use crate::values::today;

const TAG: &str = "Conventions";

/// The list of conventions.
pub struct Conventions;

impl List for Conventions {
    type Filter = Filter;
    type Sort = Sort;
    type Item = ConventionAnswer;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<ConventionAnswer>> {
        let (scope, reader) = (call.scope()?, call.reader().await?);
        let filter = complete(&reader, &call).await?;
        let conventions = store::page(&reader, scope, &filter, &page).await?;
        conventions
            .into_iter()
            .map(|convention| convention.answer_for(scope, filter.today, call.admitted.language))
            .collect()
    }

    fn mark(item: &ConventionAnswer, sort: Sort) -> Mark {
        let convention = &item.convention;
        let value = match sort {
            Sort::Id => MarkValue::Id,
            Sort::Reference => MarkValue::Text(convention.reference.clone()),
            Sort::UpdatedAt => MarkValue::Time(convention.updated_at),
        };
        Mark {
            value,
            id: convention.id.to_string(),
        }
    }
}

/// The filter with the day it is and what is above its territories; a school that does not exist is
/// above nothing.
async fn complete(connection: &Connection, call: &Call<Filter>) -> Result<Filter> {
    let filter = call.query.clone();
    let above = ancestry::of(connection, &filter.territory).await?;
    let above_undeclined = ancestry::of(connection, &filter.not_declined_in).await?;
    Ok(Filter {
        above: above.unwrap_or_default(),
        above_undeclined: above_undeclined.unwrap_or_default(),
        today: today(call.app.now()),
        ..filter
    })
}

/// The day a convention is read for.
#[derive(Debug, Clone, Copy, Default)]
pub struct At {
    day: Option<NaiveDate>,
}

impl Query for At {
    const PARAMETERS: &'static [Parameter] = &[parameter(
        "at",
        "Le jour pour lequel le texte, `effective_status` et `effective_ends_on` sont donnés ; aujourd'hui par défaut",
        "2026-03-01",
    )];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            day: reader.one("at"),
        }
    }
}

/// Answers a convention as it stands today.
fn shown<Q, B>(call: &Call<Q, B>, convention: Convention) -> Result<Answer> {
    on(call, convention, today(call.app.now()))
}

/// Answers a convention as it stands on a day.
fn on<Q, B>(call: &Call<Q, B>, convention: Convention, day: NaiveDate) -> Result<Answer> {
    let version = convention.version;
    let shown = convention.answer_for(call.scope()?, day, call.admitted.language)?;
    Answer::object(version, &shown)
}

/// Answers a convention that a step created.
fn created(call: &Call<NoQuery, impl Sized>, convention: Convention) -> Result<Answer> {
    let location = format!("/v1/conventions/{}", convention.id);
    let (version, day) = (convention.version, today(call.app.now()));
    let shown = convention.answer_for(call.scope()?, day, call.admitted.language)?;
    Answer::created(version, location, &shown)
}

/// Liste des conventions
///
/// Celles qui ont été signées et, des autres, celles que l'appelant suit ou auxquelles il est partie.
#[utoipa::path(
    tag = TAG,
    params(
        ListCall<Conventions>,
    ),
    responses((status = 200, description = "Une page de conventions", content(
        (Listed<ConventionAnswer> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/conventions")]
pub async fn list_conventions(call: ListCall<Conventions>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre de conventions
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(Filters),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/conventions/count")]
pub async fn count_conventions(call: Call<Filter>) -> Result<Answer> {
    let reader = call.reader().await?;
    let filter = complete(&reader, &call).await?;
    let count = store::count(&reader, call.scope()?, &filter).await?;
    Answer::digested(&Count { count })
}

/// Création d'une convention
///
/// Nationale, par le ministère ; locale, par qui a son territoire en charge. Elle naît en brouillon
/// et reçoit sa référence : `CN-2026-0001`, `CL-A09-2026-0001`.
#[utoipa::path(
    tag = TAG,
    params(crate::http::parameters::IdempotencyKey),
    request_body(content = NewConvention, example = json!({
        "title": "Convention-cadre de coopération", "kind": "framework_cooperation", "scope": "national",
        "partner_ids": ["0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e01"], "managing_office": "DGESCO A2-2",
        "axes": ["career_discovery", "internships"], "action_types": ["company_visit", "class_talk"],
        "levels": ["3e", "2de_gt"], "moments": ["career_discovery"], "starts_on": "2026-01-01", "ends_on": "2028-12-31",
        "purpose": "Faire découvrir les métiers de l'industrie.",
        "follow_up": { "periodicity": "yearly", "committee": "Comité de pilotage annuel",
            "targets": [{ "measure": "pupils", "school_year": "2026-2027", "value": 12000 }] },
        "renewal": { "mode": "tacit", "months": 12, "max_times": 2 }, "notice_months": 3,
        "signatories": [{ "side": "ministry", "name": "Camille Martin", "function": "Directrice",
            "organisation": "Ministère de l'Éducation nationale", "order": 1 }]
    })),
    responses((status = 201, description = "La convention créée", body = ConventionAnswer))
)]
#[post("/v1/conventions")]
pub async fn create_convention(call: Call<NoQuery, NewConvention>) -> Result<Answer> {
    let scope = call.scope()?;
    call.write(async |tx| {
        let draft = workflow::create(tx, scope, &call.body).await?;
        created(&call, draft)
    })
    .await
}

/// Lecture d'une convention
///
/// Le texte d'aujourd'hui, avenants appliqués ; `at` donne celui d'un autre jour, et ce qu'elle est
/// ce jour-là. `amended_fields` dit ce qui vient de quel avenant.
#[utoipa::path(
    tag = TAG,
    params(Documented<At>, ("id" = ConventionId, Path, description = "Identifiant de la convention, ou sa référence")),
    responses((status = 200, description = "La convention", body = ConventionAnswer))
)]
#[get("/v1/conventions/{id}")]
pub async fn get_convention(call: Call<At>) -> Result<Answer> {
    let scope = call.scope()?;
    let found = store::find(&*call.reader().await?, scope, call.id("id")).await?;
    let day = call.query.day.unwrap_or_else(|| today(call.app.now()));
    on(&call, found, day)
}

/// Modification d'une convention
///
/// Correctif RFC 7396. À signer, un changement de contenu annule les signatures données et ramène en
/// négociation ; signée, seuls changent `managing_office`, `nor`, `bulletin_reference` et `documents`.
#[utoipa::path(
    tag = TAG,
    params(("id" = ConventionId, Path, description = "Identifiant de la convention, ou sa référence"), crate::http::parameters::RequiredIfMatch),
    request_body(content = ConventionPatch, content_type = "application/merge-patch+json", example = json!({
        "managing_office": "DGESCO A2-2", "bulletin_reference": "Bulletin officiel n° 5 du 29 janvier 2026"
    })),
    responses((status = 200, description = "La convention modifiée", body = ConventionAnswer))
)]
#[patch("/v1/conventions/{id}")]
pub async fn update_convention(call: Call<NoQuery, ConventionPatch>) -> Result<Answer> {
    let scope = call.scope()?;
    call.write(async |tx| {
        let if_match = &call.admitted.if_match;
        let updated = workflow::update(tx, scope, call.id("id"), &call.body, if_match).await?;
        shown(&call, updated)
    })
    .await
}

/// Suppression d'un brouillon de convention
///
/// Une convention sortie de l'état de brouillon s'abandonne.
#[utoipa::path(
    tag = TAG,
    params(("id" = ConventionId, Path, description = "Identifiant de la convention, ou sa référence"), crate::http::parameters::RequiredIfMatch),
    responses((status = 204, description = "Supprimée"))
)]
#[delete("/v1/conventions/{id}")]
pub async fn delete_convention(call: Call) -> Result<Answer> {
    let scope = call.scope()?;
    call.write(async |tx| {
        workflow::delete(tx, scope, call.id("id"), &call.admitted.if_match).await?;
        Ok(Answer::nothing())
    })
    .await
}

/// Ouverture de la négociation
///
/// Les parties discutent le texte.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = ConventionId, Path, description = "Identifiant de la convention, ou sa référence"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    responses((status = 200, description = "La convention", body = ConventionAnswer))
)]
#[post("/v1/conventions/{id}/open-negotiation")]
pub async fn open_convention_negotiation(call: Call) -> Result<Answer> {
    step(call, Step::OpenNegotiation).await
}

/// Envoi à la signature
///
/// Le texte est arrêté. Chaque partie doit avoir un signataire.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = ConventionId, Path, description = "Identifiant de la convention, ou sa référence"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    responses((status = 200, description = "La convention", body = ConventionAnswer))
)]
#[post("/v1/conventions/{id}/send-for-signature")]
pub async fn send_convention_for_signature(call: Call) -> Result<Answer> {
    step(call, Step::SendForSignature).await
}

/// Enregistrement d'une signature
///
/// Chaque partie signe pour elle-même ; qui tient la convention (le ministère ; d'une locale, qui a son
/// territoire en charge) enregistre aussi ce qu'un partenaire a signé sur papier. La dernière signature fait de la convention une convention signée.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = ConventionId, Path, description = "Identifiant de la convention, ou sa référence"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    request_body(content = NewSignature, example = json!({
        "side": "ministry", "signed_on": "2026-01-15", "medium": "paper", "place": "Paris",
        "document_sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    })),
    responses((status = 200, description = "La convention", body = ConventionAnswer))
)]
#[post("/v1/conventions/{id}/sign")]
pub async fn sign_convention(call: Call<NoQuery, NewSignature>) -> Result<Answer> {
    let scope = call.scope()?;
    call.write(async |tx| {
        let if_match = &call.admitted.if_match;
        let signed = workflow::sign(tx, scope, call.id("id"), &call.body, if_match).await?;
        shown(&call, signed)
    })
    .await
}

/// Abandon d'une convention
///
/// Avant qu'elle ne soit signée. Elle reste connue de ceux qui la suivaient.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = ConventionId, Path, description = "Identifiant de la convention, ou sa référence"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    responses((status = 200, description = "La convention abandonnée", body = ConventionAnswer))
)]
#[post("/v1/conventions/{id}/abandon")]
pub async fn abandon_convention(call: Call) -> Result<Answer> {
    step(call, Step::Abandon).await
}

/// Résiliation d'une convention
///
/// Elle reste en vigueur jusqu'au jour dit, compris. Le refus d'une reconduction tacite
/// (`non_renewal`) prend effet à la fin d'une période. Quand le préavis convenu n'est pas respecté,
/// `reason` dit pourquoi. Ses déclinaisons cessent de produire effet avec elle.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = ConventionId, Path, description = "Identifiant de la convention, ou sa référence"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    request_body(content = NewTermination, example = json!({
        "on": "2027-06-30", "party": "Ministère de l'Éducation nationale", "kind": "notice",
        "reason": "Réorganisation du partenariat", "notified_on": "2026-11-01"
    })),
    responses((status = 200, description = "La convention résiliée", body = ConventionAnswer))
)]
#[post("/v1/conventions/{id}/terminate")]
pub async fn terminate_convention(call: Call<NoQuery, NewTermination>) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let ended = workflow::terminate(tx, scope, call.id("id"), &call.body, if_match).await?;
        shown(&call, ended)
    })
    .await
}

/// Renouvellement exprès d'une convention
///
/// Crée le brouillon de la convention qui lui succédera : le dernier texte, avenants compris (leurs
/// articles sont à reprendre dans le nouveau), des dates qui suivent, rien de signé. Celle-ci n'est
/// remplacée qu'au premier jour de l'autre, une fois l'autre signée.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = ConventionId, Path, description = "Identifiant de la convention, ou sa référence"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    request_body(content = Option<NewRenewal>, example = json!({ "starts_on": "2029-01-01", "ends_on": "2031-12-31" })),
    responses((status = 201, description = "Le brouillon de la convention qui succède", body = ConventionAnswer))
)]
#[post("/v1/conventions/{id}/renew")]
pub async fn renew_convention(call: Call<NoQuery, NewRenewal>) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let draft = workflow::renew(tx, scope, call.id("id"), &call.body, if_match).await?;
        created(&call, draft)
    })
    .await
}

async fn step(call: Call, step: Step) -> Result<Answer> {
    let scope = call.scope()?;
    call.write(async |tx| {
        let if_match = &call.admitted.if_match;
        let after = workflow::step(tx, scope, call.id("id"), step, if_match).await?;
        shown(&call, after)
    })
    .await
}
