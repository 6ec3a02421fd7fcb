//! Every region, academy and overseas service: a map and a list that lead to each.

use actix_web::get;
use maud::{Markup, html};

use super::map::{Tile, map};
use super::parts::{self, frame};
use super::{TAG, words};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::html::page;
use crate::http::query::Anything;
use crate::layout::{Frame, Section, Spoken};
use crate::reference::{Reference, Territory};

/// Territoires
///
/// Les régions académiques, les académies et les services d'outre-mer.
#[utoipa::path(tag = TAG, responses((status = 200, description = "La page", body = String, content_type = "text/html")))]
#[get("/territoires")]
pub async fn get_territories_page(call: Call<Anything>) -> Result<Answer> {
    let s = crate::http::html::spoken(&call);
    let title = s.say("Territoires", "Territories");
    let description = s.say(
        "Ce qui est décliné dans chaque région académique, académie et département.",
        "What is carried in each academic region, academy and department.",
    );
    let frame = Frame {
        steps: vec![(title.to_owned(), None)],
        ..frame(&call, Some(Section::Territories), title, description)
    };
    let content = html! {
        h1 { (title) }
        p class="lead" { (description) }
        div class="picture" {
            figure {
                (map(|code| Tile {
                    class: Some(1),
                    value: String::new(),
                    words: parts::place_name(code),
                    link: Some(s.link(&format!("/territoires/{code}"))),
                }))
                figcaption { (s.say("Les trente académies et les services d’outre-mer. La liste mène aux mêmes pages.", "The thirty academies and the overseas services. The list leads to the same pages.")) }
            }
            (regions(s))
        }
    };
    Ok(page(&frame, &content))
}

fn regions(s: Spoken) -> Markup {
    html! {
        div {
            h2 class="first" { (s.say("Par région académique", "By academic region")) }
            ul {
                @for region in below("FR") {
                    li {
                        a href=(s.link(&format!("/territoires/{}", region.code))) { (region.name) }
                        @let academies = below(&region.code);
                        @if !academies.is_empty() {
                            " : "
                            @for (place, academy) in academies.iter().enumerate() {
                                @if place > 0 { ", " }
                                a href=(s.link(&format!("/territoires/{}", academy.code))) {
                                    (academy.name)
                                    @if academy.name == region.name { span class="unseen" { " (" (words::kind_of_place(s, &academy.kind)) ")" } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What lies just below a territory, by name; services of overseas after regions.
pub fn below(code: &str) -> Vec<&'static Territory> {
    let all = Reference::get().territories().iter();
    let mut found: Vec<&Territory> = all
        .filter(|place| place.parent.as_deref() == Some(code))
        .collect();
    found.sort_by_key(|place| {
        (
            place.kind == "overseas_service",
            crate::reference::fold(&place.name),
        )
    });
    found
}
