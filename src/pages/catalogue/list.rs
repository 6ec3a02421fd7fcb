//! What is around the conventions found: the search, their number and order, the pages, the files.

use maud::{Markup, html};

use super::{ANY, CHOICES, EACH, ORDERS, Shown};
use crate::layout::Spoken;
use crate::pages::{parts, words};
use crate::values::today;

impl Shown<'_> {
    pub(super) fn search(&self, s: Spoken) -> Markup {
        let kept = self
            .address
            .without("q")
            .without("territory")
            .without("page");
        html! {
            form class="search wide-search" action="/conventions" method="get" role="search" {
                label class="field" {
                    span { (s.say("Partenaire, intitulé, référence", "Partner, title, reference")) }
                    input type="search" name="q" maxlength="200" autocomplete="off" value=[self.address.get("q")];
                }
                (parts::academy_field(s, "territory", s.say("Déclinée dans l’académie de", "Carried in the academy of"), s.say("Toutes, déclinées ou non", "All, carried or not"), self.address.get("territory")))
                @for (name, value) in kept.chosen() { input type="hidden" name=(name) value=(value); }
                button type="submit" { (s.say("Chercher", "Search")) }
            }
        }
    }

    pub(super) fn bar(&self, s: Spoken) -> Markup {
        let number = self.left.len();
        let words = match number {
            0 | 1 => s.say("convention", "convention"),
            _ => s.say("conventions", "conventions"),
        };
        let order = self.address.get("sort").unwrap_or("recent");
        let removable = CHOICES
            .iter()
            .filter(|(name, ..)| *name != "effective_status");
        html! {
            div class="bar-of" {
                h2 id="resultats" { (words::length(s, number)) " " (words) }
                p {
                    (s.say("Ordre : ", "Order: "))
                    @for (place, (name, french, english)) in ORDERS.into_iter().enumerate() {
                        @if place > 0 { " · " }
                        @if name == order { strong { (s.say(french, english)) } }
                        @else { a href=(s.link(&self.address.without("page").with("sort", name).to_string())) { (s.say(french, english)) } }
                    }
                }
            }
            @if removable.clone().any(|(name, ..)| self.address.get(name).is_some()) || self.address.get("q").is_some() || self.address.get("territory").is_some() {
                ul class="chosen" aria-label=(s.say("Choix faits ; suivre un lien l’enlève", "Choices made; following a link takes one back")) {
                    @for name in ["q", "territory"] {
                        @if let Some(value) = self.address.get(name) {
                            li { a href=(s.link(&self.address.without("page").without(name).to_string())) {
                                @if name == "q" { "« " (value) " »" } @else { (parts::place_name(value)) }
                            } }
                        }
                    }
                    @for (name, list, ..) in removable {
                        @for code in self.chosen(name) {
                            li { a href=(s.link(&self.address.without("page").toggled(name, code).to_string())) { (words::short_label(s, list, code)) } }
                        }
                    }
                }
            }
        }
    }

    pub(super) fn nothing(&self, s: Spoken) -> Markup {
        html! {
            div class="note" {
                p { (s.say("Aucune convention ne répond à ces choix.", "No convention answers these choices.")) }
                ul {
                    @if self.chosen("effective_status") == ["in_force"] && !self.known.is_empty() {
                        li { a href=(s.link(&self.address.without("page").with("effective_status", ANY).to_string())) {
                            (s.say("Chercher aussi parmi celles qui ne sont plus ou pas encore en vigueur", "Look among those that are no longer or not yet in force too"))
                        } }
                    }
                    li { a href=(s.link("/conventions")) { (s.say("Revoir toutes les conventions en vigueur", "See all conventions in force again")) } }
                }
            }
        }
    }

    pub(super) fn pages(&self, s: Spoken) -> Markup {
        let last = self.left.len().div_ceil(EACH).max(1);
        let to = |page: usize| s.link(&self.address.with("page", page.to_string()).to_string());
        html! {
            @if last > 1 {
                nav class="pages" aria-label=(s.say("Pages", "Pages")) {
                    @if self.page > 1 { a href=(to(self.page - 1)) rel="prev" { (s.say("← Page précédente", "← Previous page")) } }
                    span class="quiet" { (self.page) " / " (last) }
                    @if self.page < last { a href=(to(self.page + 1)) rel="next" { (s.say("Page suivante →", "Next page →")) } }
                }
            }
        }
    }

    /// The same list, whole, as files: by the parameters of the public directory.
    pub(super) fn files(&self, s: Spoken) -> Markup {
        let same = self
            .address
            .without("page")
            .without("sort")
            .at("/public/conventions");
        let same = match self.address.get("effective_status") {
            None => same.with("effective_status", "in_force"),
            Some(ANY) => same.without("effective_status"),
            Some(_) => same,
        };
        let form = |form: &'static str| same.with("format", form).to_string();
        html! {
            section {
                h2 { (s.say("Cette liste en fichier", "This list as a file")) }
                p {
                    a href=(same.with("format", "csv").with("dialect", "excel-fr").to_string()) { (s.say("CSV pour Excel", "CSV for French Excel")) } " · "
                    a href=(form("xlsx")) { (s.say("Classeur (xlsx)", "Workbook (xlsx)")) } " · "
                    a href=(form("csv")) { "CSV" } " · "
                    a href=(form("ndjson")) { "NDJSON" } " · "
                    a href=(form("json")) { "JSON" }
                }
                p class="quiet" {
                    (s.say("Exactement ces conventions, sous Licence Ouverte 2.0.", "Exactly these conventions, under the Open Licence 2.0."))
                    @if let Some(updated) = self.updated {
                        " " (s.say("Dernière mise à jour d’une convention : ", "A convention was last updated on ")) (words::day(s, today(updated))) "."
                    }
                }
            }
        }
    }
}

/// By how many declinations a convention is carried.
pub(super) fn carried(s: Spoken, number: Option<i64>) -> String {
    match number {
        None | Some(0) => s
            .say("pas encore déclinée", "not carried anywhere yet")
            .to_owned(),
        Some(1) => s.say("1 déclinaison", "1 declination").to_owned(),
        Some(number) => format!(
            "{} {}",
            words::count(s, number),
            s.say("déclinaisons", "declinations")
        ),
    }
}
