//! A data directory of one test, and what it knows of the PostgreSQL that serves it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ree::db::Connector;

/// Removed with the test, after its PostgreSQL has gone.
pub struct Directory {
    pub path: PathBuf,
}

impl Directory {
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("ree-program-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a directory");
        Self { path }
    }

    /// Where the cluster is: here, unless PostgreSQL's user cannot enter.
    fn home(&self) -> PathBuf {
        let note = std::fs::read_to_string(self.path.join("postgres.location"));
        note.map_or_else(|_| self.path.clone(), |home| PathBuf::from(home.trim_end()))
    }

    fn postmaster_file(&self) -> Option<Vec<String>> {
        let text = std::fs::read_to_string(self.home().join("postgres/postmaster.pid")).ok()?;
        Some(text.lines().map(str::to_owned).collect())
    }

    /// The server's process, if one is alive.
    pub fn postmaster(&self) -> Option<Pid> {
        let pid = Pid::from_raw(self.postmaster_file()?.first()?.trim().parse().ok()?);
        kill(pid, None).is_ok().then_some(pid)
    }

    /// A connection to the service's database, to look at what is stored and at nothing else.
    pub fn connector(&self) -> Connector {
        let file = self.postmaster_file().expect("a running server");
        let (port, socket) = (file[3].trim(), file[4].trim());
        Connector::new(&format!(
            "postgresql://ree@/ree?host={}&port={port}",
            socket.replace('/', "%2F")
        ))
        .expect("an address")
    }

    /// The number a query answers.
    pub fn number(&self, query: &str) -> i64 {
        self.on_database(async |client| client.query_one(query, &[]).await.expect(query).get(0))
    }

    /// Changes what is stored behind the service's back.
    pub fn execute(&self, statements: &str) {
        self.on_database(async |client| {
            client.batch_execute(statements).await.expect(statements);
        });
    }

    fn on_database<T>(&self, work: impl AsyncFnOnce(tokio_postgres::Client) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let (client, _alive) = self.connector().plain().await.expect("a connection");
            work(client).await
        })
    }

    /// Waits until no PostgreSQL serves this directory any more.
    pub fn is_left_within(&self, limit: Duration) -> bool {
        let started = Instant::now();
        while self.postmaster().is_some() {
            if started.elapsed() > limit {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        true
    }
}

impl AsRef<Path> for Directory {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // The services of a failed test were killed before this; their PostgreSQL follows them.
        if !self.is_left_within(Duration::from_secs(10))
            && let Some(pid) = self.postmaster()
        {
            let _ = kill(pid, Signal::SIGQUIT);
            self.is_left_within(Duration::from_secs(5));
        }
        let home = self.home();
        let _ = std::fs::remove_dir_all(&self.path);
        let _ = std::fs::remove_dir_all(home);
    }
}
