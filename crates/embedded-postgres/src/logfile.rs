//! The server's log: one file of bounded size, and one older one.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::error::EmbeddedError;

const LARGEST: u64 = 8 * 1024 * 1024;

/// How much of the log an error message tells.
const TAIL: u64 = 2000;

/// The log file, in the run directory, where the server's own user cannot replace it.
#[derive(Debug)]
pub(super) struct LogFile(PathBuf);

impl LogFile {
    /// The log in this run directory.
    pub(super) fn of(run: &Path) -> Self {
        Self(run.join("server.log"))
    }

    /// Its path.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Opens it for a process that writes to it.
    pub(super) fn append(&self) -> Result<File, EmbeddedError> {
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.0)
            .map_err(EmbeddedError::io("open", &self.0))
    }

    /// Sets a log that has grown large aside. The server goes on writing to the same file, now at
    /// its beginning, because it was opened for appending.
    pub(super) fn bound(&self) -> Result<(), EmbeddedError> {
        if self.length() <= LARGEST {
            return Ok(());
        }
        let old = self.0.with_extension("log.1");
        fs::copy(&self.0, &old).map_err(EmbeddedError::io("write", &old))?;
        self.append()?
            .set_len(0)
            .map_err(EmbeddedError::io("truncate", &self.0))
    }

    /// Its length.
    pub(super) fn length(&self) -> u64 {
        fs::metadata(&self.0).map_or(0, |found| found.len())
    }

    /// Its last lines from `begin` on.
    pub(super) fn tail(&self, begin: u64) -> String {
        let from = begin.max(self.length().saturating_sub(TAIL));
        let mut text = Vec::new();
        let read = File::open(&self.0).and_then(|mut file| {
            file.seek(SeekFrom::Start(from))?;
            file.read_to_end(&mut text)
        });
        match read {
            Ok(_) => String::from_utf8_lossy(&text).trim().to_owned(),
            Err(error) => error.to_string(),
        }
    }
}
