//! The handler of reports by file.

use actix_web::post;

use super::layout::LAYOUT;
use super::workflow;
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::bulk::BATCH_ITEMS;
use crate::http::call::Call;
use crate::http::query::Documented;
use crate::http::table::request::{Batch, How};
use crate::http::table::taking::take;
use crate::http::table::verdict::FileVerdict;
use crate::results::reports::batch::content::ReportRows;

const TAG: &str = "Bilans";

/// Dépôt de bilans par fichier
///
/// De 1 à 5 000 lignes, de 1 000 bilans au plus : un classeur xlsx ou un CSV, tel que le modèle
/// (`/v1/reports/template`), le tableur ou `/v1/reports/lines` l'écrit, ou du JSON (`items`) ou NDJSON. Une
/// ligne est une ligne d'un bilan ; celles qui ont la même convention, la même déclinaison, le même
/// territoire et la même année sont un bilan, créé en brouillon, ou modifié s'il y en a un en cours ; s'il
/// est validé, sa correction s'ouvre. Les colonnes portent le nom des champs ou leur libellé, dans l'ordre
/// qu'on veut ; l'encodage, le séparateur, les codes écrits en toutes lettres et les zéros perdus sont
/// compris, et dits sous `file`. Chaque erreur dit sa cellule (`D12`), ce qui est accepté et ce qui était
/// probablement voulu. Un bilan dont une ligne est refusée l'est en entier. Redire la même chose n'écrit rien. En mode
/// `atomic`, une seule erreur fait tout refuser (422), avec les verdicts.
#[utoipa::path(
    tag = TAG,
    params(Documented<How>, crate::http::parameters::IdempotencyKey),
    request_body(content(
        (ReportRows = "application/json", example = json!({ "items": [{
            "convention_id": "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03", "territory": "FR", "school_year": "2025-2026",
            "action_type": "company_visit", "level": "3e", "academy": "academy:10", "actions": 12, "pupils": 340, "girls": 171
        }] })),
        (String = "application/x-ndjson", example = json!("{\"convention_id\":\"0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03\",\"territory\":\"FR\",\"school_year\":\"2025-2026\",\"action_type\":\"standards_contribution\",\"actions\":2}\n")),
        (String = "text/csv", example = json!("Convention;Territoire;Année scolaire;Type d'action;Niveau;Académie;Élèves\n0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03;FR;2025-2026;company_visit;3e;academy:10;340\n")),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )),
    responses((status = 200, description = "Les verdicts", body = FileVerdict))
)]
#[post("/v1/reports/batch")]
pub async fn push_reports(call: Call<How, Batch>) -> Result<Answer> {
    let (how, language) = (call.query, call.admitted.language);
    take::<BATCH_ITEMS>(&call, &LAYOUT, async |tx, received| {
        let outcomes = workflow::take(tx, call.scope()?, received, how).await?;
        outcomes.told(received, how, language)
    })
    .await
}
