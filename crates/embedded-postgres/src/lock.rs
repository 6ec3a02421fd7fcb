//! Lock files. The kernel releases them with their holder, whatever ended it, `kill -9` included.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::error::EmbeddedError;

/// How long to wait for a start or a stop that another process is carrying out.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

const PAUSE: Duration = Duration::from_millis(3);

/// An open lock file, locked or not.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    file: File,
}

impl Lock {
    /// Opens the lock file, made if need be, without locking it.
    pub(super) fn open(path: PathBuf) -> Result<Self, EmbeddedError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(EmbeddedError::io("open the lock", &path))?;
        Ok(Self { path, file })
    }

    /// Takes the lock for this process alone, waiting for [`PATIENCE`] at most.
    pub(super) fn exclusive(&self) -> Result<(), EmbeddedError> {
        self.wait(File::try_lock)
    }

    /// Takes the lock along with others, waiting for [`PATIENCE`] at most.
    pub(super) fn shared(&self) -> Result<(), EmbeddedError> {
        self.wait(File::try_lock_shared)
    }

    /// Takes the lock for this process alone if it is free now.
    pub(super) fn try_exclusive(&self) -> Result<bool, EmbeddedError> {
        self.attempt(File::try_lock)
    }

    /// Takes the lock for this process alone, waiting for as long as others have it.
    pub(super) fn exclusive_forever(&self) -> Result<(), EmbeddedError> {
        loop {
            match self.file.lock() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result.map_err(EmbeddedError::io("lock", &self.path)),
            }
        }
    }

    /// Releases the lock, also where a child process has inherited it.
    pub(super) fn release(&self) -> Result<(), EmbeddedError> {
        self.file
            .unlock()
            .map_err(EmbeddedError::io("unlock", &self.path))
    }

    /// The same lock once more, to hand to a child: it stays locked until both have let go.
    pub(super) fn duplicate(&self) -> Result<File, EmbeddedError> {
        self.file
            .try_clone()
            .map_err(EmbeddedError::io("duplicate the lock", &self.path))
    }

    /// Whether the path has come to lead to another file.
    pub(super) fn is_replaced(&self) -> bool {
        match (self.file.metadata(), fs::metadata(&self.path)) {
            (Ok(mine), Ok(current)) => (mine.dev(), mine.ino()) != (current.dev(), current.ino()),
            _ => false,
        }
    }

    fn wait(&self, mode: fn(&File) -> Result<(), TryLockError>) -> Result<(), EmbeddedError> {
        let begun = Instant::now();
        while !self.attempt(mode)? {
            if begun.elapsed() > PATIENCE {
                return Err(EmbeddedError::Busy {
                    lock: self.path.clone(),
                    waited: PATIENCE,
                });
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    fn attempt(&self, mode: fn(&File) -> Result<(), TryLockError>) -> Result<bool, EmbeddedError> {
        match mode(&self.file) {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(source)) => Err(EmbeddedError::io("lock", &self.path)(source)),
        }
    }
}
