//! The handlers of the lines.

use std::rc::Rc;

use actix_web::{HttpResponse, get};

use super::filter::{Filter, Filters, Sort};
use super::store::{self, FlatLine};
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::{Count, Listed};

const TAG: &str = "Bilans";

/// The list of lines.
pub struct Lines;

impl List for Lines {
    type Filter = Filter;
    type Sort = Sort;
    type Item = FlatLine;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<FlatLine>> {
        let connection = call.reader().await?;
        store::page(&connection, call.scope()?, &call.query, &page).await
    }

    fn mark(item: &FlatLine, _sort: Sort) -> Mark {
        Mark {
            value: MarkValue::Place(item.place.into(), 0),
            id: item.report.report_id.to_string(),
        }
    }
}

/// Lignes des bilans
///
/// À plat, bilan après bilan, pour les exports. Sans `status`, celles des bilans validés et non
/// remplacés : leur somme est celle des indicateurs. Ni les partenaires ni les lecteurs n'y ont
/// accès.
#[utoipa::path(
    tag = TAG,
    params(
        ListCall<Lines>,
    ),
    responses((status = 200, description = "Une page de lignes", content(
        (Listed<FlatLine> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/reports/lines")]
pub async fn list_report_lines(call: ListCall<Lines>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre de lignes des bilans
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(Filters),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/reports/lines/count")]
pub async fn count_report_lines(call: Call<Filter>) -> Result<Answer> {
    let count = store::count(&*call.reader().await?, call.scope()?, &call.query).await?;
    Answer::digested(&Count { count })
}
