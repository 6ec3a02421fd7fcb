//! What changed since the publication before.

use maud::{Markup, html};

use super::{BY, Shown};
use crate::layout::Spoken;
use crate::pages::parts::{self, scrolled};
use crate::pages::words;
use crate::results::indicators::model::Dimension;
use crate::results::publications::changes::store::PublicationChange;
use crate::results::summary::labels;
use crate::values::FromText as _;

impl Shown {
    pub(super) fn since(&self, s: Spoken) -> Markup {
        let title = s.say(
            "Ce qui a changé depuis la publication précédente",
            "What changed since the publication before",
        );
        html! {
            section aria-labelledby="change" {
                h2 id="change" { (title) }
                @if self.publication.revises.is_none() {
                    p { (s.say("C’est la première publication de cette année scolaire.", "This is the first publication of this school year.")) }
                } @else if self.changes.is_empty() {
                    p { (s.say("Aucun chiffre n’a changé.", "No figure changed.")) }
                } @else {
                    (scrolled(title, &self.changed(s)))
                    p class="quiet" { (s.say("Les premiers changements ; tous se lisent par l’API.", "The first changes; all of them are read by the API.")) }
                }
            }
        }
    }

    fn changed(&self, s: Spoken) -> Markup {
        let figure = |value: &serde_json::Value, measure: &str| match value.as_f64() {
            Some(value) if words::is_share(measure) => words::percent(s, value),
            Some(value) => words::number(s, value),
            None => s.say("non dit", "not told").to_owned(),
        };
        html! {
            table {
                thead { tr {
                    th scope="col" { (s.say("Case", "Cell")) }
                    th scope="col" { (s.say("Mesure", "Measure")) }
                    th scope="col" class="figure" { (s.say("Avant", "Before")) }
                    th scope="col" class="figure" { (s.say("Maintenant", "Now")) }
                } }
                tbody {
                    @for change in &self.changes {
                        tr {
                            th scope="row" { (self.cell(s, change)) }
                            td { (words::label(s, "measures", &change.measure)) }
                            td class="figure" { (figure(&change.from, &change.measure)) }
                            td class="figure" { (figure(&change.to, &change.measure)) }
                        }
                    }
                }
            }
        }
    }

    fn cell(&self, s: Spoken, change: &PublicationChange) -> Markup {
        let keys: Vec<_> = change
            .cell
            .iter()
            .filter(|(name, _)| *name != "school_year")
            .collect();
        html! {
            @if keys.is_empty() { (s.say("Total", "Total")) }
            @for (place, (name, value)) in keys.into_iter().enumerate() {
                @if place > 0 { ", " }
                @let code = value.as_str().unwrap_or_default();
                @match (name.as_str(), Dimension::from_text(name)) {
                    (_, _) if code.is_empty() => (labels::unsaid(false, s.language)),
                    ("academy" | "academic_region", _) => (parts::place_name(code)),
                    ("convention", _) => (self.convention(s, code)),
                    (_, Ok(dimension)) => (words::label(s, nomenclature(dimension), code)),
                    _ => (code),
                }
            }
        }
    }
}

fn nomenclature(dimension: Dimension) -> &'static str {
    let mut all = BY.iter();
    all.find(|(by, ..)| *by == dimension)
        .map_or("", |(_, list, ..)| list)
}
