//! The years whose figures are published.

use actix_web::get;
use maud::{Markup, html};

use super::chart::{bar, shares};
use super::parts::{frame, scrolled};
use super::told::{Told, explained};
use super::{TAG, published, words};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::html::page;
use crate::http::query::Anything;
use crate::layout::{Frame, Section, Spoken};
use crate::results::publications::model::Publication;
use crate::results::publications::store as publications;
use crate::results::publications::store::cells::Cell;
use crate::values::{TextValue as _, today};

/// Chiffres publiés
///
/// Les années publiées, et leurs totaux.
#[utoipa::path(tag = TAG, responses((status = 200, description = "La page", body = String, content_type = "text/html")))]
#[get("/chiffres")]
pub async fn get_figures_page(call: Call<Anything>) -> Result<Answer> {
    let (scope, connection) = (call.scope()?, call.long_reader().await?);
    let standing = publications::standing_of_all(&connection, scope).await?;
    let totals = published::totals(&connection, scope, &standing).await?;
    let s = crate::http::html::spoken(&call);
    let title = s.say("Chiffres publiés", "Published figures");
    let description = s.say(
        "Ce qui a été fait sous les conventions, année scolaire par année scolaire, tel que le ministère l’a publié.",
        "What was done under the conventions, school year by school year, as the ministry published it.",
    );
    let frame = Frame {
        steps: vec![(s.say("Chiffres", "Figures").to_owned(), None)],
        ..frame(&call, Some(Section::Figures), title, description)
    };
    let content = html! {
        h1 { (title) }
        p class="lead" { (description) }
        @if standing.is_empty() {
            div class="note" { p { (s.say("Aucune année n’est encore publiée.", "No year is published yet.")) } }
        } @else {
            h2 { (s.say("Année par année", "Year by year")) }
            (scrolled(title, &years(s, &standing, &totals)))
            (explained(s))
        }
        (method(s))
    };
    Ok(page(&frame, &content))
}

fn years(s: Spoken, standing: &[Publication], totals: &[Cell]) -> Markup {
    let of = |publication: &Publication| {
        totals
            .iter()
            .find(|cell| cell.publication == publication.number)
    };
    let told = |publication: &Publication, measure: &str| {
        of(publication).map_or(Told::Unknown, |cell| Told::of_cell(cell, measure))
    };
    let pupils: Vec<Option<f64>> = standing
        .iter()
        .map(|one| told(one, "pupils").value())
        .collect();
    let bars = shares(&pupils);
    html! {
        table {
            thead { tr {
                th scope="col" { (s.say("Année scolaire", "School year")) }
                @for measure in ["pupils", "actions", "establishments"] { th scope="col" class="figure" { (words::label(s, "measures", measure)) } }
                th scope="col" class="figure" { (s.say("Complétude", "Completeness")) }
                th scope="col" { (s.say("Publication", "Publication")) }
            } }
            tbody {
                @for (publication, share) in standing.iter().zip(bars).rev() {
                    tr {
                        th scope="row" { a href=(s.link(&format!("/chiffres/{}", publication.school_year))) { (publication.school_year) } }
                        td class="figure" { (told(publication, "pupils").show(s, "pupils")) @if let Some(share) = share { (bar(share)) } }
                        @for measure in ["actions", "establishments", "completeness_rate"] { td class="figure" { (told(publication, measure).show(s, measure)) } }
                        td {
                            (s.say("n°", "no.")) "\u{a0}" (publication.number) ", " (words::day(s, today(publication.published_at)))
                            br; small { (words::label(s, "publication_statuses", publication.status.as_str())) }
                        }
                    }
                }
            }
        }
    }
}

/// How figures come about.
pub fn method(s: Spoken) -> Markup {
    html! {
        section aria-labelledby="methode" {
            h2 id="methode" { (s.say("Méthode", "Method")) }
            p { (s.say(
                "Chaque territoire rend compte d’une année sous une convention par un bilan, que le niveau au-dessus valide. Les chiffres additionnent les lignes des bilans validés ; une publication les fige, et ne change plus. La complétude dit combien des bilans attendus ont été reçus et validés : un petit chiffre peut venir d’un bilan qui manque.",
                "Each territory reports on a year under a convention, and the level above validates its report. Figures add up the lines of validated reports; a publication freezes them, and changes no more. Completeness says how many of the reports expected were received and validated: a small figure may come from a missing report.",
            )) }
            p { (s.say(
                "Un élève présent à deux actions compte pour deux participations. Les cases trop petites sont masquées, et d’autres avec elles, pour que personne ne se retrouve par soustraction.",
                "A pupil at two actions counts as two participations. Cells that are too small are hidden, and others with them, so that nobody is found by subtraction.",
            )) }
        }
    }
}
