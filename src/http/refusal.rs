//! A refusal as a page: what a person in a browser is told instead of a problem document.

use actix_web::HttpRequest;
use actix_web::http::header::{ACCEPT, HeaderMap};
use maud::{Markup, html};

use super::accept;
use crate::app::App;
use crate::error::problem::Problem;
use crate::layout::{Frame, Spoken, Theme};

/// The addresses that programs alone ask: a browser that opens one reads what they read.
const OF_PROGRAMS: [&str; 4] = ["/v1/", "/public/", "/oauth2/", "/.well-known/"];

/// What a page about a refusal is made of.
#[derive(Debug)]
pub struct Refusal<'a> {
    /// The problem.
    pub problem: &'a Problem,
    /// The language it is told in.
    pub spoken: Spoken,
    /// The address of the register.
    pub public_url: &'a str,
    /// How the pages look.
    pub theme: Theme,
    /// What was asked for.
    pub path: &'a str,
}

/// Whether who sends these headers to this path reads pages rather than problem documents.
pub fn reads_pages(path: &str, headers: &HeaderMap) -> bool {
    let is_of_programs = path == "/v1" || OF_PROGRAMS.iter().any(|start| path.starts_with(start));
    !is_of_programs && prefers(headers, ["application/problem+json", "text/html"])
}

/// Whether a request is for a page, and whoever sends it takes one.
pub fn is_for_page(app: &App, request: &HttpRequest) -> bool {
    let template = request.match_pattern();
    let operations = template.and_then(|template| app.api.contract.path(&template));
    let get = operations.and_then(|all| all.get(&actix_web::http::Method::GET));
    let is_page = get.is_some_and(|get| get.produces == ["text/html"]);
    is_page && prefers(request.headers(), ["text/html", "application/problem+json"])
}

/// Whether these headers prefer a page; the first of both forms where they do not say.
fn prefers(headers: &HeaderMap, forms: [&str; 2]) -> bool {
    let forms = forms.map(str::to_owned);
    let chosen = match headers.contains_key(ACCEPT) {
        true => accept::choose(headers, &forms),
        false => forms.first().map(String::as_str),
    };
    chosen == Some("text/html")
}

impl<'a> Refusal<'a> {
    /// Its frame.
    pub fn frame(&self) -> Frame<'a> {
        Frame {
            spoken: self.spoken,
            title: self.title().to_owned(),
            description: self.problem.detail.clone(),
            address: self.path.to_owned(),
            public_url: self.public_url,
            theme: self.theme,
            section: None,
            steps: Vec::new(),
            is_indexed: false,
            script: None,
        }
    }

    fn title(&self) -> &'static str {
        match self.problem.status {
            404 => self
                .spoken
                .say("Cette page n’existe pas", "There is no such page"),
            _ => self.problem.title,
        }
    }

    /// What it says: what went wrong, what to do, and where to go on.
    pub fn content(&self) -> Markup {
        let s = self.spoken;
        html! {
            p class="kicker" { (s.say("Erreur", "Error")) " " (self.problem.status) }
            h1 { (self.title()) }
            @match self.problem.status {
                404 => p class="lead" {
                    (s.say(
                        "L’adresse est peut-être incomplète, ou ce qu’elle désigne n’est pas public.",
                        "The address may be incomplete, or what it names is not public.",
                    ))
                },
                _ => p class="lead" { (self.problem.detail) },
            }
            @if !self.problem.errors.is_empty() {
                ul {
                    @for fault in &self.problem.errors {
                        li {
                            @if let Some(parameter) = &fault.parameter { code { (parameter) } " : " }
                            (fault.detail)
                            @if let Some(nearest) = fault.nearest.as_ref().and_then(|nearest| nearest.as_str()) {
                                " " (s.say("Le plus proche : ", "The nearest: ")) code { (nearest) }
                            }
                        }
                    }
                }
            }
            (search(s))
            p class="after" { a href=(s.link("/")) { (s.say("Revenir à l’accueil", "Back to the home page")) } }
            p class="quiet" {
                (s.say("À citer si vous nous écrivez : ", "To quote if you write to us: ")) code { (self.problem.request_id) }
            }
        }
    }
}

/// A way on.
fn search(s: Spoken) -> Markup {
    html! {
        form class="search" action="/conventions" method="get" role="search" {
            label class="field" {
                span { (s.say("Chercher une convention", "Find a convention")) }
                input type="search" name="q" maxlength="200" autocomplete="off";
            }
            @if s.is_named { input type="hidden" name="lang" value=(s.language.tag()); }
            button type="submit" { (s.say("Chercher", "Search")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn reads(path: &str, accept: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        reads_pages(path, &headers)
    }

    #[test]
    fn a_browser_is_told_by_a_page_and_a_program_by_a_document() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        assert!(reads("/nothing", browser));
        assert!(!reads("/nothing", "*/*"));
        assert!(!reads("/nothing", "application/json"));
        for path in [
            "/v1",
            "/v1/partners",
            "/public/conventions",
            "/oauth2/token",
        ] {
            assert!(!reads(path, browser), "{path}");
        }
        assert!(!reads_pages("/nothing", &HeaderMap::new()));
    }
}
