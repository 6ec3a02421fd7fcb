//! A mirror in a PostgreSQL database.

use tokio::runtime::Runtime;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use super::{Object, Store, table};
use crate::cli::Failure;
use crate::db::Connector;

/// A snapshot is one long transaction, which rests as long as the service needs.
const SETTINGS: &str = "
    SET statement_timeout = 0;
    SET idle_in_transaction_session_timeout = 0;
    CREATE TABLE IF NOT EXISTS mirror_state (name text PRIMARY KEY, value text NOT NULL);";

pub struct Postgres {
    client: Client,
    runtime: Runtime,
}

impl Postgres {
    pub fn open(address: &str) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let connector = Connector::new(address)?;
        let (client, _alive) = runtime.block_on(connector.bulk().plain())?;
        runtime.block_on(client.batch_execute(SETTINGS))?;
        Ok(Self { client, runtime })
    }

    fn run(&self, statement: &str, values: &[&(dyn ToSql + Sync)]) -> Result<(), Failure> {
        self.runtime
            .block_on(self.client.execute(statement, values))?;
        Ok(())
    }

    fn make(&self, kind: &str) -> Result<String, Failure> {
        let table = table(kind)?;
        let create = format!(
            "CREATE TABLE IF NOT EXISTS {table} (id text PRIMARY KEY, url text NOT NULL, object jsonb NOT NULL)"
        );
        self.runtime.block_on(self.client.batch_execute(&create))?;
        Ok(table)
    }
}

impl Store for Postgres {
    fn begin(&mut self) -> Result<(), Failure> {
        self.run("BEGIN", &[])
    }

    fn commit(&mut self) -> Result<(), Failure> {
        self.run("COMMIT", &[])
    }

    fn roll_back(&mut self) -> Result<(), Failure> {
        self.run("ROLLBACK", &[])
    }

    fn noted(&mut self, name: &str) -> Result<Option<String>, Failure> {
        const NOTED: &str = "SELECT value FROM mirror_state WHERE name = $1";
        let row = self
            .runtime
            .block_on(self.client.query_opt(NOTED, &[&name]))?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    fn note(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        const NOTE: &str = "INSERT INTO mirror_state (name, value) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.run(NOTE, &[&name, &value])
    }

    fn clear(&mut self, kind: &str) -> Result<(), Failure> {
        let table = self.make(kind)?;
        self.run(&format!("DELETE FROM {table}"), &[])
    }

    fn put(&mut self, kind: &str, objects: &[Object]) -> Result<(), Failure> {
        let table = self.make(kind)?;
        let put = format!(
            "INSERT INTO {table} (id, url, object)
             SELECT id, url, object::jsonb FROM unnest($1::text[], $2::text[], $3::text[]) AS given (id, url, object)
             ON CONFLICT (id) DO UPDATE SET url = excluded.url, object = excluded.object"
        );
        let of = |part: fn(&Object) -> &str| objects.iter().map(part).collect::<Vec<&str>>();
        let (ids, urls) = (of(|one| &one.id), of(|one| &one.url));
        self.run(&put, &[&ids, &urls, &of(|one| &one.json)])
    }

    fn remove(&mut self, kind: &str, id: &str) -> Result<(), Failure> {
        let table = self.make(kind)?;
        self.run(&format!("DELETE FROM {table} WHERE id = $1"), &[&id])
    }
}
