//! The handler of prefilling.

use actix_web::post;

use super::model::ReportKey;
use super::workflow;
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::query::NoQuery;
use crate::results::reports::answer::ReportAnswer;
use crate::results::reports::listing::viewer;

/// Préremplissage d'un bilan
///
/// Crée le brouillon d'un bilan à partir des demandes qui ont eu lieu (`held`) pour la convention,
/// dans le territoire et l'année (et, d'une déclinaison, dans ses territoires). Les lignes en sont
/// les sommes, par type d'action, niveau, temps, axe, académie et événement autant que l'intervention
/// et la demande les disent : de plusieurs niveaux, temps ou axes, aucun n'est retenu. Ce qu'un autre
/// bilan est là pour dire n'y est pas : celui d'un territoire inclus, ou un autre du même territoire.
/// Au-delà de 1 000 lignes, elles se réunissent : sans l'événement, puis sans le temps ni l'axe, puis
/// sans le niveau. `prefilled` garde ce dont le bilan est parti. Rien n'a eu lieu : 409
/// `nothing_held`. Un bilan de cette clé est en cours : 409 `duplicate_report`, qui le nomme.
#[utoipa::path(
    tag = "Bilans",
    params(crate::http::parameters::IdempotencyKey),
    request_body(content = ReportKey, example = json!({
        "convention_id": "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03", "declination_id": null, "territory": "FR", "school_year": "2022-2023"
    })),
    responses((status = 201, description = "Le brouillon prérempli", body = ReportAnswer))
)]
#[post("/v1/reports/prefill")]
pub async fn prefill_report(call: Call<NoQuery, ReportKey>) -> Result<Answer> {
    let viewer = viewer(&call, &[])?;
    call.write(async |tx| {
        let report = workflow::prefill(tx, viewer.scope, call.body.clone()).await?;
        let (version, id) = (report.report.version, report.report.id);
        let location = format!("/v1/reports/{id}");
        Answer::created(version, location, &report.answer_for(viewer))
    })
    .await
}
