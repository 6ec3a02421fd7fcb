//! A private PostgreSQL server, run from the installed programs.
//!
//! The first user of a data directory starts the server, later ones attach to it, and a small
//! process of its own, the reaper, stops it when the last one is gone. Three lock files keep the
//! order; the kernel releases them with their holders, so that no end of any process, `kill -9`
//! included, leaves the server without an owner or the data directory without a server:
//!
//! - `users.lock` is held, shared, by every user of the server for as long as it lives;
//! - `start.lock` is held by whoever starts or stops the server;
//! - `reaper.lock` is held by the reaper, which stops the server only while it holds `users.lock`
//!   exclusively. A user that finds it free starts another reaper.

mod account;
mod binaries;
mod cluster;
mod error;
mod lock;
mod logfile;
mod options;
mod place;
mod process;
mod reaper;
mod server;
mod shared_memory;

use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use error::EmbeddedError;
pub use reaper::reap;

use cluster::{Cluster, PORT};
use lock::Lock;
use logfile::LogFile;
use place::Place;
use reaper::Locks;
use server::State;

/// Whether the data has to survive a crash of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It has to.
    Durable,
    /// It is made for a test, where speed counts.
    Disposable,
}

/// How to run the embedded server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The service's name, a few letters: that of the superuser, and what the names of processes and
    /// of directories elsewhere begin with.
    pub name: &'static str,
    /// The contrib extensions that the server must have.
    pub extensions: &'static [&'static str],
    /// The service's data directory. The cluster is `postgres` in it, and the locks and the
    /// server's log are in `postgres.run`.
    pub directory: PathBuf,
    /// Whether the data has to survive a crash of the machine. A server that already runs keeps
    /// its own.
    pub durability: Durability,
    /// How long the server stays after its last user has gone.
    pub linger: Duration,
    /// The program to run as the reaper: `<reaper> embedded-reaper <run-dir>` has to call
    /// [`reap`] with the same name.
    pub reaper: PathBuf,
}

/// A use of the embedded server, which runs at least until this is dropped.
#[derive(Debug)]
pub struct Embedded {
    settings: Settings,
    cluster: Cluster,
    started_here: bool,
    /// Held for its lock.
    _users: Lock,
}

impl Embedded {
    /// Attaches to the server of the data directory, which is started, or made, if need be.
    ///
    /// # Errors
    ///
    /// When PostgreSQL is not installed, is too old or lacks contrib; when the cluster was made
    /// by another version; when the server does not start; when the directory cannot be used.
    pub fn attach_or_start(settings: &Settings) -> Result<Self, EmbeddedError> {
        let place = Place::open(settings.name, &settings.directory)?;
        let users = Lock::open(Locks::of(&place.run).users)?;
        users.shared()?;
        let cluster = Cluster::locate(place)?;
        reaper::ensure(&cluster.place, &settings.reaper, settings.linger)?;
        let mut embedded = Self {
            settings: settings.clone(),
            cluster,
            started_here: false,
            _users: users,
        };
        if embedded.cluster.state() != State::Ready {
            embedded.started_here = embedded.start()?;
        }
        Ok(embedded)
    }

    /// Restarts the server if it has died, and the reaper likewise; true if the server was
    /// restarted here. Cheap while both are alive: meant to be called every second or so.
    ///
    /// # Errors
    ///
    /// When the server does not start.
    pub fn ensure_running(&self) -> Result<bool, EmbeddedError> {
        let Settings { reaper, linger, .. } = &self.settings;
        reaper::ensure(&self.cluster.place, reaper, *linger)?;
        self.log().bound()?;
        match self.cluster.state() {
            State::Absent => {
                log::warn!("the embedded PostgreSQL has died: starting it again");
                self.start()
            }
            _ => Ok(false),
        }
    }

    /// The directory of the server's socket.
    #[must_use]
    pub fn socket_directory(&self) -> &Path {
        &self.cluster.sockets
    }

    /// The port, which for a socket is a part of its name.
    #[must_use]
    pub fn port(&self) -> u16 {
        PORT
    }

    /// The superuser of the cluster. No password is needed.
    #[must_use]
    pub fn user(&self) -> &str {
        self.settings.name
    }

    /// The address of a database, for libpq and tokio-postgres alike.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgresql://{}@/{}?host={}&port={PORT}",
            percent_encoded(self.settings.name.as_bytes()),
            percent_encoded(database.as_bytes()),
            percent_encoded(self.cluster.sockets.as_os_str().as_bytes())
        )
    }

    /// Whether this use started the server, rather than attached to it.
    #[must_use]
    pub fn started_here(&self) -> bool {
        self.started_here
    }

    fn start(&self) -> Result<bool, EmbeddedError> {
        let lock = Lock::open(Locks::of(&self.cluster.place.run).start)?;
        lock.exclusive()?;
        let started = self.start_locked(&lock);
        // Explicitly: pg_ctl has a copy of the lock, and waits a little longer than this.
        lock.release()?;
        started
    }

    fn start_locked(&self, lock: &Lock) -> Result<bool, EmbeddedError> {
        let Settings { linger, reaper, .. } = &self.settings;
        let started = self.cluster.start(&self.settings, lock, &self.log())?;
        if started && !reaper::stays(&self.cluster.place, reaper, *linger)? {
            self.cluster.stop()?;
            return Err(EmbeddedError::Reaper {
                program: reaper.clone(),
            });
        }
        Ok(started)
    }

    fn log(&self) -> LogFile {
        LogFile::of(&self.cluster.place.run)
    }
}

fn percent_encoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}
