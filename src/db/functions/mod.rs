//! The SQL functions, triggers and views of the schema as they stand now: the files beside this one.
//!
//! Migrations make tables, and drop what goes; what a function, a trigger or a view says is read and
//! changed in these files. They are loaded after the migrations, in one transaction and under the
//! migrations' lock, when those of the database are not these. Which ones it has is said in a
//! comment on its table `installation`, so that finding out takes one query and no table more.
//!
//! Several versions of the program start on one database during an upgrade. The newer one decides:
//! a program loads nothing where there is a migration that it does not know, or a later
//! [edition](EDITION) than its own.

#[cfg(test)]
mod tests;

use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::error::{Error, Result};

/// Which edition of the files this is. A change of them is given the next number, once: by it a
/// program recognises functions that are newer than its own.
pub const EDITION: u32 = 5;

/// The files in the order they are loaded: what a body calls is there already.
pub const FILES: [(&str, &str); 13] = [
    ("text.sql", include_str!("text.sql")),
    ("days.sql", include_str!("days.sql")),
    ("feed.sql", include_str!("feed.sql")),
    ("partners.sql", include_str!("partners.sql")),
    ("territories.sql", include_str!("territories.sql")),
    ("conventions.sql", include_str!("conventions.sql")),
    ("declinations.sql", include_str!("declinations.sql")),
    ("interventions.sql", include_str!("interventions.sql")),
    ("reports.sql", include_str!("reports.sql")),
    ("expected_reports.sql", include_str!("expected_reports.sql")),
    ("indicator_cells.sql", include_str!("indicator_cells.sql")),
    ("publications.sql", include_str!("publications.sql")),
    ("seals.sql", include_str!("seals.sql")),
];

/// What the functions of a database are to those of this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// They are this program's.
    Applied,
    /// They are older ones, or none.
    Pending,
    /// A newer program has been here: they stay.
    Newer,
}

/// A trigger is replaced under a lock that waits for the writers of its table, and that they wait
/// for. It is given up before PostgreSQL looks for a deadlock (1 s), so that no request is refused
/// for it: the whole is tried again.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '200ms'";
const PAUSE: Duration = Duration::from_millis(200);
const TRIES: u32 = 100;

/// Why one attempt did not replace them.
enum LoadError {
    /// A request had a lock.
    Locked,
    /// Anything else.
    Failed(Error),
}

/// What the functions of this database are to those of a program that knows these migrations.
///
/// # Errors
/// `service_unavailable` when the database is away or no migration was ever looked for in it.
pub async fn state(client: &Client, known: &[String]) -> Result<State> {
    const STORED: &str = "
        SELECT coalesce(obj_description(to_regclass('installation'), 'pg_class'), ''),
               EXISTS (SELECT FROM __diesel_schema_migrations WHERE version <> ALL ($1))";
    let row = client
        .query_one(STORED, &[&known])
        .await
        .map_err(Error::unavailable)?;
    let stored: &str = row.try_get(0).map_err(Error::internal)?;
    let unknown_migration: bool = row.try_get(1).map_err(Error::internal)?;
    Ok(if unknown_migration || edition(stored) > EDITION {
        State::Newer
    } else if stored == stamp(known) {
        State::Applied
    } else {
        State::Pending
    })
}

/// Replaces every function, trigger and view by that of the files, all or none.
///
/// # Errors
/// `internal_error` when a file is not valid on this database, `service_unavailable` when requests
/// kept a table for too long.
pub async fn load(client: &mut Client, known: &[String]) -> Result<()> {
    for _ in 0..TRIES {
        match replace(client, known).await {
            Ok(()) => return Ok(()),
            Err(LoadError::Failed(error)) => return Err(error),
            Err(LoadError::Locked) => tokio::time::sleep(PAUSE).await,
        }
    }
    Err(Error::unavailable(
        "the functions could not be replaced: requests kept their tables locked",
    ))
}

async fn replace(client: &mut Client, known: &[String]) -> std::result::Result<(), LoadError> {
    let transaction = client
        .transaction()
        .await
        .map_err(|error| load_error("BEGIN", &error))?;
    let comment = format!("COMMENT ON TABLE installation IS '{}'", stamp(known));
    let statements = [("lock_timeout", LOCK_TIMEOUT)]
        .into_iter()
        .chain(FILES)
        .chain([("COMMENT", comment.as_str())]);
    for (name, text) in statements {
        transaction
            .batch_execute(text)
            .await
            .map_err(|error| load_error(name, &error))?;
    }
    transaction
        .commit()
        .await
        .map_err(|error| load_error("COMMIT", &error))
}

fn load_error(file: &str, error: &tokio_postgres::Error) -> LoadError {
    match error.code() {
        Some(&SqlState::LOCK_NOT_AVAILABLE | &SqlState::T_R_DEADLOCK_DETECTED) => LoadError::Locked,
        _ => LoadError::Failed(Error::internal(format!(
            "{file}: {}",
            error
                .as_db_error()
                .map_or_else(|| error.to_string(), ToString::to_string)
        ))),
    }
}

/// What is said of the functions in the database. The last migration is part of it: one that was
/// applied may have replaced a function by a text of its own.
fn stamp(known: &[String]) -> String {
    format!(
        "functions: edition {EDITION} after {}, sha256 {}",
        known.last().map_or("none", String::as_str),
        digest()
    )
}

fn edition(stamp: &str) -> u32 {
    stamp
        .strip_prefix("functions: edition ")
        .and_then(|rest| rest.split_once(' '))
        .and_then(|(edition, _)| edition.parse().ok())
        .unwrap_or_default()
}

fn digest() -> String {
    let mut hash = Sha256::new();
    for (name, text) in FILES {
        hash.update(name);
        hash.update([0]);
        hash.update(text);
        hash.update([0]);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
