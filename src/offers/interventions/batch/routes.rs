//! The handlers of what a portal pushes.

use actix_web::http::StatusCode;
use actix_web::post;

use super::input::{How, PushedInterventions, Received, TouchedInterventions};
use super::verdict::{BatchVerdict, TouchVerdict};
use super::workflow;
use crate::db::tx::Tx;
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::query::{Documented, NoQuery};
use crate::offers::interventions::status::AsOf;
use crate::values::ids::PartnerId;

const TAG: &str = "Interventions";

/// Dépôt d'un lot d'interventions
///
/// De 1 à 5 000 interventions, dans les 5 Mio d'un corps, chacune comme le dépôt d'une seule la prend, avec `external_id` : en
/// JSON sous `items`, en NDJSON (une par ligne) ou en CSV. Les colonnes du CSV sont les champs ; les
/// listes s'y séparent par `|`, et le lieu s'écrit `latitude`, `longitude`, `radius_km`, `place_label`.
/// La réponse dit de chacune, dans l'ordre, ce qu'elle est devenue. Redire la même chose n'écrit rien,
/// et confirme. En mode `atomic`, une seule erreur fait tout refuser (422), avec les verdicts.
#[utoipa::path(
    tag = TAG,
    params(
        Documented<How>,
        ("id" = PartnerId, Path, description = "Identifiant du partenaire"),
        crate::http::parameters::IdempotencyKey,
    ),
    request_body(content(
        (PushedInterventions = "application/json", example = json!({ "items": [{
            "external_id": "visite-42", "convention_id": "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03",
            "title": "Visite d'un atelier de métallurgie", "action_type": "company_visit", "levels": ["3e", "2de_gt"],
            "modality": "in_person", "territories": ["academy:10"], "sessions": 10
        }] })),
        (String = "application/x-ndjson", example = json!("{\"external_id\":\"visite-42\",\"convention_id\":\"0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03\",\"title\":\"Visite\",\"action_type\":\"company_visit\",\"levels\":[\"3e\"],\"modality\":\"in_person\",\"territories\":[\"academy:10\"]}\n")),
        (String = "text/csv", example = json!("external_id,convention_id,title,action_type,levels,modality,territories,latitude,longitude\nvisite-42,0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03,Visite,company_visit,3e|2de_gt,in_person,academy:10,45.75,4.85\n")),
    )),
    responses((status = 200, description = "Les verdicts", body = BatchVerdict))
)]
#[post("/v1/partners/{id}/interventions/batch")]
pub async fn push_interventions(call: Call<How, PushedInterventions>) -> Result<Answer> {
    if call.query.is_dry_run {
        call.rehearse(async |tx| push(&call, tx).await).await
    } else {
        call.write(async |tx| push(&call, tx).await).await
    }
}

async fn push(call: &Call<How, PushedInterventions>, tx: &mut Tx<'_>) -> Result<Answer> {
    let received = Received {
        body: call.admitted.json.as_ref(),
        form: call.admitted.body_form,
        how: call.query,
        language: call.admitted.language,
    };
    let as_of = AsOf::now(&call.app);
    let verdict = workflow::push(tx, call.scope()?, call.id("id"), received, as_of).await?;
    Answer::json(StatusCode::OK, &verdict)
}

/// Confirmation d'interventions
///
/// Dit que le partenaire les propose toujours, de 1 à 5 000 à la fois. Rien d'autre n'en change.
#[utoipa::path(
    tag = TAG,
    params(("id" = PartnerId, Path, description = "Identifiant du partenaire"), crate::http::parameters::IdempotencyKey),
    request_body(content = TouchedInterventions, example = json!({ "external_ids": ["visite", "visite-42"] })),
    responses((status = 200, description = "Ce qui est confirmé, et ce qui ne peut pas l'être", body = TouchVerdict))
)]
#[post("/v1/partners/{id}/interventions/touch")]
pub async fn touch_interventions(call: Call<NoQuery, TouchedInterventions>) -> Result<Answer> {
    let (scope, partner) = (call.scope()?, call.id("id"));
    call.write(async |tx| {
        let names = &call.body.external_ids;
        let verdict = workflow::touch(tx, scope, partner, names).await?;
        Answer::json(StatusCode::OK, &verdict)
    })
    .await
}
