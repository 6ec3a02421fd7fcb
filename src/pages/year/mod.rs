//! The published figures of a school year: choose the measure and by what; a map by academy, bars, the
//! table that says the same, each form to download, what changed since the publication before.

mod changed;
mod picture;

use std::collections::HashMap;

use actix_web::get;
use diesel_async::AsyncPgConnection;
use maud::{Markup, html};

use super::address::Address;
use super::figures::method;
use super::parts::{self, frame};
use super::told::{Told, completeness, explained};
use super::{TAG, published, words};
use crate::agreements::conventions::content::ConventionScope;
use crate::agreements::conventions::model::Convention;
use crate::agreements::conventions::store as conventions;
use crate::auth::policy::Scope;
use crate::db::page::{Direction, Page};
use crate::error::{Error, Result, Rule};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::html::page;
use crate::http::query::{Parameter, Query, Reader};
use crate::layout::{Frame, Section, Spoken};
use crate::results::figures::published as cells_of;
use crate::results::indicators::model::{Dimension, Indicator};
use crate::results::publications::changes::filter as changes;
use crate::results::publications::changes::store::{self as revised, PublicationChange};
use crate::results::publications::model::Publication;
use crate::results::publications::store as publications;
use crate::results::publications::store::cells::Cell;
use crate::results::publications::tables::MEASURES;
use crate::values::ids::{ConventionId, Id};
use crate::values::{TextValue as _, today};

/// What a table can be by: the dimension, its nomenclature, its name in both languages.
const BY: [(Dimension, &str, &str, &str); 8] = [
    (Dimension::Academy, "", "Académie", "Academy"),
    (
        Dimension::AcademicRegion,
        "",
        "Région académique",
        "Academic region",
    ),
    (Dimension::Convention, "", "Convention", "Convention"),
    (
        Dimension::ActionType,
        "action_types",
        "Type d’action",
        "Type of action",
    ),
    (Dimension::Level, "levels", "Niveau", "Level"),
    (Dimension::Moment, "moments", "Temps du parcours", "Moment"),
    (Dimension::Axis, "axes", "Axe", "Axis"),
    (Dimension::Event, "events", "Événement", "Event"),
];

/// How many changes are shown.
const CHANGES: i64 = 12;

/// What is asked of a year.
#[derive(Debug)]
pub struct Asked {
    measure: Indicator,
    by: Dimension,
}

impl Query for Asked {
    const PARAMETERS: &'static [Parameter] = &[];
    const IS_LENIENT: bool = true;

    fn read(reader: &mut Reader<'_>) -> Self {
        let measure = reader
            .one::<Indicator>("measure")
            .unwrap_or(Indicator::Pupils);
        let by = reader.one::<Dimension>("by").unwrap_or(Dimension::Academy);
        if !MEASURES.contains(&measure) {
            reader.fault("measure", Rule::UnknownCode("measures", None));
        }
        if !BY.iter().any(|(known, ..)| *known == by) {
            reader.fault("by", Rule::UnknownCode("dimensions", None));
        }
        Self { measure, by }
    }
}

/// Chiffres publiés d'une année
///
/// Une mesure au choix, par académie ou autrement, en carte, en barres et en tableau.
#[utoipa::path(
    tag = TAG,
    params(("year" = String, Path, description = "L'année scolaire", example = "2025-2026")),
    responses((status = 200, description = "La page", body = String, content_type = "text/html"))
)]
#[get("/chiffres/{year}")]
pub async fn get_year_page(call: Call<Asked>) -> Result<Answer> {
    let (scope, connection) = (call.scope()?, call.long_reader().await?);
    let standing = publications::standing_of_all(&connection, scope).await?;
    let year = call.segment("year");
    let own = standing.iter().find(|one| one.school_year.as_str() == year);
    let publication = own.cloned().ok_or_else(Error::not_found)?;
    let last = std::slice::from_ref(&publication);
    let first = Page {
        sort: changes::Sort::Place,
        direction: Direction::Ascending,
        limit: CHANGES,
        after: None,
    };
    let filter = changes::Filter::default();
    let (totals, cells, changes) = tokio::try_join!(
        published::totals(&connection, scope, last),
        published::by(&connection, scope, &publication, call.query.by),
        revised::page(&connection, scope, &publication, &filter, &first),
    )?;
    let names = names(&connection, scope, call.query.by, &cells, &changes).await?;
    let shown = Shown {
        address: Address::of(call.path(), &call.admitted.parameters, &["measure", "by"]),
        years: standing
            .iter()
            .map(|one| one.school_year.to_string())
            .collect(),
        measure: call.query.measure.code(),
        by: call.query.by,
        total: totals.into_iter().next(),
        publication,
        cells,
        changes,
        names,
    };
    let frame = shown.frame(&call);
    let content = shown.content(frame.spoken);
    Ok(page(&frame, &content))
}

/// The reference and the title of each national convention that cells and changes name, by its id.
async fn names(
    connection: &AsyncPgConnection,
    scope: &Scope,
    by: Dimension,
    cells: &[Cell],
    changes: &[PublicationChange],
) -> Result<HashMap<String, (String, String)>> {
    let of_cells = cells.iter().filter(|_| by == Dimension::Convention);
    let of_cells = of_cells.filter_map(|cell| cell.key.first()?.as_deref());
    let of_changes = changes
        .iter()
        .filter_map(|one| one.cell.get("convention")?.as_str());
    let ids = of_cells.chain(of_changes);
    let ids: Vec<ConventionId> = ids.filter_map(|id| id.parse().ok().map(Id::new)).collect();
    let found = conventions::find_all(connection, scope, &ids).await?;
    let national = found
        .into_iter()
        .filter(|one| one.original.scope == ConventionScope::National);
    let name = |one: Convention| {
        (
            one.id.to_string(),
            (one.reference, one.original.title.to_string()),
        )
    };
    Ok(national.map(name).collect())
}

struct Shown {
    address: Address,
    years: Vec<String>,
    measure: &'static str,
    by: Dimension,
    publication: Publication,
    total: Option<Cell>,
    cells: Vec<Cell>,
    changes: Vec<PublicationChange>,
    /// The reference and the title of each national convention, by its id.
    names: HashMap<String, (String, String)>,
}

impl Shown {
    fn frame<'f>(&self, call: &'f Call<Asked>) -> Frame<'f> {
        let s = crate::http::html::spoken(call);
        let year = self.publication.school_year.to_string();
        let title = format!(
            "{} {year}",
            s.say("Chiffres de l’année scolaire", "Figures of the school year")
        );
        let description = format!(
            "{} · {} · {}",
            words::label(s, "measures", self.measure),
            self.by_name(s),
            words::label(s, "publication_statuses", self.publication.status.as_str())
        );
        Frame {
            address: self.address.to_string(),
            is_indexed: self.address.is_plain(),
            steps: vec![
                (
                    s.say("Chiffres", "Figures").to_owned(),
                    Some("/chiffres".to_owned()),
                ),
                (year, None),
            ],
            ..frame(call, Some(Section::Figures), title, description)
        }
    }

    fn by_name(&self, s: Spoken) -> &'static str {
        let mut all = BY.iter();
        let found = all.find(|(by, ..)| *by == self.by);
        found.map_or("", |(_, _, french, english)| s.say(french, english))
    }

    fn content(&self, s: Spoken) -> Markup {
        let measure = words::label(s, "measures", self.measure);
        html! {
            h1 { (s.say("Chiffres de l’année scolaire ", "Figures of the school year ")) (self.publication.school_year) }
            (self.lead(s))
            (self.head(s))
            section aria-labelledby="tableau" {
                h2 id="tableau" { (measure) ", " (s.say("par ", "by ")) (self.by_name(s).to_lowercase()) }
                (self.choose(s))
                p { (words::definition(s, self.measure)) }
                (self.picture(s, &measure))
                (explained(s))
            }
            (self.files(s))
            (self.since(s))
            (method(s))
        }
    }

    fn lead(&self, s: Spoken) -> Markup {
        let one = &self.publication;
        html! {
            p class="lead" {
                (s.say("Publication n°", "Publication no.")) "\u{a0}" (one.number) ", "
                (words::label(s, "publication_statuses", one.status.as_str()).to_lowercase()) ", "
                (s.say("arrêtée le ", "as of ")) (words::day(s, today(one.published_at))) "."
            }
            @if let Some(note) = &one.note { div class="note" { p class="said" { (note) } } }
            @if self.years.len() > 1 {
                p {
                    (s.say("Autres années : ", "Other years: "))
                    @for (place, year) in self.years.iter().rev().filter(|year| **year != one.school_year.to_string()).enumerate() {
                        @if place > 0 { " · " }
                        a href=(s.link(&self.address.at(&format!("/chiffres/{year}")).to_string())) { (year) }
                    }
                }
            }
        }
    }

    fn head(&self, s: Spoken) -> Markup {
        let Some(total) = &self.total else {
            return html! {};
        };
        let done = cells_of::completeness(total);
        html! {
            dl class="figures" {
                @for measure in ["pupils", "actions", "establishments"] {
                    (parts::figure(&words::label(s, "measures", measure).to_lowercase(), &Told::of_cell(total, measure).show(s, measure), ""))
                }
                (parts::figure(
                    s.say("complétude", "completeness"),
                    &Told::of_cell(total, "completeness_rate").show(s, "completeness_rate"),
                    &completeness(s, done.expected, done.expected_validated, done.validated),
                ))
            }
        }
    }

    fn choose(&self, s: Spoken) -> Markup {
        html! {
            form class="search" action=(format!("/chiffres/{}", self.publication.school_year)) method="get" {
                label class="field" {
                    span { (s.say("Mesure", "Measure")) }
                    select name="measure" {
                        @for one in MEASURES {
                            option value=(one.code()) selected[one.code() == self.measure] { (words::label(s, "measures", one.code())) }
                        }
                    }
                }
                label class="field" {
                    span { (s.say("Par", "By")) }
                    select name="by" {
                        @for (one, _, french, english) in BY {
                            option value=(one.code()) selected[one == self.by] { (s.say(french, english)) }
                        }
                    }
                }
                (parts::tongue(s))
                button type="submit" { (s.say("Afficher", "Show")) }
            }
        }
    }

    fn told(&self, cell: &Cell) -> Told {
        Told::of_cell(cell, self.measure)
    }

    fn convention(&self, s: Spoken, id: &str) -> Markup {
        html! {
            @match self.names.get(id) {
                Some((reference, title)) => a href=(s.link(&format!("/conventions/{reference}"))) { (title) },
                None => (s.say("Une convention locale", "A local convention")),
            }
        }
    }

    fn files(&self, s: Spoken) -> Markup {
        let address = format!(
            "/public/indicators/values?school_year={}&group_by={}&measures={}&format=",
            self.publication.school_year,
            self.by.code(),
            self.measure
        );
        let to = |form: &str| format!("{address}{form}");
        html! {
            section {
                h2 { (s.say("Ce tableau en fichier", "This table as a file")) }
                p {
                    a href=(to("csv&dialect=excel-fr")) { (s.say("CSV pour Excel", "CSV for French Excel")) } " · "
                    a href=(to("xlsx")) { (s.say("Classeur (xlsx)", "Workbook (xlsx)")) } " · "
                    a href=(to("csv")) { "CSV" } " · "
                    a href=(to("ndjson")) { "NDJSON" } " · "
                    a href=(to("json")) { "JSON" }
                }
            }
        }
    }
}
