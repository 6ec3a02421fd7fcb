//! The handler of the versions of a report.

use std::rc::Rc;

use actix_web::{HttpResponse, get};

use super::filter::{Filter, Sort};
use super::store;
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::Result;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::Listed;
use crate::results::campaigns::store as campaigns;
use crate::results::reports::answer::ReportAnswer;
use crate::results::reports::listing::{BATCH, listed, viewer};
use crate::values::ids::ReportId;

/// The versions of one report.
pub struct Versions;

impl List for Versions {
    type Filter = Filter;
    type Sort = Sort;
    type Item = ReportAnswer;
    const BATCH: i64 = BATCH;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<ReportAnswer>> {
        let (scope, connection) = (call.scope()?, call.reader().await?);
        let (id, filter) = (call.id("id"), &call.query);
        // Sent together: one round trip.
        let (versions, closed) = tokio::try_join!(
            store::page(&connection, scope, id, filter, &page),
            campaigns::closed_years(&connection, scope),
        )?;
        let viewer = viewer(&call, &closed)?;
        listed(&connection, versions, viewer, &[]).await
    }

    fn mark(item: &ReportAnswer, _sort: Sort) -> Mark {
        Mark {
            value: MarkValue::Place(item.summary.version.into(), 0),
            id: item.summary.id.to_string(),
        }
    }
}

/// Versions d'un bilan
///
/// Toutes celles de la même convention, déclinaison, année et du même territoire que vous pouvez
/// voir, la plus récente d'abord. Les chiffres remplacés restent lisibles.
#[utoipa::path(
    tag = "Bilans",
    params(
        ("id" = ReportId, Path, description = "Identifiant d'une des versions"),
        ListCall<Versions>,
    ),
    responses((status = 200, description = "Une page de versions", content(
        (Listed<ReportAnswer> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/reports/{id}/versions")]
pub async fn list_report_versions(call: ListCall<Versions>) -> Result<HttpResponse> {
    call.answer().await
}
