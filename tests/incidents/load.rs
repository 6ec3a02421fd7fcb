//! Writers and readers who go on whatever happens, and note what they were answered and when.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Client, Service};

const WRITERS: usize = 4;
const READERS: usize = 2;
/// Between two requests of one of them.
const PAUSE: Duration = Duration::from_millis(10);

/// One answer.
#[derive(Clone)]
struct Answered {
    at: Instant,
    is_write: bool,
    status: u16,
    /// How long it took.
    took: Duration,
    /// Of a write that was acknowledged, the object.
    id: Option<String>,
}

/// What goes on.
pub struct Load {
    noted: Arc<Mutex<Vec<Answered>>>,
    ends: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// What there was.
pub struct Noted(Vec<Answered>);

impl Load {
    /// Begins, over a service that is ready.
    pub fn begin(service: &Service) -> Self {
        static NAMES: AtomicUsize = AtomicUsize::new(0);
        let (noted, ends) = (
            Arc::new(Mutex::new(Vec::new())),
            Arc::new(AtomicBool::new(false)),
        );
        let mut token = service.token("ministry");
        let first = write(service.api, &token, "load-first", "Premier")
            .id
            .expect("a partner");
        let (path, api) = (format!("/v1/partners/{first}"), service.api);
        let mut threads = Vec::new();
        for reader in 0..WRITERS + READERS {
            let (noted, ends) = (Arc::clone(&noted), Arc::clone(&ends));
            let (token, path) = (
                std::mem::replace(&mut token, service.token("ministry")),
                path.clone(),
            );
            threads.push(std::thread::spawn(move || {
                while !ends.load(Ordering::Relaxed) {
                    if reader < READERS {
                        note(&noted, read(api, &token, &path));
                    } else {
                        let name = NAMES.fetch_add(1, Ordering::Relaxed);
                        let key = format!("load-{name}");
                        // Whoever is told to try again does so with the same key.
                        while !ends.load(Ordering::Relaxed) {
                            let answered = write(api, &token, &key, &format!("Partenaire {name}"));
                            let is_done = answered.id.is_some();
                            note(&noted, answered);
                            if is_done {
                                break;
                            }
                            std::thread::sleep(PAUSE * 5);
                        }
                    }
                    std::thread::sleep(PAUSE);
                }
            }));
        }
        Self {
            noted,
            ends,
            threads,
        }
    }

    /// Waits until a write and a read were acknowledged that were sent after this moment; fails when that
    /// takes longer than this.
    pub fn recovers(&self, what: &str, since: Instant, limit: Duration) {
        let first = |is_write| {
            let noted = self.noted.lock().unwrap();
            let found = noted.iter().find(|one| {
                one.is_write == is_write
                    && one.status < 300
                    && one.at.checked_sub(one.took) > Some(since)
            });
            found.map(|one| one.at - since)
        };
        while first(true).is_none() || first(false).is_none() {
            assert!(
                since.elapsed() < limit,
                "{what}: not within {limit:?}:\n{}",
                Noted(self.noted.lock().unwrap().clone()).table()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        println!(
            "{what}: first write {:?}, first read {:?}",
            first(true).unwrap(),
            first(false).unwrap()
        );
    }

    /// Ends it.
    pub fn end(self) -> Noted {
        self.ends.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().unwrap();
        }
        Noted(std::mem::take(&mut *self.noted.lock().unwrap()))
    }
}

fn note(noted: &Mutex<Vec<Answered>>, answered: Answered) {
    noted.lock().unwrap().push(answered);
}

/// Creates a partner, on a connection of its own.
fn write(api: SocketAddr, token: &str, key: &str, name: &str) -> Answered {
    let body = json!({ "legal_name": name, "kind": "association" });
    asked(true, || {
        Client::connect(api, Some(token))?.post("/v1/partners", &[("idempotency-key", key)], &body)
    })
}

fn read(api: SocketAddr, token: &str, path: &str) -> Answered {
    asked(false, || Client::connect(api, Some(token))?.get(path))
}

fn asked(is_write: bool, ask: impl FnOnce() -> std::io::Result<crate::support::Reply>) -> Answered {
    let began = Instant::now();
    let reply = ask().expect("the service itself answers");
    let (at, status) = (Instant::now(), reply.status);
    if status >= 500 {
        assert!(reply.header("retry-after").is_some(), "{}", reply.body);
    }
    let id = (is_write && status == 201).then(|| reply.json()["id"].as_str().unwrap().to_owned());
    Answered {
        at,
        is_write,
        status,
        took: at - began,
        id,
    }
}

impl Noted {
    /// How many answers of each status there were, and the longest wait for one.
    pub fn table(&self) -> String {
        let mut statuses: BTreeMap<(bool, u16), (usize, Duration)> = BTreeMap::new();
        for one in &self.0 {
            let (count, longest) = statuses.entry((one.is_write, one.status)).or_default();
            *count += 1;
            *longest = one.took.max(*longest);
        }
        let line = |((is_write, status), (count, longest)): (&(bool, u16), &(usize, Duration))| {
            let kind = if *is_write { "write" } else { "read" };
            format!("  {kind} {status}: {count}, at most {longest:?}\n")
        };
        statuses.iter().map(line).collect()
    }

    /// Every answer was a success or told to try again, within this wait.
    pub fn is_told(&self, what: &str, longest: Duration) {
        println!("{what}:\n{}", self.table());
        for one in &self.0 {
            assert!(
                matches!(one.status, 200 | 201 | 409 | 503 | 507),
                "{what}: {}",
                one.status
            );
            assert!(one.took <= longest, "{what}: {:?}", one.took);
        }
    }

    /// The objects that were acknowledged, or those acknowledged after a moment.
    pub fn acknowledged(&self, after: Option<Instant>) -> Vec<&str> {
        let is_after = |one: &&Answered| after.is_none_or(|after| one.at > after);
        self.0
            .iter()
            .filter(is_after)
            .filter_map(|one| one.id.as_deref())
            .collect()
    }
}
