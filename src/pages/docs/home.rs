//! The first page of the documentation: where to begin, and everything else.

use maud::{Markup, html};

use super::guides::{self, Guide};
use super::reference::index::filter;
use crate::reference::fold;

/// What it says, below its title.
pub fn body() -> Markup {
    let (first, then): (Vec<&Guide>, Vec<&Guide>) =
        guides::all().iter().partition(|guide| guide.begins);
    html! {
        p class="lead" {
            "Les pages de ce site montrent ce qui est public. L’API fait tout le reste : lire les conventions et leurs "
            "déclinaisons, déposer des interventions, suivre ce qui change, tirer un chiffre."
        }
        (filter("documentation", "Chercher dans la documentation"))
        div id="documentation" {
            section data-group="" aria-labelledby="demarrer" {
                h2 id="demarrer" { "Démarrer en dix minutes" }
                ul class="operations" { @for guide in &first { (entry(guide)) } }
            }
            section data-group="" aria-labelledby="comprendre" {
                h2 id="comprendre" { "Comprendre" }
                ul class="operations" { @for guide in &then { (entry(guide)) } }
            }
            section data-group="" aria-labelledby="consulter" {
                h2 id="consulter" { "Consulter" }
                ul class="operations" {
                    (link("/docs/reference", "La référence", "Chaque opération de l’API : ses droits, ses paramètres, ses exemples."))
                    (link("/problems", "Les codes d’erreur", "Ce que chacun veut dire, et ce qu’il faut faire."))
                    (link("/docs/nomenclatures", "Les nomenclatures", "Secteurs, niveaux, types d’action : chaque code et son libellé."))
                    (link("/docs/definitions", "Les définitions des indicateurs", "Ce que compte chaque mesure."))
                    (link("/openapi.json", "Le document OpenAPI", "Version 3.1, pour engendrer un client."))
                }
            }
        }
        p lang="en" { "The project’s own documentation, for its developers and operators, is in English, in the folder " code { "docs/" } " of its sources." }
    }
}

fn entry(guide: &Guide) -> Markup {
    let sections: Vec<&str> = guide
        .text
        .sections
        .iter()
        .map(|one| one.title.as_str())
        .collect();
    let words = fold(&format!(
        "{} {} {}",
        guide.text.title,
        guide.about,
        sections.join(" ")
    ));
    html! {
        li data-words=(words) {
            a href={ "/docs/" (guide.slug) } { (guide.text.title) }
            br; (guide.about)
            @if !guide.begins {
                ul class="sections" {
                    @for section in &guide.text.sections {
                        li { a href={ "/docs/" (guide.slug) "#" (section.id) } { (section.title) } }
                    }
                }
            }
        }
    }
}

fn link(address: &str, title: &str, about: &str) -> Markup {
    html! {
        li data-words=(fold(&format!("{title} {about}"))) {
            a href=(address) { (title) }
            br; (about)
        }
    }
}
