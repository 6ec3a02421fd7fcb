//! A mirror in a file.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Object, Store, table};
use crate::cli::Failure;

/// What was erased is overwritten, and a reader beside the mirror does not stop it.
const SETTINGS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA secure_delete = ON;
    CREATE TABLE IF NOT EXISTS mirror_state (name TEXT PRIMARY KEY, value TEXT NOT NULL);";

pub struct Sqlite(Connection);

impl Sqlite {
    pub fn open(file: &str) -> Result<Self, Failure> {
        let connection = Connection::open(file).map_err(|error| format!("{file}: {error}"))?;
        connection.busy_timeout(std::time::Duration::from_secs(30))?;
        connection.execute_batch(SETTINGS)?;
        Ok(Self(connection))
    }

    fn make(&self, kind: &str) -> Result<String, Failure> {
        let table = table(kind)?;
        let create = format!(
            "CREATE TABLE IF NOT EXISTS {table} (id TEXT PRIMARY KEY, url TEXT NOT NULL, object TEXT NOT NULL)"
        );
        self.0.prepare_cached(&create)?.execute([])?;
        Ok(table)
    }
}

impl Store for Sqlite {
    fn begin(&mut self) -> Result<(), Failure> {
        Ok(self.0.execute_batch("BEGIN IMMEDIATE")?)
    }

    fn commit(&mut self) -> Result<(), Failure> {
        Ok(self.0.execute_batch("COMMIT")?)
    }

    fn roll_back(&mut self) -> Result<(), Failure> {
        Ok(self.0.execute_batch("ROLLBACK")?)
    }

    fn noted(&mut self, name: &str) -> Result<Option<String>, Failure> {
        const NOTED: &str = "SELECT value FROM mirror_state WHERE name = ?1";
        let noted = self.0.query_row(NOTED, [name], |row| row.get(0));
        Ok(noted.optional()?)
    }

    fn note(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        const NOTE: &str = "INSERT INTO mirror_state (name, value) VALUES (?1, ?2)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.0.prepare_cached(NOTE)?.execute([name, value])?;
        Ok(())
    }

    fn clear(&mut self, kind: &str) -> Result<(), Failure> {
        let table = self.make(kind)?;
        self.0.execute(&format!("DELETE FROM {table}"), [])?;
        Ok(())
    }

    fn put(&mut self, kind: &str, objects: &[Object]) -> Result<(), Failure> {
        let table = self.make(kind)?;
        let put = format!(
            "INSERT INTO {table} (id, url, object) VALUES (?1, ?2, ?3)
             ON CONFLICT (id) DO UPDATE SET url = excluded.url, object = excluded.object"
        );
        let mut put = self.0.prepare_cached(&put)?;
        for object in objects {
            put.execute(params![object.id, object.url, object.json])?;
        }
        Ok(())
    }

    fn remove(&mut self, kind: &str, id: &str) -> Result<(), Failure> {
        let table = self.make(kind)?;
        let remove = format!("DELETE FROM {table} WHERE id = ?1");
        self.0.prepare_cached(&remove)?.execute([id])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(id: &str, json: &str) -> Object {
        Object {
            id: id.into(),
            url: format!("/v1/partners/{id}"),
            json: json.into(),
        }
    }

    fn kept(store: &Sqlite) -> Vec<(String, String)> {
        let mut all = store
            .0
            .prepare("SELECT id, object FROM partner ORDER BY id")
            .unwrap();
        let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn what_is_put_is_kept_over_what_was_there_and_goes_when_it_is_removed() {
        let mut store = Sqlite::open(":memory:").unwrap();
        store.clear("partner").unwrap();
        store
            .put("partner", &[object("a", "{}"), object("b", "{}")])
            .unwrap();
        store.put("partner", &[object("a", "{\"c\":1}")]).unwrap();
        store.remove("partner", "b").unwrap();
        assert_eq!(kept(&store), [("a".to_owned(), "{\"c\":1}".to_owned())]);
        store.note("cursor", "x").unwrap();
        store.begin().unwrap();
        store.clear("partner").unwrap();
        store.note("cursor", "y").unwrap();
        store.roll_back().unwrap();
        assert_eq!(store.noted("cursor").unwrap().as_deref(), Some("x"));
        assert_eq!(kept(&store).len(), 1);
    }
}
