//! The handler of the changes of a publication.

use std::rc::Rc;

use actix_web::{HttpResponse, get};

use super::filter::{Filter, Sort};
use super::store::{self, PublicationChange};
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::Result;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::Listed;
use crate::results::publications::store::find;
use crate::values::ids::PublicationId;

/// What moved.
pub struct Changes;

impl List for Changes {
    type Filter = Filter;
    type Sort = Sort;
    type Item = PublicationChange;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<PublicationChange>> {
        let (scope, reader) = (call.scope()?, call.reader().await?);
        let publication = find(&reader, scope, call.id("id")).await?;
        store::page(&reader, scope, &publication, &call.query, &page).await
    }

    fn mark(item: &PublicationChange, _sort: Sort) -> Mark {
        Mark {
            value: MarkValue::Place(item.place, 0),
            id: String::new(),
        }
    }
}

/// Ce qui a changé dans une publication
///
/// Chaque chiffre qui n'est plus celui de la publication qu'elle remplace (`revises`) : la case, la mesure, la valeur d'avant et celle d'après. Un chiffre conservé n'a pas changé. Vide pour une première publication.
#[utoipa::path(
    tag = "Publications",
    params(
        ("id" = PublicationId, Path, description = "Identifiant de la publication"),
        ListCall<Changes>,
    ),
    responses((status = 200, description = "Une page de changements", content(
        (Listed<PublicationChange> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/publications/{id}/changes")]
pub async fn list_publication_changes(call: ListCall<Changes>) -> Result<HttpResponse> {
    call.answer().await
}
