//! The handlers of reports.

use std::rc::Rc;

use actix_web::{HttpResponse, delete, get, patch, post};

use super::answer::ReportAnswer;
use super::checks::Confirmable;
use super::content::{NewReport, Return};
use super::filter::{Filter, Filters, Listing, Sort};
use super::listing::{BATCH, listed, viewer};
use super::store;
use super::workflow::{self, Act};
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::merge::Patch;
use crate::http::page::{Count, Listed};
use crate::http::query::{Documented, NoQuery, Parameter, Query, Reader, parameter};
use crate::results::campaigns::store as campaigns;
use crate::values::ids::ReportId;

const TAG: &str = "Bilans";

/// A change of a report.
type ReportPatch = Patch<NewReport>;

/// What is confirmed with a submission.
#[derive(Debug, Clone, Default)]
pub struct Consent(Vec<Confirmable>);

impl Query for Consent {
    const PARAMETERS: &'static [Parameter] = &[parameter(
        "confirm",
        "Les codes de ce qui est confirmé, séparés par des virgules : `ten_times_last_year`",
        "ten_times_last_year",
    )];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self(reader.several("confirm"))
    }
}

/// The list of reports.
pub struct Reports;

impl List for Reports {
    type Filter = Listing;
    type Sort = Sort;
    type Item = ReportAnswer;
    const BATCH: i64 = BATCH;

    async fn page(call: Rc<Call<Listing>>, page: Page<Sort>) -> Result<Vec<ReportAnswer>> {
        let (scope, connection) = (call.scope()?, call.reader().await?);
        // Sent together: one round trip.
        let (reports, closed) = tokio::try_join!(
            store::page(&connection, scope, &call.query.filter, &page),
            campaigns::closed_years(&connection, scope),
        )?;
        let viewer = viewer(&call, &closed)?;
        listed(&connection, reports, viewer, &call.query.include).await
    }

    fn mark(item: &ReportAnswer, sort: Sort) -> Mark {
        let item = &item.summary;
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

/// Liste des bilans
///
/// Page par page, dans l'ordre de création ou celui de `sort`, chacun avec ce qui mérite attention
/// (`warnings`) ; `include=consolidated` y ajoute ce que les bilans des territoires inclus disent. Une académie voit ceux de son périmètre,
/// un établissement les siens ; un partenaire l'en-tête des bilans validés de ses conventions, un
/// lecteur l'en-tête de tous les bilans validés.
#[utoipa::path(
    tag = TAG,
    params(
        ListCall<Reports>,
    ),
    responses((status = 200, description = "Une page de bilans", content(
        (Listed<ReportAnswer> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/reports")]
pub async fn list_reports(call: ListCall<Reports>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre de bilans
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(Filters),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/reports/count")]
pub async fn count_reports(call: Call<Filter>) -> Result<Answer> {
    let count = store::count(&*call.reader().await?, call.scope()?, &call.query).await?;
    Answer::digested(&Count { count })
}

/// Création d'un bilan
///
/// Le ministère écrit ceux du pays, une académie ceux de son périmètre, un établissement les siens.
/// Quand le bilan de la même convention, déclinaison, année et du même territoire est validé, en
/// ouvre la correction : la version suivante. Les lignes ne disent que ce qu'aucun bilan d'un
/// territoire inclus ne dit déjà.
#[utoipa::path(
    tag = TAG,
    params(crate::http::parameters::IdempotencyKey),
    request_body(content = NewReport, example = json!({
        "convention_id": "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03", "declination_id": null, "territory": "FR", "school_year": "2025-2026",
        "lines": [
            { "action_type": "company_visit", "level": "3e", "moment": "career_discovery", "axis": "career_discovery", "academy": "academy:10",
              "event": "semaine_ecole_entreprise", "actions": 12, "pupils": 340, "girls": 171, "teachers": 24, "professionals": 30, "companies": 12, "hours": 48 },
            { "action_type": "standards_contribution", "actions": 2, "professionals": 9 }
        ],
        "establishments": [], "narrative": { "results": "Douze visites, bien suivies." }
    })),
    responses((status = 201, description = "Le bilan créé", body = ReportAnswer))
)]
#[post("/v1/reports")]
pub async fn create_report(call: Call<NoQuery, NewReport>) -> Result<Answer> {
    let viewer = viewer(&call, &[])?;
    call.write(async |tx| {
        let report = workflow::create(tx, viewer.scope, call.body.clone()).await?;
        let (version, id) = (report.report.version, report.report.id);
        let location = format!("/v1/reports/{id}");
        Answer::created(version, location, &report.answer_for(viewer))
    })
    .await
}

/// Lecture d'un bilan
///
/// Avec ses lignes et ce que les bilans des territoires inclus ajoutent (`consolidated`).
#[utoipa::path(
    tag = TAG,
    params(("id" = ReportId, Path, description = "Identifiant du bilan")),
    responses((status = 200, description = "Le bilan", body = ReportAnswer))
)]
#[get("/v1/reports/{id}")]
pub async fn get_report(call: Call) -> Result<Answer> {
    let (scope, connection) = (call.scope()?, call.reader().await?);
    let (report, closed) = tokio::try_join!(
        store::find(&connection, scope, call.id("id")),
        campaigns::closed_years(&connection, scope),
    )?;
    let viewer = viewer(&call, &closed)?;
    Answer::object(report.report.version, &report.answer_for(viewer))
}

/// Modification d'un bilan
///
/// Correctif RFC 7396, d'un brouillon ou d'un bilan renvoyé. `lines` et `establishments` se
/// remplacent en entier. La convention, la déclinaison, le territoire et l'année identifient le
/// bilan : les répéter est permis, les changer est une faute (`part_of_the_key`).
#[utoipa::path(
    tag = TAG,
    params(("id" = ReportId, Path, description = "Identifiant du bilan"), crate::http::parameters::RequiredIfMatch),
    request_body(content = ReportPatch, content_type = "application/merge-patch+json", example = json!({
        "narrative": { "difficulties": "Transports." }
    })),
    responses((status = 200, description = "Le bilan modifié", body = ReportAnswer))
)]
#[patch("/v1/reports/{id}")]
pub async fn update_report(call: Call<NoQuery, ReportPatch>) -> Result<Answer> {
    let viewer = viewer(&call, &[])?;
    let (id, if_match) = (call.id("id"), &call.admitted.if_match);
    call.write(async |tx| {
        let report = workflow::update(tx, viewer.scope, id, &call.body, if_match).await?;
        Answer::object(report.report.version, &report.answer_for(viewer))
    })
    .await
}

/// Suppression d'un brouillon de bilan
///
/// Ce qui a été transmis ne se supprime pas.
#[utoipa::path(
    tag = TAG,
    params(("id" = ReportId, Path, description = "Identifiant du bilan"), crate::http::parameters::RequiredIfMatch),
    responses((status = 204, description = "Supprimé"))
)]
#[delete("/v1/reports/{id}")]
pub async fn delete_report(call: Call) -> Result<Answer> {
    let scope = call.scope()?;
    call.write(async |tx| {
        workflow::delete(tx, scope, call.id("id"), &call.admitted.if_match).await?;
        Ok(Answer::nothing())
    })
    .await
}

/// Transmission d'un bilan
///
/// À qui le valide. Un bilan qui nomme des établissements a une ligne au moins, sinon 409
/// `report_incomplete`. Un nombre au moins dix fois plus grand que l'an dernier (et de 50 au moins),
/// dans une ligne ou au total, se confirme : 409 `confirmation_required`, une erreur pour chacun,
/// jusqu'à ce que l'étape soit répétée avec `confirm=ten_times_last_year`. Ce qui est confirmé est
/// gardé dans `confirmed` et au journal.
#[utoipa::path(
    tag = TAG,
    params(
        Documented<Consent>,
        ("id" = ReportId, Path, description = "Identifiant du bilan"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    responses((status = 200, description = "Le bilan transmis", body = ReportAnswer))
)]
#[post("/v1/reports/{id}/submit")]
pub async fn submit_report(call: Call<Consent>) -> Result<Answer> {
    step(&call, Act::Submit(&call.query.0)).await
}

/// Validation d'un bilan
///
/// Une académie valide ceux des établissements et des départements de son périmètre, le ministère
/// tous les autres. Qui a créé, modifié ou transmis cette version ne la valide pas (403
/// `own_report`). Validé, le bilan compte et ne change plus ; s'il corrige une version, il la
/// remplace.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = ReportId, Path, description = "Identifiant du bilan"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    responses((status = 200, description = "Le bilan validé", body = ReportAnswer))
)]
#[post("/v1/reports/{id}/validate")]
pub async fn validate_report(call: Call) -> Result<Answer> {
    step(&call, Act::Validate).await
}

/// Renvoi d'un bilan
///
/// À ses auteurs, avec le motif ; ils le corrigent et le transmettent de nouveau.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = ReportId, Path, description = "Identifiant du bilan"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    request_body(content = Return, example = json!({ "reason": "Précisez le nombre de filles." })),
    responses((status = 200, description = "Le bilan renvoyé", body = ReportAnswer))
)]
#[post("/v1/reports/{id}/return")]
pub async fn return_report(call: Call<NoQuery, Return>) -> Result<Answer> {
    step(&call, Act::Return(&call.body)).await
}

async fn step<Q, B>(call: &Call<Q, B>, act: Act<'_>) -> Result<Answer> {
    let viewer = viewer(call, &[])?;
    let (id, if_match) = (call.id("id"), &call.admitted.if_match);
    call.write(async |tx| {
        let report = workflow::step(tx, viewer.scope, id, act, if_match).await?;
        Answer::object(report.report.version, &report.answer_for(viewer))
    })
    .await
}
