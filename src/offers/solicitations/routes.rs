//! The handlers of solicitations.

use std::rc::Rc;

use actix_web::{HttpResponse, get, patch, post};

use super::answer::SolicitationAnswer;
use super::content::{
    Acceptance, Cancellation, Explanation, Holding, NewSolicitation, Proposal, SolicitationPatch,
};
use super::filter::{Filter, Filters, Sort};
use super::model::Solicitation;
use super::{store, workflow};
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::{Count, Listed};
use crate::http::query::NoQuery;
use crate::offers::interventions::status::AsOf;
use crate::values::ids::SolicitationId;
use crate::values::today;

const TAG: &str = "Sollicitations";

/// The list of solicitations.
pub struct Solicitations;

impl List for Solicitations {
    type Filter = Filter;
    type Sort = Sort;
    type Item = SolicitationAnswer;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<SolicitationAnswer>> {
        let scope = call.scope()?;
        let reader = call.reader().await?;
        let rows = store::page(&reader, scope, &call.query, &page).await?;
        let (day, language) = (today(call.app.now()), call.admitted.language);
        let shown = rows
            .into_iter()
            .map(|row| row.answer_for(scope, day, language));
        Ok(shown.collect())
    }

    fn mark(item: &SolicitationAnswer, sort: Sort) -> Mark {
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

/// Liste des sollicitations
///
/// Pour un établissement, les siennes ; pour une académie, celles de son périmètre ; pour un
/// partenaire, celles qui lui sont adressées ; pour le ministère, toutes.
#[utoipa::path(
    tag = TAG,
    params(
        ListCall<Solicitations>,
    ),
    responses((status = 200, description = "Une page de sollicitations", content(
        (Listed<SolicitationAnswer> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/solicitations")]
pub async fn list_solicitations(call: ListCall<Solicitations>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre de sollicitations
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(
        Filters,
    ),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/solicitations/count")]
pub async fn count_solicitations(call: Call<Filter>) -> Result<Answer> {
    let reader = call.reader().await?;
    let count = store::count(&reader, call.scope()?, &call.query).await?;
    Answer::digested(&Count { count })
}

/// Demande d'un établissement à un partenaire
///
/// Par l'établissement, par son académie ou par le ministère : sur une intervention publiée qui
/// couvre l'établissement et ces niveaux, ou directement auprès d'un représentant qui le couvre.
#[utoipa::path(
    tag = TAG,
    params(crate::http::parameters::IdempotencyKey),
    request_body(content = NewSolicitation, example = json!({
        "uai": "0690001B", "intervention_id": "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e06", "levels": ["3e"],
        "pupils_expected": 28, "wished_from": "2099-01-11", "wished_to": "2099-01-29",
        "message": "Pour une classe de troisième, de préférence le matin."
    })),
    responses((status = 201, description = "La demande", body = SolicitationAnswer))
)]
#[post("/v1/solicitations")]
pub async fn create_solicitation(call: Call<NoQuery, NewSolicitation>) -> Result<Answer> {
    let scope = call.scope()?;
    call.write(async |tx| {
        let as_of = AsOf::at(tx.now, call.app.config.stale_after_days);
        let created = workflow::create(tx, scope, &call.body, as_of).await?;
        let location = format!("/v1/solicitations/{}", created.id);
        answered(&call, created, |version, shown| {
            Answer::created(version, location, shown)
        })
    })
    .await
}

/// Lecture d'une sollicitation
///
/// Ce qui est possible dépend du jour : une demande acceptée a lieu, ou non, à partir du jour prévu.
#[utoipa::path(
    tag = TAG,
    params(("id" = SolicitationId, Path, description = "Identifiant de la sollicitation")),
    responses((status = 200, description = "La sollicitation", body = SolicitationAnswer))
)]
#[get("/v1/solicitations/{id}")]
pub async fn get_solicitation(call: Call) -> Result<Answer> {
    let reader = call.reader().await?;
    let found = store::find(&reader, call.scope()?, call.id("id")).await?;
    answered(&call, found, Answer::object)
}

/// Modification d'une demande
///
/// Correctif RFC 7396, par l'établissement, son académie ou le ministère, tant que le partenaire n'a pas répondu.
/// L'établissement et ce qui est demandé ne changent pas (`part_of_the_key`).
#[utoipa::path(
    tag = TAG,
    params(("id" = SolicitationId, Path, description = "Identifiant de la sollicitation"), crate::http::parameters::RequiredIfMatch),
    request_body(content = SolicitationPatch, content_type = "application/merge-patch+json", example = json!({
        "pupils_expected": 26, "wished_to": "2099-02-05"
    })),
    responses((status = 200, description = "La demande modifiée", body = SolicitationAnswer))
)]
#[patch("/v1/solicitations/{id}")]
pub async fn update_solicitation(call: Call<NoQuery, SolicitationPatch>) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let as_of = AsOf::at(tx.now, call.app.config.stale_after_days);
        let id = call.id("id");
        let updated = workflow::update(tx, scope, id, &call.body, as_of, if_match).await?;
        answered(&call, updated, Answer::object)
    })
    .await
}

/// Proposition d'un autre jour
///
/// Par l'un ou l'autre côté, d'une demande acceptée : `scheduled_on` reste jusqu'à ce que l'autre côté en
/// convienne (`agree`). Une proposition remplace la précédente.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = SolicitationId, Path, description = "Identifiant de la sollicitation"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    request_body(content = Proposal, example = json!({ "proposed_on": "2099-01-22" })),
    responses((status = 200, description = "La demande, avec le jour proposé", body = SolicitationAnswer))
)]
#[post("/v1/solicitations/{id}/propose")]
pub async fn propose_solicitation_day(call: Call<NoQuery, Proposal>) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let proposed = workflow::propose(tx, scope, call.id("id"), &call.body, if_match).await?;
        answered(&call, proposed, Answer::object)
    })
    .await
}

/// Accord sur le jour proposé
///
/// Par l'autre côté que celui qui le propose ; le ministère, pour l'un ou l'autre. Il devient le jour prévu.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = SolicitationId, Path, description = "Identifiant de la sollicitation"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    responses((status = 200, description = "La demande, au jour convenu", body = SolicitationAnswer))
)]
#[post("/v1/solicitations/{id}/agree")]
pub async fn agree_solicitation_day(call: Call) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let agreed = workflow::agree(tx, scope, call.id("id"), if_match).await?;
        answered(&call, agreed, Answer::object)
    })
    .await
}

/// Accord du partenaire
///
/// Il propose un jour. Une séance de l'intervention est prise ; s'il n'en reste pas, 409
/// `no_session_left`.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = SolicitationId, Path, description = "Identifiant de la sollicitation"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    request_body(content = Acceptance, example = json!({ "scheduled_on": "2099-01-15" })),
    responses((status = 200, description = "La demande acceptée", body = SolicitationAnswer))
)]
#[post("/v1/solicitations/{id}/accept")]
pub async fn accept_solicitation(call: Call<NoQuery, Acceptance>) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let accepted = workflow::accept(tx, scope, call.id("id"), &call.body, if_match).await?;
        answered(&call, accepted, Answer::object)
    })
    .await
}

/// Refus du partenaire
///
/// Avec le motif, que l'établissement lira.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = SolicitationId, Path, description = "Identifiant de la sollicitation"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    request_body(content = Explanation, example = json!({ "reason": "L'atelier est fermé ce mois-ci." })),
    responses((status = 200, description = "La demande refusée", body = SolicitationAnswer))
)]
#[post("/v1/solicitations/{id}/decline")]
pub async fn decline_solicitation(call: Call<NoQuery, Explanation>) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let declined = workflow::decline(tx, scope, call.id("id"), &call.body, if_match).await?;
        answered(&call, declined, Answer::object)
    })
    .await
}

/// Ce qui a eu lieu
///
/// Par l'établissement, son académie ou le partenaire, à partir du jour prévu : le jour, les élèves,
/// les enseignants et les professionnels présents.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = SolicitationId, Path, description = "Identifiant de la sollicitation"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    request_body(content = Holding, example = json!({ "outcome": {
        "held_on": "2025-10-09", "pupils": 27, "girls": 14, "priority_education_pupils": 27, "teachers": 2,
        "professionals": 3, "hours": 2
    } })),
    responses((status = 200, description = "La demande réalisée", body = SolicitationAnswer))
)]
#[post("/v1/solicitations/{id}/hold")]
pub async fn hold_solicitation(call: Call<NoQuery, Holding>) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let (id, outcome) = (call.id("id"), &call.body.outcome);
        let held = workflow::take_place(tx, scope, id, outcome, if_match).await?;
        answered(&call, held, Answer::object)
    })
    .await
}

/// Ce qui n'a pas eu lieu
///
/// Par l'établissement, son académie ou le partenaire, à partir du jour prévu, avec le motif. La
/// séance reste prise.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = SolicitationId, Path, description = "Identifiant de la sollicitation"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    request_body(content = Explanation, example = json!({ "reason": "Le car n'est pas venu." })),
    responses((status = 200, description = "La demande non réalisée", body = SolicitationAnswer))
)]
#[post("/v1/solicitations/{id}/not-held")]
pub async fn mark_solicitation_not_held(call: Call<NoQuery, Explanation>) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let missed = workflow::not_held(tx, scope, call.id("id"), &call.body, if_match).await?;
        answered(&call, missed, Answer::object)
    })
    .await
}

/// Annulation
///
/// Par l'un ou l'autre côté, tant qu'on n'a pas dit ce qui a eu lieu. La séance redevient libre.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = SolicitationId, Path, description = "Identifiant de la sollicitation"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    request_body(content = Option<Cancellation>, example = json!({ "reason": "La classe est en sortie ce jour-là." })),
    responses((status = 200, description = "La demande annulée", body = SolicitationAnswer))
)]
#[post("/v1/solicitations/{id}/cancel")]
pub async fn cancel_solicitation(call: Call<NoQuery, Cancellation>) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let cancelled = workflow::cancel(tx, scope, call.id("id"), &call.body, if_match).await?;
        answered(&call, cancelled, Answer::object)
    })
    .await
}

/// A solicitation as its caller is answered.
fn answered<Q, B>(
    call: &Call<Q, B>,
    solicitation: Solicitation,
    answer: impl FnOnce(i64, &SolicitationAnswer) -> Result<Answer>,
) -> Result<Answer> {
    let day = today(call.app.now());
    let shown = solicitation.answer_for(call.scope()?, day, call.admitted.language);
    answer(shown.version, &shown)
}
