//! The language of a page. Its address may name it (`lang=en`), which wins over what a browser
//! prefers; the links of such a page name it too, since nothing else would remember.

use actix_web::http::header::HeaderMap;

use crate::language::Language;

/// The language of a page, and whether its address names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spoken {
    /// The language.
    pub language: Language,
    /// Whether links say so too.
    pub is_named: bool,
}

impl Spoken {
    /// That of a request: what its query names, else what its headers prefer.
    pub fn of(query: &str, headers: &HeaderMap) -> Self {
        let named = query.split('&').find_map(|pair| pair.strip_prefix("lang="));
        let named = named.and_then(Language::tagged);
        Self {
            language: named.unwrap_or_else(|| Language::of(headers)),
            is_named: named.is_some(),
        }
    }

    /// This language, which no address names.
    pub const fn in_language(language: Language) -> Self {
        Self {
            language,
            is_named: false,
        }
    }

    /// The one of two texts that is in this language.
    pub const fn say<'a>(&self, french: &'a str, english: &'a str) -> &'a str {
        match self.language {
            Language::French => french,
            Language::English => english,
        }
    }

    /// The other language.
    pub const fn other(&self) -> Language {
        match self.language {
            Language::French => Language::English,
            Language::English => Language::French,
        }
    }

    /// An address of a page of ours, as this page links to it.
    pub fn link(&self, address: &str) -> String {
        match self.is_named {
            true => with(address, self.language.tag()),
            false => address.to_owned(),
        }
    }
}

/// An address that names its language.
pub(super) fn with(address: &str, tag: &str) -> String {
    let (address, anchor) = address.split_once('#').unwrap_or((address, ""));
    let sign = if address.contains('?') { '&' } else { '?' };
    let anchor = match anchor {
        "" => String::new(),
        anchor => format!("#{anchor}"),
    };
    format!("{address}{sign}lang={tag}{anchor}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_names_a_language_wins_and_is_passed_on() {
        let none = HeaderMap::new();
        let spoken = Spoken::of("q=a&lang=en", &none);
        assert_eq!(spoken.language, Language::English);
        assert_eq!(spoken.link("/conventions"), "/conventions?lang=en");
        assert_eq!(spoken.link("/a?q=b#c"), "/a?q=b&lang=en#c");
        let unnamed = Spoken::of("q=a&lang=de", &none);
        assert_eq!(unnamed.language, Language::French);
        assert_eq!(unnamed.link("/conventions"), "/conventions");
    }
}
