//! The reaper: a small process of its own that stops the server when its last user is gone,
//! however that ended.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal};

use super::cluster::Cluster;
use super::error::EmbeddedError;
use super::lock::Lock;
use super::place::Place;
use super::process::await_in_background;

/// The name of the hidden subcommand that runs the reaper.
const SUBCOMMAND: &str = "embedded-reaper";

/// The lock files of a place.
#[derive(Debug)]
pub(super) struct Locks {
    /// Held by whoever starts or stops the server.
    pub(super) start: PathBuf,
    /// Held, shared, by every user of the server.
    pub(super) users: PathBuf,
    /// Held by the reaper for life.
    pub(super) reaper: PathBuf,
}

impl Locks {
    /// The locks in this run directory.
    pub(super) fn of(run: &Path) -> Self {
        Self {
            start: run.join("start.lock"),
            users: run.join("users.lock"),
            reaper: run.join("reaper.lock"),
        }
    }
}

/// Starts a reaper unless one is at work. The caller holds the users lock, so that a reaper that
/// is at work cannot be about to end.
pub(super) fn ensure(place: &Place, program: &Path, linger: Duration) -> Result<(), EmbeddedError> {
    let lock = Lock::open(Locks::of(&place.run).reaper)?;
    if !lock.try_exclusive()? {
        return Ok(());
    }
    let file = linger_file(&place.run);
    fs::write(&file, linger.as_millis().to_string()).map_err(EmbeddedError::io("write", &file))?;
    let mut command = Command::new(program);
    command
        .arg(SUBCOMMAND)
        .arg(&place.run)
        .current_dir("/")
        // The locked file goes over to the reaper, so there is no moment without a holder.
        .stdin(lock.duplicate()?)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C in the terminal is meant for the service; the reaper has yet to do its work.
        .process_group(0);
    let child = command.spawn().map_err(EmbeddedError::spawn(program))?;
    await_in_background(child);
    Ok(())
}

/// Whether a reaper has stayed at work; a program that is no reaper ends at once. One that was
/// killed gets another chance.
pub(super) fn stays(
    place: &Place,
    program: &Path,
    linger: Duration,
) -> Result<bool, EmbeddedError> {
    if is_at_work(place)? {
        return Ok(true);
    }
    ensure(place, program, linger)?;
    std::thread::sleep(Duration::from_millis(100));
    is_at_work(place)
}

fn is_at_work(place: &Place) -> Result<bool, EmbeddedError> {
    Ok(!Lock::open(Locks::of(&place.run).reaper)?.try_exclusive()?)
}

/// Waits until the embedded server of this name and run directory has no users, lingers, and stops
/// it. This is the whole of the hidden subcommand `embedded-reaper <run-dir>`.
///
/// # Errors
///
/// When the locks cannot be used, or the server does not stop.
pub fn reap(name: &'static str, run_dir: &Path) -> Result<(), EmbeddedError> {
    // A service manager signals the whole group of processes. The reaper ends when its work is
    // done, which is as soon as the service has ended.
    let mut deferred = SigSet::empty();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        deferred.add(signal);
    }
    if let Err(error) = deferred.thread_block() {
        log::debug!("cannot block signals: {error}");
    }
    let place = Place::of_run(name, run_dir)?;
    let locks = Locks::of(&place.run);
    let cluster = Cluster::locate(place)?;
    let users = Lock::open(locks.users)?;
    let start = Lock::open(locks.start)?;
    loop {
        users.exclusive_forever()?;
        users.release()?;
        std::thread::sleep(linger(&cluster.place.run));
        // A starter holds the users lock before it waits for the start lock, so this order cannot
        // lock up: here the second is only tried.
        start.exclusive_forever()?;
        if users.is_replaced() {
            // Somebody has removed the data directory and begun anew, with another reaper.
            return Ok(());
        }
        if users.try_exclusive()? {
            return cluster.stop();
        }
        start.release()?;
    }
}

fn linger_file(run: &Path) -> PathBuf {
    run.join("linger")
}

fn linger(run: &Path) -> Duration {
    let text = fs::read_to_string(linger_file(run)).unwrap_or_default();
    Duration::from_millis(text.trim().parse().unwrap_or(0))
}
