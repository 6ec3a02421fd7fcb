//! What an import tells of what it did.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::List;
use super::merge::Kept;
use crate::error::Rule;
use crate::language::Language;

/// What came of the lines: `read = inserted + updated + unchanged + merged + refused`. The header
/// and blank lines are not counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Records of the file.
    pub read: u64,
    /// Lines that created an object.
    pub inserted: u64,
    /// Lines that changed a stored object.
    pub updated: u64,
    /// Lines that left a stored object unchanged.
    pub unchanged: u64,
    /// Further lines of an object that another line of the file already gave.
    pub merged: u64,
    /// Stored establishments closed because the file does not have them: not lines, so not in `read`.
    pub closed: u64,
    /// Lines that were refused.
    pub refused: Vec<Refusal>,
    /// What the file says otherwise than what is stored, which stays.
    pub kept: Vec<Kept>,
    /// The day of this edition, as the caller tells it.
    pub edition: Option<NaiveDate>,
    /// The first and the last day that lines give as their own, in the directory.
    pub lines_dated: Option<(NaiveDate, NaiveDate)>,
    /// The encoding of the file.
    pub encoding: &'static str,
    /// The columns that were not read (of the directory's: those that resemble one that is read).
    pub unused_columns: Vec<Unused>,
    /// For each column where something happened to its values, what.
    pub columns: BTreeMap<String, Column>,
}

impl Summary {
    /// Of a list of which nothing has been read.
    pub fn of(list: &List) -> Self {
        Self {
            edition: list.edition,
            ..Self::default()
        }
    }

    /// Counts what came of the cells of a line that was read.
    pub fn add(&mut self, repaired: &[&str], ignored: &[&str]) {
        for name in repaired {
            self.column(name).repaired += 1;
        }
        for name in ignored {
            self.column(name).ignored += 1;
        }
    }

    /// Whether no line was taken.
    pub const fn is_nothing_taken(&self) -> bool {
        self.inserted + self.updated + self.unchanged + self.merged == 0
    }

    /// What happened to the values of a column.
    pub fn column(&mut self, name: &str) -> &mut Column {
        self.columns.entry(name.to_owned()).or_default()
    }

    /// Tells of a value that stays against the file.
    pub fn keep(&mut self, kept: Kept) {
        self.column(&kept.field).kept += 1;
        self.kept.push(kept);
    }
}

/// What happened to the values of a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Written otherwise than it should, and understood.
    pub repaired: u64,
    /// Stored values that the file contradicts, or could not be read for, and that stay.
    pub kept: u64,
    /// Stored values that the file says are no more.
    pub cleared: u64,
    /// Read, and not taken: they cannot be read, or the register has no field for what they say.
    pub ignored: u64,
}

/// A column of the file that is not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unused {
    /// As the file names it.
    pub column: String,
    /// The name that it was probably meant to have.
    pub nearest: Option<String>,
}

/// A line that was not taken, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The line of the file where the record starts; the header is line 1.
    pub line: u64,
    /// The stable name of the rule.
    pub code: &'static str,
    /// The rule and the value, in words.
    pub detail: String,
}

/// Why a record is not taken; its line is added by who read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The stable name of the rule.
    pub code: &'static str,
    /// The rule and the value, in words.
    pub detail: String,
}

impl Rejection {
    /// A rejection under this code.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }

    /// A cell that breaks a rule of its field.
    pub fn of(code: &'static str, cell: &str, rule: &Rule) -> Self {
        let rule = rule.detail(Language::English);
        Self::new(code, format!("`{}`: {rule}", excerpt(cell)))
    }

    /// The refusal of the record that starts at this line.
    pub fn at(self, line: u64) -> Refusal {
        Refusal {
            line,
            code: self.code,
            detail: self.detail,
        }
    }
}

/// The beginning of a cell, for a message: what a terminal would obey is not shown.
pub fn excerpt(text: &str) -> String {
    const MOST: usize = 60;
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut short: String = text.chars().take(MOST).map(shown).collect();
    if text.chars().nth(MOST).is_some() {
        short.push('…');
    }
    short
}
