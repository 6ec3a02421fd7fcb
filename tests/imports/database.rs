//! A fresh database for each test, cloned from a template on an embedded server that all test
//! processes share and that stays half a minute after the last of them.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use ree::db::Connector;
use ree::db::embedded::{Durability, Embedded, Settings};
use ree::db::migrations;
use tokio_postgres::Client;
use uuid::{NoContext, Timestamp, Uuid};

struct Server {
    embedded: Embedded,
    template: String,
}

/// Made on a thread with a runtime of its own: migrations need several threads, tests have one.
static SERVER: LazyLock<Server> = LazyLock::new(|| {
    std::thread::spawn(|| tokio::runtime::Runtime::new().unwrap().block_on(start())).join().unwrap()
});

/// A client of a new database with the schema and the reference data.
pub async fn fresh() -> Client {
    let name = format!("t{}", Uuid::now_v7().simple());
    let admin = connect("postgres").await;
    let create = format!("CREATE DATABASE {name} TEMPLATE {} STRATEGY FILE_COPY", SERVER.template);
    admin.batch_execute(&create).await.unwrap();
    connect(&name).await
}

/// A client of an existing database.
pub async fn connect(database: &str) -> Client {
    open(&SERVER.embedded, database).plain().await.unwrap().0
}

fn open(embedded: &Embedded, database: &str) -> Connector {
    Connector::new(&embedded.url(database)).unwrap()
}

async fn start() -> Server {
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let settings = Settings {
        directory: parent.join(format!("ree-tests-imports-{}", nix::unistd::geteuid())),
        durability: Durability::Disposable,
        linger: Duration::from_secs(30),
        reaper: PathBuf::from(env!("CARGO_BIN_EXE_ree")),
    };
    let embedded = Embedded::attach_or_start(&settings).unwrap();
    let template = format!("template_{:016x}", fingerprint());
    let (admin, _alive) = open(&embedded, "postgres").plain().await.unwrap();
    // Another test process may be making the template.
    let alone = "SET lock_timeout = 0; SET statement_timeout = 0; SELECT pg_advisory_lock(1)";
    admin.batch_execute(alone).await.unwrap();
    drop_old(&admin).await;
    prepare(&embedded, &admin, &template).await;
    Server { embedded, template }
}

/// A database is a template once it is whole; one that is not was left by a process that died.
async fn prepare(embedded: &Embedded, admin: &Client, template: &str) {
    let there = "SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate";
    if admin.query_opt(there, &[&template]).await.unwrap().is_some() {
        return;
    }
    let drop = format!("DROP DATABASE IF EXISTS {template} WITH (FORCE)");
    admin.batch_execute(&drop).await.unwrap();
    admin.batch_execute(&format!("CREATE DATABASE {template}")).await.unwrap();
    migrations::run(&open(embedded, template), Utc::now()).await.unwrap();
    let whole = format!("ALTER DATABASE {template} IS_TEMPLATE true");
    admin.batch_execute(&whole).await.unwrap();
}

/// Drops what tests of more than ten minutes ago left: names tell the time, as UUIDv7 do.
async fn drop_old(admin: &Client) {
    let then = Utc::now() - TimeDelta::minutes(10);
    let seconds = u64::try_from(then.timestamp()).unwrap();
    let bound = format!("t{}", Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, 0)).simple());
    let old = "SELECT datname::text FROM pg_database WHERE datname ~ '^t[0-9a-f]{32}$' AND datname < $1::text::name";
    for row in admin.query(old, &[&bound]).await.unwrap() {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", row.get::<_, String>(0));
        admin.batch_execute(&drop).await.unwrap();
    }
}

/// Of all that makes the template: the migrations and the reference data.
fn fingerprint() -> u64 {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = BTreeMap::new();
    collect(&root.join("migrations"), &mut files);
    collect(&root.join("data/reference"), &mut files);
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    hasher.finish()
}

fn collect(directory: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            let content = std::fs::read(&path).unwrap();
            files.insert(path, content);
        }
    }
}
