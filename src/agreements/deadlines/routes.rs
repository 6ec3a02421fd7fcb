//! The handlers of deadlines.

use std::rc::Rc;

use actix_web::{HttpResponse, get};

use super::calendar::Calendar;
use super::filter::{Filter, Filters, Sort};
use super::model::{Deadline, DeadlineAnswer};
use super::{reading, store};
use crate::agreements::names::Places;
use crate::db::Borrowed as Connection;
use crate::db::page::{Mark, Page};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::formats::{Column, Form, saved_as};
use crate::http::page::{Count, Listed};
use crate::language::Text;
use crate::values::today;

const TAG: &str = "Échéances";

/// Rows that a stream reads at a time: each batch computes anew what is due.
const BATCH: i64 = 5000;

/// What the file of a calendar is called.
const NAME: &str = "ree-deadlines.ics";

/// What the calendar is called.
static CALENDAR: Text = Text {
    fr: "Échéances des relations école-entreprise",
    en: "Deadlines of school–business relations",
};

/// The list of deadlines.
pub struct Deadlines;

impl List for Deadlines {
    type Filter = Filter;
    type Sort = Sort;
    type Item = DeadlineAnswer;
    const BATCH: i64 = BATCH;
    const FORMATS: &'static str = "json, csv, ndjson, xlsx, ics";

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
        let connection = call.long_reader().await?;
        let filter = complete(&connection, &call).await?;
        let scope = call.scope()?;
        let deadlines = store::page(&connection, scope, &filter, &page).await?;
        let lists = deadlines.iter().map(|one| one.territories.as_slice());
        let places = Places::of(&connection, scope, lists).await?;
        let shown = |one: Deadline| one.answer(filter.today, call.admitted.language, &places);
        Ok(deadlines.into_iter().map(shown).collect())
    }

    fn mark(item: &DeadlineAnswer, _sort: Sort) -> Mark {
        store::mark(item.kind, item.due_on, item.object.id)
    }
}

/// The filter with all that deadlines are computed with.
async fn complete(connection: &Connection, call: &Call<Filter>) -> Result<Filter> {
    let today = today(call.app.now());
    reading::complete(connection, call.scope()?, call.query.clone(), today).await
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
        (Listed<DeadlineAnswer> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"),
        (String = "text/calendar")
    )))
)]
#[get("/v1/deadlines")]
pub async fn list_deadlines(call: ListCall<Deadlines>) -> Result<HttpResponse> {
    let asked = call.call();
    if asked.admitted.form != Form::Calendar {
        return call.answer().await;
    }
    let calendar = Calendar {
        public_url: asked.app.config.public_url.clone(),
        language: asked.admitted.language,
        name: &CALENDAR,
    };
    // Its name says no day: what is imported again takes the place of what was.
    let mut response = call.written_by(calendar).await?;
    saved_as(&mut response, NAME);
    Ok(response)
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
    let connection = call.long_reader().await?;
    let filter = complete(&connection, &call).await?;
    let count = store::count(&connection, call.scope()?, &filter).await?;
    Answer::digested(&Count { count })
}
