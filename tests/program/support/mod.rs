//! The program as a user runs it: data directories, commands, running services.

pub mod directory;
pub mod http;
pub mod service;

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

pub use directory::Directory;
pub use http::{Client, Reply};
pub use service::Service;

/// A command of the program, with none of the settings of whoever runs the tests.
pub fn ree(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ree"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("REE_") || ["DATABASE_URL", "RUST_LOG"].contains(&name.as_str()) {
            command.env_remove(name);
        }
    }
    command
        .env("REE_DATA_DIR", directory)
        // Nobody is told to go elsewhere before a service of a test ends.
        .env("REE_DRAIN", "0")
        .stdin(Stdio::null());
    command
}

/// How a command ended, and what it said.
pub struct Ended {
    pub status: i32,
    pub out: String,
    pub err: String,
}

/// Runs a command to its end.
pub fn run(directory: &Path, arguments: &[&str]) -> Ended {
    ended(
        ree(directory)
            .args(arguments)
            .output()
            .expect("the program"),
    )
}

pub fn ended(output: Output) -> Ended {
    Ended {
        status: output.status.code().expect("no signal"),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// A port nobody listens on: below those the system gives to outgoing connections, so that none of
/// these takes it before the service does.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + u16::try_from(std::process::id() % 200).expect("small") * 100;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed) % 2_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Asks until it is so; fails when that takes too long.
pub fn until(limit: Duration, what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < limit, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
