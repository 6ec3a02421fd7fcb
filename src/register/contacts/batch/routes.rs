//! The handlers of contacts by file.

use actix_web::{HttpResponse, get, post};

use super::content::ContactRows;
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

const TAG: &str = "Contacts";

/// Dépôt de contacts par fichier
///
/// De 1 à 5 000 lignes, chacune un contact : un classeur xlsx ou un CSV, tel que le modèle
/// (`/v1/contacts/template`), le tableur ou `/v1/contacts` l'écrit, ou du JSON (`items`) ou NDJSON. Les
/// règles et le résultat sont ceux de chaque contact envoyé seul. Une ligne avec `id` modifie ce contact ;
/// sans `id`, elle en enregistre un, à moins qu'il n'y soit déjà tel quel. Ce qu'une ligne laisse de côté
/// reste comme il est ; redire la même chose n'écrit rien. Chaque erreur dit sa cellule (`D12`), ce qui est
/// accepté et ce qui était probablement voulu ; une ligne refusée n'arrête pas les autres. En mode
/// `atomic`, une seule erreur fait tout refuser (422), avec les verdicts. Ce que la réponse cite d'une
/// personne n'est pas gardé pour une requête répétée.
#[utoipa::path(
    tag = TAG,
    params(Documented<How>, crate::http::parameters::IdempotencyKey),
    request_body(content(
        (ContactRows = "application/json", example = json!({ "items": [{
            "territory": "academy:10", "role": "clee", "label": "Comité local école-entreprise de Vénissieux",
            "email": "clee.venissieux@ac-lyon.example", "phone": "04 72 80 60 61"
        }] })),
        (String = "application/x-ndjson", example = json!("{\"territory\":\"academy:10\",\"role\":\"bde\",\"label\":\"Bureau des entreprises\"}\n")),
        (String = "text/csv", example = json!("Territoire;Rôle;Intitulé du service;Courriel;Téléphone\nAcadémie de Lyon;cell;Cellule école-entreprise;cellule@ac-lyon.example;472806062\n")),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )),
    responses((status = 200, description = "Les verdicts", body = FileVerdict))
)]
#[post("/v1/contacts/batch")]
pub async fn push_contacts(call: Call<How, Batch>) -> Result<Answer> {
    let (how, language) = (call.query, call.admitted.language);
    take::<BATCH_ITEMS>(&call, &LAYOUT, async |tx, received| {
        let taken = workflow::take(tx, call.scope()?, received, how).await?;
        taken.told(received, how, language)
    })
    .await
}

/// Modèle du fichier des contacts
///
/// Un classeur à remplir, ou un CSV : une colonne par champ, une ligne par contact. Les codes acceptés sont
/// dans une feuille à part. Le fichier rempli s'envoie à `/v1/contacts/batch`.
#[utoipa::path(
    tag = TAG,
    params(Documented<TemplateForm>),
    responses((status = 200, description = "Le modèle", content(
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (String = "text/csv")
    )))
)]
#[get("/v1/contacts/template")]
pub async fn get_contact_template(call: Call<TemplateForm>) -> Result<HttpResponse> {
    Template::empty("Contacts", &LAYOUT).answer(&call).await
}
