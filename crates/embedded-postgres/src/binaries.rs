//! The installed PostgreSQL programs.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::account::Account;
use super::error::EmbeddedError;

const OLDEST: u32 = 15;

/// Where packages put the programs of one version: the directory, the beginning of the name of a
/// version's directory in it, and the way on from there.
const PACKAGES: [(&str, &str, &str); 7] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql", "bin"),
    ("/usr/local/opt", "postgresql", "bin"),
    ("/usr/local", "pgsql", "bin"),
    ("/usr/local/lib/postgresql", "", "bin"),
    ("/Library/PostgreSQL", "", "bin"),
];

/// The programs of one PostgreSQL version.
#[derive(Debug)]
pub(super) struct Binaries {
    directory: PathBuf,
    major: u32,
    version: String,
    /// Where `initdb` finds what it puts into a cluster.
    pub(super) share: PathBuf,
}

impl Binaries {
    /// Finds programs that can serve a cluster of the major version `wanted`, or a new one, and have
    /// these contrib extensions.
    pub(super) fn find(
        wanted: Option<Wanted<'_>>,
        extensions: &[&'static str],
        account: &Account,
    ) -> Result<Self, EmbeddedError> {
        let mut seen = BTreeSet::new();
        let mut refused = Vec::new();
        let found = candidates().filter(|directory| seen.insert(directory.clone()));
        for binaries in found.filter_map(|directory| Self::probe(&directory, account)) {
            match binaries.suits(wanted, extensions) {
                Ok(()) => return Ok(binaries),
                Err(error) => refused.push((binaries, error)),
            }
        }
        if let Some(Wanted { major, data }) = wanted
            && refused.iter().all(|(binaries, _)| binaries.major != major)
        {
            return Err(EmbeddedError::WrongVersion {
                data: data.to_path_buf(),
                needed: major,
                found: refused
                    .into_iter()
                    .map(|(found, _)| found.version)
                    .collect(),
            });
        }
        // The newest one comes closest to what is needed: its shortcoming is the one to tell.
        refused
            .into_iter()
            .max_by_key(|(binaries, _)| {
                (
                    wanted.is_some_and(|w| w.major == binaries.major),
                    binaries.major,
                )
            })
            .map_or(Err(EmbeddedError::NoBinaries), |(_, error)| Err(error))
    }

    /// One of the programs.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Asks `initdb` what it is and where its files are: `pg_config` is often not installed.
    fn probe(directory: &Path, account: &Account) -> Option<Self> {
        let complete = ["initdb", "postgres", "pg_ctl"]
            .iter()
            .all(|name| directory.join(name).is_file());
        if !complete {
            return None;
        }
        let output = account
            .command(&directory.join("initdb"))
            .args(["--show", "-D", "/nonexistent"])
            .stdin(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stderr);
        let field = |name| text.lines().find_map(|line| line.strip_prefix(name));
        let version = field("VERSION=")?.split_whitespace().next()?;
        let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
        Some(Self {
            directory: directory.to_path_buf(),
            major: digits.parse().ok()?,
            version: version.to_owned(),
            share: PathBuf::from(field("share_path=")?),
        })
    }

    fn suits(
        &self,
        wanted: Option<Wanted<'_>>,
        extensions: &[&'static str],
    ) -> Result<(), EmbeddedError> {
        if self.major < OLDEST {
            return Err(EmbeddedError::TooOld {
                version: self.version.clone(),
                directory: self.directory.clone(),
            });
        }
        if let Some(Wanted { major, data }) = wanted
            && major != self.major
        {
            return Err(EmbeddedError::WrongVersion {
                data: data.to_path_buf(),
                needed: major,
                found: vec![self.version.clone()],
            });
        }
        let directory = self.share.join("extension");
        let missing = extensions
            .iter()
            .find(|name| !directory.join(format!("{name}.control")).is_file());
        missing.map_or(Ok(()), |&extension| {
            Err(EmbeddedError::NoContrib {
                extension,
                directory,
                major: self.major,
            })
        })
    }
}

/// A cluster that needs programs of its own major version.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// The major version that made it.
    pub(super) major: u32,
    /// Its data directory.
    pub(super) data: &'a Path,
}

fn candidates() -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = std::env::split_paths(&path)
        // A link in PATH leads to the directory where the other programs are, too.
        .filter_map(|entry| entry.join("postgres").canonicalize().ok())
        .filter_map(|program| program.parent().map(Path::to_path_buf))
        .collect();
    on_path
        .into_iter()
        .chain(std::iter::once_with(configured).flatten())
        .chain(PACKAGES.into_iter().flat_map(packaged))
        .filter_map(|directory| directory.canonicalize().ok())
}

fn configured() -> Option<PathBuf> {
    let output = Command::new("pg_config")
        .arg("--bindir")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let mut line = output.stdout;
    line.truncate(line.trim_ascii_end().len());
    (!line.is_empty()).then(|| PathBuf::from(OsString::from_vec(line)))
}

/// The packaged versions, the newest first.
fn packaged((directory, prefix, rest): (&str, &str, &str)) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut found: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let version = name.to_str()?.strip_prefix(prefix)?;
            let digits = version.trim_start_matches(|c: char| !c.is_ascii_digit());
            Some((digits.parse().unwrap_or(0), entry.path().join(rest)))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, path)| path).collect()
}
