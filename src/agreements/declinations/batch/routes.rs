//! The handlers of declinations by file.

use actix_web::{HttpResponse, get, post};

use super::content::DeclinationRows;
use super::layout::LAYOUT;
use super::workflow;
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::bulk::BATCH_ITEMS;
use crate::http::call::Call;
use crate::http::query::Documented;
use crate::http::table::request::{Batch, How};
use crate::http::table::taking::take;
use crate::http::table::template::{Template, TemplateForm};
use crate::http::table::verdict::FileVerdict;

const TAG: &str = "Déclinaisons";

/// Dépôt de déclinaisons par fichier
///
/// De 1 à 5 000 lignes, chacune une déclinaison : un classeur xlsx ou un CSV, tel que le modèle
/// (`/v1/declinations/template`), le tableur ou `/v1/declinations` l'écrit, ou du JSON (`items`) ou NDJSON.
/// Les règles et le résultat sont ceux de chaque déclinaison envoyée seule. Une ligne avec `id` modifie
/// cette déclinaison ; sans `id`, celle de la même convention, du même niveau, des mêmes territoires et du
/// même premier jour, en préparation ou active, ou en crée une. Ce qu'une ligne laisse de côté reste comme
/// il est ; redire la même chose n'écrit rien. `convention_id` prend aussi la référence. Chaque erreur dit
/// sa cellule (`D12`), ce qui est accepté et ce qui était probablement voulu ; une ligne refusée n'arrête
/// pas les autres. En mode `atomic`, une seule erreur fait tout refuser (422), avec les verdicts.
#[utoipa::path(
    tag = TAG,
    params(Documented<How>, crate::http::parameters::IdempotencyKey),
    request_body(content(
        (DeclinationRows = "application/json", example = json!({ "items": [{
            "convention_id": "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03", "level": "academy", "territories": ["academy:11"],
            "title": "L'industrie dans l'académie de Montpellier", "starts_on": "2026-09-01", "ends_on": "2028-08-31"
        }] })),
        (String = "application/x-ndjson", example = json!("{\"convention_id\":\"0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03\",\"level\":\"academy\",\"territories\":[\"academy:11\"],\"starts_on\":\"2026-09-01\"}\n")),
        (String = "text/csv", example = json!("Convention;Niveau de déclinaison;Territoires;Premier jour;Dernier jour\n0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03;academy;Académie de Montpellier;01/09/2026;31/08/2028\n")),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )),
    responses((status = 200, description = "Les verdicts", body = FileVerdict))
)]
#[post("/v1/declinations/batch")]
pub async fn push_declinations(call: Call<How, Batch>) -> Result<Answer> {
    let (how, language) = (call.query, call.admitted.language);
    take::<BATCH_ITEMS>(&call, &LAYOUT, async |tx, received| {
        let taken = workflow::take(tx, call.scope()?, received, (how, language)).await?;
        taken.told(received, how, language)
    })
    .await
}

/// Modèle du fichier des déclinaisons
///
/// Un classeur à remplir, ou un CSV : une colonne par champ, une ligne par déclinaison. Les codes acceptés
/// sont dans une feuille à part. Une liste (territoires, niveaux) se sépare par `|`, `;` ou une virgule. Le
/// fichier rempli s'envoie à `/v1/declinations/batch`.
#[utoipa::path(
    tag = TAG,
    params(Documented<TemplateForm>),
    responses((status = 200, description = "Le modèle", content(
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (String = "text/csv")
    )))
)]
#[get("/v1/declinations/template")]
pub async fn get_declination_template(call: Call<TemplateForm>) -> Result<HttpResponse> {
    Template::empty("Déclinaisons", &LAYOUT).answer(&call).await
}
