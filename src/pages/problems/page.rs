//! The codes of errors as pages.

use maud::{Markup, PreEscaped, html};

use super::model::ProblemTypes;
use super::query::Tongue;
use crate::error::problem::ProblemType;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::html::{page, spoken};
use crate::layout::{Frame, Section, Spoken};
use crate::pages::docs::markdown::fragment;

/// The page of all codes.
pub fn of_all(call: &Call<Tongue>, all: &ProblemTypes) -> Answer {
    let s = spoken(call);
    let title = s.say("Les codes d’erreur", "Error codes");
    let body = html! {
        p class="lead" {
            (s.say(
                "Un refus est un document (RFC 9457) dont le code ne change jamais : c’est lui qu’un programme lit. Voici chacun d’eux.",
                "A refusal is a document (RFC 9457) whose code never changes: programs read that. Here is each of them.",
            ))
            " "
            a href=(s.link("/docs/erreurs")) { (s.say("Comprendre une erreur", "Understanding an error (in French)")) }
        }
        h2 id="codes" { (s.say("De la réponse", "Of an answer")) }
        (table(s, &all.data, true))
        h2 id="regles" { (s.say("D’un endroit de la requête", "Of a place in a request")) }
        p {
            (s.say("Sous", "Under")) " " code { "errors" } " " (s.say("et", "and")) " " code { "warnings" }
            (s.say(", chacun avec l’endroit qu’il concerne.", ", each with the place it is about."))
        }
        (table(s, &all.faults, false))
    };
    framed(call, s, title, title, body)
}

fn table(s: Spoken, codes: &[ProblemType], has_status: bool) -> Markup {
    html! {
        div class="scroll" tabindex="0" {
            table {
                thead {
                    tr {
                        th scope="col" { "Code" }
                        @if has_status { th scope="col" { "HTTP" } }
                        th scope="col" { (s.say("Ce qu’il veut dire", "What it means")) }
                    }
                }
                tbody {
                    @for one in codes {
                        tr {
                            th scope="row" { a href=(s.link(&one.kind)) { code { (one.code) } } }
                            @if has_status { td { (one.status) } }
                            td { (one.title) }
                        }
                    }
                }
            }
        }
    }
}

/// The page of one.
pub fn of(call: &Call<Tongue>, one: &ProblemType) -> Answer {
    let s = spoken(call);
    let example = serde_json::to_string_pretty(&one.example).unwrap_or_default();
    let body = html! {
        p class="lead" { code { (one.code) } " · HTTP " (one.status) }
        h2 { (s.say("Ce qu’il veut dire", "What it means")) }
        (PreEscaped(fragment(&one.meaning)))
        h2 { (s.say("Ce qu’il faut faire", "What to do")) }
        (PreEscaped(fragment(&one.fix)))
        h2 { (s.say("Un exemple", "An example")) }
        pre tabindex="0" { code { (example) } }
        p { a href=(s.link("/problems")) { (s.say("Tous les codes d’erreur", "All error codes")) } }
    };
    framed(call, s, &one.title, &one.meaning, body)
}

fn framed(call: &Call<Tongue>, spoken: Spoken, title: &str, about: &str, body: Markup) -> Answer {
    let all = spoken.say("Les codes d’erreur", "Error codes");
    let mut steps = vec![("Documentation".to_owned(), Some("/docs/".to_owned()))];
    match title == all {
        true => steps.push((title.to_owned(), None)),
        false => {
            steps.push((all.to_owned(), Some("/problems".to_owned())));
            steps.push((title.to_owned(), None));
        }
    }
    let frame = Frame {
        spoken,
        title: title.to_owned(),
        description: about.to_owned(),
        address: call.path().to_owned(),
        public_url: &call.app.config.public_url,
        theme: call.app.config.theme,
        section: Some(Section::Documentation),
        steps,
        is_indexed: true,
        script: None,
    };
    page(
        &frame,
        &html! { article class="prose" { h1 { (title) } (body) } },
    )
}
