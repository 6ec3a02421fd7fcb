//! The first page: what the register is, a search, the year in four numbers, and a door for each.

use actix_web::get;
use maud::{Markup, html};

use super::parts::{self, frame};
use super::told::{Told, completeness};
use super::{TAG, published, words};
use crate::agreements::conventions::content::ConventionScope;
use crate::agreements::conventions::directory::model::PublicConvention;
use crate::agreements::conventions::directory::store as directory;
use crate::agreements::conventions::filter::{Filter, Sort};
use crate::agreements::conventions::store as conventions;
use crate::agreements::conventions::term::EffectiveStatus;
use crate::db::page::{Direction, Page};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::html::page;
use crate::http::query::Anything;
use crate::layout::Spoken;
use crate::results::publications::model::Publication;
use crate::results::publications::store as publications;
use crate::results::publications::store::cells::Cell;
use crate::values::{TextValue as _, today};

/// How many conventions are shown.
const RECENT: i64 = 4;

/// Accueil
///
/// Ce qu'est le registre, l'année en quatre nombres, et une porte pour chacun.
#[utoipa::path(tag = TAG, responses((status = 200, description = "La page", body = String, content_type = "text/html")))]
#[get("/")]
pub async fn get_home_page(call: Call<Anything>) -> Result<Answer> {
    let read = Read::of(&call).await?;
    let frame = frame(&call, None, "", "");
    let spoken = frame.spoken;
    let frame = crate::layout::Frame {
        description: spoken.say(
            "Qui le ministère de l’Éducation nationale a pour partenaires, ce qu’ils ont signé, où c’est décliné et ce qui en est fait.",
            "Who the French ministry of education’s partners are, what they signed, where it is carried, and what came of it.",
        ).to_owned(),
        ..frame
    };
    let content = html! {
        (hero(spoken))
        (numbers(spoken, read.count, read.last.first().zip(read.totals.first())))
        (doors(spoken))
        section {
            h2 { (spoken.say("Les dernières conventions en vigueur", "The latest conventions in force")) }
            ul class="found" { @for one in &read.recent { (parts::convention(spoken, one, "")) } }
            p { a href=(spoken.link("/conventions")) { (spoken.say("Toutes les conventions en vigueur", "All conventions in force")) } }
        }
    };
    Ok(page(&frame, &content))
}

/// What the page tells.
struct Read {
    /// The conventions in force.
    count: i64,
    /// The latest of them.
    recent: Vec<PublicConvention>,
    /// The publication of the last year, if one is published.
    last: Vec<Publication>,
    /// Its total.
    totals: Vec<Cell>,
}

impl Read {
    async fn of(call: &Call<Anything>) -> Result<Self> {
        let (scope, connection) = (call.scope()?, call.long_reader().await?);
        let today = today(call.app.now());
        let in_force = Filter {
            scope: vec![ConventionScope::National],
            effective_status: vec![EffectiveStatus::InForce],
            today,
            ..Filter::default()
        };
        let newest = Page {
            sort: Sort::Reference,
            direction: Direction::Descending,
            limit: RECENT,
            after: None,
        };
        let (count, recent, standing) = tokio::try_join!(
            conventions::count(&connection, scope, &in_force),
            conventions::page(&connection, scope, &in_force, &newest),
            publications::standing_of_all(&connection, scope),
        )?;
        let last: Vec<Publication> = standing.into_iter().last().into_iter().collect();
        let ids: Vec<_> = recent.iter().flat_map(|one| one.parties(today)).collect();
        let (parties, totals) = tokio::try_join!(
            directory::parties(&connection, scope, &ids),
            published::totals(&connection, scope, &last),
        )?;
        let recent = recent.into_iter();
        Ok(Self {
            count,
            recent: recent
                .map(|one| PublicConvention::of(one, &parties, today))
                .collect(),
            last,
            totals,
        })
    }
}

fn hero(spoken: Spoken) -> Markup {
    html! {
        div class="hero" {
            h1 { (spoken.say("Ce que l’École et les entreprises ont convenu, et ce qui en est fait", "What schools and businesses have agreed, and what came of it")) }
            p class="lead" {
                (spoken.say(
                    "Les conventions nationales avec les branches, les entreprises et les associations, leurs déclinaisons dans les territoires, ce que chaque établissement peut demander, et les chiffres publiés.",
                    "National conventions with industries, companies and associations, where they are carried, what each school can ask for, and the published figures.",
                ))
            }
            form class="search" action="/conventions" method="get" role="search" {
                label class="field" {
                    span { (spoken.say("Chercher une convention", "Find a convention")) }
                    input type="search" name="q" maxlength="200" autocomplete="off" placeholder=(spoken.say("Un partenaire, un métier, une référence", "A partner, an industry, a reference"));
                }
                (parts::tongue(spoken))
                button type="submit" { (spoken.say("Chercher", "Search")) }
            }
        }
    }
}

fn numbers(spoken: Spoken, count: i64, last: Option<(&Publication, &Cell)>) -> Markup {
    let in_force = html! { a href=(spoken.link("/conventions")) { (words::count(spoken, count)) } };
    html! {
        section aria-labelledby="annee" {
            h2 id="annee" {
                @match last {
                    Some((publication, _)) => {
                        (spoken.say("L’année scolaire ", "The school year ")) (publication.school_year)
                    },
                    None => (spoken.say("Aujourd’hui", "Today")),
                }
            }
            dl class="figures" {
                (parts::figure(in_force_today(spoken, count), &in_force, ""))
                @if let Some((publication, total)) = last {
                    @for (measure, what) in [
                        ("pupils", spoken.say("participations d’élèves", "pupils’ participations")),
                        ("actions", spoken.say("actions menées", "actions carried out")),
                        ("establishments", spoken.say("établissements", "schools")),
                    ] {
                        (parts::figure(what, &Told::of_cell(total, measure).show(spoken, measure), ""))
                    }
                    (how_complete(spoken, publication, total))
                }
            }
            @if last.is_some() {
                p { a href=(spoken.link("/chiffres")) { (spoken.say("Tous les chiffres publiés, par académie et par action", "All published figures, by academy and by action")) } }
            }
        }
    }
}

fn in_force_today(spoken: Spoken, count: i64) -> &'static str {
    words::plural(
        spoken,
        count,
        [
            "convention nationale en vigueur aujourd’hui",
            "conventions nationales en vigueur aujourd’hui",
        ],
        [
            "national convention in force today",
            "national conventions in force today",
        ],
    )
}

fn how_complete(spoken: Spoken, publication: &Publication, total: &Cell) -> Markup {
    let done = crate::results::figures::published::completeness(total);
    let words = completeness(
        spoken,
        done.expected,
        done.expected_validated,
        done.validated,
    );
    let status = words::label(spoken, "publication_statuses", publication.status.as_str());
    match Told::of_cell(total, "completeness_rate") {
        // Without a campaign nothing is expected, so nothing is complete.
        Told::Unknown => parts::figure(
            words::plural(
                spoken,
                done.validated,
                ["bilan validé", "bilans validés"],
                ["validated report", "validated reports"],
            ),
            &html! { (words::count(spoken, done.validated)) },
            &status,
        ),
        rate => parts::figure(
            spoken.say(
                "complétude de ces chiffres",
                "completeness of these figures",
            ),
            &rate.show(spoken, "completeness_rate"),
            &format!("{words} · {status}"),
        ),
    }
}

fn doors(spoken: Spoken) -> Markup {
    html! {
        section {
            h2 { (spoken.say("Vous êtes…", "You are…")) }
            div class="cards" {
                div class="card" {
                    h3 { (spoken.say("Un établissement", "A school")) }
                    p { (spoken.say("Ce que vous pouvez demander, à qui, et ce qui se propose près de chez vous.", "What you can ask for, of whom, and what is offered near you.")) }
                    form class="search" action="/etablissements" method="get" {
                        label class="field" {
                            span { (spoken.say("Nom, commune ou UAI", "Name, town or UAI code")) }
                            input type="search" name="q" maxlength="200" autocomplete="off";
                        }
                        (parts::tongue(spoken))
                        button type="submit" { (spoken.say("Trouver", "Find")) }
                    }
                }
                div class="card" {
                    h3 { (spoken.say("Une académie, une région", "An academy, a region")) }
                    p { (spoken.say("Ce qui est décliné chez vous, ce qui ne l’est pas, vos chiffres à côté de ceux du pays.", "What is carried in your territory, what is not, your figures beside the country’s.")) }
                    p { a class="button second" href=(spoken.link("/territoires")) { (spoken.say("Choisir un territoire", "Choose a territory")) } }
                }
                div class="card" {
                    h3 { (spoken.say("Un portail, un logiciel", "A portal, a program")) }
                    p { (spoken.say("Une API ouverte, documentée, avec les mêmes données ; sans jeton pour ce qui est public.", "An open, documented API with the same data; no token for what is public.")) }
                    p { a class="button second" href=(spoken.link("/docs/")) { (spoken.say("Lire la documentation", "Read the documentation")) } }
                }
            }
        }
    }
}
