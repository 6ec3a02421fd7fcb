//! The handlers of full synchronisations.

use std::rc::Rc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post};

use super::filter::{Filter, Filters, Sort};
use super::model::{NewSync, SyncAnswer, SyncCommit};
use super::store;
use super::workflow::{self, Which};
use crate::db::page::{Mark, MarkValue, Page};
use crate::db::tx::Tx;
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::{Count, Listed};
use crate::http::query::{Documented, NoQuery, Parameter, Query, Reader, parameter};
use crate::offers::interventions::status::AsOf;
use crate::register::partners::store as partners;
use crate::values::ids::{PartnerId, SyncId};

const TAG: &str = "Interventions";

/// The synchronisations of one partner.
pub struct Syncs;

impl List for Syncs {
    type Filter = Filter;
    type Sort = Sort;
    type Item = SyncAnswer;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<SyncAnswer>> {
        let (scope, partner) = (call.scope()?, call.id("id"));
        let reader = call.reader().await?;
        let (_, rows) = tokio::try_join!(
            partners::find(&reader, scope, partner),
            store::page(&reader, scope, partner, &call.query, &page),
        )?;
        scope.must_write_for(partner.uuid())?;
        Ok(rows.into_iter().map(|row| row.answer_for(scope)).collect())
    }

    fn mark(item: &SyncAnswer, sort: Sort) -> Mark {
        let value = match sort {
            Sort::Id => MarkValue::Id,
            Sort::UpdatedAt => MarkValue::Time(item.sync.updated_at),
        };
        Mark {
            value,
            id: item.sync.id.to_string(),
        }
    }
}

/// Liste des synchronisations d'un partenaire
///
/// Son journal : chacune avec ce que ses lots ont fait, et ce qu'elle a retiré.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = PartnerId, Path, description = "Identifiant du partenaire"),
        ListCall<Syncs>,
    ),
    responses((status = 200, description = "Une page de synchronisations", content(
        (Listed<SyncAnswer> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/partners/{id}/syncs")]
pub async fn list_syncs(call: ListCall<Syncs>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre de synchronisations d'un partenaire
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(
        Filters,
        ("id" = PartnerId, Path, description = "Identifiant du partenaire"),
    ),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/partners/{id}/syncs/count")]
pub async fn count_syncs(call: Call<Filter>) -> Result<Answer> {
    let (scope, partner) = (call.scope()?, call.id("id"));
    let reader = call.reader().await?;
    let (_, count) = tokio::try_join!(
        partners::find(&reader, scope, partner),
        store::count(&reader, scope, partner, &call.query)
    )?;
    scope.must_write_for(partner.uuid())?;
    Answer::digested(&Count { count })
}

/// Ouverture d'une synchronisation complète
///
/// Envoyez ensuite toute l'offre par lots avec `sync_id`, puis terminez-la : ce qui n'a pas été envoyé
/// est retiré. Une seule à la fois par partenaire.
#[utoipa::path(
    tag = TAG,
    params(("id" = PartnerId, Path, description = "Identifiant du partenaire"), crate::http::parameters::IdempotencyKey),
    request_body(content = Option<NewSync>, example = json!({ "threshold_percent": 20 })),
    responses((status = 201, description = "La synchronisation ouverte", body = SyncAnswer))
)]
#[post("/v1/partners/{id}/syncs")]
pub async fn open_sync(call: Call<NoQuery, NewSync>) -> Result<Answer> {
    let (scope, partner) = (call.scope()?, call.id("id"));
    call.write(async |tx| {
        let opened = workflow::open(tx, scope, partner, call.body).await?;
        Answer::created(opened.version, opened.path(), &opened.answer_for(scope))
    })
    .await
}

/// Lecture d'une synchronisation
///
/// Avec ce que ses lots ont fait jusqu'ici.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = PartnerId, Path, description = "Identifiant du partenaire"),
        ("sync_id" = SyncId, Path, description = "Identifiant de la synchronisation"),
    ),
    responses((status = 200, description = "La synchronisation", body = SyncAnswer))
)]
#[get("/v1/partners/{id}/syncs/{sync_id}")]
pub async fn get_sync(call: Call) -> Result<Answer> {
    let scope = call.scope()?;
    let reader = call.reader().await?;
    let found = store::find(&reader, scope, call.id("id"), call.id("sync_id")).await?;
    Answer::object(found.version, &found.answer_for(scope))
}

/// How a synchronisation is committed.
#[derive(Debug, Clone, Copy)]
pub struct Ending {
    has_consent: bool,
    is_dry_run: bool,
}

impl Query for Ending {
    const PARAMETERS: &'static [Parameter] = &[
        parameter(
            "confirm",
            "`true` : retire aussi plus d'interventions que le seuil ne le permet, et malgré des interventions reçues sans identifiant lisible",
            "true",
        ),
        parameter(
            "dry_run",
            "`true` : rien n'est retiré, la réponse dit ce qui le serait",
            "true",
        ),
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            has_consent: reader.flag("confirm").unwrap_or_default(),
            is_dry_run: reader.flag("dry_run").unwrap_or_default(),
        }
    }
}

fn which<Q>(call: &Call<Q>) -> Which<'_> {
    Which {
        partner: call.id("id"),
        id: call.id("sync_id"),
        if_match: &call.admitted.if_match,
    }
}

/// Fin d'une synchronisation
///
/// Retire, d'un coup, ce qui n'a été ni envoyé dans ses lots, ni créé, modifié ou confirmé autrement
/// depuis son ouverture. Au-delà de son seuil, et de trois retraits au moins, ou si une intervention
/// reçue n'a pas d'identifiant lisible, elle demande `confirm=true`. `dry_run=true` montre ce qui
/// serait retiré.
#[utoipa::path(
    tag = TAG,
    params(
        Documented<Ending>,
        ("id" = PartnerId, Path, description = "Identifiant du partenaire"),
        ("sync_id" = SyncId, Path, description = "Identifiant de la synchronisation"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    responses((status = 200, description = "La synchronisation terminée, et ce qu'elle a retiré", body = SyncCommit))
)]
#[post("/v1/partners/{id}/syncs/{sync_id}/commit")]
pub async fn commit_sync(call: Call<Ending>) -> Result<Answer> {
    let (scope, ending) = (call.scope()?, call.query);
    if ending.is_dry_run {
        let dry_run = async |tx: &mut Tx<'_>| {
            let would = workflow::dry_run(tx, scope, which(&call)).await?;
            Answer::json(StatusCode::OK, &would.answer_for(scope, true))
        };
        return call.rehearse(dry_run).await;
    }
    call.write(async |tx| {
        let as_of = AsOf::now(&call.app);
        let ended = workflow::commit(tx, scope, which(&call), ending.has_consent, as_of).await?;
        Answer::object(ended.sync.version, &ended.answer_for(scope, false))
    })
    .await
}

/// Abandon d'une synchronisation
///
/// Rien n'est retiré ; ce que ses lots ont écrit reste.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = PartnerId, Path, description = "Identifiant du partenaire"),
        ("sync_id" = SyncId, Path, description = "Identifiant de la synchronisation"),
        crate::http::parameters::IdempotencyKey,
        crate::http::parameters::OptionalIfMatch,
    ),
    responses((status = 200, description = "La synchronisation abandonnée", body = SyncAnswer))
)]
#[post("/v1/partners/{id}/syncs/{sync_id}/abandon")]
pub async fn abandon_sync(call: Call) -> Result<Answer> {
    let scope = call.scope()?;
    call.write(async |tx| {
        let ended = workflow::abandon(tx, scope, which(&call)).await?;
        Answer::object(ended.version, &ended.answer_for(scope))
    })
    .await
}
