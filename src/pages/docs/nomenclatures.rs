//! The nomenclatures and the definitions of the measures, to read.

use maud::{Markup, html};

use super::reference::index::filter;
use crate::reference::{Nomenclature, Reference, fold};
use crate::results::indicators::model::Definition;
use crate::values::TextValue;

/// The list of nomenclatures.
pub fn list() -> Markup {
    html! {
        p {
            "Un code tient lieu d’un libellé partout dans l’API ; ces listes disent ce qu’il veut dire, en français et en anglais. "
            "Des entrées s’ajoutent, aucune n’est retirée. Par programme : " code { "GET /v1/nomenclatures" } "."
        }
        (filter("nomenclatures", "Chercher une nomenclature ou un code"))
        ul id="nomenclatures" class="operations" {
            @for one in Reference::get().nomenclatures() { (line(one)) }
        }
    }
}

fn line(one: &Nomenclature) -> Markup {
    let labels = one
        .entries
        .iter()
        .map(|entry| format!("{} {}", entry.code, entry.label_fr));
    let words = fold(&format!(
        "{} {}",
        one.name,
        labels.collect::<Vec<_>>().join(" ")
    ));
    let first: Vec<&str> = one
        .entries
        .iter()
        .take(4)
        .map(|entry| entry.label_fr.as_str())
        .collect();
    html! {
        li data-words=(words) {
            a href={ "/docs/nomenclatures/" (one.name) } { (one.name) }
            " " small { (one.entries.len()) " codes : " (first.join(", ")) @if one.entries.len() > first.len() { "…" } }
        }
    }
}

/// The entries of one.
pub fn entries(one: &Nomenclature) -> Markup {
    let more: Vec<&String> = one
        .entries
        .first()
        .map(|entry| entry.more.keys().collect())
        .unwrap_or_default();
    html! {
        p { "Par programme : " code { "GET /v1/nomenclatures/" (one.name) } "." }
        div class="scroll" tabindex="0" {
            table {
                thead {
                    tr {
                        th scope="col" { "Code" } th scope="col" { "Libellé" } th scope="col" { "En anglais" }
                        @for name in &more { th scope="col" { code { (name) } } }
                    }
                }
                tbody {
                    @for entry in &one.entries {
                        tr {
                            th scope="row" { code { (entry.code) } }
                            td { (entry.label_fr) }
                            td lang="en" { (entry.label_en) }
                            @for name in &more {
                                td { (entry.more.get(*name).and_then(serde_json::Value::as_str).unwrap_or_default()) }
                            }
                        }
                    }
                }
            }
        }
        p { a href="/docs/nomenclatures" { "Toutes les nomenclatures" } }
    }
}

/// What each measure counts.
pub fn definitions() -> Markup {
    html! {
        p {
            "Ce que compte chaque indicateur. Les mesures " em { "additives" } " s’ajoutent d’une case à l’autre ; "
            "celles qui comptent des choses " em { "distinctes" } " jamais ; une part va de 0 à 1. "
            "Par programme, sans jeton : " a href="/public/indicators" { "/public/indicators" } "."
        }
        div class="scroll" tabindex="0" {
            table {
                thead { tr { th scope="col" { "Mesure" } th scope="col" { "Libellé" } th scope="col" { "Ce qu’elle compte" } th scope="col" { "Nature" } } }
                tbody {
                    @for one in Definition::all() {
                        tr {
                            th scope="row" { code { (one.code.as_str()) } }
                            td { (one.label_fr) }
                            td { (one.definition_fr) }
                            td { (nature(&one.kind)) }
                        }
                    }
                }
            }
        }
    }
}

fn nature(kind: &str) -> &str {
    match kind {
        "additive" => "additive",
        "distinct" => "distincte",
        "share" => "part",
        other => other,
    }
}
