//! The handlers of what a partner pushed.

use std::rc::Rc;

use actix_web::{HttpResponse, get};

use super::model::{Push, Sort};
use super::store;
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::{Count, Listed};
use crate::http::query::NoQuery;
use crate::register::partners::store as partners;
use crate::values::ids::PartnerId;

const TAG: &str = "Interventions";

/// What one partner pushed.
pub struct Pushes;

impl List for Pushes {
    type Filter = NoQuery;
    type Sort = Sort;
    type Item = Push;

    async fn page(call: Rc<Call<NoQuery>>, page: Page<Sort>) -> Result<Vec<Push>> {
        let (scope, reader) = (call.scope()?, call.reader().await?);
        let partner = call.id("id");
        let (_, found) = tokio::try_join!(
            partners::find(&reader, scope, partner),
            store::page(&reader, scope, partner, &page),
        )?;
        scope.must_write_for(partner.uuid())?;
        Ok(found)
    }

    fn mark(item: &Push, sort: Sort) -> Mark {
        let value = match sort {
            Sort::Id => MarkValue::Id,
        };
        Mark {
            value,
            id: item.id.to_string(),
        }
    }
}

/// Journal des lots d'un partenaire
///
/// Les lots d'interventions qu'il a déposés depuis trente jours, le dernier d'abord : ce que chacun a fait, et
/// les interventions refusées avec leur verdict. Les essais (`dry_run`) et les lots refusés en entier n'y sont pas.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = PartnerId, Path, description = "Identifiant du partenaire"),
        ListCall<Pushes>,
    ),
    responses((status = 200, description = "Une page de lots", content(
        (Listed<Push> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/partners/{id}/pushes")]
pub async fn list_pushes(call: ListCall<Pushes>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre de lots d'un partenaire
///
/// Ceux de son journal.
#[utoipa::path(
    tag = TAG,
    params(("id" = PartnerId, Path, description = "Identifiant du partenaire")),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/partners/{id}/pushes/count")]
pub async fn count_pushes(call: Call) -> Result<Answer> {
    let (scope, reader) = (call.scope()?, call.reader().await?);
    let partner = call.id("id");
    let (_, count) = tokio::try_join!(
        partners::find(&reader, scope, partner),
        store::count(&reader, scope, partner),
    )?;
    scope.must_write_for(partner.uuid())?;
    Answer::digested(&Count { count })
}
