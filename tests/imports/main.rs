//! The imports against a real PostgreSQL, each test in a database of its own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test stops at the first surprise, and has no clock to ask"
)]

#[path = "../api/support/cluster.rs"]
mod cluster;
mod conventions;
mod demo;
mod edges;
mod establishments;
mod partners;
mod people;

use std::ops::{Deref, DerefMut};

use chrono::{SubsecRound, Utc};
use cluster::Database;
use ree::db::tx::Author;
use ree::integration::imports::{ImportContext, ImportError, List, Options, Summary};
use tokio_postgres::Client;
use uuid::Uuid;

/// A client of a new database with the schema and the reference data.
struct Fresh {
    client: Client,
    database: Database,
}

impl Deref for Fresh {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Fresh {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

async fn fresh() -> Fresh {
    let database = Database::new().await;
    let (client, _alive) = database.connector.plain().await.unwrap();
    Fresh { client, database }
}

fn context() -> ImportContext<'static> {
    ImportContext {
        author: Author {
            subject: "cli:test".into(),
            role: "ministry".into(),
            client_id: "cli".into(),
            request_id: Uuid::now_v7().to_string(),
        },
        now: Utc::now().trunc_subsecs(6),
        new_id: &Uuid::now_v7,
    }
}

/// The counts of a summary, checked to add up.
fn counts(result: Result<Summary, ImportError>) -> [u64; 6] {
    let s = result.unwrap();
    let refused = u64::try_from(s.refused.len()).unwrap();
    assert_eq!(
        s.read,
        s.inserted + s.updated + s.unchanged + s.merged + refused
    );
    [
        s.inserted,
        s.updated,
        s.unchanged,
        s.merged,
        s.closed,
        refused,
    ]
}

async fn number(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

async fn text(client: &Client, sql: &str) -> Option<String> {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

const UNNAMED: List = List {
    source: String::new(),
    edition: None,
};
const REAL: Options = Options {
    list: UNNAMED,
    confirm: false,
    dry_run: false,
    close_missing: false,
};
const CONFIRMED: Options = Options {
    list: UNNAMED,
    confirm: true,
    dry_run: false,
    close_missing: false,
};
const DRY: Options = Options {
    list: UNNAMED,
    confirm: false,
    dry_run: true,
    close_missing: false,
};
const CLOSE: Options = Options {
    list: UNNAMED,
    confirm: false,
    dry_run: false,
    close_missing: true,
};
