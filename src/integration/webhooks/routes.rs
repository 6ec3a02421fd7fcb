//! The handlers of webhooks.

use std::iter::once;
use std::rc::Rc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, delete, get, patch, post};
use diesel_async::AsyncPgConnection;

use super::content::{NewWebhook, ReplaySince, WebhookPatch, WebhookRotation};
use super::cursor::PlaceCursors;
use super::deliveries::model::DeliveryAnswer;
use super::filter::{Filter, Filters, Sort};
use super::model::{Step, Webhook, WebhookAnswer};
use super::owner::Owner;
use super::reserved::Reach;
use super::sending::message::message_id;
use super::store;
use super::workflow::{self, Written};
use crate::app::App;
use crate::auth::sealing::Sealer;
use crate::db::page::{Mark, MarkValue, Page};
use crate::db::tx::Tx;
use crate::error::{Code, Error, Result};
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::{Count, Listed};
use crate::http::query::NoQuery;
use crate::values::ids::WebhookId;

const TAG: &str = "Webhooks";

/// The list of webhooks.
pub struct Webhooks;

impl List for Webhooks {
    type Filter = Filter;
    type Sort = Sort;
    type Item = WebhookAnswer;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<WebhookAnswer>> {
        let (reader, now) = (call.reader().await?, call.app.now());
        let webhooks = store::page(&reader, call.scope()?, &call.query, &page, now).await?;
        shown(&call, &reader, webhooks).await
    }

    fn mark(item: &WebhookAnswer, sort: Sort) -> Mark {
        let value = match sort {
            Sort::Id => MarkValue::Id,
            Sort::UpdatedAt => MarkValue::Time(item.record.updated_at),
        };
        Mark {
            value,
            id: item.record.id.to_string(),
        }
    }
}

/// Webhooks as their caller reads them, each with the cursor of its place.
async fn shown<Q, B>(
    call: &Call<Q, B>,
    connection: &AsyncPgConnection,
    webhooks: Vec<Webhook>,
) -> Result<Vec<WebhookAnswer>> {
    let (cursors, scope) = (&call.app.cursors, call.scope()?);
    let places = webhooks.iter().map(Webhook::place);
    let cursors = PlaceCursors::of(connection, cursors, scope, places).await?;
    let answer = |webhook: Webhook| {
        let cursor = cursors.cursor(webhook.place())?;
        Ok(webhook.answer(Some(cursor)))
    };
    webhooks.into_iter().map(answer).collect()
}

/// One as its caller reads it.
async fn shown_one<Q, B>(
    call: &Call<Q, B>,
    connection: &AsyncPgConnection,
    webhook: Webhook,
) -> Result<WebhookAnswer> {
    let (cursors, place) = (&call.app.cursors, webhook.place());
    let cursors = PlaceCursors::of(connection, cursors, call.scope()?, once(place)).await?;
    Ok(webhook.answer(Some(cursors.cursor(place)?)))
}

/// The answer that shows one.
async fn answer<Q, B>(
    call: &Call<Q, B>,
    connection: &AsyncPgConnection,
    webhook: Webhook,
) -> Result<Answer> {
    let version = webhook.record.version;
    Answer::object(version, &shown_one(call, connection, webhook).await?)
}

fn reach(app: &App) -> Reach {
    Reach {
        private: app.config.webhooks_allow_private,
    }
}

fn sealer(app: &App) -> Sealer {
    app.authenticator.tokens().keys().sealer()
}

/// Liste des webhooks
///
/// Les vôtres ; tous pour le ministère. Les secrets n'y sont pas.
#[utoipa::path(
    tag = TAG,
    params(ListCall<Webhooks>),
    responses((status = 200, description = "Une page de webhooks", content(
        (Listed<WebhookAnswer> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/webhooks")]
pub async fn list_webhooks(call: ListCall<Webhooks>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre de webhooks
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(Filters),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/webhooks/count")]
pub async fn count_webhooks(call: Call<Filter>) -> Result<Answer> {
    let count = store::count(&*call.reader().await?, call.scope()?, &call.query).await?;
    Answer::digested(&Count { count })
}

/// Création d'un webhook
///
/// L'adresse est prévenue de ce qui change à partir de maintenant, avec les droits que le client a à
/// chaque moment. Le secret n'est montré que dans cette réponse. Vingt webhooks au plus par client.
#[utoipa::path(
    tag = TAG,
    params(crate::http::parameters::IdempotencyKey),
    request_body = NewWebhook,
    responses((status = 201, description = "Le webhook créé et son secret", body = WebhookAnswer))
)]
#[post("/v1/webhooks")]
pub async fn create_webhook(call: Call<NoQuery, NewWebhook>) -> Result<Answer> {
    let claims = call.admitted.claims.as_deref();
    let claims = claims.ok_or_else(|| Error::new(Code::Unauthorized))?;
    let owner = Owner::of(claims)?;
    let (sealer, reach) = (sealer(&call.app), reach(&call.app));
    call.write(async |tx| {
        let written = workflow::create(tx, &owner, &sealer, reach, &call.body).await?;
        let location = format!("/v1/webhooks/{}", written.webhook.record.id);
        let answered = |version, body: &WebhookAnswer| Answer::created(version, location, body);
        shown_once(&call, tx, written, answered).await
    })
    .await
}

/// Lecture d'un webhook
///
/// Où il en est dans le flux, et comment son destinataire répond. Les secrets ne sont jamais montrés.
#[utoipa::path(
    tag = TAG,
    params(("id" = WebhookId, Path, description = "Identifiant du webhook")),
    responses((status = 200, description = "Le webhook", body = WebhookAnswer))
)]
#[get("/v1/webhooks/{id}")]
pub async fn get_webhook(call: Call) -> Result<Answer> {
    let (reader, now) = (call.reader().await?, call.app.now());
    let webhook = store::find(&reader, call.scope()?, call.id("id"), now).await?;
    answer(&call, &reader, webhook).await
}

/// Modification d'un webhook
///
/// Correctif RFC 7396. Une nouvelle adresse est essayée aussitôt ; la place dans le flux ne change pas.
#[utoipa::path(
    tag = TAG,
    params(("id" = WebhookId, Path, description = "Identifiant du webhook"), crate::http::parameters::RequiredIfMatch),
    request_body(content = WebhookPatch, content_type = "application/merge-patch+json", example = json!({
        "types": ["solicitation.created"], "description": null
    })),
    responses((status = 200, description = "Le webhook modifié", body = WebhookAnswer))
)]
#[patch("/v1/webhooks/{id}")]
pub async fn update_webhook(call: Call<NoQuery, WebhookPatch>) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let (id, reach) = (call.id("id"), reach(&call.app));
        let webhook = workflow::update(tx, scope, id, &call.body, reach, if_match).await?;
        answer(&call, tx.connection(), webhook).await
    })
    .await
}

/// Suppression d'un webhook
///
/// Plus rien ne lui est envoyé ; ses envois gardés disparaissent avec lui.
#[utoipa::path(
    tag = TAG,
    params(("id" = WebhookId, Path, description = "Identifiant du webhook"), crate::http::parameters::OptionalIfMatch),
    responses((status = 204, description = "Supprimé"))
)]
#[delete("/v1/webhooks/{id}")]
pub async fn delete_webhook(call: Call) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        workflow::delete(tx, scope, call.id("id"), if_match).await?;
        Ok(Answer::nothing())
    })
    .await
}

/// Nouveau secret d'un webhook
///
/// Le secret n'est montré que dans cette réponse. L'ancien signe encore 7 jours à côté du nouveau ;
/// avec `revoke_previous`, il cesse aussitôt. Deux secrets au plus signent en même temps.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = WebhookId, Path, description = "Identifiant du webhook"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    request_body = Option<WebhookRotation>,
    responses((status = 200, description = "Le webhook et son nouveau secret", body = WebhookAnswer))
)]
#[post("/v1/webhooks/{id}/rotate-secret")]
pub async fn rotate_webhook_secret(call: Call<NoQuery, WebhookRotation>) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    let sealer = sealer(&call.app);
    call.write(async |tx| {
        let id = call.id("id");
        let written = workflow::rotate_secret(tx, scope, id, &sealer, call.body, if_match).await?;
        shown_once(&call, tx, written, |version, body: &WebhookAnswer| {
            Answer::object(version, body)
        })
        .await
    })
    .await
}

/// Essai d'un webhook
///
/// Un message `webhook.test` part aussitôt, une fois, quel que soit le statut ; ce qu'il devient se lit
/// dans les envois.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = WebhookId, Path, description = "Identifiant du webhook"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    responses((status = 202, description = "L'essai, à envoyer", body = DeliveryAnswer))
)]
#[post("/v1/webhooks/{id}/test")]
pub async fn test_webhook(call: Call) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let delivery = workflow::test(tx, scope, call.id("id"), if_match).await?;
        let message = message_id(delivery.webhook_id, None, delivery.id);
        Answer::json(StatusCode::ACCEPTED, &delivery.answer(None, message))
    })
    .await
}

/// Mise en pause d'un webhook
///
/// Rien n'est envoyé ni perdu : il garde sa place dans le flux.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = WebhookId, Path, description = "Identifiant du webhook"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    responses((status = 200, description = "Le webhook", body = WebhookAnswer))
)]
#[post("/v1/webhooks/{id}/pause")]
pub async fn pause_webhook(call: Call) -> Result<Answer> {
    pause_or_resume(&call, Step::Pause).await
}

/// Reprise d'un webhook
///
/// Il repart de sa place dans le flux : ce qui a changé entre-temps lui est dit.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = WebhookId, Path, description = "Identifiant du webhook"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    responses((status = 200, description = "Le webhook", body = WebhookAnswer))
)]
#[post("/v1/webhooks/{id}/resume")]
pub async fn resume_webhook(call: Call) -> Result<Answer> {
    pause_or_resume(&call, Step::Resume).await
}

async fn pause_or_resume(call: &Call, step: Step) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let id = call.id("id");
        let webhook = workflow::pause_or_resume(tx, scope, id, step, if_match).await?;
        answer(call, tx.connection(), webhook).await
    })
    .await
}

/// Nouvel envoi depuis un moment
///
/// La place du webhook dans le flux recule jusque-là : tout ce qui a changé depuis lui est envoyé de
/// nouveau, avec les mêmes `webhook-id`.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = WebhookId, Path, description = "Identifiant du webhook"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    request_body = ReplaySince,
    responses((status = 200, description = "Le webhook", body = WebhookAnswer))
)]
#[post("/v1/webhooks/{id}/replay")]
pub async fn replay_webhook(call: Call<NoQuery, ReplaySince>) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let (id, since) = (call.id("id"), call.body.since);
        let webhook = workflow::replay(tx, scope, id, since, if_match).await?;
        answer(&call, tx.connection(), webhook).await
    })
    .await
}

/// The answer to a step that gives a secret, which is not kept.
async fn shown_once<Q, B>(
    call: &Call<Q, B>,
    tx: &mut Tx<'_>,
    written: Written,
    answer: impl FnOnce(i64, &WebhookAnswer) -> Result<Answer>,
) -> Result<Answer> {
    let version = written.webhook.record.version;
    let replayed = shown_one(call, tx.connection(), written.webhook.clone()).await?;
    let secret = written.secret.map(|secret| secret.expose());
    let with_secret = written.webhook.answer_with(replayed.cursor.clone(), secret);
    answer(version, &with_secret)?.shown_once(&replayed)
}
