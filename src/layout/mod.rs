//! What every page for people has: its head, the way past the navigation, the navigation, the foot,
//! and the one style, in French or in English. What stands between is the page's own.
//!
//! A page needs no program: it is whole as it arrives, and its [policy](POLICY) lets nothing run that
//! it does not name.

mod spoken;
mod theme;

pub use spoken::Spoken;
pub use theme::{THEMES, Theme};

use std::hash::{DefaultHasher, Hasher};
use std::sync::LazyLock;

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The style of all pages.
pub const STYLE: &str = include_str!("style.css");

/// The mark of the register, which is its icon too.
pub const ICON: &str = include_str!("icon.svg");

/// What a page may fetch and run: its style and its icon, from here, and nothing.
pub const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
                          frame-ancestors 'none'";

/// The same, of a page that brings a program of ours along.
pub const SCRIPTED: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; \
                            form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The address of the style. It changes with the style, so that a copy may be kept for ever.
static STYLE_ADDRESS: LazyLock<String> = LazyLock::new(|| versioned("/assets/ree.css", STYLE));

/// The address of the icon.
static ICON_ADDRESS: LazyLock<String> = LazyLock::new(|| versioned("/assets/icon.svg", ICON));

fn versioned(path: &str, text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(text.as_bytes());
    format!("{path}?v={:016x}", hasher.finish())
}

/// A part of the site that the navigation leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// The catalogue of conventions.
    Conventions,
    /// Regions, academies, departments.
    Territories,
    /// Schools.
    Establishments,
    /// Published figures.
    Figures,
    /// Documentation.
    Documentation,
}

impl Section {
    /// Those of the navigation, in its order: the part, its address, its name in both languages.
    const ALL: [(Self, &'static str, &'static str, &'static str); 5] = [
        (
            Self::Conventions,
            "/conventions",
            "Conventions",
            "Conventions",
        ),
        (
            Self::Territories,
            "/territoires",
            "Territoires",
            "Territories",
        ),
        (
            Self::Establishments,
            "/etablissements",
            "Établissements",
            "Schools",
        ),
        (Self::Figures, "/chiffres", "Chiffres", "Figures"),
        (
            Self::Documentation,
            "/docs/",
            "Documentation",
            "Documentation",
        ),
    ];
}

/// A step of the way down to a page: its name, and its address unless it is the page itself.
pub type Step = (String, Option<String>);

/// What is around the content of a page.
#[derive(Debug)]
pub struct Frame<'a> {
    /// Its language, and whether its address says so.
    pub spoken: Spoken,
    /// Its title, without the name of the register.
    pub title: String,
    /// What it tells, in a sentence, for those who show a link to it.
    pub description: String,
    /// Its own address below the register's, `lang` left out: `/conventions?q=uimm`.
    pub address: String,
    /// The address of the register: `https://ree.example`.
    pub public_url: &'a str,
    /// How it looks.
    pub theme: Theme,
    /// The part of the site that it is in.
    pub section: Option<Section>,
    /// The pages above it, the home page left out, and itself.
    pub steps: Vec<Step>,
    /// Whether search engines keep it: not what refuses, and not each choice of filters.
    pub is_indexed: bool,
    /// The address of a program of ours that makes it handier. It works without.
    pub script: Option<&'static str>,
}

impl Frame<'_> {
    /// The policy of the page.
    pub const fn policy(&self) -> &'static str {
        match self.script {
            Some(_) => SCRIPTED,
            None => POLICY,
        }
    }

    /// The whole document around what is in its middle, which begins with an `h1`.
    pub fn around(&self, content: &Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang=(self.spoken.language.tag()) {
                (self.head())
                body {
                    a class="skip" href="#contenu" { (self.spoken.say("Aller au contenu", "Skip to content")) }
                    (self.banner())
                    main id="contenu" tabindex="-1" {
                        @if !self.steps.is_empty() { (self.way()) }
                        (content)
                    }
                    (self.foot())
                }
            }
        }
    }

    fn name(&self) -> &'static str {
        self.spoken.say(
            "Registre des relations école-entreprise",
            "Register of school–business relations",
        )
    }

    fn head(&self) -> Markup {
        let title = match self.title.is_empty() {
            true => self.name().to_owned(),
            false => format!("{} · {}", self.title, self.name()),
        };
        let address = format!("{}{}", self.public_url, self.address);
        html! {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                meta name="description" content=(self.description);
                @if !self.is_indexed { meta name="robots" content="noindex"; }
                link rel="stylesheet" href=(*STYLE_ADDRESS);
                @if let Some(style) = self.theme.address() { link rel="stylesheet" href=(style); }
                link rel="icon" type="image/svg+xml" href=(*ICON_ADDRESS);
                @if self.is_indexed {
                    link rel="canonical" href=(address);
                    @for tag in ["fr", "en"] {
                        link rel="alternate" hreflang=(tag) href=(format!("{}{}", self.public_url, spoken::with(&self.address, tag)));
                    }
                }
                meta property="og:type" content="website";
                meta property="og:site_name" content=(self.name());
                meta property="og:title" content=(if self.title.is_empty() { self.name() } else { &self.title });
                meta property="og:description" content=(self.description);
                meta property="og:url" content=(address);
                meta property="og:locale" content=(self.spoken.say("fr_FR", "en_GB"));
                @if let Some(script) = self.script { script src=(script) defer {} }
            }
        }
    }

    fn banner(&self) -> Markup {
        let other = self.spoken.other();
        html! {
            header class="banner" {
                div class="wide" {
                    a class="brand" href=(self.spoken.link("/")) {
                        (mark())
                        span { (self.name()) }
                    }
                    a class="tongue" href=(spoken::with(&self.address, other.tag())) lang=(other.tag()) hreflang=(other.tag()) {
                        (self.spoken.say("English", "Français"))
                    }
                    nav aria-label=(self.spoken.say("Principale", "Main")) {
                        ul {
                            @for (section, address, french, english) in Section::ALL {
                                li {
                                    a href=(self.spoken.link(address)) aria-current=[(self.section == Some(section)).then_some("true")] {
                                        (self.spoken.say(french, english))
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn way(&self) -> Markup {
        html! {
            nav class="way" aria-label=(self.spoken.say("Fil d’Ariane", "Breadcrumb")) {
                ol {
                    li { a href=(self.spoken.link("/")) { (self.spoken.say("Accueil", "Home")) } }
                    @for (name, address) in &self.steps {
                        li {
                            @match address {
                                Some(address) => a href=(self.spoken.link(address)) { (name) },
                                None => span aria-current="page" { (name) },
                            }
                        }
                    }
                }
            }
        }
    }

    fn foot(&self) -> Markup {
        let s = self.spoken;
        html! {
            footer class="foot" {
                div class="wide" {
                    p {
                        (s.say(
                            "Le registre national des conventions entre le ministère de l’Éducation nationale et ses partenaires, de leurs déclinaisons et de ce qui en est fait.",
                            "The national register of conventions between the French ministry of education and its partners, of their territorial forms, and of what came of them.",
                        ))
                    }
                    ul {
                        li { a href=(s.link("/docs/")) { (s.say("Documentation et API", "Documentation and API")) } }
                        li { a href="/public/conventions?format=csv" { (s.say("Données ouvertes (CSV)", "Open data (CSV)")) } }
                        li { a href="/openapi.json" { "OpenAPI" } }
                        li {
                            a href="https://www.etalab.gouv.fr/licence-ouverte-open-licence/" rel="license" {
                                (s.say("Licence Ouverte 2.0", "Open Licence 2.0"))
                            }
                        }
                    }
                    p class="quiet" {
                        (s.say(
                            "Aucun traceur, aucun cookie, aucune ressource d’un autre site.",
                            "No tracker, no cookie, nothing fetched from another site.",
                        ))
                    }
                }
            }
        }
    }
}

/// The mark of the register, inside a page: it says nothing that its name beside it does not.
fn mark() -> Markup {
    html! { span class="mark" aria-hidden="true" { (PreEscaped(ICON)) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    fn frame() -> Frame<'static> {
        Frame {
            spoken: Spoken::in_language(Language::French),
            title: "<Essai>".to_owned(),
            description: "Une \"page\".".to_owned(),
            address: "/conventions?q=a&sort=title".to_owned(),
            public_url: "https://ree.example",
            theme: Theme::Neutral,
            section: Some(Section::Conventions),
            steps: vec![("Conventions".to_owned(), None)],
            is_indexed: true,
            script: None,
        }
    }

    #[test]
    fn what_a_page_is_called_is_escaped() {
        let page = frame().around(&html! { h1 { "Essai" } }).into_string();
        assert!(page.contains("&lt;Essai&gt; · Registre"), "{page}");
        assert!(page.contains("Une &quot;page&quot;."));
        assert!(page.contains("href=\"https://ree.example/conventions?q=a&amp;sort=title\""));
        assert!(page.contains("/conventions?q=a&amp;sort=title&amp;lang=en\""));
    }

    #[test]
    fn a_page_runs_nothing_that_it_does_not_name() {
        assert!(!frame().policy().contains("script-src"));
        assert!(!frame().policy().contains("unsafe"));
        let scripted = Frame {
            script: Some("/assets/filter.js"),
            ..frame()
        };
        assert!(scripted.policy().contains("script-src 'self'"));
    }

    #[test]
    fn a_theme_is_a_second_style_and_the_neutral_one_is_none() {
        let of = |theme| Frame { theme, ..frame() }.around(&html! {}).into_string();
        let styles = |page: String| page.matches("rel=\"stylesheet\"").count();
        assert_eq!(styles(of(Theme::Neutral)), 1);
        assert_eq!(styles(of(Theme::State)), 2);
        assert!(of(Theme::State).contains("href=\"/assets/theme-state.css?v="));
    }

    #[test]
    fn the_style_fetches_nothing() {
        for forbidden in ["url(", "@import", "http:", "https:"] {
            assert!(!STYLE.contains(forbidden), "{forbidden}");
        }
    }
}
