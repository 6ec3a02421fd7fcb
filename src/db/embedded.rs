//! The embedded PostgreSQL as this program runs it: what it is called, and what the schema needs.

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use embedded_postgres::{Durability, Embedded, EmbeddedError};

use embedded_postgres::Settings;

/// The superuser, and what names begin with; the reaper must have the same.
const NAME: &str = "ree";

/// The contrib extensions that the schema uses.
const EXTENSIONS: &[&str] = &["unaccent", "pg_trgm", "btree_gin"];

/// Attaches to the server of a data directory, which is started, or made, if need be. `reaper` is
/// this program.
///
/// # Errors
/// When there is no PostgreSQL to run, with what to install, or it does not start.
pub fn attach_or_start(
    directory: PathBuf,
    durability: Durability,
    linger: Duration,
    reaper: PathBuf,
) -> Result<Embedded, EmbeddedError> {
    Embedded::attach_or_start(&Settings {
        name: NAME,
        extensions: EXTENSIONS,
        directory,
        durability,
        linger,
        reaper,
    })
}

/// The whole of the hidden subcommand `embedded-reaper`.
///
/// # Errors
/// When the locks of the run directory cannot be used, or the server does not stop.
pub fn reap(run_dir: &Path) -> Result<(), EmbeddedError> {
    embedded_postgres::reap(NAME, run_dir)
}
