//! The handlers of establishments.

use std::rc::Rc;

use actix_web::{HttpResponse, get};

use super::filter::{Filter, Filters, Sort};
use super::model::EstablishmentAnswer;
use super::store;
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::{Error, Result};
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::{Count, Listed};
use crate::values::{FromText, Uai};

const TAG: &str = "Établissements";

/// The list of establishments.
pub struct Establishments;

impl List for Establishments {
    type Filter = Filter;
    type Sort = Sort;
    type Item = EstablishmentAnswer;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<EstablishmentAnswer>> {
        let found = store::page(&*call.reader().await?, call.scope()?, &call.query, &page).await?;
        Ok(found.into_iter().map(EstablishmentAnswer::from).collect())
    }

    fn mark(item: &EstablishmentAnswer, sort: Sort) -> Mark {
        let value = match sort {
            Sort::Uai => MarkValue::Id,
            Sort::UpdatedAt => MarkValue::Time(item.establishment.updated_at),
        };
        Mark {
            value,
            id: item.establishment.uai.to_string(),
        }
    }
}

/// Liste des établissements
///
/// L'annuaire du ministère, page par page, dans l'ordre des UAI ou celui de `sort`. En CSV et en NDJSON, la liste entière.
#[utoipa::path(
    tag = TAG,
    params(
        ListCall<Establishments>,
    ),
    responses((status = 200, description = "Une page d'établissements", content(
        (Listed<EstablishmentAnswer> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/establishments")]
pub async fn list_establishments(call: ListCall<Establishments>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre d'établissements
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(
        Filters,
    ),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/establishments/count")]
pub async fn count_establishments(call: Call<Filter>) -> Result<Answer> {
    let count = store::count(&*call.reader().await?, call.scope()?, &call.query).await?;
    Answer::digested(&Count { count })
}

/// Lecture d'un établissement
///
/// Par son UAI. `If-None-Match` évite de relire ce qui n'a pas changé.
#[utoipa::path(
    tag = TAG,
    params(("uai" = Uai, Path, description = "Numéro UAI")),
    responses((status = 200, description = "L'établissement", body = EstablishmentAnswer))
)]
#[get("/v1/establishments/{uai}")]
pub async fn get_establishment(call: Call) -> Result<Answer> {
    let uai = Uai::from_text(call.segment("uai")).map_err(|_| Error::not_found())?;
    let found = store::find(&*call.reader().await?, call.scope()?, &uai).await?;
    Answer::object(found.version, &EstablishmentAnswer::from(found))
}
