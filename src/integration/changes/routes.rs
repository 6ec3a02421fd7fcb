//! The handler of the change feed.

use actix_web::{HttpResponse, get};

use super::list::Changes;
use super::model::ChangeAnswer;
use super::{events, waiting};
use crate::error::Result;
use crate::http::call::ListCall;
use crate::http::formats::Form;
use crate::http::page::Listed;

/// Flux des changements
///
/// Chaque écriture une fois, dans un ordre que des écritures simultanées ne peuvent pas faire
/// manquer. Reprenez avec `after=` le `cursor` du dernier changement lu ; `next_cursor` est null
/// quand vous êtes à jour. `data` est l'objet tel que vous pouvez le lire maintenant, null s'il
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
    responses((status = 200, description = "Une page du flux", content(
        (Listed<ChangeAnswer> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"), (String = "text/event-stream")
    )))
)]
#[get("/v1/changes")]
pub async fn list_changes(call: ListCall<Changes>) -> Result<HttpResponse> {
    if call.call().admitted.form == Form::Events {
        return events::answer(call).await;
    }
    waiting::for_something(call.call(), call.page()).await?;
    call.answer().await
}
