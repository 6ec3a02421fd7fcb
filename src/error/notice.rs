//! The notices of a resource: a stable code and its wording. Used as a fault it refuses the request
//! ([`Rule::Own`](super::Rule::Own)), as a warning it only informs.

use crate::error::warning::Warning;
use crate::language::{Language, Text};

/// A stable code and its words.
#[derive(Debug, PartialEq, Eq)]
pub struct Notice {
    /// The code; it never changes.
    pub code: &'static str,
    /// What is meant and, where it can be put right, how.
    pub detail: Text,
}

/// A notice. Declared as a `static`, next to the rule it speaks of.
pub const fn notice(code: &'static str, fr: &'static str, en: &'static str) -> Notice {
    Notice {
        code,
        detail: Text { fr, en },
    }
}

impl Notice {
    /// Its words, then the detail they are about.
    pub fn about(&self, subject: &str, language: Language) -> String {
        format!("{} ({subject})", self.detail.get(language))
    }

    /// The warning at a place.
    pub fn at(&self, pointer: impl Into<String>, language: Language) -> Warning {
        Warning {
            pointer: pointer.into(),
            code: self.code,
            detail: self.detail.get(language).to_owned(),
        }
    }
}

/// Every notice there is: the build reads the sources for them, so that none lacks its page.
pub static NOTICES: &[Notice] = include!(concat!(env!("OUT_DIR"), "/notices.rs"));

/// An end before a beginning.
pub static BEFORE_START: Notice = notice(
    "before_start",
    "La fin précède le début : corrigez l'une des deux dates.",
    "The end comes before the beginning: correct one of the two dates.",
);

/// A day that has not come.
pub static IN_THE_FUTURE: Notice = notice(
    "in_the_future",
    "Cette date n'est pas encore venue.",
    "This date has not come yet.",
);

/// A territory outside another one.
pub static OUTSIDE_TERRITORY: Notice = notice(
    "outside_territory",
    "Hors du territoire concerné.",
    "Outside the territory concerned.",
);

/// A code that the convention leaves out.
pub static NOT_IN_CONVENTION: Notice = notice(
    "not_in_convention",
    "La convention ne porte pas sur ce code : choisissez parmi les siens.",
    "The convention does not cover this code: choose among its own.",
);

/// A field that identifies an object.
pub static PART_OF_THE_KEY: Notice = notice(
    "part_of_the_key",
    "Ce champ identifie l'objet et ne change pas : retirez-le.",
    "This field identifies the object and does not change: remove it.",
);

/// A field of a text that was signed.
pub static SIGNED: Notice = notice(
    "read_only",
    "Ce champ a été signé : il ne change que par un avenant (`POST /v1/conventions/{id}/amendments`).",
    "This field was signed: it only changes by an amendment (`POST /v1/conventions/{id}/amendments`).",
);

/// A day after the end of what it belongs to.
pub static AFTER_END: Notice = notice(
    "after_end",
    "Cette date vient après la fin : choisissez-en une plus tôt.",
    "This date comes after the end: choose an earlier one.",
);

/// A school year that a convention has no day in.
pub static NOT_IN_FORCE_THAT_YEAR: Notice = notice(
    "not_in_force_that_year",
    "La convention n'est en vigueur aucun jour de cette année scolaire.",
    "The convention is not in force on any day of that school year.",
);

/// A number as the French write it.
pub static DECIMAL_POINT: Notice = notice(
    "invalid_format",
    "Écrivez les nombres avec un point décimal, sans espace",
    "Write numbers with a decimal point, without spaces",
);
