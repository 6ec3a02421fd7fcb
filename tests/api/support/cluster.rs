//! One PostgreSQL for all test processes, and a database for each test, cloned from a template.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use ree::db::embedded::{self, Durability, Embedded};
use ree::db::{Connector, migrations};
use sha2::{Digest, Sha256};

/// The server outlives a run by half a minute: the next one finds it warm.
const LINGER: Duration = Duration::from_secs(30);

/// A database that goes with its test.
pub struct Database {
    pub connector: Connector,
    name: String,
}

static CLUSTER: LazyLock<Arc<Embedded>> = LazyLock::new(|| {
    let reaper = PathBuf::from(env!("CARGO_BIN_EXE_ree"));
    let started = embedded::attach_or_start(directory(), Durability::Disposable, LINGER, reaper);
    Arc::new(started.expect("an embedded PostgreSQL"))
});

/// In memory where there is room, else in the temporary directory.
fn directory() -> PathBuf {
    let name = format!("ree-tests-{}", nix::unistd::getuid());
    let memory = PathBuf::from("/dev/shm");
    let room = nix::sys::statvfs::statvfs(&memory)
        .map(|stat| stat.blocks_available() * stat.fragment_size())
        .unwrap_or_default();
    let base = if room > 2 * 1024 * 1024 * 1024 {
        memory
    } else {
        std::env::temp_dir()
    };
    let directory = base.join(name);
    std::fs::create_dir_all(&directory).expect("a directory for the tests' PostgreSQL");
    directory
}

/// The template's name tells which migrations, functions and reference data it has.
fn template() -> String {
    let mut hash = Sha256::new();
    let mut files = Vec::new();
    for directory in ["migrations", "src/db/functions", "data/reference"] {
        collect(
            &PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(directory),
            &mut files,
        );
    }
    files.sort();
    for file in files {
        hash.update(std::fs::read(file).expect("a file of the project"));
    }
    let digest = hash.finalize();
    format!(
        "template_{}",
        digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    )
}

fn collect(directory: &std::path::Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory)
        .expect("a directory of the project")
        .flatten()
    {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files)
        } else {
            files.push(path)
        }
    }
}

impl Database {
    /// Clones the template, making it first if need be.
    pub async fn new() -> Self {
        let cluster = tokio::task::spawn_blocking(|| Arc::clone(&CLUSTER))
            .await
            .expect("the cluster");
        let server = Connector::new(&cluster.url("postgres")).expect("a connector");
        let (client, _alive) = server.plain().await.expect("the server");
        let template = template();
        ensure_template(&client, &server, &template).await;
        let name = format!("t_{}", uuid::Uuid::now_v7().simple());
        let clone = format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY");
        client
            .batch_execute(&clone)
            .await
            .expect("a clone of the template");
        Self {
            connector: server.database(&name),
            name,
        }
    }
}

async fn ensure_template(client: &tokio_postgres::Client, server: &Connector, template: &str) {
    const THERE: &str = "SELECT 1 FROM pg_database WHERE datname = $1";
    if client
        .query_opt(THERE, &[&template])
        .await
        .expect("the list of databases")
        .is_some()
    {
        return;
    }
    client
        .batch_execute(
            "SET lock_timeout = 0; SET statement_timeout = 0; SELECT pg_advisory_lock(1)",
        )
        .await
        .expect("a lock");
    if client
        .query_opt(THERE, &[&template])
        .await
        .expect("the list of databases")
        .is_none()
    {
        let building = format!("building_{template}");
        client
            .batch_execute(&format!("DROP DATABASE IF EXISTS {building} WITH (FORCE)"))
            .await
            .expect("room");
        client
            .batch_execute(&format!("CREATE DATABASE {building}"))
            .await
            .expect("a database");
        migrations::run(&server.database(&building), chrono::Utc::now())
            .await
            .expect("the migrations");
        // A template that someone is connected to cannot be renamed.
        let disconnect = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{building}'"
        );
        client
            .batch_execute(&disconnect)
            .await
            .expect("nobody connected");
        rename(client, &building, template).await;
    }
    client
        .batch_execute("SELECT pg_advisory_unlock(1)")
        .await
        .expect("the lock again");
}

async fn rename(client: &tokio_postgres::Client, from: &str, to: &str) {
    for _ in 0..100 {
        if client
            .batch_execute(&format!("ALTER DATABASE {from} RENAME TO {to}"))
            .await
            .is_ok()
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{from} cannot be renamed");
}

impl Drop for Database {
    fn drop(&mut self) {
        let (url, name) = (CLUSTER.url("postgres"), self.name.clone());
        // On a thread of its own: the test's runtime is ending.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                if let Ok((client, _alive)) =
                    Connector::new(&url).expect("a connector").plain().await
                {
                    let _ = client
                        .batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"))
                        .await;
                }
            });
        });
        let _ = dropped.join();
    }
}
