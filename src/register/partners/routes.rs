//! The handlers of partners.

use std::rc::Rc;

use actix_web::{HttpResponse, delete, get, patch, post};

use super::content::{NewPartner, PartnerPatch};
use super::filter::{Filter, Filters, Sort};
use super::model::{PartnerAnswer, Step};
use super::{store, workflow};
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::{Count, Listed};
use crate::values::ids::PartnerId;
use crate::values::today;
use crate::values::{FromText, Rna, Siren};

const TAG: &str = "Partenaires";

/// The list of partners.
pub struct Partners;

impl List for Partners {
    type Filter = Filter;
    type Sort = Sort;
    type Item = PartnerAnswer;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<PartnerAnswer>> {
        let (scope, filter) = (call.scope()?, of_today(&call));
        let partners = store::page(&*call.reader().await?, scope, &filter, &page).await?;
        Ok(partners
            .into_iter()
            .map(|partner| partner.answer_for(scope, call.admitted.language))
            .collect())
    }

    fn mark(item: &PartnerAnswer, sort: Sort) -> Mark {
        let partner = &item.partner;
        let value = match sort {
            Sort::Id => MarkValue::Id,
            Sort::LegalName => MarkValue::Text(partner.sort_name.clone()),
            Sort::UpdatedAt => MarkValue::Time(partner.updated_at),
        };
        Mark {
            value,
            id: partner.id.to_string(),
        }
    }
}

/// The filter with the day it is.
fn of_today(call: &Call<Filter>) -> Filter {
    Filter {
        today: today(call.app.now()),
        ..call.query.clone()
    }
}

/// Liste des partenaires
///
/// Page par page, dans l'ordre de création ou celui de `sort`. En CSV et en NDJSON, la liste entière.
#[utoipa::path(
    tag = TAG,
    params(
        ListCall<Partners>,
    ),
    responses((status = 200, description = "Une page de partenaires", content(
        (Listed<PartnerAnswer> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/partners")]
pub async fn list_partners(call: ListCall<Partners>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre de partenaires
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(
        Filters,
    ),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/partners/count")]
pub async fn count_partners(call: Call<Filter>) -> Result<Answer> {
    let filter = of_today(&call);
    let count = store::count(&*call.reader().await?, call.scope()?, &filter).await?;
    Answer::digested(&Count { count })
}

/// Création d'un partenaire
///
/// Le ministère crée les partenaires nationaux ; qui a un territoire en charge (académie, établissement) y
/// crée des partenaires locaux (`origin` = `local`, `territory`), pour ses conventions locales. SIREN et RNA
/// sont facultatifs, uniques lorsqu'ils sont donnés : 409 `duplicate_siren` nomme le partenaire à reprendre.
/// Un nom semblable à un autre est signalé (`looks_like`).
#[utoipa::path(
    tag = TAG,
    params(crate::http::parameters::IdempotencyKey),
    request_body(content = NewPartner, example = json!({
        "legal_name": "Union des industries et métiers de la métallurgie", "usual_name": "UIMM La Fabrique de l'avenir", "acronym": "UIMM",
        "kind": "professional_branch", "siren": "552049447", "rna": "W751234567", "sectors": ["metal_industry"], "member_of": [],
        "website": "https://uimm.fr", "description": "Fédération des entreprises de la métallurgie.",
        "origin": "national", "territory": null
    })),
    responses((status = 201, description = "Le partenaire créé", body = PartnerAnswer))
)]
#[post("/v1/partners")]
pub async fn create_partner(call: Call<crate::http::query::NoQuery, NewPartner>) -> Result<Answer> {
    let scope = call.scope()?;
    let created = call
        .write(async |tx| {
            let partner = workflow::create(tx, scope, &call.body).await?;
            let like = workflow::alike(tx, &partner).await?;
            let (location, version) = (format!("/v1/partners/{}", partner.id), partner.version);
            let language = call.admitted.language;
            let answer = partner
                .answer_for(scope, language)
                .warned_of(&like, language);
            Answer::created(version, location, &answer)
        })
        .await;
    let numbers = (call.body.siren.clone(), call.body.rna.clone());
    told(&call, created, numbers).await
}

/// What a write answers; of a number that another partner has, with that partner's name, for those who
/// may read it.
async fn told<B>(
    call: &Call<crate::http::query::NoQuery, B>,
    answer: Result<Answer>,
    numbers: (Option<Siren>, Option<Rna>),
) -> Result<Answer> {
    let claims = call.admitted.claims.as_deref();
    match answer {
        Err(error) if claims.is_some_and(|claims| claims.scope.can_read()) => {
            let reader = call.reader().await?;
            Err(workflow::naming_its_holder(error, &reader, call.scope()?, numbers).await)
        }
        other => other,
    }
}

/// Lecture d'un partenaire
///
/// `If-None-Match` évite de relire ce qui n'a pas changé.
#[utoipa::path(
    tag = TAG,
    params(("id" = PartnerId, Path, description = "Identifiant du partenaire")),
    responses((status = 200, description = "Le partenaire", body = PartnerAnswer))
)]
#[get("/v1/partners/{id}")]
pub async fn get_partner(call: Call) -> Result<Answer> {
    let scope = call.scope()?;
    let partner = store::find(&*call.reader().await?, scope, call.id("id")).await?;
    Answer::object(
        partner.version,
        &partner.answer_for(scope, call.admitted.language),
    )
}

/// Modification d'un partenaire
///
/// Correctif RFC 7396. Un partenaire modifie sa propre présentation et son site ; le ministère, tout ; qui tient
/// un partenaire local, tout sauf d'en faire un partenaire national (`origin` = `national`), ce que fait le ministère.
#[utoipa::path(
    tag = TAG,
    params(("id" = PartnerId, Path, description = "Identifiant du partenaire"), crate::http::parameters::RequiredIfMatch),
    request_body(content = PartnerPatch, content_type = "application/merge-patch+json", example = json!({
        "website": "https://uimm.fr", "description": "Fédération des entreprises de la métallurgie."
    })),
    responses((status = 200, description = "Le partenaire modifié", body = PartnerAnswer))
)]
#[patch("/v1/partners/{id}")]
pub async fn update_partner(
    call: Call<crate::http::query::NoQuery, PartnerPatch>,
) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    let changed = call
        .write(async |tx| {
            let partner = workflow::update(tx, scope, call.id("id"), &call.body, if_match).await?;
            let renamed = call.body.names("legal_name") || call.body.names("usual_name");
            let like = match renamed {
                true => workflow::alike(tx, &partner).await?,
                false => Vec::new(),
            };
            let (version, language) = (partner.version, call.admitted.language);
            let answer = partner
                .answer_for(scope, language)
                .warned_of(&like, language);
            Answer::object(version, &answer)
        })
        .await;
    let member = |name: &str| call.body.member(name)?.as_str();
    let numbers = (
        member("siren").and_then(|siren| Siren::from_text(siren).ok()),
        member("rna").and_then(|rna| Rna::from_text(rna).ok()),
    );
    told(&call, changed, numbers).await
}

/// Suppression d'un partenaire
///
/// Seulement si rien ne s'y rapporte ; sinon 409 `in_use` : archivez-le.
#[utoipa::path(
    tag = TAG,
    params(("id" = PartnerId, Path, description = "Identifiant du partenaire"), crate::http::parameters::RequiredIfMatch),
    responses((status = 204, description = "Supprimé"))
)]
#[delete("/v1/partners/{id}")]
pub async fn delete_partner(call: Call) -> Result<Answer> {
    let scope = call.scope()?;
    call.write(async |tx| {
        workflow::delete(tx, scope, call.id("id"), &call.admitted.if_match).await?;
        Ok(Answer::nothing())
    })
    .await
}

/// Archivage d'un partenaire
///
/// Il reste lisible, avec son histoire.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = PartnerId, Path, description = "Identifiant du partenaire"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    responses((status = 200, description = "Le partenaire archivé", body = PartnerAnswer))
)]
#[post("/v1/partners/{id}/archive")]
pub async fn archive_partner(call: Call) -> Result<Answer> {
    step(call, Step::Archive).await
}

/// Restauration d'un partenaire archivé
///
/// Il redevient actif.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = PartnerId, Path, description = "Identifiant du partenaire"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    responses((status = 200, description = "Le partenaire restauré", body = PartnerAnswer))
)]
#[post("/v1/partners/{id}/restore")]
pub async fn restore_partner(call: Call) -> Result<Answer> {
    step(call, Step::Restore).await
}

async fn step(call: Call, step: Step) -> Result<Answer> {
    let scope = call.scope()?;
    call.write(async |tx| {
        let partner =
            workflow::step(tx, scope, call.id("id"), step, &call.admitted.if_match).await?;
        Answer::object(
            partner.version,
            &partner.answer_for(scope, call.admitted.language),
        )
    })
    .await
}
