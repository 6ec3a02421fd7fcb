//! A PostgreSQL server of a test's own, that can be killed, frozen and woken.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, chown, geteuid};
use ree::db::Connector;

use crate::support::{free_port, until};

/// Stopped and removed with its test.
pub struct Server {
    pub port: u16,
    directory: PathBuf,
    child: Child,
}

/// A transaction that goes on.
pub struct Running {
    pub id: i64,
    _client: (tokio_postgres::Client, ree::db::session::Link),
    _runtime: tokio::runtime::Runtime,
}

/// A program of PostgreSQL's, as the user that it agrees to run as.
fn program(name: &str) -> Command {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    versions.sort();
    let path = versions.pop().map(|version| version.join("bin").join(name));
    let mut command = Command::new(
        path.filter(|path| path.exists())
            .unwrap_or_else(|| name.into()),
    );
    if geteuid().is_root() {
        let user = User::from_name("postgres")
            .unwrap()
            .expect("a user for PostgreSQL");
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    command
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn done(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}

/// An empty directory that PostgreSQL's user owns.
fn directory(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("ree-incident-{}-{name}", std::process::id()));
    // PostgreSQL refuses a directory that others may look into.
    DirBuilder::new()
        .mode(0o700)
        .recursive(true)
        .create(&path)
        .unwrap();
    if geteuid().is_root() {
        let user = User::from_name("postgres").unwrap().unwrap();
        chown(&path, Some(user.uid), Some(user.gid)).unwrap();
    }
    path
}

impl Server {
    /// A new one, with a database `ree` whose owner is no superuser.
    pub fn create(name: &str) -> Self {
        let path = directory(name);
        done(
            program("initdb")
                .args(["-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "-D"])
                .arg(&path),
        );
        let server = Self::run(path);
        server.execute("postgres", "CREATE ROLE ree LOGIN");
        server.execute("postgres", "CREATE DATABASE ree OWNER ree");
        server
    }

    /// A standby of this one.
    pub fn standby(&self, name: &str) -> Self {
        let path = directory(name);
        let mut copying = program("pg_basebackup");
        copying.args([
            "-U",
            "postgres",
            "-h",
            "127.0.0.1",
            "-c",
            "fast",
            "-R",
            "-X",
            "stream",
            "-p",
        ]);
        done(copying.arg(self.port.to_string()).arg("-D").arg(&path));
        Self::run(path)
    }

    fn run(directory: PathBuf) -> Self {
        let port = free_port();
        let child = start(&directory, port);
        let server = Self {
            port,
            directory,
            child,
        };
        until(Duration::from_secs(30), "PostgreSQL answers", || {
            server.ask("postgres", "SELECT 1").is_some()
        });
        server
    }

    /// A connection of the test's own, which knows nothing of what the service's know.
    fn connector(&self, database: &str) -> Connector {
        Connector::new(&format!(
            "postgresql://postgres@127.0.0.1:{}/{database}",
            self.port
        ))
        .unwrap()
    }

    /// The number that a query answers; nothing where the server does not.
    pub fn ask(&self, database: &str, query: &str) -> Option<i64> {
        runtime().block_on(async {
            let (client, _link) = self.connector(database).plain().await.ok()?;
            let rows = client.simple_query(query).await.ok()?;
            rows.iter().find_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0)?.parse().ok(),
                _ => None,
            })
        })
    }

    pub fn execute(&self, database: &str, statement: &str) {
        runtime().block_on(async {
            let (client, _link) = self.connector(database).plain().await.unwrap();
            client.batch_execute(statement).await.expect(statement);
        });
    }

    /// A transaction that has an id and goes on until it is dropped.
    pub fn begin(&self, database: &str) -> Running {
        let runtime = runtime();
        let (client, id) = runtime.block_on(async {
            let (client, link) = self.connector(database).plain().await.unwrap();
            client.batch_execute("BEGIN").await.unwrap();
            let row = client
                .query_one("SELECT pg_current_xact_id()::text::bigint", &[])
                .await
                .unwrap();
            ((client, link), row.get(0))
        });
        Running {
            id,
            _client: client,
            _runtime: runtime,
        }
    }

    /// Takes over as the primary, and returns once it has.
    pub fn promote(&self) {
        self.execute("postgres", "SELECT pg_promote()");
    }

    /// Gone at once, with all its sessions.
    pub fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        let _ = self.child.wait();
    }

    /// Started again where it was.
    pub fn start_again(&mut self) {
        self.child = start(&self.directory, self.port);
    }

    /// Answers nothing, and closes nothing.
    pub fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
    }

    pub fn wake(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        let postmaster = i32::try_from(self.child.id()).unwrap();
        for pid in std::iter::once(postmaster).chain(children(postmaster)) {
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.wake();
        self.kill();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn start(directory: &Path, port: u16) -> Child {
    program("postgres")
        .args([
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "fsync=off",
            "-c",
            "wal_level=replica",
        ])
        .args([
            "-c",
            "hot_standby_feedback=on",
            "-c",
            "wal_receiver_status_interval=1s",
        ])
        .args([
            "-c",
            &format!("port={port}"),
            "-c",
            "shared_buffers=32MB",
            "-k",
        ])
        .arg(directory)
        .arg("-D")
        .arg(directory)
        .spawn()
        .unwrap()
}

/// The processes whose parent this one is.
fn children(parent: i32) -> Vec<i32> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_child = |pid: &i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let after_name = stat.rsplit(") ").next().unwrap_or_default().to_owned();
        after_name
            .split(' ')
            .nth(1)
            .and_then(|text| text.parse().ok())
            == Some(parent)
    };
    pids.filter(is_child).collect()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}
