//! The handlers of territories.

use std::rc::Rc;

use actix_web::{HttpResponse, get};

use super::filter::{Filter, Filters, Sort};
use super::model::Territory;
use super::store;
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::{Error, Result};
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::{Count, Listed};
use crate::values::{FromText, TerritoryCode};

const TAG: &str = "Référentiels";

/// The list of territories.
pub struct Territories;

impl List for Territories {
    type Filter = Filter;
    type Sort = Sort;
    type Item = Territory;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<Territory>> {
        store::page(&*call.reader().await?, call.scope()?, &call.query, &page).await
    }

    fn mark(item: &Territory, sort: Sort) -> Mark {
        let value = match sort {
            Sort::Code => MarkValue::Id,
            Sort::UpdatedAt => MarkValue::Time(item.updated_at),
        };
        Mark {
            value,
            id: item.code.to_string(),
        }
    }
}

/// Liste des territoires
///
/// L'arbre entier, du pays aux établissements, page par page, dans l'ordre des codes ou celui de `sort`. `parent` en donne une branche, `kind` un étage. En CSV et en NDJSON, la liste entière.
#[utoipa::path(
    tag = TAG,
    params(
        ListCall<Territories>,
    ),
    responses((status = 200, description = "Une page de territoires", content(
        (Listed<Territory> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/territories")]
pub async fn list_territories(call: ListCall<Territories>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre de territoires
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(
        Filters,
    ),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/territories/count")]
pub async fn count_territories(call: Call<Filter>) -> Result<Answer> {
    let count = store::count(&*call.reader().await?, call.scope()?, &call.query).await?;
    Answer::digested(&Count { count })
}

/// Lecture d'un territoire
///
/// Par son code : `FR`, `region:84`, `academy:10`, `department:069`, `uai:0311131L`.
#[utoipa::path(
    tag = TAG,
    params(("code" = TerritoryCode, Path, description = "Code du territoire")),
    responses((status = 200, description = "Le territoire", body = Territory))
)]
#[get("/v1/territories/{code}")]
pub async fn get_territory(call: Call) -> Result<Answer> {
    let code = TerritoryCode::from_text(call.segment("code")).map_err(|_| Error::not_found())?;
    Answer::digested(&store::find(&*call.reader().await?, call.scope()?, &code).await?)
}
