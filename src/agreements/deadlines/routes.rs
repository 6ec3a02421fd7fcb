//! The handlers of deadlines.

use std::rc::Rc;

use actix_web::{HttpResponse, get};

use super::calendar::{self, DEADLINES};
use super::filter::{Filter, Filters, Sort};
use super::model::DeadlineAnswer;
use super::{reading, store};
use crate::db::page::{Mark, Page};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::formats::{Column, Form};
use crate::http::page::{Count, Listed};
use crate::values::today;

const TAG: &str = "Échéances";

/// What the file of a calendar is called.
const NAME: &str = "ree-deadlines.ics";

/// The list of deadlines.
pub struct Deadlines;

impl List for Deadlines {
    type Filter = Filter;
    type Sort = Sort;
    type Item = DeadlineAnswer;
    const BATCH: i64 = reading::BATCH;
    const FORMATS: &'static str = "json, csv, ndjson, xlsx, table-schema, ics";

    fn columns(_call: &Call<Filter>) -> Vec<Column> {
        let object = |(name, words): (&str, &str)| {
            Column::at(format!("object_{name}"), format!("/object/{name}")).told(words)
        };
        let first = ["kind", "due_on", "days_left"].map(Column::member);
        let then = [
            "convention_id",
            "reference",
            "title",
            "territories",
            "school_year",
            "detail",
        ];
        let objects = [
            ("type", "Nature de l'objet"),
            ("id", "Identifiant de l'objet"),
            ("url", "Adresse de l'objet"),
        ]
        .map(object);
        let then = then.map(Column::member);
        first.into_iter().chain(objects).chain(then).collect()
    }

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<DeadlineAnswer>> {
        // One's own: what is computed must not delay the reads of others.
        let (connection, scope) = (call.long_reader().await?, call.scope()?);
        let (now, language) = (call.app.now(), call.admitted.language);
        reading::read(&connection, scope, &call.query, &page, now, language).await
    }

    fn mark(item: &DeadlineAnswer, _sort: Sort) -> Mark {
        reading::mark(item)
    }
}

/// Liste des échéances
///
/// Ce qui vient à terme et ce qui est en retard, dans l'ordre des jours : fins de convention et de
/// déclinaison, derniers jours de préavis, reconductions tacites, signatures attendues 60 jours après
/// l'envoi du texte, bilans à remettre au jour que dit la campagne de leur année, sans campagne au
/// 31 octobre. Chacun lit ce qui le concerne. `Accept: text/calendar` ou `format=ics`
/// donne toute la liste en un fichier qu'un agenda importe (RFC 5545).
#[utoipa::path(
    tag = TAG,
    params(
        ListCall<Deadlines>,
    ),
    responses((status = 200, description = "Une page d'échéances", content(
        (Listed<DeadlineAnswer> = "application/json"), (String = "text/csv", example = json!("kind,due_on,days_left,object_type,object_id,object_url,convention_id,reference,title,territories,school_year,detail\r\nreport_due,2026-10-31,30,convention,0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03,/v1/conventions/0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03,0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03,CN-2026-0002,Convention-cadre de coopération,FR,2025-2026,Bilan 2025-2026 de CN-2026-0002 à remettre : France (FR).\r\n")), (String = "application/x-ndjson"),
        (String = "text/calendar")
    )))
)]
#[get("/v1/deadlines")]
pub async fn list_deadlines(call: ListCall<Deadlines>) -> Result<HttpResponse> {
    match call.call().admitted.form {
        Form::Calendar => calendar::answer(call, &DEADLINES, NAME).await,
        _ => call.answer().await,
    }
}

/// Nombre d'échéances
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(Filters),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/deadlines/count")]
pub async fn count_deadlines(call: Call<Filter>) -> Result<Answer> {
    let (connection, scope) = (call.long_reader().await?, call.scope()?);
    let (filter, today) = (call.query.clone(), today(call.app.now()));
    let filter = reading::complete(&connection, scope, filter, today).await?;
    let count = store::count(&connection, scope, &filter).await?;
    Answer::digested(&Count { count })
}
