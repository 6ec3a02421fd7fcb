//! Where a mirror is kept: one table for each type of object, and one for how far it was read.

mod postgres;
mod sqlite;

use super::super::Failure;

/// An object, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its id.
    pub id: String,
    /// Where the register has it.
    pub url: String,
    /// What the caller reads of it, as JSON.
    pub json: String,
}

/// A database that a mirror is kept in.
pub trait Store {
    /// From here on all or nothing is kept.
    ///
    /// # Errors
    /// When the database refuses.
    fn begin(&mut self) -> Result<(), Failure>;

    /// Keeps what was written since.
    ///
    /// # Errors
    /// As [`Store::begin`].
    fn commit(&mut self) -> Result<(), Failure>;

    /// Forgets what was written since.
    ///
    /// # Errors
    /// As [`Store::begin`].
    fn roll_back(&mut self) -> Result<(), Failure>;

    /// What was noted under a name.
    ///
    /// # Errors
    /// As [`Store::begin`].
    fn noted(&mut self, name: &str) -> Result<Option<String>, Failure>;

    /// Notes something under a name.
    ///
    /// # Errors
    /// As [`Store::begin`].
    fn note(&mut self, name: &str, value: &str) -> Result<(), Failure>;

    /// Removes all objects of a type, whose table is made if need be.
    ///
    /// # Errors
    /// As [`Store::begin`].
    fn clear(&mut self, kind: &str) -> Result<(), Failure>;

    /// Writes objects of a type over what is there; no id stands twice.
    ///
    /// # Errors
    /// As [`Store::begin`].
    fn put(&mut self, kind: &str, objects: &[Object]) -> Result<(), Failure>;

    /// Removes an object of a type.
    ///
    /// # Errors
    /// As [`Store::begin`].
    fn remove(&mut self, kind: &str, id: &str) -> Result<(), Failure>;
}

/// The database that `--into` names.
///
/// # Errors
/// When there is none, or it cannot be opened.
pub fn open(into: &str) -> Result<Box<dyn Store>, Failure> {
    if let Some(file) = into.strip_prefix("sqlite:") {
        return Ok(Box::new(sqlite::Sqlite::open(file)?));
    }
    if into.starts_with("postgres://") || into.starts_with("postgresql://") {
        return Ok(Box::new(postgres::Postgres::open(into)?));
    }
    Err("--into: sqlite:FILE or postgres://… is expected".into())
}

/// The table of a type, quoted; what could not be a name is refused.
fn table(kind: &str) -> Result<String, Failure> {
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    if kind.is_empty() || kind.len() > 40 || !kind.chars().all(is_name) {
        return Err(format!("the service tells of a type that is none: {kind:?}").into());
    }
    Ok(format!("\"{kind}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_named_by_its_type_and_by_nothing_else() {
        assert_eq!(table("partner").unwrap(), "\"partner\"");
        for wrong in ["", "a\"; DROP TABLE b", "A", &"a".repeat(41)] {
            assert!(table(wrong).is_err(), "{wrong}");
        }
    }
}
