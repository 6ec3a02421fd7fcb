//! The embedded server against everything that may happen to its processes.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first surprise, and has no clock to ask"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use embedded_postgres::{Durability, Embedded, EmbeddedError, Settings};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const PROGRAM: &str = env!("CARGO_BIN_EXE_embedded-reaper");

/// That of the server, and of its superuser; the reaper's, too.
const NAME: &str = "tester";

const EXTENSIONS: &[&str] = &["unaccent", "pg_trgm", "btree_gin"];

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(format!("/tmp/embedded-test-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn settings(&self) -> Settings {
        Settings {
            name: NAME,
            extensions: EXTENSIONS,
            directory: self.0.clone(),
            durability: Durability::Disposable,
            linger: Duration::ZERO,
            reaper: PathBuf::from(PROGRAM),
        }
    }

    fn attach(&self) -> Embedded {
        Embedded::attach_or_start(&self.settings()).unwrap()
    }

    fn postmaster(&self) -> i32 {
        let text = fs::read_to_string(self.home().join("postgres/postmaster.pid")).unwrap();
        text.lines().next().unwrap().parse().unwrap()
    }

    fn home(&self) -> PathBuf {
        fs::read_to_string(self.0.join("postgres.location"))
            .map_or(self.0.clone(), |note| PathBuf::from(note.trim()))
    }

    fn reapers(&self) -> Vec<i32> {
        let run = self.0.canonicalize().unwrap().join("postgres.run");
        processes()
            .into_iter()
            .filter(|(_, line)| {
                line.contains("embedded-reaper") && line.contains(run.to_str().unwrap())
            })
            .map(|(pid, _)| pid)
            .collect()
    }

    /// How many servers there are. A child that has just been forked still looks like its server,
    /// so several looks are taken.
    fn postmasters(&self) -> usize {
        let data = self.home().canonicalize().unwrap().join("postgres");
        let look = || {
            std::thread::sleep(Duration::from_millis(10));
            let servers = processes().into_iter().filter(|(_, line)| {
                line.contains("cluster_name=") && line.contains(&format!("{}\0", data.display()))
            });
            servers.count()
        };
        (0..5).map(|_| look()).min().unwrap()
    }

    /// Everything is gone within `limit`.
    fn ends(&self, limit: Duration) {
        let begun = Instant::now();
        loop {
            let left: Vec<_> = processes()
                .into_iter()
                .filter(|(pid, line)| {
                    *pid != i32::try_from(std::process::id()).unwrap()
                        && line.contains(self.home().to_str().unwrap())
                })
                .collect();
            if left.is_empty() && !self.home().join("postgres/postmaster.pid").exists() {
                println!("ended in {:?}", begun.elapsed());
                break;
            }
            assert!(begun.elapsed() < limit, "still there: {left:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(!self.home().join("postgres/.s.PGSQL.5432").exists());
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.home() != self.0 {
            fs::remove_dir_all(self.home()).unwrap();
        }
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn processes() -> Vec<(i32, String)> {
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| {
            let pid = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
            Some((pid, String::from_utf8_lossy(&line).into_owned()))
        })
        .collect()
}

fn query(url: &str, sql: &str) -> String {
    let output = Command::new("psql")
        .args([url, "-XAtqc", sql])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn kill9(pid: i32) {
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
}

/// The process, the line it told, and its output, kept open so that it can go on telling.
struct Holder(
    Child,
    String,
    #[expect(dead_code, reason = "kept open, never read again")] Box<dyn BufRead>,
);

impl Holder {
    fn spawn(command: &str, directory: &Path) -> Child {
        Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "holder", "--nocapture"])
            .env("HOLDER_COMMAND", command)
            .env("HOLDER_DIRECTORY", directory)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn ready(mut child: Child) -> Self {
        let mut output: Box<dyn BufRead> = Box::new(BufReader::new(child.stdout.take().unwrap()));
        // The test runner speaks first.
        let line = output
            .by_ref()
            .lines()
            .find_map(|line| line.ok().filter(|line| line.starts_with("postgresql://")));
        Self(child, line.unwrap(), output)
    }

    fn new(directory: &Path) -> Self {
        Self::ready(Self::spawn("hold", directory))
    }

    fn url(&self) -> &str {
        self.1.split(' ').next().unwrap()
    }

    fn kill9(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Not a test: the process that [`Holder`] starts, kills and waits for.
#[test]
#[ignore = "run as another process by the tests that need one"]
fn holder() {
    let command = std::env::var("HOLDER_COMMAND").unwrap();
    let durable = command == "durable";
    let embedded = Embedded::attach_or_start(&Settings {
        name: NAME,
        extensions: EXTENSIONS,
        directory: std::env::var_os("HOLDER_DIRECTORY").unwrap().into(),
        durability: if durable {
            Durability::Durable
        } else {
            Durability::Disposable
        },
        linger: Duration::ZERO,
        reaper: PathBuf::from(PROGRAM),
    })
    .unwrap();
    println!("\n{} {}", embedded.url("postgres"), embedded.started_here());
    if command == "once" {
        return;
    }
    loop {
        std::thread::sleep(Duration::from_millis(500));
        embedded.ensure_running().unwrap();
    }
}

const SOON: Duration = Duration::from_secs(2);

#[test]
fn starts_attaches_stops_and_keeps_data() {
    let scratch = Scratch::new("basic");
    let begun = Instant::now();
    let first = scratch.attach();
    println!("cold {:?}", begun.elapsed());
    assert!(first.started_here());
    let url = first.url("postgres");
    assert_eq!(query(&url, "select 1"), "1");
    assert_eq!(query(&url, "show server_encoding"), "UTF8");
    assert_eq!(
        query(&url, "select lower('ÉCOLE'), current_user"),
        format!("école|{NAME}")
    );
    assert_eq!(query(&url, "show listen_addresses"), "");
    assert_eq!(
        query(
            &url,
            "create extension unaccent; create extension pg_trgm; create extension btree_gin; select 2"
        ),
        "2"
    );
    query(&url, "create table kept as select 42 as n");
    for _ in 0..3 {
        let begun = Instant::now();
        let second = scratch.attach();
        println!("attach {:?}", begun.elapsed());
        assert!(!second.started_here());
        assert!(!second.ensure_running().unwrap());
    }
    drop(first);
    scratch.ends(SOON);
    let begun = Instant::now();
    let again = scratch.attach();
    println!("warm {:?}", begun.elapsed());
    assert!(again.started_here());
    assert_eq!(query(&again.url("postgres"), "select n from kept"), "42");
    drop(again);
    scratch.ends(SOON);
}

#[test]
fn attaching_while_the_reaper_stops_the_server_starts_it_again() {
    let scratch = Scratch::new("churn");
    for round in 0..12u64 {
        let used = scratch.attach();
        assert_eq!(query(&used.url("postgres"), "select 1"), "1");
        drop(used);
        std::thread::sleep(Duration::from_millis(round * 9));
    }
    scratch.ends(SOON);
}

#[test]
fn durable_clusters_have_checksums() {
    let scratch = Scratch::new("durable");
    let settings = Settings {
        durability: Durability::Durable,
        ..scratch.settings()
    };
    let begun = Instant::now();
    let used = Embedded::attach_or_start(&settings).unwrap();
    println!("cold, durable {:?}", begun.elapsed());
    let url = used.url("postgres");
    assert_eq!(query(&url, "show data_checksums"), "on");
    assert_eq!(query(&url, "show fsync"), "on");
    drop(used);
    scratch.ends(SOON);
}

#[test]
fn a_killed_server_comes_back() {
    let scratch = Scratch::new("postmaster");
    let used = scratch.attach();
    let url = used.url("postgres");
    query(&url, "create table kept as select 7 as n");
    // A busy session survives its server, and keeps the shared memory.
    let mut busy = Command::new("psql")
        .args([
            &url,
            "-XAtqc",
            "select count(*) from generate_series(1, 300000000)",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(300));
    for _ in 0..3 {
        kill9(scratch.postmaster());
        let begun = Instant::now();
        while !used.ensure_running().unwrap() {
            std::thread::sleep(Duration::from_millis(1));
        }
        println!("recovered in {:?}", begun.elapsed());
        assert_eq!(query(&url, "select n from kept"), "7");
    }
    let _ = busy.wait();
    assert_eq!(scratch.postmasters(), 1);
    drop(used);
    scratch.ends(SOON);
}

#[test]
fn the_server_stops_after_a_killed_user() {
    let scratch = Scratch::new("user");
    let first = Holder::new(&scratch.0);
    let second = Holder::new(&scratch.0);
    first.kill9();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(query(second.url(), "select 1"), "1");
    second.kill9();
    scratch.ends(SOON);
}

#[test]
fn a_killed_reaper_is_replaced() {
    let scratch = Scratch::new("reaper");
    let used = scratch.attach();
    let [reaper] = scratch.reapers()[..] else {
        panic!("one reaper")
    };
    kill9(reaper);
    while !scratch.reapers().is_empty() {
        std::thread::sleep(Duration::from_millis(2));
    }
    let second = scratch.attach();
    assert!(!second.started_here());
    // The killed one may hold its lock a moment longer; every user looks again each second.
    let begun = Instant::now();
    while scratch.reapers().len() != 1 {
        second.ensure_running().unwrap();
        assert!(begun.elapsed() < SOON, "a reaper");
        std::thread::sleep(Duration::from_millis(2));
    }
    drop((used, second));
    scratch.ends(SOON);
}

#[test]
fn a_server_without_reaper_and_users_is_adopted() {
    let scratch = Scratch::new("adopt");
    let holder = Holder::new(&scratch.0);
    kill9(scratch.reapers()[0]);
    holder.kill9();
    assert_eq!(scratch.postmasters(), 1);
    let used = scratch.attach();
    assert!(!used.started_here());
    drop(used);
    scratch.ends(SOON);
}

#[test]
fn eight_starters_make_one_server() {
    let scratch = Scratch::new("eight");
    for _ in 0..2 {
        let children: Vec<_> = (0..8).map(|_| Holder::spawn("hold", &scratch.0)).collect();
        let holders: Vec<_> = children.into_iter().map(Holder::ready).collect();
        let started = holders
            .iter()
            .filter(|holder| holder.1.ends_with(" true"))
            .count();
        assert_eq!(started, 1);
        assert_eq!(scratch.postmasters(), 1);
        assert_eq!(scratch.reapers().len(), 1);
        for holder in holders {
            assert_eq!(query(holder.url(), "select 1"), "1");
            holder.kill9();
        }
        scratch.ends(SOON);
    }
}

#[test]
fn a_stale_pid_file_of_another_process_is_no_obstacle() {
    let scratch = Scratch::new("stale");
    drop(scratch.attach());
    scratch.ends(SOON);
    let mut stranger = Command::new("sleep").arg("60").spawn().unwrap();
    let data = scratch.0.join("postgres");
    let lines = format!(
        "{}\n{}\n1700000000\n5432\n{}\n\n  1 1\nready   \n",
        stranger.id(),
        data.display(),
        data.display()
    );
    fs::write(data.join("postmaster.pid"), &lines).unwrap();
    fs::write(data.join(".s.PGSQL.5432.lock"), &lines).unwrap();
    let used = scratch.attach();
    assert!(used.started_here());
    assert_eq!(query(&used.url("postgres"), "select 1"), "1");
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger lives");
    drop(used);
    scratch.ends(SOON);
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[test]
fn starters_killed_at_any_time_leave_nothing_that_hinders() {
    let scratch = Scratch::new("killed");
    for delay in [5, 20, 60, 200, 600, 1500, 90, 110, 130, 150, 170] {
        let mut child = Holder::spawn("hold", &scratch.0);
        std::thread::sleep(Duration::from_millis(delay));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let used = scratch.attach();
    assert_eq!(query(&used.url("postgres"), "select 1"), "1");
    assert!(!scratch.0.join("postgres.new").exists());
    drop(used);
    scratch.ends(SOON);
}

#[test]
fn a_directory_closed_to_the_server_gets_its_cluster_elsewhere() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let scratch = Scratch::new("closed");
    fs::set_permissions(&scratch.0, fs::Permissions::from_mode(0o700)).unwrap();
    for round in 0..2 {
        let used = scratch.attach();
        assert_ne!(scratch.home(), scratch.0);
        let sql = if round == 0 {
            "create table kept as select 5 as n; select 5"
        } else {
            "select n from kept"
        };
        assert_eq!(query(&used.url("postgres"), sql), "5");
        drop(used);
        scratch.ends(SOON);
    }
    fs::rename(scratch.home(), "/var/lib/embedded-test-moved").unwrap();
    let refused = Embedded::attach_or_start(&scratch.settings()).unwrap_err();
    fs::rename("/var/lib/embedded-test-moved", scratch.home()).unwrap();
    assert!(matches!(refused, EmbeddedError::Gone { .. }), "{refused}");
}

#[test]
fn long_and_odd_paths_work() {
    let scratch = Scratch::new("odd");
    let mut inner = Scratch(
        scratch
            .0
            .join("it's $HOME, \"q\" é ".to_owned() + &"x".repeat(90)),
    );
    fs::create_dir(&inner.0).unwrap();
    let used = inner.attach();
    let sockets = used.socket_directory().to_path_buf();
    assert!(sockets.starts_with("/tmp") && sockets.as_os_str().len() < 40);
    assert_eq!(query(&used.url("postgres"), "select 1"), "1");
    drop(used);
    inner.ends(SOON);
    assert!(!sockets.exists());
    inner.0 = scratch.0.join("it's $HOME; \"q\" é");
    fs::create_dir(&inner.0).unwrap();
    let used = inner.attach();
    assert_eq!(used.socket_directory(), inner.0.join("postgres"));
    assert_eq!(query(&used.url("postgres"), "select 1"), "1");
    drop(used);
    inner.ends(SOON);
}

#[test]
fn another_version_is_refused() {
    let scratch = Scratch::new("version");
    fs::create_dir(scratch.0.join("postgres")).unwrap();
    fs::write(scratch.0.join("postgres/PG_VERSION"), "99\n").unwrap();
    let refused = Embedded::attach_or_start(&scratch.settings()).unwrap_err();
    assert!(
        matches!(refused, EmbeddedError::WrongVersion { needed: 99, .. }),
        "{refused}"
    );
    scratch.ends(SOON);
}

#[test]
fn a_program_that_is_no_reaper_is_refused() {
    let scratch = Scratch::new("no-reaper");
    let settings = Settings {
        reaper: "/bin/true".into(),
        ..scratch.settings()
    };
    let refused = Embedded::attach_or_start(&settings).unwrap_err();
    assert!(matches!(refused, EmbeddedError::Reaper { .. }), "{refused}");
    scratch.ends(SOON);
}

#[test]
fn lingers() {
    let scratch = Scratch::new("linger");
    let settings = Settings {
        linger: Duration::from_secs(1),
        ..scratch.settings()
    };
    drop(Embedded::attach_or_start(&settings).unwrap());
    std::thread::sleep(Duration::from_millis(500));
    assert!(!Embedded::attach_or_start(&settings).unwrap().started_here());
    scratch.ends(Duration::from_secs(4));
}

#[test]
fn a_removed_directory_does_not_leave_a_server() {
    let scratch = Scratch::new("removed");
    let used = scratch.attach();
    let [reaper] = scratch.reapers()[..] else {
        panic!("one reaper")
    };
    fs::remove_dir_all(&scratch.0).unwrap();
    drop(used);
    let begun = Instant::now();
    while processes()
        .iter()
        .any(|(pid, line)| *pid == reaper || line.contains(scratch.0.to_str().unwrap()))
    {
        assert!(begun.elapsed() < SOON);
        std::thread::sleep(Duration::from_millis(5));
    }
}
