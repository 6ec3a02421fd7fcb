//! What the imports of files share: the author, the options, who may replace a value, the outcome of
//! each line.

pub mod cells;
pub mod conventions;
pub mod establishments;
pub mod merge;
pub mod partners;
pub mod reading;
pub mod source;
pub mod store;
pub mod summary;

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::db::tx::Author;
pub use merge::Kept;
pub use summary::{Column, Refusal, Rejection, Summary, Unused, excerpt};

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
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Which list it is.
    pub list: List,
    /// Do everything, then undo it: the summary is that of the real run.
    pub dry_run: bool,
    /// Clear and close as much as the file says, however much that is.
    pub confirm: bool,
    /// Close the establishments that the file should have and does not (the directory only).
    pub close_missing: bool,
}

/// A list: what it is called, and which edition of it this is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// Its name; lists whose name is not told are taken for editions of one.
    pub source: String,
    /// The day of the edition; one that is not told is taken for the newest.
    pub edition: Option<NaiveDate>,
}

impl List {
    /// What this list calls an object, told from what other lists call theirs.
    pub fn id(&self, written: &str) -> String {
        if self.source.is_empty() {
            written.to_owned()
        } else {
            format!("{}:{written}", self.source)
        }
    }
}

/// Why nothing was imported. Whatever the error, the database is unchanged.
#[derive(Debug)]
pub enum ImportError {
    /// The file could not be read or unpacked.
    Source(std::io::Error),
    /// The file has no header.
    Empty,
    /// The file is a spreadsheet's own (xlsx, ods, xls).
    Spreadsheet,
    /// The file is no text.
    NotText,
    /// The file ends inside quotes: it was not read to its end.
    UnclosedQuote {
        /// The line where the record starts.
        line: u64,
    },
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
    /// More than one in a hundred of the known values of a column would be cleared: more likely a
    /// damaged file than a loss.
    TooManyCleared {
        /// The column.
        column: String,
        /// How many would be cleared.
        clearing: u64,
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
            Self::Spreadsheet => f.write_str(
                "the file is a spreadsheet (xlsx, ods or xls), not CSV: open it and save it as CSV, in UTF-8",
            ),
            Self::NotText => f.write_str("the file is no text: CSV is expected, in UTF-8"),
            Self::UnclosedQuote { line } => write!(
                f,
                "line {line}: a quote is opened and never closed, so that the lines after it cannot be told: \
                 close or remove it"
            ),
            Self::Empty => f.write_str("the file is empty: a header line is expected"),
            Self::MissingColumns { looked_for, found } => write!(
                f,
                "the header lacks a column: looked for {}; found {}",
                looked_for.join(", and "),
                found.iter().take(100).map(|name| excerpt(name)).collect::<Vec<_>>().join(", ")
            ),
            Self::TooManyClosures { closing, of } => write!(
                f,
                "closing what the file lacks would close {closing} of the {of} establishments \
                 it covers, more than 5 %: look at the file, and run it again with --confirm if it is right"
            ),
            Self::TooManyCleared {
                column,
                clearing,
                of,
            } => write!(
                f,
                "the file has empty cells for {clearing} of the {of} known values of `{column}`, more than \
                 1 %: look at the file, and run it again with --confirm if it is right"
            ),
            Self::Busy => f.write_str("another import is running"),
            Self::Overtaken => f.write_str("stored rows changed during the import: run it again"),
            // Its own words are for who runs it, not for who has a list to import.
            Self::Database(error) => match error.code() {
                Some(state) => write!(
                    f,
                    "the database did not take what the file says (SQLSTATE {}): please report it with the file",
                    state.code()
                ),
                None => f.write_str("the database went away: try again"),
            },
        }
    }
}

impl ImportError {
    /// Whether it is the file that is refused, and not the import that failed.
    pub const fn is_of_the_file(&self) -> bool {
        !matches!(
            self,
            Self::Source(_) | Self::Busy | Self::Overtaken | Self::Database(_)
        )
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
