//! The handlers of indicators: their definitions. Their values are those of
//! [`figures`](crate::results::figures).

use std::rc::Rc;

use actix_web::{HttpResponse, get};

use super::filter::{Filter, Filters, Sort};
use super::model::Definition;
use crate::db::page::{Direction, Mark, MarkValue, Page};
use crate::error::{Error, Result};
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::open::OpenListed;
use crate::http::page::{Count, Listed};
use crate::register::nomenclatures::store as nomenclatures;
use crate::values::TextValue;

const TAG: &str = "Indicateurs";

const OPEN: &str = "Données ouvertes";

/// The definitions.
pub struct Definitions;

impl List for Definitions {
    type Filter = Filter;
    type Sort = Sort;
    type Item = Definition;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<Definition>> {
        let limit = usize::try_from(page.limit).unwrap_or_default();
        let mut all = definitions(&call).await?;
        if page.sort == Sort::Code {
            all.sort_by(|one, other| one.code.as_str().cmp(other.code.as_str()));
        }
        if page.direction == Direction::Descending {
            all.reverse();
        }
        let last = page.after.as_ref().map(|mark| mark.id.as_str());
        let shown = last.and_then(|last| all.iter().position(|one| one.code.as_str() == last));
        let skipped = shown.map_or(0, |place| place + 1);
        Ok(all.into_iter().skip(skipped).take(limit).collect())
    }

    fn mark(item: &Definition, _sort: Sort) -> Mark {
        Mark {
            value: MarkValue::Id,
            id: item.code.to_string(),
        }
    }
}

/// The definitions the filters leave: all changed when the nomenclature did.
async fn definitions(call: &Call<Filter>) -> Result<Vec<Definition>> {
    let Some(since) = call.query.updated_since else {
        return Ok(Definition::all());
    };
    let reader = call.reader().await?;
    let measures = nomenclatures::find(&reader, call.scope()?, "measures").await?;
    if measures.updated_at < since {
        return Ok(Vec::new());
    }
    Ok(Definition::all())
}

/// Définitions des indicateurs
///
/// Chacune avec ses libellés, son unité et ce qu'il compte, dans l'ordre de présentation ou celui de `sort`. En CSV et en NDJSON, la liste entière.
#[utoipa::path(
    tag = TAG,
    params(
        ListCall<Definitions>,
    ),
    responses((status = 200, description = "Une page de définitions", content(
        (Listed<Definition> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/indicators")]
pub async fn list_indicators(call: ListCall<Definitions>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre d'indicateurs
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(Filters),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/indicators/count")]
pub async fn count_indicators(call: Call<Filter>) -> Result<Answer> {
    let count = i64::try_from(definitions(&call).await?.len()).map_err(Error::internal)?;
    Answer::digested(&Count { count })
}

/// Définitions des indicateurs, sans jeton
///
/// Comme à `/v1/indicators` : chacune avec ses libellés, son unité et ce qu'il compte.
#[utoipa::path(
    tag = OPEN,
    params(
        ListCall<Definitions>,
    ),
    responses((status = 200, description = "Une page de définitions", content(
        (OpenListed<Definition> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/public/indicators")]
pub async fn list_public_indicators(call: ListCall<Definitions>) -> Result<HttpResponse> {
    call.answer_open().await
}
