//! What the imports of files share: the author, the options, the outcome of each line.

pub mod conventions;
pub mod establishments;
pub mod partners;
pub mod source;
pub mod store;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::db::tx::Author;
use crate::error::Rule;
use crate::language::Language;

/// Who writes: what the audit rows and the change events say. Built by the caller, since the clock
/// and the ids come from outside.
pub struct ImportContext<'a> {
    /// Who writes.
    pub author: Author,
    /// The moment of the import, to the microsecond (what PostgreSQL keeps).
    pub now: DateTime<Utc>,
    /// Makes the ids (UUIDv7) of new rows and of audit rows.
    pub new_id: &'a (dyn Fn() -> Uuid + Sync),
}

/// What the caller asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Do everything, then undo it: the summary is that of the real run.
    pub dry_run: bool,
    /// Close the establishments that the file should have and does not (the directory only).
    pub close_missing: bool,
}

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

/// The beginning of a cell, for a message.
pub fn excerpt(text: &str) -> String {
    const MOST: usize = 60;
    let mut short: String = text.chars().take(MOST).collect();
    if text.chars().nth(MOST).is_some() {
        short.push('…');
    }
    short
}

/// Why nothing was imported. Whatever the error, the database is unchanged.
#[derive(Debug)]
pub enum ImportError {
    /// The file could not be read or unpacked.
    Source(std::io::Error),
    /// The file has no header.
    Empty,
    /// The header lacks columns without which no line has a meaning.
    MissingColumns {
        /// For each missing column, the names it may have.
        looked_for: Vec<String>,
        /// The columns the file has.
        found: Vec<String>,
    },
    /// `close_missing` would close more than one in twenty of those the file covers: more likely
    /// a part of a file than a wave of closures.
    TooManyClosures {
        /// How many would be closed.
        closing: u64,
        /// Out of how many.
        of: u64,
    },
    /// Another import is running.
    Busy,
    /// Somebody changed what the import was about to change; it can be run again.
    Overtaken,
    /// The database refused, or went away.
    Database(tokio_postgres::Error),
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(error) => write!(f, "the file cannot be read: {error}"),
            Self::Empty => f.write_str("the file is empty: a header line is expected"),
            Self::MissingColumns { looked_for, found } => write!(
                f,
                "the header lacks a column: looked for {}; found {}",
                looked_for.join(", and "),
                found.join(", ")
            ),
            Self::TooManyClosures { closing, of } => write!(
                f,
                "closing what the file lacks would close {closing} of the {of} establishments \
                 it covers, more than 5 %: nothing was imported"
            ),
            Self::Busy => f.write_str("another import is running"),
            Self::Overtaken => f.write_str("stored rows changed during the import: run it again"),
            Self::Database(error) => write!(f, "the database refused: {error}"),
        }
    }
}

impl std::error::Error for ImportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Source(error) => Some(error),
            Self::Database(error) => Some(error),
            _ => None,
        }
    }
}

impl From<tokio_postgres::Error> for ImportError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error)
    }
}
