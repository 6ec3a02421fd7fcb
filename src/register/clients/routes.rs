//! The handlers of clients.

use std::rc::Rc;

use actix_web::{HttpResponse, get, patch, post};
use serde::Serialize;

use super::content::{ClientPatch, NewClient, Rotation};
use super::filter::{Filter, Filters, Sort};
use super::model::{ClientAnswer, ClientWithSecret};
use super::store;
use super::workflow::{self, Written};
use crate::auth::policy::Scope;
use crate::db::page::{Mark, MarkValue, Page};
use crate::db::tx::Tx;
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::{Count, Listed};
use crate::http::query::NoQuery;
use crate::values::ids::ClientId;

const TAG: &str = "Clients";

/// The list of clients.
pub struct Clients;

impl List for Clients {
    type Filter = Filter;
    type Sort = Sort;
    type Item = ClientAnswer;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<ClientAnswer>> {
        let now = call.app.now();
        let clients = store::page(
            &*call.reader().await?,
            call.scope()?,
            &call.query,
            &page,
            now,
        )
        .await?;
        Ok(clients
            .into_iter()
            .map(|client| client.answer(call.admitted.language, now))
            .collect())
    }

    fn mark(item: &ClientAnswer, sort: Sort) -> Mark {
        let record = &item.client.record;
        let value = match sort {
            Sort::Id => MarkValue::Id,
            Sort::UpdatedAt => MarkValue::Time(record.updated_at),
        };
        Mark {
            value,
            id: record.id.to_string(),
        }
    }
}

/// Liste des clients
///
/// Tous pour le ministère ; pour une académie, ceux de ses établissements. Les secrets n'y sont pas.
#[utoipa::path(
    tag = TAG,
    params(
        ListCall<Clients>,
    ),
    responses((status = 200, description = "Une page de clients", content(
        (Listed<ClientAnswer> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/clients")]
pub async fn list_clients(call: ListCall<Clients>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre de clients
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(
        Filters,
    ),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/clients/count")]
pub async fn count_clients(call: Call<Filter>) -> Result<Answer> {
    let count = store::count(&*call.reader().await?, call.scope()?, &call.query).await?;
    Answer::digested(&Count { count })
}

/// Création d'un client
///
/// `client_secret` n'est montré que dans cette réponse. Une académie crée les clients de ses
/// établissements ; le ministère, tous.
#[utoipa::path(
    tag = TAG,
    params(crate::http::parameters::IdempotencyKey),
    request_body = NewClient,
    responses((status = 201, description = "Le client créé et son secret", body = ClientWithSecret))
)]
#[post("/v1/clients")]
pub async fn create_client(call: Call<NoQuery, NewClient>) -> Result<Answer> {
    let scope = call.scope()?;
    call.write(async |tx| {
        let written = workflow::create(tx, scope, &call.body).await?;
        let location = format!("/v1/clients/{}", written.client.record.id);
        shown(&call, written, |version, body| {
            Answer::created(version, location, body)
        })
    })
    .await
}

/// Lecture d'un client
///
/// Ses secrets y sont nommés par leur début, jamais montrés. Le client d'un partenaire se lit lui-même.
#[utoipa::path(
    tag = TAG,
    params(("id" = ClientId, Path, description = "Identifiant du client")),
    responses((status = 200, description = "Le client", body = ClientAnswer))
)]
#[get("/v1/clients/{id}")]
pub async fn get_client(call: Call) -> Result<Answer> {
    let now = call.app.now();
    let (scope, itself) = reach(&call)?;
    let client = store::find(&*call.reader().await?, &scope, call.id("id"), now).await?;
    let client = client.seen_by_itself(itself);
    Answer::object(
        client.record.version,
        &client.answer(call.admitted.language, now),
    )
}

/// Modification d'un client
///
/// Correctif RFC 7396. Changer le rôle, le périmètre ou les portées, ou avancer l'expiration, met
/// fin aux jetons déjà obtenus.
#[utoipa::path(
    tag = TAG,
    params(("id" = ClientId, Path, description = "Identifiant du client"), crate::http::parameters::RequiredIfMatch),
    request_body(content = ClientPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Le client modifié", body = ClientAnswer))
)]
#[patch("/v1/clients/{id}")]
pub async fn update_client(call: Call<NoQuery, ClientPatch>) -> Result<Answer> {
    let scope = call.scope()?;
    change(&call, async |tx| {
        workflow::update(
            tx,
            scope,
            call.id("id"),
            &call.body,
            &call.admitted.if_match,
        )
        .await
    })
    .await
}

/// Nouveau secret d'un client
///
/// `client_secret` n'est montré que dans cette réponse. L'ancien secret sert encore 7 jours, le
/// temps de le remplacer partout ; avec `revoke_previous`, il cesse aussitôt, et les jetons avec
/// lui. Deux secrets au plus servent en même temps. Le client d'un partenaire remplace le sien lui-même.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = ClientId, Path, description = "Identifiant du client"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    request_body = Option<Rotation>,
    responses((status = 200, description = "Le client et son nouveau secret", body = ClientWithSecret))
)]
#[post("/v1/clients/{id}/rotate-secret")]
pub async fn rotate_client_secret(call: Call<NoQuery, Rotation>) -> Result<Answer> {
    let (scope, itself) = reach(&call)?;
    let (id, if_match) = (call.id("id"), &call.admitted.if_match);
    change(&call, async |tx| {
        let written = workflow::rotate_secret(tx, &scope, id, call.body, if_match).await?;
        Ok(Written {
            client: written.client.seen_by_itself(itself),
            ..written
        })
    })
    .await
}

/// What the caller may see of clients; all of itself, where a partner's client names itself.
fn reach<B>(call: &Call<NoQuery, B>) -> Result<(Scope, bool)> {
    let scope = call.scope()?;
    let claims = call.admitted.claims.as_deref();
    let is_named = claims.is_some_and(|claims| claims.client_id == call.segment("id"));
    if is_named && scope.partner().is_some() {
        return Ok((Scope::of_operator(), true));
    }
    Ok((scope.clone(), false))
}

/// Révocation d'un client
///
/// Définitive : ses secrets et ses jetons cessent aussitôt d'être acceptés.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = ClientId, Path, description = "Identifiant du client"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    responses((status = 200, description = "Le client révoqué", body = ClientAnswer))
)]
#[post("/v1/clients/{id}/revoke")]
pub async fn revoke_client(call: Call) -> Result<Answer> {
    let scope = call.scope()?;
    change(&call, async |tx| {
        workflow::revoke(tx, scope, call.id("id"), &call.admitted.if_match).await
    })
    .await
}

/// Writes a change of a client and, once it is committed, refuses here the tokens it ends; before,
/// a change that fails after all would have ended them.
async fn change<B>(
    call: &Call<NoQuery, B>,
    step: impl AsyncFnOnce(&mut Tx<'_>) -> Result<Written>,
) -> Result<Answer> {
    let mut ended = None;
    let answer = call
        .write(async |tx| {
            let written = step(tx).await?;
            ended = written
                .tokens_after
                .map(|after| (written.client.record.id, after));
            shown(call, written, Answer::object)
        })
        .await?;
    if let Some((client, tokens_after)) = ended {
        call.app
            .authenticator
            .client_changed(client.uuid(), tokens_after);
    }
    Ok(answer)
}

/// The body of an answer to a step.
#[derive(Serialize)]
#[serde(untagged)]
enum Shown {
    Plain(ClientAnswer),
    Once(ClientWithSecret),
}

/// The answer to a step: the client, and its new secret if there is one, which is not kept.
fn shown<B>(
    call: &Call<NoQuery, B>,
    written: Written,
    answer: impl FnOnce(i64, &Shown) -> Result<Answer>,
) -> Result<Answer> {
    let version = written.client.record.version;
    let client = written
        .client
        .answer(call.admitted.language, call.app.now());
    let Some(secret) = written.secret else {
        return answer(version, &Shown::Plain(client));
    };
    let replayed = ClientWithSecret {
        client: client.clone(),
        client_secret: None,
    };
    let once = ClientWithSecret {
        client,
        client_secret: Some(secret.expose().to_owned()),
    };
    answer(version, &Shown::Once(once))?.shown_once(&replayed)
}
