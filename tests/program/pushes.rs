//! What of a portal's push survives `kill -9` of the service: whole batches, whole synchronisations.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Client, Directory, Reply, Service, run, until};

const WRITERS: usize = 4;
const ITEMS: usize = 40;
/// The service is killed once this many batches were acknowledged.
const ENOUGH: usize = 40;

/// Under one name, whatever the port: its tokens outlive it.
fn start(directory: &Directory) -> Service {
    Service::start_with(directory, &[("REE_PUBLIC_URL", "http://ree.test")])
}

/// A partner of a new service, and a convention it may name.
struct Portal {
    token: String,
    partner: String,
    convention: String,
}

impl Portal {
    fn new(service: &Service, directory: &Directory) -> Self {
        let mut ministry = service.client("ministry");
        let mut create = |path: &str, body: Value| {
            let created = ministry.post(path, &[], &body).unwrap().expect(201);
            created["id"].as_str().unwrap().to_owned()
        };
        let partner = create(
            "/v1/partners",
            json!({ "legal_name": "Portail", "kind": "company" }),
        );
        let convention = json!({ "title": "Convention", "kind": "partnership", "scope": "national",
                                 "partner_ids": [partner], "starts_on": "2020-01-01" });
        let convention = create("/v1/conventions", convention);
        let made = run(
            &directory.path,
            &[
                "token",
                "--role",
                "partner",
                "--partner-id",
                &partner,
                "--ttl",
                "1h",
            ],
        );
        assert_eq!(made.status, 0, "{}", made.err);
        Self {
            token: made.out.trim_end().to_owned(),
            partner,
            convention,
        }
    }

    fn path(&self, rest: &str) -> String {
        format!("/v1/partners/{}{rest}", self.partner)
    }

    fn items(&self, name: &str, count: usize) -> Value {
        let item = |number: usize| {
            json!({ "external_id": format!("{name}-{number}"), "convention_id": self.convention, "title": name,
                    "action_type": "class_talk", "levels": ["3e"], "modality": "remote", "nationwide": true })
        };
        json!({ "items": (0..count).map(item).collect::<Vec<_>>() })
    }

    /// Asks until the request that was under way when the service died has let go of its key.
    fn post(&self, api: SocketAddr, path: &str, key: &str, body: &Value) -> Reply {
        let mut client = Client::connect(api, Some(&self.token)).unwrap();
        loop {
            let reply = client
                .post(path, &[("idempotency-key", key)], body)
                .unwrap();
            if reply.status != 409 || !reply.body.contains("idempotency_in_progress") {
                return reply;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// A batch of a writer: its name, which is its key, and the answer, if it came.
struct Batch {
    name: String,
    acknowledged: Option<String>,
}

#[test]
fn an_acknowledged_batch_survives_the_services_death_whole_and_is_answered_again() {
    let directory = Directory::new();
    let service = start(&directory);
    let portal = Portal::new(&service, &directory);
    let (batches, acknowledged) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    let api = service.api;
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (portal, batches, acknowledged) = (&portal, &batches, &acknowledged);
            scope.spawn(move || load(api, portal, writer, batches, acknowledged));
        }
        until(Duration::from_secs(120), "enough was pushed", || {
            acknowledged.load(Ordering::Relaxed) >= ENOUGH
        });
        service.kill();
    });
    let batches: Vec<Batch> = batches.into_inner().unwrap();
    assert!(batches.iter().any(|batch| batch.acknowledged.is_none()));

    let service = start(&directory);
    let path = portal.path("/interventions/batch");
    let count = |name: &str| {
        let query = format!("SELECT count(*) FROM interventions WHERE title = '{name}'");
        usize::try_from(directory.number(&query)).unwrap()
    };
    for batch in &batches {
        let stored = count(&batch.name);
        let is_whole = stored == ITEMS || (stored == 0 && batch.acknowledged.is_none());
        assert!(is_whole, "{}: {stored}", batch.name);
    }
    for batch in &batches {
        let body = portal.items(&batch.name, ITEMS);
        let again = portal.post(service.api, &path, &batch.name, &body);
        assert_eq!(again.status, 200, "{}", again.body);
        let verdict: Value = again.json();
        assert_eq!(
            verdict["counts"]["created"], ITEMS,
            "of the first time, or now"
        );
        if let Some(first) = &batch.acknowledged {
            assert_eq!(&again.body, first, "the first answer, byte for byte");
        }
    }
    let expected = i64::try_from(batches.len() * ITEMS).unwrap();
    for query in [
        "SELECT count(*) FROM interventions WHERE version = 1",
        "SELECT count(DISTINCT object_id) FROM audit_events WHERE action = 'intervention.created'",
        "SELECT count(*) FROM audit_events WHERE object_type = 'intervention'",
        "SELECT count(*) FROM changes WHERE object_type = 'intervention'",
    ] {
        assert_eq!(directory.number(query), expected, "{query}");
    }
}

/// Pushes batches one after the other until the service answers no more.
fn load(
    api: SocketAddr,
    portal: &Portal,
    writer: usize,
    batches: &Mutex<Vec<Batch>>,
    acknowledged: &AtomicUsize,
) {
    let mut client = Client::connect(api, Some(&portal.token)).expect("a connection");
    let path = portal.path("/interventions/batch");
    for number in 0.. {
        let name = format!("b-{writer}-{number}");
        let body = portal.items(&name, ITEMS);
        let answer = client.post(&path, &[("idempotency-key", &name)], &body);
        let answer = answer.ok().map(|reply| {
            assert_eq!(reply.status, 200, "{}", reply.body);
            acknowledged.fetch_add(1, Ordering::Relaxed);
            reply.body
        });
        let is_last = answer.is_none();
        batches.lock().unwrap().push(Batch {
            name,
            acknowledged: answer,
        });
        if is_last {
            return;
        }
    }
}

#[test]
fn a_synchronisation_is_committed_whole_or_not_at_all() {
    const OFFERED: usize = 3_000;
    let directory = Directory::new();
    let mut service = start(&directory);
    let portal = Portal::new(&service, &directory);
    let batch = portal.path("/interventions/batch");
    for slice in 0..OFFERED / 1_000 {
        let body = portal.items(&format!("s{slice}"), 1_000);
        let pushed = portal.post(service.api, &batch, &format!("fill-{slice}"), &body);
        assert_eq!(pushed.status, 200, "{}", pushed.body);
    }
    // As if it had been said long before the synchronisation is opened.
    let age = "WITH aged AS (UPDATE interventions SET confirmed_at = confirmed_at - interval '1 hour' RETURNING 1)
               SELECT count(*) FROM aged";
    directory.number(age);
    let syncs = portal.path("/syncs");
    let opened = portal.post(service.api, &syncs, "open", &json!({}));
    let sync = opened.expect(201)["id"].as_str().unwrap().to_owned();
    let commit = format!("{syncs}/{sync}/commit?confirm=true");
    let withdrawn = || {
        let query = "SELECT count(*) FROM interventions WHERE withdrawn_at IS NOT NULL";
        usize::try_from(directory.number(query)).unwrap()
    };
    for delay in [20, 100, 300, 700] {
        let (api, token) = (service.api, portal.token.clone());
        let path = commit.clone();
        let asking = std::thread::spawn(move || {
            let mut client = Client::connect(api, Some(&token)).unwrap();
            client
                .post(&path, &[("idempotency-key", "commit")], &json!({}))
                .ok()
        });
        std::thread::sleep(Duration::from_millis(delay));
        service.kill();
        let answered = asking.join().unwrap();
        service = start(&directory);
        // In one look: what the dead service had begun is committed or undone at any moment.
        let look = "SELECT (SELECT count(*) FROM interventions WHERE withdrawn_at IS NOT NULL) * 2
                         + (SELECT count(*) FROM syncs WHERE status = 'open')";
        let seen = usize::try_from(directory.number(look)).unwrap();
        assert!([1, OFFERED * 2].contains(&seen), "{seen} after {delay} ms");
        let stored = withdrawn();
        assert!(answered.is_none_or(|reply| reply.status != 200 || stored == OFFERED));
    }
    let ended = portal.post(service.api, &commit, "commit", &json!({}));
    let again = portal.post(service.api, &commit, "commit", &json!({}));
    assert_eq!((again.status, &again.body), (200, &ended.body));
    let ended = ended.expect(200);
    assert_eq!(
        (&ended["status"], &ended["withdrawn"]),
        (&json!("committed"), &json!(OFFERED))
    );
    assert_eq!(withdrawn(), OFFERED);
    let events = "SELECT count(*) FROM changes JOIN audit_events USING (object_id, occurred_at) WHERE action = type AND type = 'intervention.withdrawn'";
    assert_eq!(usize::try_from(directory.number(events)).unwrap(), OFFERED);
}
