//! Finding a school.

use actix_web::get;
use maud::{Markup, html};

use super::address::Address;
use super::parts::{self, academy_field, frame};
use super::{TAG, words};
use crate::db::page::{Direction, Page};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::html::page;
use crate::http::query::{Parameter, Query, Reader};
use crate::layout::{Frame, Section, Spoken};
use crate::register::establishments::filter::{Filter, Sort};
use crate::register::establishments::model::{Establishment, EstablishmentState};
use crate::register::establishments::store;
use crate::values::{FromText as _, TerritoryKind, TextValue as _};

/// How many schools are shown.
const SHOWN: i64 = 50;

/// What can be chosen in the address.
const KNOWN: [&str; 3] = ["q", "academy", "department"];

/// Which schools are looked for.
#[derive(Debug)]
pub struct Asked(Filter);

impl Query for Asked {
    const PARAMETERS: &'static [Parameter] = &[];
    const IS_LENIENT: bool = true;

    fn read(reader: &mut Reader<'_>) -> Self {
        Self(Filter {
            q: reader.q(),
            academy: reader.territories("academy", TerritoryKind::Academy),
            department: reader.territories("department", TerritoryKind::Department),
            state: EstablishmentState::from_text("open").into_iter().collect(),
            ..Filter::default()
        })
    }
}

/// Établissements
///
/// Trouver un établissement par son nom, sa commune ou son numéro UAI.
#[utoipa::path(tag = TAG, responses((status = 200, description = "La page", body = String, content_type = "text/html")))]
#[get("/etablissements")]
pub async fn get_establishments_page(call: Call<Asked>) -> Result<Answer> {
    let address = Address::of("/etablissements", &call.admitted.parameters, &KNOWN);
    let found = match address.is_plain() {
        true => Vec::new(),
        false => {
            let connection = call.long_reader().await?;
            let first = Page {
                sort: Sort::Uai,
                direction: Direction::Ascending,
                limit: SHOWN + 1,
                after: None,
            };
            store::page(&connection, call.scope()?, &call.query.0, &first).await?
        }
    };
    let s = crate::http::html::spoken(&call);
    let title = s.say("Établissements", "Schools");
    let description = s.say(
        "Trouvez votre établissement : ce qu’il peut demander, à qui, et ce qui se propose près de lui.",
        "Find your school: what it can ask for, of whom, and what is offered near it.",
    );
    let frame = Frame {
        address: address.to_string(),
        is_indexed: address.is_plain(),
        steps: vec![(title.to_owned(), None)],
        ..frame(&call, Some(Section::Establishments), title, description)
    };
    let content = html! {
        h1 { (title) }
        p class="lead" { (description) }
        (form(s, &address))
        @if !address.is_plain() { (results(s, &found)) }
    };
    Ok(page(&frame, &content))
}

fn form(s: Spoken, address: &Address) -> Markup {
    html! {
        form class="search" action="/etablissements" method="get" role="search" {
            label class="field" {
                span { (s.say("Nom, commune, code postal ou UAI", "Name, town, postal code or UAI code")) }
                input type="search" name="q" maxlength="200" autocomplete="off" value=[address.get("q")];
            }
            (academy_field(s, "academy", s.say("Académie", "Academy"), s.say("Toutes", "All"), address.get("academy")))
            @if let Some(department) = address.get("department") { input type="hidden" name="department" value=(department); }
            button type="submit" { (s.say("Trouver", "Find")) }
        }
        @if let Some(department) = address.get("department") {
            ul class="chosen" aria-label=(s.say("Choix faits ; suivre un lien l’enlève", "Choices made; following a link takes one back")) {
                li { a href=(s.link(&address.without("department").to_string())) { (parts::place_name(department)) } }
            }
        }
    }
}

fn results(s: Spoken, found: &[Establishment]) -> Markup {
    let most = usize::try_from(SHOWN).unwrap_or_default();
    html! {
        section aria-labelledby="resultats" {
            h2 id="resultats" {
                @match found.len() {
                    0 => (s.say("Aucun établissement ouvert ne répond à cette recherche", "No open school answers this search")),
                    1 => (s.say("1 établissement", "1 school")),
                    number if number > most => (s.say("Les 50 premiers : précisez la recherche", "The first 50: narrow the search down")),
                    number => { (words::length(s, number)) " " (s.say("établissements", "schools")) },
                }
            }
            ul class="found" {
                @for one in found.iter().take(most) {
                    li {
                        h3 {
                            a href=(s.link(&format!("/etablissements/{}", one.uai))) {
                                (one.name.as_deref().unwrap_or_else(|| one.uai.as_str()))
                            }
                        }
                        p class="quiet" { (where_it_is(one)) " · " (one.uai) }
                    }
                }
            }
        }
    }
}

/// Its type, its town, its academy.
pub fn where_it_is(one: &Establishment) -> String {
    let town = [one.postal_code.as_deref(), one.city.as_deref()];
    let town: Vec<&str> = town.into_iter().flatten().collect();
    let parts = [
        one.kind.as_ref().map(|kind| kind.as_str().to_owned()),
        (!town.is_empty()).then(|| town.join(" ")),
        one.academy
            .as_ref()
            .map(|code| parts::place_name(code.as_str())),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}
