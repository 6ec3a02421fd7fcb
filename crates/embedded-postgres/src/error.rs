//! What can go wrong with the embedded server, told so that the reader knows what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why the embedded server could not be found, made, started or stopped.
#[derive(Debug)]
#[non_exhaustive]
pub enum EmbeddedError {
    /// No PostgreSQL programs are installed.
    NoBinaries,
    /// The only PostgreSQL found is older than the oldest one supported.
    TooOld {
        /// The version found.
        version: String,
        /// The directory of its programs.
        directory: PathBuf,
    },
    /// The data directory belongs to a major version that is not installed.
    WrongVersion {
        /// The data directory.
        data: PathBuf,
        /// The major version that made it.
        needed: u32,
        /// The versions that are installed.
        found: Vec<String>,
    },
    /// The contrib extensions are not installed.
    NoContrib {
        /// The first extension that is missing.
        extension: &'static str,
        /// Where it was looked for.
        directory: PathBuf,
        /// The major version of the server.
        major: u32,
    },
    /// Started as root, and there is no unprivileged user to run the server as.
    NoAccount,
    /// A file or directory could not be used.
    Io {
        /// What was attempted.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A program could not be run.
    Spawn {
        /// The program.
        program: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// Another process kept a lock for too long.
    Busy {
        /// The lock file.
        lock: PathBuf,
        /// How long this process waited.
        waited: Duration,
    },
    /// `initdb` failed.
    Init {
        /// What it said.
        output: String,
    },
    /// The server did not start.
    Start {
        /// The server's log.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },
    /// The server did not stop.
    Stop {
        /// Its process.
        pid: i32,
    },
    /// A server that this service did not start uses the data directory.
    Foreign {
        /// Its process.
        pid: i32,
        /// The data directory.
        data: PathBuf,
    },
    /// A directory has the wrong owner, kind or mode.
    Untrusted {
        /// The directory.
        directory: PathBuf,
    },
    /// The cluster was kept outside the data directory, and is no longer there.
    Gone {
        /// The note that says where it was.
        note: PathBuf,
        /// Where it was.
        cluster: PathBuf,
    },
    /// The reaper ended at once.
    Reaper {
        /// The program that was run as the reaper.
        program: PathBuf,
    },
}

impl EmbeddedError {
    /// An error of the file system, for `map_err`.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    /// A program that could not be run, for `map_err`.
    pub(super) fn spawn(program: &Path) -> impl FnOnce(io::Error) -> Self {
        let program = program.to_path_buf();
        move |source| Self::Spawn { program, source }
    }

    fn installation(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooOld { version, directory } => write!(
                f,
                "PostgreSQL {version} in {} is too old: 15 or later is needed. {INSTALL}",
                directory.display()
            ),
            Self::WrongVersion {
                data,
                needed,
                found,
            } => write!(
                f,
                "{} was made by PostgreSQL {needed}, which is not installed (found: {}). Install \
                 PostgreSQL {needed} (apt-get install postgresql-{needed}), or move the data with \
                 pg_dump or pg_upgrade",
                data.display(),
                listed(found)
            ),
            Self::NoContrib {
                extension,
                directory,
                major,
            } => write!(
                f,
                "PostgreSQL {major} lacks the extension {extension} (looked in {}). Install the \
                 contrib package: apt-get install postgresql-contrib, or dnf install \
                 postgresql-contrib",
                directory.display()
            ),
            _ => write!(f, "no PostgreSQL programs were found. {INSTALL}"),
        }
    }

    fn system(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io {
                action,
                path,
                source,
            } => write!(f, "cannot {action} {}: {source}", path.display()),
            Self::Spawn { program, source } => {
                write!(f, "cannot run {}: {source}", program.display())
            }
            Self::Busy { lock, waited } => write!(
                f,
                "another process has held {} for {} s: it is starting or stopping the embedded \
                 server. Wait for it, or end it (fuser {} names it)",
                lock.display(),
                waited.as_secs(),
                lock.display()
            ),
            _ => Ok(()),
        }
    }

    fn directory(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign { pid, data } => write!(
                f,
                "process {pid} is a PostgreSQL server on {} that was started by other means; stop \
                 it first (pg_ctl stop -D {})",
                data.display(),
                data.display()
            ),
            Self::Untrusted { directory } => write!(
                f,
                "{} exists, but is not a directory private to the server's user; remove it",
                directory.display()
            ),
            Self::Gone { note, cluster } => write!(
                f,
                "{} says that the database is in {}, which does not exist. Restore it, or remove \
                 the note to begin with an empty database",
                note.display(),
                cluster.display()
            ),
            _ => Ok(()),
        }
    }
}

const INSTALL: &str = "Install it: apt-get install postgresql postgresql-contrib, or dnf install \
                       postgresql-server postgresql-contrib, or brew install postgresql@17";

fn listed(versions: &[String]) -> String {
    if versions.is_empty() {
        "none".to_owned()
    } else {
        versions.join(", ")
    }
}

impl fmt::Display for EmbeddedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBinaries
            | Self::TooOld { .. }
            | Self::WrongVersion { .. }
            | Self::NoContrib { .. } => self.installation(f),
            Self::NoAccount => f.write_str(
                "PostgreSQL refuses to run as root, and there is neither a user postgres nor a \
                 user nobody: create one, or run this program as an ordinary user",
            ),
            Self::Io { .. } | Self::Spawn { .. } | Self::Busy { .. } => self.system(f),
            Self::Foreign { .. } | Self::Untrusted { .. } | Self::Gone { .. } => self.directory(f),
            Self::Init { output } => write!(f, "initdb failed: {output}"),
            Self::Start { log, tail } => write!(
                f,
                "the embedded PostgreSQL did not start; {} ends with:\n{tail}",
                log.display()
            ),
            Self::Stop { pid } => write!(
                f,
                "the embedded PostgreSQL (process {pid}) does not stop; end it with kill -QUIT {pid}"
            ),
            Self::Reaper { program } => write!(
                f,
                "{} embedded-reaper ended at once, so nothing would stop the embedded server",
                program.display()
            ),
        }
    }
}

impl std::error::Error for EmbeddedError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } | Self::Spawn { source, .. } => Some(source),
            _ => None,
        }
    }
}
