//! The operations, grouped: all of them are shown, and a script that may run leaves those that match.

use maud::{Markup, html};

use super::parts::prose;
use super::spec::{Operation, Spec};
use crate::reference::fold;

/// What the page of the reference says.
pub fn body(spec: &Spec) -> Markup {
    html! {
        p {
            "Les " (spec.operations().len()) " opérations de l’API, chacune avec ses droits, ses paramètres et ses exemples, "
            "qui fonctionnent sur un service lancé par " code { "ree serve --demo" } ". Le document dont ces pages sont faites : "
            a href="/openapi.json" { "/openapi.json" } " (OpenAPI 3.1)."
        }
        (filter("operations", "Chercher une opération"))
        div id="operations" {
            @for (place, tag) in spec.tags().iter().enumerate() {
                section data-group="" {
                    h2 id={ "groupe-" (place) } { (tag.name) }
                    (prose(&tag.description))
                    ul class="operations" { @for operation in spec.of_tag(&tag.name) { (line(operation)) } }
                }
            }
        }
    }
}

/// Its groups, as links.
pub fn groups(spec: &Spec) -> Markup {
    html! {
        ul {
            @for (place, tag) in spec.tags().iter().enumerate() {
                li { a href={ "#groupe-" (place) } { (tag.name) } }
            }
        }
    }
}

/// A field that filters the list with this id. A script shows it: without one it would do nothing.
pub fn filter(list: &str, label: &str) -> Markup {
    html! {
        div class="filter" hidden {
            label for={ "filtre-" (list) } { (label) }
            input id={ "filtre-" (list) } type="search" autocomplete="off" data-filters=(list);
            p role="status" {}
        }
    }
}

fn line(operation: &Operation) -> Markup {
    let words = fold(&format!(
        "{} {} {} {}",
        operation.summary, operation.id, operation.path, operation.tag
    ));
    html! {
        li data-words=(words) {
            a href={ "/docs/reference/" (operation.id) } { (operation.summary) }
            " " span class="address" { span class="method" { (operation.method) } " " code { (operation.path) } }
        }
    }
}
