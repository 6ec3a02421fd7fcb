//! The handlers of expected reports.

use std::rc::Rc;

use actix_web::{HttpResponse, get};

use super::filter::{Filter, Filters, Sort};
use super::model::ExpectedReport;
use super::store;
use crate::db::page::{Mark, Page};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::{Count, Listed};
use crate::results::campaigns::store as campaigns;
use crate::values::ids::CampaignId;
use crate::values::today;

const TAG: &str = "Campagnes";

/// The reports that one campaign expects.
pub struct ExpectedReports;

impl List for ExpectedReports {
    type Filter = Filter;
    type Sort = Sort;
    type Item = ExpectedReport;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<ExpectedReport>> {
        let (scope, connection) = (call.scope()?, call.long_reader().await?);
        let campaign = campaigns::find(&connection, scope, call.id("id")).await?;
        let asked = (&campaign.content, today(call.app.now()));
        store::page(&connection, scope, asked, &call.query, &page).await
    }

    fn mark(item: &ExpectedReport, _sort: Sort) -> Mark {
        store::mark(item)
    }
}

/// Bilans attendus par une campagne
///
/// Un par convention ou déclinaison et par territoire, dans l'ordre des territoires, avec son état :
/// `late=true` dit ce qui est en retard, `state=missing` ce que personne n'a commencé. Une académie lit
/// ce qui est de son périmètre.
#[utoipa::path(
    tag = TAG,
    params(
        ("id" = CampaignId, Path, description = "Identifiant de la campagne"),
        ListCall<ExpectedReports>,
    ),
    responses((status = 200, description = "Une page de bilans attendus", content(
        (Listed<ExpectedReport> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/campaigns/{id}/expected-reports")]
pub async fn list_expected_reports(call: ListCall<ExpectedReports>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre de bilans attendus par une campagne
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(
        Filters,
        ("id" = CampaignId, Path, description = "Identifiant de la campagne"),
    ),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/campaigns/{id}/expected-reports/count")]
pub async fn count_expected_reports(call: Call<Filter>) -> Result<Answer> {
    let (scope, connection) = (call.scope()?, call.long_reader().await?);
    let campaign = campaigns::find(&connection, scope, call.id("id")).await?;
    let asked = (&campaign.content, today(call.app.now()));
    let count = store::count(&connection, scope, asked, &call.query).await?;
    Answer::digested(&Count { count })
}
