//! A record of a list, read by the names of its columns.

use csv::StringRecord;

use super::cells::Cell;
use super::source::{header_key, is_visible};
use super::{ImportError, Rejection, excerpt};

/// The columns of a file, under the keys that they are found by.
pub struct Header(Vec<String>);

impl Header {
    /// Of a file; the names of each column that it must have are looked for.
    ///
    /// # Errors
    /// The columns that it has not.
    pub fn of(header: &[String], needed: &[&[&str]]) -> Result<Self, ImportError> {
        let own = Self(header.iter().map(|name| header_key(name)).collect());
        let missing = needed.iter().filter(|names| !own.has(names));
        let looked_for: Vec<String> = missing.map(|names| names.join(" or ")).collect();
        if looked_for.is_empty() {
            return Ok(own);
        }
        Err(ImportError::MissingColumns {
            looked_for,
            found: header.to_vec(),
        })
    }

    /// Whether it has a column of one of these names.
    pub fn has(&self, names: &[&str]) -> bool {
        self.place(names).is_some()
    }

    fn place(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| {
            let wanted = header_key(name);
            self.0.iter().position(|key| *key == wanted)
        })
    }
}

/// Reads the cells of a record, and remembers what came of them.
pub struct Reading<'r> {
    record: &'r StringRecord,
    header: &'r Header,
    /// The fields, as the API calls them, whose cells were repaired.
    pub repaired: Vec<&'static str>,
    /// Those whose cells could not be read, or say what the register has no field for.
    pub ignored: Vec<&'static str>,
}

impl<'r> Reading<'r> {
    /// Of a record whose width has been checked.
    pub const fn of(record: &'r StringRecord, header: &'r Header) -> Self {
        Self {
            record,
            header,
            repaired: Vec::new(),
            ignored: Vec::new(),
        }
    }

    /// The cell, trimmed; none where it is empty or the file has no such column.
    pub fn cell(&self, names: &[&str]) -> Option<&'r str> {
        let cell = self.record.get(self.header.place(names)?)?.trim();
        is_visible(cell).then_some(cell)
    }

    /// Whether the file has a column of one of these names.
    pub fn has(&self, names: &[&str]) -> bool {
        self.header.has(names)
    }

    /// What a cell says, by the reader of its kind; one that cannot be read refuses the line.
    ///
    /// # Errors
    /// The refusal, with the rule in words.
    pub fn value<T>(
        &mut self,
        field: &'static str,
        names: &[&str],
        read: fn(&str) -> Cell<T>,
        (code, rule): (&'static str, &str),
    ) -> Result<Option<T>, Rejection> {
        let Some(cell) = self.cell(names) else {
            return Ok(None);
        };
        match read(cell) {
            Cell::Empty => Ok(None),
            Cell::Read(value) => Ok(Some(value)),
            Cell::Repaired(value) => {
                self.repaired.push(field);
                Ok(Some(value))
            }
            Cell::Unreadable => {
                let detail = format!("`{}`: {rule}", excerpt(cell));
                Err(Rejection::new(code, detail))
            }
        }
    }
}
