//! A page of the documentation in the frame of all pages.

use maud::{Markup, html};

use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::html::{page, spoken};
use crate::http::query::Anything;
use crate::language::Language;
use crate::layout::{Frame, Section};

/// The program that filters lists.
const FILTER: &str = "/docs/filter.js";

/// The most characters of what a page tells of itself to those who show a link to it.
const TOLD: usize = 160;

/// Links that stand beside what a page shows.
struct Beside {
    label: &'static str,
    links: Markup,
    comes_first: bool,
}

/// What a page shows.
pub struct Shown {
    title: String,
    about: String,
    body: Markup,
    /// What stands beside it: before it for who reads it from end to end, or after it.
    beside: Option<Beside>,
    /// The page above it: its address and its name.
    above: Option<(&'static str, &'static str)>,
    is_filtered: bool,
}

impl Shown {
    /// A page of words.
    pub fn plain(title: &str, about: &str, body: Markup) -> Self {
        Self {
            title: title.to_owned(),
            about: about.chars().take(TOLD).collect(),
            body,
            beside: None,
            above: None,
            is_filtered: false,
        }
    }

    /// A page with a list that can be filtered.
    pub fn filtered(title: &str, about: &str, body: Markup) -> Self {
        Self {
            is_filtered: true,
            ..Self::plain(title, about, body)
        }
    }

    /// With what it is made of.
    pub fn with_contents(self, links: Markup) -> Self {
        let (label, comes_first) = ("Dans cette page", true);
        let beside = Some(Beside {
            label,
            links,
            comes_first,
        });
        Self { beside, ..self }
    }

    /// With what there is like it.
    pub fn with_neighbours(self, links: Markup) -> Self {
        let (label, comes_first) = ("Voisines", false);
        let beside = Some(Beside {
            label,
            links,
            comes_first,
        });
        Self { beside, ..self }
    }

    /// The page of one thing of a list.
    pub fn below(self, address: &'static str, name: &'static str) -> Self {
        Self {
            above: Some((address, name)),
            ..self
        }
    }
}

/// The page. Its words are French, in a frame of the language asked for.
pub fn answer(call: &Call<Anything>, shown: Shown) -> Answer {
    let spoken = spoken(call);
    let content = content(&shown, spoken.language);
    let is_home = call.path() == "/docs/";
    let mut steps = Vec::new();
    if !is_home {
        steps.push(("Documentation".to_owned(), Some("/docs/".to_owned())));
        steps.extend(
            shown
                .above
                .map(|(address, name)| (name.to_owned(), Some(address.to_owned()))),
        );
        steps.push((shown.title.clone(), None));
    }
    let frame = Frame {
        spoken,
        title: shown.title,
        description: shown.about,
        address: call.path().to_owned(),
        public_url: &call.app.config.public_url,
        theme: call.app.config.theme,
        section: Some(Section::Documentation),
        steps,
        is_indexed: true,
        script: shown.is_filtered.then_some(FILTER),
    };
    page(&frame, &content)
}

fn content(shown: &Shown, language: Language) -> Markup {
    let beside = |comes_first: bool| {
        let beside = shown.beside.as_ref();
        beside.filter(|beside| beside.comes_first == comes_first)
    };
    html! {
        article class="documented" lang="fr" {
            header class="prose" {
                h1 { (shown.title) }
                @if language == Language::English { (in_french()) }
            }
            @if let Some(beside) = beside(true) { (links(beside)) }
            div class="prose" { (shown.body) }
            @if let Some(beside) = beside(false) { (links(beside)) }
        }
    }
}

fn links(beside: &Beside) -> Markup {
    html! { nav class="contents" aria-label=(beside.label) { (beside.links) } }
}

fn in_french() -> Markup {
    html! {
        p class="note" lang="en" {
            "These pages are in French. The API itself answers in English on request (" code { "Accept-Language: en" }
            "); the project’s documentation for developers, in English, is in the folder " code { "docs/" } " of its sources."
        }
    }
}
