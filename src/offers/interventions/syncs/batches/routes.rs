//! The handlers of the batches of a synchronisation.

use std::rc::Rc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get};

use super::model::{Sort, SyncBatch};
use super::store;
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::{Count, Listed};
use crate::http::query::NoQuery;
use crate::offers::interventions::batch::verdict::BatchVerdict;
use crate::offers::interventions::syncs::store as syncs;
use crate::values::ids::{BatchId, PartnerId, SyncId};

const TAG: &str = "Interventions";

/// The batches of one synchronisation.
pub struct SyncBatches;

impl List for SyncBatches {
    type Filter = NoQuery;
    type Sort = Sort;
    type Item = SyncBatch;

    async fn page(call: Rc<Call<NoQuery>>, page: Page<Sort>) -> Result<Vec<SyncBatch>> {
        let reader = call.reader().await?;
        let (partner, id) = (call.id("id"), call.id("sync_id"));
        let sync = syncs::find(&reader, call.scope()?, partner, id).await?;
        store::page(&reader, &sync, &page).await
    }

    fn mark(item: &SyncBatch, sort: Sort) -> Mark {
        let value = match sort {
            Sort::Id => MarkValue::Id,
        };
        Mark {
            value,
            id: item.id.to_string(),
        }
    }
}

/// Liste des lots d'une synchronisation
///
/// Dans l'ordre de leur réception, chacun avec ce qu'il a fait.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = PartnerId, Path, description = "Identifiant du partenaire"),
        ("sync_id" = SyncId, Path, description = "Identifiant de la synchronisation"),
        ListCall<SyncBatches>,
    ),
    responses((status = 200, description = "Une page de lots", content(
        (Listed<SyncBatch> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/partners/{id}/syncs/{sync_id}/batches")]
pub async fn list_sync_batches(call: ListCall<SyncBatches>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre de lots d'une synchronisation
///
/// Tous ceux qu'elle a reçus, essais et lots refusés à part.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = PartnerId, Path, description = "Identifiant du partenaire"),
        ("sync_id" = SyncId, Path, description = "Identifiant de la synchronisation"),
    ),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/partners/{id}/syncs/{sync_id}/batches/count")]
pub async fn count_sync_batches(call: Call) -> Result<Answer> {
    let reader = call.reader().await?;
    let (partner, id) = (call.id("id"), call.id("sync_id"));
    let sync = syncs::find(&reader, call.scope()?, partner, id).await?;
    let count = store::count(&reader, &sync).await?;
    Answer::digested(&Count { count })
}

/// Verdicts d'un lot d'une synchronisation
///
/// Tels que le dépôt les a donnés, dans la langue d'alors. Ils se relisent trente jours ; ensuite, 404.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = PartnerId, Path, description = "Identifiant du partenaire"),
        ("sync_id" = SyncId, Path, description = "Identifiant de la synchronisation"),
        ("batch_id" = BatchId, Path, description = "Identifiant du lot"),
    ),
    responses((status = 200, description = "Les verdicts", body = BatchVerdict))
)]
#[get("/v1/partners/{id}/syncs/{sync_id}/batches/{batch_id}")]
pub async fn get_sync_batch(call: Call) -> Result<Answer> {
    let reader = call.reader().await?;
    let (partner, id) = (call.id("id"), call.id("sync_id"));
    let sync = syncs::find(&reader, call.scope()?, partner, id).await?;
    let verdict = store::verdict(&reader, &sync, call.id("batch_id")).await?;
    Answer::json(StatusCode::OK, &verdict)
}
