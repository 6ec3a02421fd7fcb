//! How the pages look: in a manner of their own or, where the operator says that it is entitled to it, in
//! that of the French State's design system.
//!
//! A theme is a second style, after the one of all pages: colours, names of fonts, spacing, corners. It
//! brings no logo and no font along, and fetches nothing.

use std::str::FromStr;
use std::sync::LazyLock;

use super::versioned;

/// The style of the State's manner.
const STATE: &str = include_str!("theme-state.css");

/// Its address, which changes with it.
static STATE_ADDRESS: LazyLock<String> =
    LazyLock::new(|| versioned("/assets/theme-state.css", STATE));

/// A theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// The register's own.
    #[default]
    Neutral,
    /// That of the State's design system.
    State,
}

/// What a setting may say, for whoever said something else.
pub const THEMES: &str = "neutral or state";

impl FromStr for Theme {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "neutral" => Ok(Self::Neutral),
            "state" => Ok(Self::State),
            _ => Err(()),
        }
    }
}

impl Theme {
    /// The address of its style, where it has one.
    pub fn address(self) -> Option<&'static str> {
        match self {
            Self::Neutral => None,
            Self::State => Some(&STATE_ADDRESS),
        }
    }

    /// The style that is a file of this name.
    pub fn file(name: &str) -> Option<&'static str> {
        (name == "theme-state.css").then_some(STATE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theme_fetches_nothing_and_brings_no_font_along() {
        for forbidden in ["url(", "@import", "@font-face", "http:", "https:"] {
            assert!(!STATE.contains(forbidden), "{forbidden}");
        }
    }

    #[test]
    fn what_is_no_theme_is_refused() {
        assert_eq!("state".parse(), Ok(Theme::State));
        assert_eq!("dsfr".parse::<Theme>(), Err(()));
    }
}
