//! What a cell means in its column, or why that cannot be told.

use serde_json::Value;

use crate::error::{Notice, Rule, notice};

/// A number with a separator that may stand for thousands or for decimals.
pub static AMBIGUOUS_NUMBER: Notice = notice(
    "ambiguous_number",
    "Ce séparateur peut être celui des milliers ou des décimales : écrivez le nombre sans lui.",
    "This separator may be that of thousands or of decimals: write the number without it.",
);

/// A number that a spreadsheet took for a day.
pub static TAKEN_FOR_A_DAY: Notice = notice(
    "taken_for_a_day",
    "Le tableur a pris cette cellule pour une date : mettez-la au format « Nombre » ou « Texte », et retapez sa valeur.",
    "The spreadsheet took this cell for a date: format it as a number or as text, and type its value again.",
);

/// What stands for a number that nobody knows.
pub static NOT_KNOWN: Notice = notice(
    "not_known",
    "Videz la cellule si le nombre n'est pas connu ; écrivez 0 s'il n'y en a aucun.",
    "Clear the cell if the number is not known; write 0 if there is none.",
);

/// A year of two digits, or a day and a month that may be changed round.
pub static AMBIGUOUS_DAY: Notice = notice(
    "ambiguous_day",
    "Cette date peut se lire de plusieurs façons : écrivez-la jj/mm/aaaa ou aaaa-mm-jj.",
    "This date can be read in several ways: write it dd/mm/yyyy or yyyy-mm-dd.",
);

/// What a cell means.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// What is written.
    Plain(Value),
    /// Something else, which is all that it can mean.
    Repaired(Value),
    /// Nothing that can be told.
    Refused(Rule),
}

impl Meaning {
    /// The value, repaired where another text was written.
    pub fn of(value: impl Into<Value>, written: &str) -> Self {
        let value = value.into();
        if value.as_str() == Some(written) {
            Self::Plain(value)
        } else {
            Self::Repaired(value)
        }
    }
}
