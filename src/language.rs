//! The two languages of what a person reads: French, the default, and English.

use actix_web::http::header::{ACCEPT_LANGUAGE, HeaderMap};

/// The language of an answer's labels and messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Language {
    /// French, also when nothing is asked for.
    #[default]
    French,
    /// English.
    English,
}

/// A text in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// In French.
    pub fr: &'static str,
    /// In English.
    pub en: &'static str,
}

impl Text {
    /// The text in this language.
    pub const fn get(&self, language: Language) -> &'static str {
        match language {
            Language::French => self.fr,
            Language::English => self.en,
        }
    }
}

impl Language {
    /// What `Accept-Language` prefers (RFC 9110 §12.5.4); French on a tie and where neither is named.
    pub fn of(headers: &HeaderMap) -> Self {
        let weight = |tag: &str| {
            headers
                .get_all(ACCEPT_LANGUAGE)
                .filter_map(|value| value.to_str().ok())
                .flat_map(|value| value.split(','))
                .filter_map(|range| weight_of(range, tag))
                .fold(None, |best: Option<f32>, found| {
                    Some(best.map_or(found, |b| b.max(found)))
                })
        };
        match (weight("en"), weight("fr")) {
            (Some(en), fr) if en > 0.0 && en > fr.unwrap_or(0.0) => Self::English,
            _ => Self::French,
        }
    }

    /// The one of this tag.
    pub fn tagged(tag: &str) -> Option<Self> {
        let both = [Self::French, Self::English];
        both.into_iter().find(|language| language.tag() == tag)
    }

    /// The value of `Content-Language`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }
}

/// The weight a language range gives to a primary tag, if it names it.
fn weight_of(range: &str, tag: &str) -> Option<f32> {
    let mut parts = range.split(';');
    let name = parts.next()?.trim();
    let primary = name.split('-').next()?;
    if !primary.eq_ignore_ascii_case(tag) {
        return None;
    }
    let weight = parts
        .find_map(|part| part.trim().strip_prefix("q="))
        .map_or(Some(1.0), |q| q.parse().ok());
    weight.or(Some(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn prefer(value: &'static str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(value));
        Language::of(&headers)
    }

    #[test]
    fn french_unless_english_is_preferred() {
        assert_eq!(Language::of(&HeaderMap::new()), Language::French);
        assert_eq!(prefer("en"), Language::English);
        assert_eq!(prefer("en-GB,en;q=0.9"), Language::English);
        assert_eq!(prefer("fr-FR,fr;q=0.9,en;q=0.8"), Language::French);
        assert_eq!(prefer("de, en;q=0.5"), Language::English);
        assert_eq!(prefer("en;q=0"), Language::French);
        assert_eq!(prefer("*"), Language::French);
    }
}
