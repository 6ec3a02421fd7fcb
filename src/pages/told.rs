//! What a publication tells of a figure, and how a page says what it does not tell.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde_json::{Map, Value};

use super::words::{is_share, number, percent};
use crate::layout::Spoken;
use crate::results::permalinks::model::PublishedYear;
use crate::results::publications::store::cells::Cell;

/// A published figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Told {
    /// Of this publication.
    Value(f64),
    /// As the publication of this number told it.
    Carried(f64, i32),
    /// Too small, or it would give a small one back.
    Hidden,
    /// Nobody said.
    Unknown,
}

impl Told {
    fn of(
        figures: &Map<String, Value>,
        hidden: &[String],
        carried: &BTreeMap<String, i32>,
        measure: &str,
    ) -> Self {
        let value = figures.get(measure).and_then(Value::as_f64);
        match (value, carried.get(measure)) {
            _ if hidden.iter().any(|one| one == measure) => Self::Hidden,
            (Some(value), Some(number)) => Self::Carried(value, *number),
            (Some(value), None) => Self::Value(value),
            (None, _) => Self::Unknown,
        }
    }

    /// That of a cell.
    pub fn of_cell(cell: &Cell, measure: &str) -> Self {
        Self::of(&cell.figures, &cell.suppressed, &cell.carried, measure)
    }

    /// That of a year of a convention.
    pub fn of_year(year: &PublishedYear, measure: &str) -> Self {
        Self::of(&year.values, &year.suppressed, &year.carried, measure)
    }

    /// The value, where there is one.
    pub const fn value(self) -> Option<f64> {
        match self {
            Self::Value(value) | Self::Carried(value, _) => Some(value),
            Self::Hidden | Self::Unknown => None,
        }
    }

    /// As a page shows it.
    pub fn show(self, spoken: Spoken, measure: &str) -> Markup {
        let figure = |value: f64| match is_share(measure) {
            true => percent(spoken, value),
            false => number(spoken, value),
        };
        html! {
            @match self {
                Self::Value(value) => (figure(value)),
                Self::Carried(value, publication) => {
                    (figure(value)) " "
                    abbr title=(format!("{} {publication}", spoken.say("resté celui de la publication n°", "kept from publication no.")))
                        { "(n°\u{a0}" (publication) ")" }
                },
                Self::Hidden => span class="untold" { (spoken.say("masqué", "hidden")) },
                Self::Unknown => span class="untold" { (spoken.say("non connu", "not known")) },
            }
        }
    }

    /// As a title says it.
    pub fn words(self, spoken: Spoken, measure: &str) -> String {
        match self.value() {
            Some(value) if is_share(measure) => percent(spoken, value),
            Some(value) => number(spoken, value),
            None if self == Self::Hidden => spoken.say("masqué", "hidden").to_owned(),
            None => spoken.say("non connu", "not known").to_owned(),
        }
    }
}

/// On which reports figures rest.
pub fn completeness(
    spoken: Spoken,
    expected: Option<i64>,
    validated: Option<i64>,
    all: i64,
) -> String {
    let number = |value: i64| super::words::count(spoken, value);
    match (expected, validated) {
        (Some(expected), Some(validated)) if expected > 0 => format!(
            "{} {} {} {}",
            number(validated),
            spoken.say(
                "bilans attendus reçus et validés sur",
                "expected reports received and validated, of"
            ),
            number(expected),
            match all > validated {
                true => format!(
                    "({} {})",
                    number(all - validated),
                    spoken.say("de plus n’étaient pas attendus", "more were not expected")
                ),
                false => String::new(),
            }
        )
        .trim_end()
        .to_owned(),
        _ => format!(
            "{} {}",
            number(all),
            spoken.say("bilans validés", "validated reports")
        ),
    }
}

/// What hidden and kept figures are, below a table that may have some.
pub fn explained(spoken: Spoken) -> Markup {
    html! {
        p class="quiet" {
            (spoken.say(
                "« masqué » : trop peu d’élèves pour être publié sans risque de reconnaître quelqu’un, ou un chiffre qui permettrait d’en retrouver un tel par soustraction. « (n° 2) » : chiffre resté celui de la publication n° 2, pour la même raison. « non connu » : aucun bilan ne le dit.",
                "“hidden”: too few pupils to be published without a risk that somebody is recognised, or a figure that would give such a one back by subtraction. “(no. 2)”: kept from publication no. 2, for the same reason. “not known”: no report says.",
            ))
        }
    }
}
