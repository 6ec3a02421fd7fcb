//! The service under test, on a fresh embedded database.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::load::Connection;

pub struct Service {
    child: Child,
    pub api: SocketAddr,
    pub admin: SocketAddr,
    /// From the start of the process to the first 200 of `/readyz`.
    pub started_in: Duration,
}

impl Service {
    pub fn start(program: &Path, directory: &Path, api: SocketAddr) -> Self {
        let admin = free_address();
        let begin = Instant::now();
        let child = Command::new(program)
            .args(["serve", "--listen", &api.to_string(), "--admin-listen", &admin.to_string()])
            .env("REE_DATA_DIR", directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::options().create(true).append(true).open(directory.join("service.log")).expect("a log"))
            .spawn()
            .expect("the service");
        let mut service = Self { child, api, admin, started_in: Duration::ZERO };
        while !is_ready(api) {
            assert!(service.child.try_wait().expect("a child").is_none(), "the service ended: see service.log");
            std::thread::sleep(Duration::from_millis(1));
        }
        service.started_in = begin.elapsed();
        service
    }

    /// Resident memory, now and at most, in MiB.
    pub fn memory(&self) -> (f64, f64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let mib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or_default() / 1024.0
        };
        (mib("VmRSS:"), mib("VmHWM:"))
    }

    /// Seconds of processor time so far.
    pub fn cpu(&self) -> f64 {
        cpu(&self.child.id().to_string())
    }

    /// SIGTERM, and the end of it and of its PostgreSQL.
    pub fn stop(mut self, directory: &Path) {
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").arg(pid).status();
        let _ = self.child.wait();
        wait_for_end(directory);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Until the embedded server has gone, which follows the service.
pub fn wait_for_end(directory: &Path) {
    let home = std::fs::read_to_string(directory.join("postgres.location"));
    let home = home.map_or_else(|_| directory.to_owned(), |path| PathBuf::from(path.trim_end()));
    let begin = Instant::now();
    while home.join("postgres/postmaster.pid").exists() && begin.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn is_ready(api: SocketAddr) -> bool {
    let Ok(mut connection) = Connection::open(api) else { return false };
    connection.exchange(b"GET /readyz HTTP/1.1\r\nhost: bench\r\n\r\n").is_ok_and(|(status, _)| status == 200)
}

pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}

/// `ree token`.
pub fn token(program: &Path, directory: &Path, role: &str, perimeter: &[&str]) -> String {
    let mut command = Command::new(program);
    command.args(["token", "--role", role, "--ttl", "8h"]).args(perimeter).env("REE_DATA_DIR", directory);
    let output = command.output().expect("a token");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Seconds of processor time of a process: fields 14 and 15 of `/proc/<pid>/stat`, in hundredths.
pub fn cpu(pid: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().collect()).unwrap_or_default();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
    (ticks(11) + ticks(12)) / 100.0
}
