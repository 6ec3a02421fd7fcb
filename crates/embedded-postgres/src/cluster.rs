//! The cluster on disk: where it is, which version made it, and how it is made.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::account::Account;
use super::binaries::{Binaries, Wanted};
use super::error::EmbeddedError;
use super::lock::Lock;
use super::place::Place;
use super::process::Family;
use super::shared_memory;
use super::{Durability, Settings};

/// The port that names the socket. The socket's directory is private, so any number will do.
pub(super) const PORT: u16 = 5432;

/// The locales to try, best first. With the last one `lower()` knows only ASCII letters.
const LOCALES: [&[&str]; 3] = [
    &["--locale=C.UTF-8"],
    &["--locale=C", "--lc-ctype=en_US.UTF-8"],
    &["--locale=C"],
];

/// Linux allows 107 bytes; macOS and the BSDs 103.
const LONGEST_SOCKET: usize = 103;

/// A cluster, made or still to be made.
#[derive(Debug)]
pub(super) struct Cluster {
    /// The service's data directory and names.
    pub(super) place: Place,
    /// PostgreSQL's data directory.
    pub(super) data: PathBuf,
    /// The user of the server.
    pub(super) account: Account,
    /// The directory of the socket.
    pub(super) sockets: PathBuf,
    home: PathBuf,
}

impl Cluster {
    /// Finds where the cluster is or will be.
    pub(super) fn locate(place: Place) -> Result<Self, EmbeddedError> {
        let home = place.home()?;
        let data = home.join("postgres");
        let account = Account::of(&data)?;
        let sockets = if can_hold_socket(&data) {
            data.clone()
        } else {
            place.short_directory()
        };
        Ok(Self {
            place,
            data,
            account,
            sockets,
            home,
        })
    }

    /// The processes of its server.
    pub(super) fn family(&self) -> Family {
        Family {
            tag: self.place.tag.clone(),
            uid: self.account.uid,
        }
    }

    /// Makes the cluster unless it exists, and finds the programs that serve it. The caller holds
    /// the start lock.
    pub(super) fn prepare(
        &self,
        settings: &Settings,
        start: &Lock,
    ) -> Result<Binaries, EmbeddedError> {
        let wanted = self.version()?.map(|major| Wanted {
            major,
            data: &self.data,
        });
        let binaries = Binaries::find(wanted, settings.extensions, &self.account)?;
        if wanted.is_none() {
            self.create(&binaries, settings.durability, start)?;
        }
        self.place.note(&self.home)?;
        Ok(binaries)
    }

    /// Makes the directory of the socket unless it is the data directory, which is private, too.
    pub(super) fn prepare_sockets(&self) -> Result<(), EmbeddedError> {
        let directory = &self.sockets;
        if *directory == self.data {
            return Ok(());
        }
        match DirBuilder::new().mode(0o700).create(directory) {
            Ok(()) => return self.account.own(directory),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(EmbeddedError::io("create", directory)(error)),
        }
        // Anyone may write to /tmp: a directory of somebody else would give the socket away.
        match fs::symlink_metadata(directory) {
            Ok(found)
                if found.is_dir()
                    && found.uid() == self.account.uid
                    && found.mode() & 0o777 == 0o700 =>
            {
                Ok(())
            }
            _ => Err(EmbeddedError::Untrusted {
                directory: directory.clone(),
            }),
        }
    }

    /// Removes what a server leaves behind when it is killed. PostgreSQL copes with most of it,
    /// but takes a number in it that another process has meanwhile got for a living server.
    pub(super) fn remove_remains(&self) -> Result<(), EmbeddedError> {
        let socket = self.sockets.join(socket_name());
        let mut lock = socket.clone().into_os_string();
        lock.push(".lock");
        for path in [self.data.join("postmaster.pid"), socket, lock.into()] {
            match fs::remove_file(&path) {
                Err(error) if !absent(&error) => {
                    return Err(EmbeddedError::io("remove", &path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes the directory of the socket if it is not part of the cluster.
    pub(super) fn remove_sockets(&self) {
        if self.sockets != self.data
            && let Err(error) = fs::remove_dir(&self.sockets)
            && !absent(&error)
        {
            log::debug!("cannot remove {}: {error}", self.sockets.display());
        }
    }

    fn version(&self) -> Result<Option<u32>, EmbeddedError> {
        let path = self.data.join("PG_VERSION");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if absent(&error) => return Ok(None),
            Err(error) => return Err(EmbeddedError::io("read", &path)(error)),
        };
        let major = text.trim().parse().map_err(io::Error::other);
        major
            .map(Some)
            .map_err(EmbeddedError::io("understand", &path))
    }

    /// Runs `initdb` beside the final place and renames the result, so that a cluster is there
    /// wholly or not at all.
    fn create(
        &self,
        binaries: &Binaries,
        durability: Durability,
        start: &Lock,
    ) -> Result<(), EmbeddedError> {
        log::info!("making a PostgreSQL cluster in {}", self.data.display());
        let fresh = self.home.join("postgres.new");
        let mut outcome = Ok(());
        for locale in LOCALES {
            self.empty(&fresh)?;
            outcome = self.initdb(binaries, durability, &fresh, locale, start);
            match &outcome {
                Err(EmbeddedError::Init { output }) if output.contains("locale") => {
                    log::warn!("initdb {} failed: {output}", locale.join(" "));
                }
                _ => break,
            }
        }
        let _ = fs::remove_dir_all(self.home.join("postgres.share"));
        if outcome.is_err() {
            let _ = fs::remove_dir_all(&fresh);
            return outcome;
        }
        fs::rename(&fresh, &self.data).map_err(EmbeddedError::io("rename", &fresh))?;
        if durability == Durability::Durable {
            File::open(&self.home)
                .and_then(|home| home.sync_all())
                .map_err(EmbeddedError::io("sync", &self.home))?;
        }
        Ok(())
    }

    /// An empty directory of the server's user; what an interrupted `initdb` left goes away.
    fn empty(&self, directory: &Path) -> Result<(), EmbeddedError> {
        match fs::remove_dir_all(directory) {
            Err(error) if !absent(&error) => {
                return Err(EmbeddedError::io("remove", directory)(error));
            }
            _ => {}
        }
        DirBuilder::new()
            .mode(0o700)
            .create(directory)
            .map_err(EmbeddedError::io("create", directory))?;
        self.account.own(directory)
    }

    fn initdb(
        &self,
        binaries: &Binaries,
        durability: Durability,
        directory: &Path,
        locale: &[&str],
        start: &Lock,
    ) -> Result<(), EmbeddedError> {
        let program = binaries.program("initdb");
        let mut command = self.account.command(&program);
        if shared_memory::is_scarce() {
            let share = self.home.join("postgres.share");
            self.empty(&share)?;
            shared_memory::lay_out(&binaries.share, &share)?;
            command.arg("-L").arg(share);
        }
        command
            .arg("-D")
            .arg(directory)
            .args([
                "-U",
                self.place.name,
                "--encoding=UTF8",
                "--no-instructions",
            ])
            // Only who may enter the socket's directory gets as far as the server.
            .args(["--auth-local=trust", "--auth-host=reject"])
            .args(locale)
            .arg(match durability {
                Durability::Durable => "--data-checksums",
                Durability::Disposable => "--no-sync",
            })
            // initdb keeps the start lock if this process is killed: two never run at once.
            .stdin(start.duplicate()?);
        let output = command.output().map_err(EmbeddedError::spawn(&program))?;
        if output.status.success() {
            return Ok(());
        }
        Err(EmbeddedError::Init {
            output: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }
}

/// Whether clients can be told of a socket in this directory: they split a host at commas, and
/// tokio-postgres takes only UTF-8.
fn can_hold_socket(directory: &Path) -> bool {
    let socket = directory.join(socket_name());
    socket
        .to_str()
        .is_some_and(|text| text.len() <= LONGEST_SOCKET && !text.contains(','))
}

/// The name of the socket in its directory.
pub(super) fn socket_name() -> String {
    format!(".s.PGSQL.{PORT}")
}

fn absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}
