//! The handler of steps taken with many reports.

use actix_web::http::StatusCode;
use actix_web::post;

use super::content::ReportSteps;
use super::workflow;
use crate::auth::policy;
use crate::db::tx::Tx;
use crate::error::{Code, Error, Result};
use crate::http::answer::Answer;
use crate::http::bulk::StepVerdicts;
use crate::http::call::Call;
use crate::http::query::NoQuery;

const TAG: &str = "Bilans";

/// Étape de plusieurs bilans
///
/// `submit`, `validate` ou `return` (avec `reason`), pour 1 à 1 000 bilans désignés par `ids` ou par les
/// filtres de leur liste (`filter`). Les règles et le résultat sont ceux de l'étape prise bilan par bilan ;
/// la réponse dit de chacun, dans l'ordre, s'il l'a prise ou pourquoi il est refusé. Un refus n'arrête pas
/// les autres.
#[utoipa::path(
    tag = TAG,
    params(crate::http::parameters::IdempotencyKey),
    request_body(content = ReportSteps, example = json!({
        "step": "validate", "ids": ["0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e0b"]
    })),
    responses((status = 200, description = "Les verdicts", body = StepVerdicts))
)]
#[post("/v1/reports/steps")]
pub async fn step_reports(call: Call<NoQuery, ReportSteps>) -> Result<Answer> {
    let claims = call.admitted.claims.as_deref();
    let claims = claims.ok_or_else(|| Error::new(Code::Unauthorized))?;
    policy::allow(claims, call.body.step.operation())?;
    if call.body.dry_run {
        call.rehearse(async |tx| take(&call, tx).await).await
    } else {
        call.write(async |tx| take(&call, tx).await).await
    }
}

async fn take(call: &Call<NoQuery, ReportSteps>, tx: &mut Tx<'_>) -> Result<Answer> {
    let (asked, language) = (&call.body, call.admitted.language);
    let outcomes = workflow::take(tx, call.scope()?, asked).await?;
    let verdicts = StepVerdicts::of(asked.step.code(), asked.dry_run, outcomes, language);
    Answer::json(StatusCode::OK, &verdicts)
}
