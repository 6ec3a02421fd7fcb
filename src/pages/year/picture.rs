//! A measure of a year, as a map by academy, as bars and as a table.

use maud::{Markup, html};

use super::{BY, Shown};
use crate::layout::Spoken;
use crate::pages::chart::{bar, shares};
use crate::pages::map::{Tile, class_of, key, map};
use crate::pages::parts::{self, scrolled};
use crate::pages::told::Told;
use crate::pages::words;
use crate::results::indicators::model::Dimension;
use crate::results::publications::store::cells::Cell;
use crate::results::summary::labels;

impl Shown {
    pub(super) fn picture(&self, s: Spoken, measure: &str) -> Markup {
        let table = scrolled(measure, &self.table(s, measure));
        if self.by != Dimension::Academy {
            return table;
        }
        html! {
            div class="picture" {
                figure {
                    (map(|code| self.tile(s, code)))
                    (self.key(s))
                    figcaption { (measure) ". " (s.say("Chaque carré est une académie ou un service d’outre-mer ; le tableau dit la même chose.", "Each square is an academy or an overseas service; the table says the same.")) }
                }
                (table)
            }
        }
    }

    fn most(&self) -> f64 {
        let values = self.cells.iter().filter_map(|cell| self.told(cell).value());
        values.fold(0.0, f64::max)
    }

    fn tile(&self, s: Spoken, code: &str) -> Tile {
        let own = |cell: &&Cell| {
            cell.key
                .first()
                .is_some_and(|key| key.as_deref() == Some(code))
        };
        let told = self
            .cells
            .iter()
            .find(own)
            .map_or(Told::Unknown, |cell| self.told(cell));
        Tile {
            class: told.value().map(|value| class_of(value, self.most())),
            value: match told {
                Told::Hidden => "–".to_owned(),
                told => told
                    .value()
                    .map_or_else(String::new, |value| short(s, value, self.measure)),
            },
            words: format!(
                "{} : {}",
                parts::place_name(code),
                told.words(s, self.measure)
            ),
            link: Some(s.link(&format!("/territoires/{code}"))),
        }
    }

    fn key(&self, s: Spoken) -> Markup {
        let most = self.most();
        let up_to = |share: f64| {
            let value = most * share;
            format!(
                "{} {}",
                s.say("jusqu’à", "up to"),
                short(s, value, self.measure)
            )
        };
        key(
            s,
            &[
                (Some(1), up_to(0.25)),
                (Some(2), up_to(0.5)),
                (Some(3), up_to(0.75)),
                (Some(4), up_to(1.0)),
                (
                    None,
                    s.say("masqué ou non connu", "hidden or not known")
                        .to_owned(),
                ),
            ],
        )
    }

    fn table(&self, s: Spoken, measure: &str) -> Markup {
        let mut cells: Vec<&Cell> = self.cells.iter().collect();
        cells.sort_by(|one, other| {
            let value = |cell: &Cell| self.told(cell).value().unwrap_or(-1.0);
            value(other).total_cmp(&value(one))
        });
        let values: Vec<Option<f64>> = cells.iter().map(|cell| self.told(cell).value()).collect();
        html! {
            table {
                thead { tr {
                    th scope="col" { (self.by_name(s)) }
                    th scope="col" class="figure" { (measure) }
                    th scope="col" { span class="unseen" { (s.say("En barre", "As a bar")) } }
                } }
                tbody {
                    @for (cell, share) in cells.iter().zip(shares(&values)) {
                        tr {
                            th scope="row" { (self.name(s, cell)) }
                            td class="figure" { (self.told(cell).show(s, self.measure)) }
                            td { @if let Some(share) = share { (bar(share)) } }
                        }
                    }
                    @if cells.is_empty() { tr { td colspan="3" { (s.say("Ce tableau est vide.", "This table is empty.")) } } }
                }
            }
        }
    }

    fn name(&self, s: Spoken, cell: &Cell) -> Markup {
        let key = cell.key.first().and_then(|key| key.as_deref());
        let is_place = matches!(self.by, Dimension::Academy | Dimension::AcademicRegion);
        html! {
            @match key {
                None => (labels::unsaid(is_place, s.language)),
                Some(code) if is_place => a href=(s.link(&format!("/territoires/{code}"))) { (parts::place_name(code)) },
                Some(code) if self.by == Dimension::Convention => (self.convention(s, code)),
                Some(code) => (self.code(s, code)),
            }
        }
    }

    fn code(&self, s: Spoken, code: &str) -> String {
        let mut all = BY.iter();
        let list = all
            .find(|(by, ..)| *by == self.by)
            .map_or("", |(_, list, ..)| list);
        words::label(s, list, code)
    }
}

/// A value that fits a square: thousands as `12 k`.
fn short(s: Spoken, value: f64, measure: &str) -> String {
    match value {
        value if words::is_share(measure) => words::percent(s, (value * 100.0).round() / 100.0),
        value if value >= 1_000_000.0 => format!(
            "{}\u{a0}M",
            words::number(s, (value / 100_000.0).round() / 10.0)
        ),
        value if value >= 10_000.0 => {
            format!("{}\u{a0}k", words::number(s, (value / 1_000.0).round()))
        }
        value => words::number(s, value.round()),
    }
}
