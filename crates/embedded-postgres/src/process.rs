//! The server's processes, told from others by what their command lines say.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A live process. A zombie has no command line, so it never is one.
#[derive(Debug)]
pub(super) struct Process {
    pid: i32,
    uid: u32,
    command: Vec<u8>,
}

impl Process {
    /// The process with this number, if there is one.
    pub(super) fn find(pid: i32) -> Option<Self> {
        if !has_proc() {
            return listed(&["-p", &pid.to_string()]).pop();
        }
        let directory = Path::new("/proc").join(pid.to_string());
        let command = fs::read(directory.join("cmdline")).ok()?;
        let uid = fs::metadata(&directory).ok()?.uid();
        (!command.is_empty()).then_some(Self { pid, uid, command })
    }

    fn all() -> Vec<Self> {
        let Ok(entries) = fs::read_dir("/proc") else {
            return listed(&["-ax"]);
        };
        entries
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter_map(Self::find)
            .collect()
    }

    /// Whether `user` runs this process and its command line mentions `text`.
    pub(super) fn mentions(&self, user: u32, text: &[u8]) -> bool {
        self.uid == user && self.command.windows(text.len()).any(|part| part == text)
    }
}

/// The processes of one cluster.
#[derive(Debug, Clone)]
pub(super) struct Family {
    /// The `cluster_name` of the server, which PostgreSQL puts in the title of every process.
    pub(super) tag: String,
    /// The user they run as.
    pub(super) uid: u32,
}

impl Family {
    /// Whether this process is the server itself. `pg_ctl` has the name in quotes, so it is not
    /// mistaken for the server that it starts.
    pub(super) fn has_server(&self, pid: i32) -> bool {
        let sign = format!("cluster_name={}", self.tag);
        Process::find(pid).is_some_and(|found| found.mentions(self.uid, sign.as_bytes()))
    }

    /// Waits until the server has ended; false when it still runs after `limit`.
    pub(super) fn outlives(&self, pid: i32, limit: Duration) -> bool {
        !until(limit, || !self.has_server(pid))
    }

    /// Ends what a dead server has left behind: as long as one of its processes is attached to
    /// the shared memory, PostgreSQL refuses to start.
    pub(super) fn end(&self) {
        for (signal, limit) in [(Signal::SIGQUIT, 2), (Signal::SIGKILL, 5)] {
            for pid in self.members() {
                send(pid, signal);
            }
            if until(Duration::from_secs(limit), || self.members().is_empty()) {
                return;
            }
        }
    }

    fn members(&self) -> Vec<i32> {
        let server = format!("cluster_name={}", self.tag);
        let child = format!("postgres: {}: ", self.tag);
        Process::all()
            .into_iter()
            .filter(|found| {
                found.mentions(self.uid, server.as_bytes())
                    || (found.uid == self.uid && found.command.starts_with(child.as_bytes()))
            })
            .map(|found| found.pid)
            .collect()
    }
}

/// Sends a signal; that the process has ended meanwhile is as good.
pub(super) fn send(pid: i32, signal: Signal) {
    if let Err(error) = kill(Pid::from_raw(pid), signal) {
        log::debug!("cannot send {signal} to process {pid}: {error}");
    }
}

/// Waits for a child in the background, so that it does not stay as a zombie.
pub(super) fn await_in_background(mut child: Child) {
    let waiting = std::thread::Builder::new()
        .name("embedded-wait".to_owned())
        .stack_size(64 * 1024)
        .spawn(move || child.wait());
    if let Err(error) = waiting {
        log::debug!("cannot wait for a child process: {error}");
    }
}

fn until(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while !done() {
        if begun.elapsed() > limit {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

fn has_proc() -> bool {
    Path::new("/proc/self/cmdline").exists()
}

/// What `ps` says, for systems without `/proc`.
fn listed(selection: &[&str]) -> Vec<Process> {
    let output = Command::new("ps")
        .args(selection)
        .args(["-o", "pid=,uid=,command="])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let text = output.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&text)
        .lines()
        .filter_map(|line| {
            let (pid, rest) = line.trim_start().split_once(' ')?;
            let (uid, command) = rest.trim_start().split_once(' ')?;
            Some(Process {
                pid: pid.parse().ok()?,
                uid: uid.parse().ok()?,
                command: command.trim_start().as_bytes().to_vec(),
            })
        })
        .collect()
}
