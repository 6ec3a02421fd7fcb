//! The handlers of the change feed.

use actix_web::{HttpResponse, get};

use super::list::{self, Changes};
use super::model::ChangesPage;
use super::snapshot::{self, Question};
use super::{events, waiting};
use crate::error::Result;
use crate::error::problem::Problem;
use crate::http::call::{Call, ListCall};
use crate::http::formats::Form;
use crate::http::query::Documented;

/// Flux des changements
///
/// Chaque écriture une fois, dans un ordre que des écritures simultanées ne peuvent pas faire
/// manquer. Reprenez avec `after=` le `cursor` du dernier changement lu, ou celui de la page ;
/// `next_cursor` est null quand vous êtes à jour. `data` est l'objet tel que vous pouvez le lire maintenant, null s'il
/// n'est plus.
///
/// Avec `wait=`, la réponse attend qu'il y ait un changement à lire. En `text/event-stream`, les
/// changements sont envoyés à mesure qu'ils arrivent (Server-Sent Events) : `id` est le curseur,
/// `data` le changement ; `Last-Event-ID` reprend après lui ; un commentaire passe toutes les 15 s.
#[utoipa::path(
    tag = "Synchronisation",
    params(
        ListCall<Changes>,
        ("Last-Event-ID" = Option<String>, Header, description = "Comme `after=`, avant lequel il passe : l'`id` du dernier événement reçu")
    ),
    responses(
        (status = 200, description = "Une page du flux", content(
            (ChangesPage = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"), (String = "text/event-stream")
        )),
        (status = 410, description = "Reprise nécessaire : `reason` dit pourquoi, `types` et `territories` quoi relire, `cursor` où reprendre ensuite", body = Problem, content_type = "application/problem+json")
    )
)]
#[get("/v1/changes")]
pub async fn list_changes(call: ListCall<Changes>) -> Result<HttpResponse> {
    if call.call().admitted.form == Form::Events {
        return events::answer(call).await;
    }
    waiting::for_something(call.call(), call.page()).await?;
    call.answer_with(list::page_with_end, list::whole).await
}

/// Tout ce que vous pouvez lire, à un moment
///
/// Par où commence qui suit le flux : chaque objet que vous pouvez lire, tel que le flux le montre,
/// tous d'un même moment, un par ligne (NDJSON). La première ligne dit quoi et quand
/// (`{"at", "types", "partition"}`), les suivantes sont `{"object", "data"}`, la dernière est
/// `{"cursor", "objects"}` : le curseur auquel reprendre le flux. Sans elle, la lecture n'est pas entière.
///
/// Lu en plusieurs parts (`partition=2/4`), reprenez au curseur de celle dont `at` est le plus ancien.
#[utoipa::path(
    tag = "Synchronisation",
    params(Documented<Question>),
    responses((status = 200, description = "Les objets", content(
        (String = "application/x-ndjson", example = json!("{\"at\":\"2026-09-01T08:00:00Z\",\"types\":[\"partner\"],\"partition\":null}\n{\"object\":{\"type\":\"partner\",\"id\":\"0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e01\",\"url\":\"/v1/partners/0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e01\"},\"data\":{\"id\":\"0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e01\"}}\n{\"cursor\":\"eyJ2YWx1ZSI6eyJQbGFjZSI6WzEyMyw0XX19\",\"objects\":1}\n"))
    )))
)]
#[get("/v1/changes/snapshot")]
pub async fn get_snapshot(call: Call<Question>) -> Result<HttpResponse> {
    snapshot::answer(call).await
}
