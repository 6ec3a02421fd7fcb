//! What several pages are made of.

use maud::{Markup, html};

use super::words;
use crate::agreements::conventions::directory::model::PublicConvention;
use crate::http::call::Call;
use crate::http::html::spoken;
use crate::layout::{Frame, Section, Spoken};
use crate::reference::{Reference, Territory};
use crate::register::contacts::model::Contact;
use crate::values::TextValue as _;

/// The frame of a page of ours, at its own path, which search engines keep.
pub fn frame<'a, Q>(
    call: &'a Call<Q>,
    section: Option<Section>,
    title: impl Into<String>,
    description: impl Into<String>,
) -> Frame<'a> {
    Frame {
        spoken: spoken(call),
        title: title.into(),
        description: description.into(),
        address: call.path().to_owned(),
        public_url: &call.app.config.public_url,
        theme: call.app.config.theme,
        section,
        steps: Vec::new(),
        is_indexed: true,
        script: None,
    }
}

/// A table that is wider than a small screen, in a box of its own that the keyboard scrolls.
pub fn scrolled(label: &str, table: &Markup) -> Markup {
    html! { div class="scroll" role="group" aria-label=(label) tabindex="0" { (table) } }
}

/// The names of some codes, as labels of a thing.
pub fn tags<'a>(
    spoken: Spoken,
    nomenclature: &str,
    codes: impl IntoIterator<Item = &'a str>,
) -> Markup {
    html! {
        ul class="tags" {
            @for code in codes { li class="tag" { (words::short_label(spoken, nomenclature, code)) } }
        }
    }
}

/// A figure, what it counts, and a note on it.
pub fn figure(what: &str, value: &Markup, note: &str) -> Markup {
    html! {
        div {
            dt { (what) }
            dd { (value) }
            @if !note.is_empty() { dd class="note" { (note) } }
        }
    }
}

/// A convention in a list: what it is called, with whom, until when.
pub fn convention(spoken: Spoken, one: &PublicConvention, more: &str) -> Markup {
    let (status, class) = words::state(spoken, one.effective_status);
    let names: Vec<&str> = one
        .partners
        .iter()
        .map(|party| party.name.as_str())
        .collect();
    html! {
        li {
            h3 {
                a href=(spoken.link(&format!("/conventions/{}", one.reference))) { (one.title) }
            }
            @if !names.is_empty() { p { strong { (names.join(", ")) } } }
            p class="quiet" {
                span class=(class) { (status) } " "
                (one.reference) " · " (words::label(spoken, "convention_kinds", one.kind.as_str())) " · "
                (words::period(spoken, one.starts_on, one.effective_ends_on.or(one.ends_on)))
                @if !more.is_empty() { " · " (more) }
            }
            @if !one.axes.is_empty() { (tags(spoken, "axes", one.axes.iter().map(|axis| axis.as_str()))) }
        }
    }
}

/// Whom to write to: services, never persons.
pub fn services(spoken: Spoken, contacts: &[Contact]) -> Markup {
    html! {
        @if contacts.is_empty() {
            p { (spoken.say("Aucun service n’est encore inscrit au registre ici : adressez-vous au rectorat.", "No service is registered here yet: turn to the rectorate.")) }
        } @else {
            ul {
                @for contact in contacts {
                    li {
                        @match &contact.content.label {
                            Some(label) => strong { (label) },
                            None => strong { (words::label(spoken, "contact_roles", contact.content.role.as_str())) },
                        }
                        " · "
                        (words::label(spoken, "contact_roles", contact.content.role.as_str())) ", "
                        (place_name(contact.content.territory.as_str()))
                    }
                }
            }
            p class="quiet" {
                (spoken.say(
                    "Le registre ne publie le nom, le courriel ni le téléphone de personne : les établissements et les académies les lisent une fois connectés.",
                    "The register publishes nobody’s name, e-mail or telephone: schools and academies read them once signed in.",
                ))
            }
        }
    }
}

/// A territory that is no school.
pub fn place(code: &str) -> Option<&'static Territory> {
    Reference::get().territory(code)
}

/// What a territory is called; a school by its UAI.
pub fn place_name(code: &str) -> String {
    place(code).map_or_else(
        || code.trim_start_matches("uai:").to_owned(),
        |place| place.name.clone(),
    )
}

/// The academies and the overseas services, by name.
pub fn academies() -> Vec<&'static Territory> {
    let all = Reference::get().territories().iter();
    let mut academies: Vec<&Territory> = all
        .filter(|place| matches!(place.kind.as_str(), "academy" | "overseas_service"))
        .collect();
    academies.sort_by_key(|place| crate::reference::fold(&place.name));
    academies
}

/// The choice of an academy, as a field of a form.
pub fn academy_field(
    spoken: Spoken,
    name: &str,
    words: &str,
    any: &str,
    chosen: Option<&str>,
) -> Markup {
    html! {
        label class="field" {
            span { (words) }
            select name=(name) {
                option value="" { (any) }
                @for place in academies() {
                    option value=(place.code) selected[chosen == Some(place.code.as_str())] { (place.name) }
                }
            }
        }
        (tongue(spoken))
    }
}

/// The language of a page that names it, kept by the forms in it.
pub fn tongue(spoken: Spoken) -> Markup {
    html! {
        @if spoken.is_named { input type="hidden" name="lang" value=(spoken.language.tag()); }
    }
}
