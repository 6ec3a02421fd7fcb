//! The handlers of a caller's requests.

use std::rc::Rc;

use actix_web::{HttpResponse, get};

use super::filter::{Filter, Filters, Sort};
use super::model::AnsweredRequest;
use super::store;
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::{Count, Listed};

const TAG: &str = "Clients";

/// The last requests of the caller.
pub struct Requests;

impl List for Requests {
    type Filter = Filter;
    type Sort = Sort;
    type Item = AnsweredRequest;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<AnsweredRequest>> {
        let (scope, reader) = (call.scope()?, call.reader().await?);
        store::page(&reader, scope, &call.query, &page).await
    }

    fn mark(item: &AnsweredRequest, sort: Sort) -> Mark {
        let value = match sort {
            Sort::Id => MarkValue::Id,
        };
        Mark {
            value,
            id: item.id.to_string(),
        }
    }
}

/// Dernières requêtes de l'appelant
///
/// Les siennes seules, la dernière d'abord : l'opération, l'adresse sans ses paramètres, le code de la réponse et
/// celui du refus. Ni corps ni réponse. Gardées trente jours, les 10 000 dernières ; une requête y est au bout de
/// quelques secondes, celles que le jeton n'a pas fait reconnaître (401) n'y sont pas.
#[utoipa::path(
    tag = TAG,
    params(
        ListCall<Requests>,
    ),
    responses((status = 200, description = "Une page de requêtes", content(
        (Listed<AnsweredRequest> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/me/requests")]
pub async fn list_requests(call: ListCall<Requests>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre des dernières requêtes de l'appelant
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(Filters),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/me/requests/count")]
pub async fn count_requests(call: Call<Filter>) -> Result<Answer> {
    let count = store::count(&*call.reader().await?, call.scope()?, &call.query).await?;
    Answer::digested(&Count { count })
}
