//! The handlers of nomenclatures.

use std::rc::Rc;

use actix_web::{HttpResponse, get};

use super::filter::{Filter, Filters, Sort};
use super::model::Nomenclature;
use super::store;
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::{Error, Result};
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::{Count, Listed};

const TAG: &str = "Référentiels";

/// The list of nomenclatures.
pub struct Nomenclatures;

impl List for Nomenclatures {
    type Filter = Filter;
    type Sort = Sort;
    type Item = Nomenclature;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<Nomenclature>> {
        store::page(&*call.reader().await?, call.scope()?, &call.query, &page).await
    }

    fn mark(item: &Nomenclature, sort: Sort) -> Mark {
        let value = match sort {
            Sort::Name => MarkValue::Id,
            Sort::UpdatedAt => MarkValue::Time(item.updated_at),
        };
        Mark {
            value,
            id: item.name.clone(),
        }
    }
}

/// Liste des nomenclatures
///
/// Chacune avec ses entrées, dans l'ordre des noms ou celui de `sort`. En CSV et en NDJSON, la liste entière.
#[utoipa::path(
    tag = TAG,
    params(
        ListCall<Nomenclatures>,
    ),
    responses((status = 200, description = "Une page de nomenclatures", content(
        (Listed<Nomenclature> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/nomenclatures")]
pub async fn list_nomenclatures(call: ListCall<Nomenclatures>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre de nomenclatures
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(
        Filters,),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/nomenclatures/count")]
pub async fn count_nomenclatures(call: Call<Filter>) -> Result<Answer> {
    let count = store::count(&*call.reader().await?, call.scope()?, &call.query).await?;
    Answer::digested(&Count { count })
}

/// Lecture d'une nomenclature
///
/// Par son nom : `sectors`, `levels`, `moments`, `action_types`, `axes`…
#[utoipa::path(
    tag = TAG,
    params(("name" = String, Path, description = "Nom de la nomenclature", example = "partner_kinds")),
    responses((status = 200, description = "La nomenclature", body = Nomenclature))
)]
#[get("/v1/nomenclatures/{name}")]
pub async fn get_nomenclature(call: Call) -> Result<Answer> {
    // PostgreSQL has no NUL and would take it for our failure.
    let name = Some(call.segment("name"))
        .filter(|name| !name.contains('\0'))
        .ok_or_else(Error::not_found)?;
    Answer::digested(&store::find(&*call.reader().await?, call.scope()?, name).await?)
}
