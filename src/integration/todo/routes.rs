//! The handlers of what is to be done.

use std::rc::Rc;

use actix_web::{HttpResponse, get};

use super::filter::{Filter, Filters, Sort};
use super::model::TodoAnswer;
use super::reading::{self, Caller};
use crate::agreements::deadlines::calendar;
use crate::db::page::{Mark, Page};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::formats::{Column, Form};
use crate::http::page::{Count, Listed};
use crate::language::Text;
use crate::values::today;

const TAG: &str = "Échéances";

/// Rows that a stream reads at a time: each batch computes anew what is due.
const BATCH: i64 = 5000;

/// What the file of a calendar is called.
const NAME: &str = "ree-todo.ics";

/// What the calendar is called.
static CALENDAR: Text = Text {
    fr: "À faire : relations école-entreprise",
    en: "To do: school–business relations",
};

/// The list of what is to be done.
pub struct Todo;

impl List for Todo {
    type Filter = Filter;
    type Sort = Sort;
    type Item = TodoAnswer;
    const BATCH: i64 = BATCH;
    const KEY: &'static str = "url";
    const FORMATS: &'static str = "json, csv, ndjson, xlsx, table-schema, ics";

    fn columns(_call: &Call<Filter>) -> Vec<Column> {
        let object = |(name, words): (&str, &str)| {
            Column::at(format!("object_{name}"), format!("/object/{name}")).told(words)
        };
        let first = ["kind", "since", "age_days", "due_on", "days_left", "url"];
        let objects = [
            ("type", "Nature de l'objet"),
            ("id", "Identifiant de l'objet"),
        ];
        let then = [
            "convention_id",
            "reference",
            "title",
            "territories",
            "school_year",
            "detail",
        ];
        let first = first.map(Column::member).into_iter();
        let first = first.chain(objects.map(object));
        first.chain(then.map(Column::member)).collect()
    }

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<TodoAnswer>> {
        // One's own: what is computed must not delay the reads of others.
        let connection = call.long_reader().await?;
        let slice = (page.after.as_ref(), page.limit);
        reading::page(&connection, &caller(&call)?, &call.query, slice).await
    }

    fn mark(item: &TodoAnswer, _sort: Sort) -> Mark {
        reading::mark(item.place())
    }
}

fn caller(call: &Call<Filter>) -> Result<Caller<'_>> {
    let claims = call.admitted.claims.as_deref();
    Ok(Caller {
        scope: call.scope()?,
        subject: claims.map_or("", |claims| claims.sub.as_str()),
        today: today(call.app.now()),
        language: call.admitted.language,
    })
}

/// Ce qui vous attend
///
/// Bilans à valider, avec leur âge, demandes à accepter ou à refuser, jours à convenir, signatures attendues
/// de vous, bilans en retard, échéances proches, conventions en vigueur qu'une académie n'a pas déclinées :
/// chacun avec l'adresse où le faire, le plus ancien d'abord. `Accept: text/calendar` ou `format=ics` donne
/// toute la liste en un fichier qu'un agenda importe (RFC 5545).
#[utoipa::path(
    tag = TAG,
    params(
        ListCall<Todo>,
    ),
    responses((status = 200, description = "Une page de ce qu'il y a à faire", content(
        (Listed<TodoAnswer> = "application/json"), (String = "text/csv", example = json!("kind,since,age_days,due_on,days_left,url,object_type,object_id,convention_id,reference,title,territories,school_year,detail\r\nreport_late,,,2026-10-31,-30,/v1/conventions/0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03,convention,0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03,0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03,CN-2026-0002,Convention-cadre de coopération,FR,2025-2026,Bilan 2025-2026 de CN-2026-0002 à remettre : France (FR).\r\n")), (String = "application/x-ndjson"),
        (String = "text/calendar")
    )))
)]
#[get("/v1/todo")]
pub async fn list_todo(call: ListCall<Todo>) -> Result<HttpResponse> {
    match call.call().admitted.form {
        Form::Calendar => calendar::answer(call, &CALENDAR, NAME).await,
        _ => call.answer().await,
    }
}

/// Nombre de choses à faire
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(Filters),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/todo/count")]
pub async fn count_todo(call: Call<Filter>) -> Result<Answer> {
    let connection = call.long_reader().await?;
    let count = reading::count(&connection, &caller(&call)?, &call.query).await?;
    Answer::digested(&Count { count })
}
