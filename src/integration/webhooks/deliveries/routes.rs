//! The handlers of deliveries.

use std::rc::Rc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post};
use diesel_async::AsyncPgConnection;

use super::filter::{Filter, Sort};
use super::model::{Delivery, DeliveryAnswer};
use super::store;
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::{Error, Result};
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::Listed;
use crate::integration::webhooks::cursor::PlaceCursors;
use crate::integration::webhooks::sending::message::message_id;
use crate::integration::webhooks::{store as webhooks, workflow};
use crate::values::ids::{DeliveryId, WebhookId};

const TAG: &str = "Webhooks";

/// What was sent to one webhook.
pub struct Deliveries;

impl List for Deliveries {
    type Filter = Filter;
    type Sort = Sort;
    type Item = DeliveryAnswer;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<DeliveryAnswer>> {
        let (reader, now) = (call.reader().await?, call.app.now());
        let webhook = webhooks::find(&reader, call.scope()?, call.id("id"), now).await?;
        let found = store::page(&reader, &webhook, &call.query, &page).await?;
        shown(&call, &reader, found).await
    }

    fn mark(item: &DeliveryAnswer, sort: Sort) -> Mark {
        let value = match sort {
            Sort::Id => MarkValue::Id,
        };
        Mark {
            value,
            id: item.id.to_string(),
        }
    }
}

/// Deliveries as their caller reads them, each with the cursor of its place.
async fn shown<Q, B>(
    call: &Call<Q, B>,
    connection: &AsyncPgConnection,
    deliveries: Vec<Delivery>,
) -> Result<Vec<DeliveryAnswer>> {
    let (cursors, scope) = (&call.app.cursors, call.scope()?);
    let places = deliveries.iter().filter_map(|one| one.event.place());
    let cursors = PlaceCursors::of(connection, cursors, scope, places).await?;
    let answer = |delivery: Delivery| {
        let place = delivery.event.place();
        let cursor = place.map(|place| cursors.cursor(place)).transpose()?;
        let message = message_id(delivery.webhook_id, place, delivery.id);
        Ok(delivery.answer(cursor, message))
    };
    deliveries.into_iter().map(answer).collect()
}

/// Liste des envois d'un webhook
///
/// Les plus récents d'abord, chacun avec la réponse du destinataire, gardés 30 jours. Ce qui est encore
/// devant le webhook dans le flux n'y est pas.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = WebhookId, Path, description = "Identifiant du webhook"),
        ListCall<Deliveries>,
    ),
    responses((status = 200, description = "Une page d'envois", content(
        (Listed<DeliveryAnswer> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/webhooks/{id}/deliveries")]
pub async fn list_webhook_deliveries(call: ListCall<Deliveries>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nouvel envoi
///
/// Le même message part de nouveau aussitôt, une fois, avec le même `webhook-id`, quoi qu'il soit devenu.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = WebhookId, Path, description = "Identifiant du webhook"),
        ("delivery_id" = DeliveryId, Path, description = "Identifiant de l'envoi"),
        crate::http::parameters::IdempotencyKey,
    ),
    responses((status = 202, description = "L'envoi, à faire de nouveau", body = DeliveryAnswer))
)]
#[post("/v1/webhooks/{id}/deliveries/{delivery_id}/replay")]
pub async fn replay_webhook_delivery(call: Call) -> Result<Answer> {
    let scope = call.scope()?;
    call.write(async |tx| {
        let (id, delivery) = (call.id("id"), call.id("delivery_id"));
        let delivery = workflow::replay_delivery(tx, scope, id, delivery).await?;
        let shown = shown(&call, tx.connection(), vec![delivery]).await?;
        let shown = shown.first().ok_or_else(Error::not_found)?;
        Answer::json(StatusCode::ACCEPTED, shown)
    })
    .await
}
