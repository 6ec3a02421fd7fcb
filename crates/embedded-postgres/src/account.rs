//! The system user that the server runs as: PostgreSQL refuses to run as root.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Uid, User, getegid, geteuid};

use super::error::EmbeddedError;

/// The user and group of the server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    /// The user.
    pub(super) uid: u32,
    gid: u32,
    /// Whether this process is root, and its children have to change to the account.
    switch: bool,
}

impl Account {
    /// The account of the cluster in `data`: its owner if it exists, so that a root process can
    /// serve what an ordinary user made; else this process's user, or for root a substitute.
    pub(super) fn of(data: &Path) -> Result<Self, EmbeddedError> {
        if !geteuid().is_root() {
            return Ok(Self {
                uid: geteuid().as_raw(),
                gid: getegid().as_raw(),
                switch: false,
            });
        }
        match fs::symlink_metadata(data) {
            Ok(found) if found.uid() != 0 => Ok(Self {
                uid: found.uid(),
                gid: found.gid(),
                switch: true,
            }),
            _ => Self::substitute(),
        }
    }

    /// The user that serves in place of root.
    pub(super) fn substitute() -> Result<Self, EmbeddedError> {
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .filter(|user| user.uid != Uid::from_raw(0))
            .map(|user| Self {
                uid: user.uid.as_raw(),
                gid: user.gid.as_raw(),
                switch: true,
            })
            .ok_or(EmbeddedError::NoAccount)
    }

    /// A command that will run as the account, away from this process's own directory and from
    /// variables that would change the meaning of its options.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        // Messages in English, and on macOS no locale framework that makes threads.
        command.env("LC_ALL", "C").current_dir("/");
        if self.switch {
            // The standard library clears the supplementary groups of a root process here.
            command.gid(self.gid).uid(self.uid);
        }
        command
    }

    /// Makes the account the owner of a path.
    pub(super) fn own(&self, path: &Path) -> Result<(), EmbeddedError> {
        if !self.switch {
            return Ok(());
        }
        chown(path, Some(self.uid), Some(self.gid)).map_err(EmbeddedError::io("give away", path))
    }

    /// Whether the account can reach what lies in `directory`, an absolute path.
    pub(super) fn can_enter(&self, directory: &Path) -> bool {
        directory.ancestors().all(|step| {
            fs::metadata(step).is_ok_and(|found| {
                let bit = if found.uid() == self.uid {
                    0o100
                } else if found.gid() == self.gid {
                    0o010
                } else {
                    0o001
                };
                found.mode() & bit != 0
            })
        })
    }
}
