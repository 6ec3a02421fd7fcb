//! A running `ree serve`.

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::{Client, Directory, Reply, free_port, ree, run, until};

/// A first start makes a database cluster, on a machine that may be busy with other tests.
const START: Duration = Duration::from_secs(60);

/// Killed when the test ends, however that is.
pub struct Service {
    child: Child,
    pub api: SocketAddr,
    pub admin: SocketAddr,
    directory: PathBuf,
    out: PathBuf,
    err: PathBuf,
}

impl Service {
    /// Starts one and waits until it is ready.
    pub fn start(directory: &Directory) -> Self {
        Self::start_with(directory, &[])
    }

    /// With these further settings.
    pub fn start_with(directory: &Directory, settings: &[(&str, &str)]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let (api, admin) = (local(free_port()), local(free_port()));
        let said = |stream: &str| directory.path.join(format!("serve-{number}.{stream}"));
        let (out, err) = (said("out"), said("err"));
        let child = ree(&directory.path)
            .args([
                "serve",
                "--listen",
                &api.to_string(),
                "--admin-listen",
                &admin.to_string(),
            ])
            .envs(settings.iter().copied())
            .stdout(File::create(&out).expect("a file"))
            .stderr(File::create(&err).expect("a file"))
            .spawn()
            .expect("the program");
        let mut service = Self {
            child,
            api,
            admin,
            directory: directory.path.clone(),
            out,
            err,
        };
        until(START, "the service is ready", || service.is_ready());
        service
    }

    fn is_ready(&mut self) -> bool {
        let ended = self.child.try_wait().expect("a child");
        assert!(
            ended.is_none(),
            "the service ended with {ended:?}:\n{}",
            self.err()
        );
        self.try_get("/readyz")
            .is_some_and(|reply| reply.status == 200)
    }

    /// Asks on a connection of its own; nothing when there is no answer.
    pub fn try_get(&self, path: &str) -> Option<Reply> {
        Client::connect(self.api, None).ok()?.get(path).ok()
    }

    /// A connection without a token.
    pub fn anon(&self) -> Client {
        Client::connect(self.api, None).expect("a connection")
    }

    /// A connection with a token of `ree token`.
    pub fn client(&self, role: &str) -> Client {
        Client::connect(self.api, Some(&self.token(role))).expect("a connection")
    }

    pub fn token(&self, role: &str) -> String {
        let made = run(&self.directory, &["token", "--role", role]);
        assert_eq!(made.status, 0, "{}", made.err);
        made.out.trim_end().to_owned()
    }

    /// The token that its token endpoint makes for a registered client, whose secret is known.
    pub fn token_of(&self, client: &Value) -> String {
        let text = |name: &str| client[name].as_str().expect(name);
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            text("id"),
            text("client_secret")
        );
        let request = format!(
            "POST /oauth2/token HTTP/1.1\r\nhost: {}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {}\r\n\r\n{form}",
            self.api,
            form.len()
        );
        let mut anon = self.anon();
        anon.write(request.as_bytes()).expect("a request");
        let answer = anon.read().expect("an answer").expect(200);
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    /// What it wrote to standard output so far.
    pub fn out(&self) -> String {
        std::fs::read_to_string(&self.out).expect("UTF-8")
    }

    /// What it wrote to standard error so far.
    pub fn err(&self) -> String {
        std::fs::read_to_string(&self.err).expect("UTF-8")
    }

    /// The access log's line of a request.
    pub fn access_line(&self, request_id: &str) -> Value {
        let mut found = None;
        until(Duration::from_secs(5), "the request's log line", || {
            let lines = self.err();
            let lines = lines
                .lines()
                .filter_map(|line| serde_json::from_str::<Value>(line).ok());
            found = lines
                .into_iter()
                .find(|line| line["request_id"] == request_id && line["target"] == "ree::access");
            found.is_some()
        });
        found.expect("a line")
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        kill(
            Pid::from_raw(self.child.id().try_into().expect("a pid")),
            signal,
        )
        .expect("the service is alive");
    }

    /// SIGTERM, and how long it took to end.
    pub fn stop(mut self) -> (ExitStatus, Duration) {
        let started = Instant::now();
        self.signal(Signal::SIGTERM);
        let mut status = None;
        until(Duration::from_secs(25), "the service has stopped", || {
            status = self.child.try_wait().expect("a child");
            status.is_some()
        });
        (status.expect("a status"), started.elapsed())
    }

    /// SIGKILL, and the end of the process.
    pub fn kill(mut self) {
        self.child.kill().expect("the service is alive");
        self.child.wait().expect("a child");
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
