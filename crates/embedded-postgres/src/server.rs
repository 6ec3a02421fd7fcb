//! The running server: its state, its start and its stop.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::cluster::Cluster;
use super::error::EmbeddedError;
use super::lock::Lock;
use super::logfile::LogFile;
use super::options::shell_words;
use super::process::{Process, await_in_background, send};
use super::{Durability, Settings};

/// A start of a large database after a crash takes its time.
const START_SECONDS: &str = "600";

const PAUSE: Duration = Duration::from_millis(3);

/// A fast shutdown writes everything down first.
const FAST_STOP: Duration = Duration::from_secs(30);
const IMMEDIATE_STOP: Duration = Duration::from_secs(10);

/// How often to try: the remains of a killed server may stand in the way for a moment.
const ATTEMPTS: u32 = 3;

/// What the server is doing, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Absent,
    Starting,
    Ready,
    Stopping,
}

impl Cluster {
    /// What the server is doing, from the file that it keeps for the purpose.
    pub(super) fn state(&self) -> State {
        match self.pid_file() {
            Some((pid, status)) if self.family().has_server(pid) => match status.as_str() {
                "ready" | "standby" => State::Ready,
                "stopping" => State::Stopping,
                _ => State::Starting,
            },
            _ => State::Absent,
        }
    }

    /// Brings the server up. The caller holds the start lock. False if it was up already.
    pub(super) fn start(
        &self,
        settings: &Settings,
        start: &Lock,
        log: &LogFile,
    ) -> Result<bool, EmbeddedError> {
        match self.state() {
            State::Ready => return Ok(false),
            // One that still starts has been given up by pg_ctl, which kept the start lock: nobody
            // knows what it waits for.
            State::Starting | State::Stopping => self.stop()?,
            State::Absent => {}
        }
        let binaries = self.prepare(settings, start)?;
        let program = binaries.program("pg_ctl");
        let mut attempt = 1;
        loop {
            self.clear()?;
            self.prepare_sockets()?;
            log.bound()?;
            match self.launch(&program, settings.durability, start, log) {
                Err(EmbeddedError::Start { .. }) if attempt < ATTEMPTS => {
                    attempt += 1;
                    std::thread::sleep(Duration::from_millis(200));
                }
                result => return result.map(|()| true),
            }
        }
    }

    /// Stops the server and removes what it leaves. The caller holds the start lock.
    pub(super) fn stop(&self) -> Result<(), EmbeddedError> {
        let family = self.family();
        if let Some((pid, _)) = self.pid_file()
            && family.has_server(pid)
        {
            send(pid, Signal::SIGINT);
            if family.outlives(pid, FAST_STOP) {
                log::warn!("the server (process {pid}) does not stop: stopping it at once");
                send(pid, Signal::SIGQUIT);
                if family.outlives(pid, IMMEDIATE_STOP) {
                    family.end();
                }
                if family.has_server(pid) {
                    return Err(EmbeddedError::Stop { pid });
                }
            }
        }
        self.clear()?;
        self.remove_sockets();
        Ok(())
    }

    /// Removes what a dead server left, its processes included, and those of one whose data
    /// directory somebody has removed.
    fn clear(&self) -> Result<(), EmbeddedError> {
        self.refuse_foreign()?;
        self.family().end();
        self.remove_remains()
    }

    /// Starts the server through `pg_ctl`, which gives it a session of its own, and no parent that
    /// would have to bury it.
    fn launch(
        &self,
        program: &Path,
        durability: Durability,
        start: &Lock,
        log: &LogFile,
    ) -> Result<(), EmbeddedError> {
        let begin = log.length();
        let mut command = self.account.command(program);
        command
            .env("PGDATA", &self.data)
            .args(["start", "-s", "-w", "-t", START_SECONDS, "-o"])
            .arg(shell_words(self, durability))
            // If this process is killed, pg_ctl keeps the start lock until the server is up, so
            // that neither another starter nor the reaper meets a server without a pid file.
            .stdin(start.duplicate()?)
            .stdout(log.append()?)
            .stderr(log.append()?)
            // Ctrl-C in the terminal reaches the service alone, and the reaper stops the server.
            .process_group(0);
        let mut child = command.spawn().map_err(EmbeddedError::spawn(program))?;
        drop(command);
        if self.comes_up(&mut child, program)? {
            await_in_background(child);
            return Ok(());
        }
        Err(EmbeddedError::Start {
            log: log.path().to_path_buf(),
            tail: log.tail(begin),
        })
    }

    /// Waits until the server is ready, or `pg_ctl` has given up. `pg_ctl` itself looks only ten
    /// times a second.
    fn comes_up(&self, child: &mut Child, program: &Path) -> Result<bool, EmbeddedError> {
        loop {
            if self.state() == State::Ready {
                return Ok(true);
            }
            let ended = child.try_wait().map_err(EmbeddedError::spawn(program))?;
            if ended.is_some() {
                return Ok(self.state() == State::Ready);
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Refuses to go on when somebody else serves this data directory.
    fn refuse_foreign(&self) -> Result<(), EmbeddedError> {
        let Some((pid, _)) = self.pid_file() else {
            return Ok(());
        };
        let path = self.data.as_os_str().as_bytes();
        match Process::find(pid) {
            Some(found)
                if found.mentions(self.account.uid, path)
                    && found.mentions(self.account.uid, b"postgres")
                    && !self.family().has_server(pid) =>
            {
                Err(EmbeddedError::Foreign {
                    pid,
                    data: self.data.clone(),
                })
            }
            _ => Ok(()),
        }
    }

    /// The number and the status in `postmaster.pid`: its first and its eighth line.
    fn pid_file(&self) -> Option<(i32, String)> {
        let bytes = fs::read(self.data.join("postmaster.pid")).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok()?;
        let status = lines.nth(6).unwrap_or_default().trim().to_owned();
        Some((pid, status))
    }
}
