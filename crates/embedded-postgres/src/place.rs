//! Where everything lies.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

use super::account::Account;
use super::error::EmbeddedError;

/// Where a cluster goes that its user could not reach below the data directory. Both survive a
/// restart of the machine, unlike `/tmp`.
const ELSEWHERE: [&str; 2] = ["/var/lib", "/var/tmp"];

/// The service's data directory, and the names derived from it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The service's name, and the superuser's.
    pub(super) name: &'static str,
    directory: PathBuf,
    /// Where the locks and the server's log are; only the service enters it.
    pub(super) run: PathBuf,
    /// A name for this place that no other place has. The server's processes carry it in their
    /// command lines, which anyone may read: that is how they are told from strangers.
    pub(super) tag: String,
}

impl Place {
    /// The place of a data directory, which is made if need be.
    pub(super) fn open(name: &'static str, directory: &Path) -> Result<Self, EmbeddedError> {
        fs::create_dir_all(directory).map_err(EmbeddedError::io("create", directory))?;
        let place = Self::existing(name, directory)?;
        match DirBuilder::new().mode(0o700).create(&place.run) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(EmbeddedError::io("create", &place.run)(error))
            }
            _ => Ok(place),
        }
    }

    /// The place that a run directory belongs to.
    pub(super) fn of_run(name: &'static str, run: &Path) -> Result<Self, EmbeddedError> {
        let run = canonical(run)?;
        Self::existing(name, run.parent().unwrap_or(Path::new("/")))
    }

    fn existing(name: &'static str, directory: &Path) -> Result<Self, EmbeddedError> {
        let directory = canonical(directory)?;
        let run = directory.join("postgres.run");
        let tag = format!(
            "{name}-{:016x}",
            fingerprint(directory.as_os_str().as_bytes())
        );
        Ok(Self {
            name,
            directory,
            run,
            tag,
        })
    }

    /// The directory that holds the cluster, `postgres`: the data directory itself, unless the
    /// server's user cannot reach it.
    pub(super) fn home(&self) -> Result<PathBuf, EmbeddedError> {
        let here = &self.directory;
        if let Some(noted) = self.noted()? {
            return Ok(noted);
        }
        if !geteuid().is_root() || here.join("postgres").exists() {
            return Ok(here.clone());
        }
        if Account::substitute()?.can_enter(here) {
            return Ok(here.clone());
        }
        self.elsewhere()
    }

    /// Leaves the note that says where the cluster is, unless it is in the data directory.
    pub(super) fn note(&self, home: &Path) -> Result<(), EmbeddedError> {
        if home == self.directory {
            return Ok(());
        }
        let note = self.note_path();
        let mut line = home.as_os_str().as_bytes().to_vec();
        line.push(b'\n');
        fs::write(&note, line).map_err(EmbeddedError::io("write", &note))?;
        log::info!(
            "the server's user cannot enter {}: the database is in {}, as {} says",
            self.directory.display(),
            home.display(),
            note.display()
        );
        Ok(())
    }

    /// Where the socket goes when the cluster's own path will not do.
    pub(super) fn short_directory(&self) -> PathBuf {
        Path::new("/tmp").join(&self.tag)
    }

    fn note_path(&self) -> PathBuf {
        self.directory.join("postgres.location")
    }

    fn noted(&self) -> Result<Option<PathBuf>, EmbeddedError> {
        let note = self.note_path();
        let mut line = match fs::read(&note) {
            Ok(line) => line,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(EmbeddedError::io("read", &note)(error)),
        };
        line.truncate(line.trim_ascii_end().len());
        let home = PathBuf::from(std::ffi::OsString::from_vec(line));
        let cluster = home.join("postgres");
        if cluster.exists() {
            Ok(Some(home))
        } else {
            Err(EmbeddedError::Gone { note, cluster })
        }
    }

    fn elsewhere(&self) -> Result<PathBuf, EmbeddedError> {
        let mut refusal = EmbeddedError::NoAccount;
        for base in ELSEWHERE {
            let home = Path::new(base).join(&self.tag);
            match DirBuilder::new().mode(0o755).create(&home) {
                Ok(()) => return Ok(home),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    // Anyone may write to /var/tmp: take nothing that somebody else has laid out.
                    return match fs::symlink_metadata(&home) {
                        Ok(found) if found.is_dir() && found.uid() == 0 => Ok(home),
                        _ => Err(EmbeddedError::Untrusted { directory: home }),
                    };
                }
                Err(error) => refusal = EmbeddedError::io("create", &home)(error),
            }
        }
        Err(refusal)
    }
}

fn canonical(path: &Path) -> Result<PathBuf, EmbeddedError> {
    path.canonicalize().map_err(EmbeddedError::io("find", path))
}

/// FNV-1a: short, and the same in every release, unlike the standard library's hasher.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
