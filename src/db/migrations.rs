//! Bringing a database up to date: the tables, the functions over them, then the reference data.

use diesel::migration::{Migration, MigrationSource};
use diesel_async::AsyncMigrationHarness;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Connector, functions, reference};
use crate::error::{Error, Result};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// One migration and whether the database has it.
#[derive(Debug, Clone)]
pub struct State {
    /// The migration's name.
    pub name: String,
    /// Whether it was applied.
    pub applied: bool,
}

/// What a database has of the schema of this program.
#[derive(Debug, Clone)]
pub struct Schema {
    /// Every migration, applied or pending, in order.
    pub migrations: Vec<State>,
    /// Whether the functions, triggers and views are this program's.
    pub functions: functions::State,
}

/// What was done to bring a database up to date.
#[derive(Debug, Clone)]
pub struct Done {
    /// The migrations that were applied.
    pub migrations: Vec<String>,
    /// Whether the functions, triggers and views were replaced.
    pub functions: bool,
}

/// Two starters bring one database up to date one after the other: this key of PostgreSQL's
/// advisory locks is theirs.
const LOCK: i64 = 0x7265_655f_6d69_6772;

/// Applies what is pending, loads the functions that differ and the reference data; says what was
/// applied.
///
/// # Errors
/// `service_unavailable` when the database is away, `internal_error` when a migration fails.
pub async fn run(connector: &Connector, now: chrono::DateTime<chrono::Utc>) -> Result<Done> {
    let connector = &connector.bulk();
    let (mut guard, _link) = connector.plain().await.map_err(Error::unavailable)?;
    let lock = format!("SET lock_timeout = '60s'; SELECT pg_advisory_lock({LOCK})");
    guard
        .batch_execute(&lock)
        .await
        .map_err(Error::unavailable)?;
    let migrations = migrate(connector).await?;
    let functions = load_functions(&mut guard, !migrations.is_empty()).await?;
    reference::load(connector, now).await?;
    keep_feed_ahead(&guard).await?;
    Ok(Done {
        migrations,
        functions,
    })
}

/// Also where they are this program's and a migration was applied again: it had an older text.
async fn load_functions(guard: &mut tokio_postgres::Client, migrated: bool) -> Result<bool> {
    let known = known()?;
    let wanted = match functions::state(guard, &known).await? {
        functions::State::Applied => migrated,
        functions::State::Pending => true,
        functions::State::Newer => false,
    };
    if wanted {
        functions::load(guard, &known).await?;
    }
    Ok(wanted)
}

/// The versions of the migrations that this program has, in order.
fn known() -> Result<Vec<String>> {
    let all: Vec<Box<dyn Migration<diesel::pg::Pg>>> =
        MIGRATIONS.migrations().map_err(Error::internal)?;
    let mut versions: Vec<String> = all
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect();
    versions.sort();
    Ok(versions)
}

async fn migrate(connector: &Connector) -> Result<Vec<String>> {
    let session = connector.diesel().await.map_err(Error::unavailable)?;
    let connection = session.into_connection();
    let work = move || -> Result<Vec<String>> {
        let mut harness = AsyncMigrationHarness::new(connection);
        let pending = harness
            .pending_migrations(MIGRATIONS)
            .map_err(Error::internal)?;
        harness.run_migrations(&pending).map_err(Error::internal)?;
        Ok(pending
            .iter()
            .map(|migration| migration.name().to_string())
            .collect())
    };
    // The harness blocks on its connection, which needs a thread beside the runtime's.
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Error::internal)?
}

/// A database restored elsewhere may number its transactions from below those the change feed has
/// seen; the shift keeps positions going up.
async fn keep_feed_ahead(client: &tokio_postgres::Client) -> Result<()> {
    const SHIFT: &str = "
        UPDATE installation SET feed_shift = feed_shift + behind.by
        FROM (SELECT max(position) + 1 - feed_position() AS by FROM changes) AS behind
        WHERE behind.by > 0";
    client
        .execute(SHIFT, &[])
        .await
        .map_err(Error::internal)
        .map(|_| ())
}

/// What the database has of this program's schema.
///
/// # Errors
/// As [`run`].
pub async fn state(connector: &Connector) -> Result<Schema> {
    let migrations = migration_states(connector).await?;
    let (client, _link) = connector.plain().await.map_err(Error::unavailable)?;
    let functions = match migrations.iter().any(|migration| migration.applied) {
        true => functions::state(&client, &known()?).await?,
        false => functions::State::Pending,
    };
    Ok(Schema {
        migrations,
        functions,
    })
}

/// Read without Diesel's harness, which makes its table first: a standby takes no writes.
async fn migration_states(connector: &Connector) -> Result<Vec<State>> {
    const THERE: &str = "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL";
    const APPLIED: &str = "SELECT version FROM __diesel_schema_migrations";
    let (client, _link) = connector.plain().await.map_err(Error::unavailable)?;
    let there = client
        .query_one(THERE, &[])
        .await
        .map_err(Error::internal)?;
    let mut applied: Vec<String> = Vec::new();
    if there.try_get(0).map_err(Error::internal)? {
        let rows = client.query(APPLIED, &[]).await.map_err(Error::internal)?;
        for row in rows {
            applied.push(row.try_get(0).map_err(Error::internal)?);
        }
    }
    let all: Vec<Box<dyn Migration<diesel::pg::Pg>>> =
        MIGRATIONS.migrations().map_err(Error::internal)?;
    let mut states: Vec<State> = all
        .iter()
        .map(|migration| State {
            name: migration.name().to_string(),
            applied: applied.contains(&migration.name().version().to_string()),
        })
        .collect();
    states.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(states)
}

/// Whether the database has every migration this program knows, and its functions or newer ones.
///
/// # Errors
/// As [`run`].
pub async fn is_current(connector: &Connector) -> Result<bool> {
    let Schema {
        migrations,
        functions,
    } = state(connector).await?;
    Ok(migrations.iter().all(|state| state.applied) && functions != functions::State::Pending)
}
