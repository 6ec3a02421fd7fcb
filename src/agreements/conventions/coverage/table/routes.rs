//! The handlers of the coverage of many conventions.

use std::collections::HashMap;
use std::rc::Rc;

use actix_web::{HttpResponse, get};
use chrono::NaiveDate;

use super::filter::{Filter, Filters, Sort};
use super::model::ConventionCoverage;
use crate::agreements::conventions::coverage::model::Wide;
use crate::agreements::conventions::coverage::store as coverage;
use crate::agreements::conventions::filter::Filter as Conventions;
use crate::agreements::conventions::model::Convention;
use crate::agreements::conventions::store as conventions;
use crate::db::Borrowed as Connection;
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::formats::Column;
use crate::http::page::{Count, Listed};
use crate::register::territories::ancestry;
use crate::values::ids::ConventionId;
use crate::values::today;

const TAG: &str = "Conventions";

/// The coverage of many conventions.
pub struct Coverages;

impl List for Coverages {
    type Filter = Filter;
    type Sort = Sort;
    type Item = ConventionCoverage;
    const KEY: &'static str = "convention_id";

    fn columns(_call: &Call<Filter>) -> Vec<Column> {
        ConventionCoverage::columns()
    }

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<ConventionCoverage>> {
        let (scope, connection) = (call.scope()?, call.long_reader().await?);
        let (filter, on) = complete(&connection, &call).await?;
        let found = conventions::page(&connection, scope, &filter, &page.sorted_by()).await?;
        let ids: Vec<ConventionId> = found.iter().map(|one| one.id).collect();
        let wide = coverage::wide_of_all(&connection, scope, &ids, on).await?;
        Ok(put_together(&found, on, wide))
    }

    fn mark(item: &ConventionCoverage, _sort: Sort) -> Mark {
        Mark {
            value: MarkValue::Text(item.reference.clone()),
            id: item.convention_id.to_string(),
        }
    }
}

/// The conventions asked for, and the day.
async fn complete(
    connection: &Connection,
    call: &Call<Filter>,
) -> Result<(Conventions, NaiveDate)> {
    let asked = call.query.conventions.clone();
    let on = asked.in_force_on.unwrap_or_else(|| today(call.app.now()));
    let above = ancestry::of_known(connection, &asked.not_declined_in).await?;
    let filter = Conventions {
        in_force_on: Some(on),
        above_undeclined: above,
        // What is asked of the texts and the declinations is asked of that day.
        today: on,
        ..asked
    };
    Ok((filter, on))
}

/// Each convention with the declinations that are its own.
fn put_together(
    conventions: &[Convention],
    on: NaiveDate,
    wide: Vec<(ConventionId, Wide)>,
) -> Vec<ConventionCoverage> {
    let mut of: HashMap<ConventionId, Vec<Wide>> = HashMap::new();
    for (convention, wide) in wide {
        of.entry(convention).or_default().push(wide);
    }
    let mut of = |one: &Convention| of.remove(&one.id).unwrap_or_default();
    let covered = conventions.iter();
    covered
        .map(|one| ConventionCoverage::of(one, on, of(one)))
        .collect()
}

/// Couverture de plusieurs conventions
///
/// Les conventions en vigueur un jour (`in_force_on`, aujourd'hui par défaut) et, pour chacune, les académies où
/// elle est déclinée et celles où elle ne l'est pas : ce que dit la couverture de chacune, en un appel. En CSV, une
/// ligne par convention et une colonne par académie.
#[utoipa::path(
    tag = TAG,
    params(
        ListCall<Coverages>,
    ),
    responses((status = 200, description = "Une page de conventions avec leur couverture", content(
        (Listed<ConventionCoverage> = "application/json"), (String = "text/csv", example = json!("convention_id,reference,title,partner_ids,on,academies_total,academies_declined,academy:01,academy:02,academy:03,academy:04,academy:06,academy:07,academy:08,academy:09,academy:10,academy:11,academy:12,academy:13,academy:14,academy:15,academy:16,academy:17,academy:18,academy:19,academy:20,academy:22,academy:23,academy:24,academy:25,academy:27,academy:28,academy:31,academy:32,academy:33,academy:43,academy:70,academy:40,academy:41,academy:42,academy:44\r\n0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03,CN-2026-0002,Convention-cadre de coopération,0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e01,2026-11-30,30,1,false,false,false,false,false,false,false,false,false,true,false,false,false,false,false,false,false,false,false,false,false,false,false,false,false,false,false,false,false,false,false,false,false,false\r\n")), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/coverage")]
pub async fn list_coverage(call: ListCall<Coverages>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre de conventions couvertes
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(Filters),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/coverage/count")]
pub async fn count_coverage(call: Call<Filter>) -> Result<Answer> {
    let connection = call.long_reader().await?;
    let (filter, _) = complete(&connection, &call).await?;
    let count = conventions::count(&connection, call.scope()?, &filter).await?;
    Answer::digested(&Count { count })
}
