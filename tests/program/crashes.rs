//! What survives `kill -9`, of PostgreSQL and of the service itself.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use serde_json::{Value, json};

use crate::support::{Client, Directory, Service, until};

#[test]
fn a_killed_postgresql_comes_back_by_itself() {
    let directory = Directory::new();
    let service = Service::start(&directory);
    let mut ministry = service.client("ministry");
    let body = json!({ "legal_name": "Avant la panne", "kind": "company" });
    let before = ministry
        .post("/v1/partners", &[], &body)
        .unwrap()
        .expect(201);

    let killed = directory.postmaster().expect("a postmaster");
    kill(killed, Signal::SIGKILL).unwrap();
    let (started, mut was_away) = (Instant::now(), false);
    loop {
        assert_eq!(
            service.try_get("/healthz").expect("an answer").status,
            200,
            "the service itself is well"
        );
        match service.try_get("/readyz").expect("an answer") {
            reply if reply.status == 200 && was_away => break,
            reply if reply.status == 200 => {}
            reply => {
                assert!(reply.header("retry-after").is_some());
                assert_eq!(reply.expect(503)["code"], "service_unavailable");
                was_away = true;
            }
        }
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "not ready again; away: {was_away}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_ne!(directory.postmaster(), Some(killed));

    // Lost connections are not lent again: every caller is served at once, writers too.
    let path = format!("/v1/partners/{}", before["id"].as_str().unwrap());
    assert_eq!(ministry.get(&path).unwrap().expect(200), before);
    for number in 0..8 {
        let body = json!({ "legal_name": format!("Après la panne {number}"), "kind": "company" });
        service
            .client("ministry")
            .post("/v1/partners", &[], &body)
            .unwrap()
            .expect(201);
    }
}

const WRITERS: usize = 8;
/// The service is killed once this many writes were acknowledged.
const ENOUGH: usize = 400;

/// One request of a writer: its key, its body and, if the answer came, the answer.
struct Write {
    key: String,
    body: Value,
    acknowledged: Option<String>,
}

/// What a partner is; the answer that made it warns of others there were, whose names are like its own.
fn but_warnings(mut partner: Value) -> Value {
    if let Some(members) = partner.as_object_mut() {
        members.remove("warnings");
    }
    partner
}

#[test]
fn every_acknowledged_write_survives_the_services_death_once() {
    let directory = Directory::new();
    let service = Service::start(&directory);
    let token = service.token("ministry");
    let writes = Mutex::new(Vec::new());
    let acknowledged = AtomicUsize::new(0);
    let api = service.api;
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (token, writes, acknowledged) = (&token, &writes, &acknowledged);
            scope.spawn(move || load(api, token, writer, writes, acknowledged));
        }
        until(Duration::from_secs(60), "enough was written", || {
            acknowledged.load(Ordering::Relaxed) >= ENOUGH
        });
        service.kill();
    });
    let writes = writes.into_inner().unwrap();
    let in_flight = writes
        .iter()
        .filter(|write| write.acknowledged.is_none())
        .count();
    assert!(in_flight > 0, "the service was killed under load");

    let service = Service::start(&directory);
    let mut ministry = service.client("ministry");
    for answer in writes
        .iter()
        .filter_map(|write| write.acknowledged.as_deref())
    {
        let created: Value = serde_json::from_str(answer).unwrap();
        let path = format!("/v1/partners/{}", created["id"].as_str().unwrap());
        let read = ministry.get(&path).unwrap().expect(200);
        assert_eq!(but_warnings(read), but_warnings(created));
    }
    let stored = partners(&mut ministry);
    let known = usize::try_from(stored).unwrap();
    assert!(
        (writes.len() - in_flight..=writes.len()).contains(&known),
        "{known} of {}",
        writes.len()
    );

    // Whoever got no answer repeats with the same key; and so may whoever got one, twice.
    for round in 1..=2 {
        for write in &writes {
            let again = ministry
                .post(
                    "/v1/partners",
                    &[("idempotency-key", &write.key)],
                    &write.body,
                )
                .unwrap();
            assert_eq!(again.status, 201, "{}", again.body);
            let replayed = again.header("idempotency-replayed").is_some();
            assert!(
                replayed || (round == 1 && write.acknowledged.is_none()),
                "{} was written again",
                write.key
            );
            if let Some(first) = &write.acknowledged {
                assert_eq!(&again.body, first, "the first answer, byte for byte");
            }
        }
        assert_exact(&directory, &writes);
    }
    assert_eq!(
        usize::try_from(partners(&mut ministry)).unwrap(),
        writes.len()
    );
}

/// Creates partners one after the other until the service answers no more.
fn load(
    api: SocketAddr,
    token: &str,
    writer: usize,
    writes: &Mutex<Vec<Write>>,
    acknowledged: &AtomicUsize,
) {
    let mut client = Client::connect(api, Some(token)).expect("a connection");
    for number in 0.. {
        let key = format!("writer-{writer}-{number}");
        let body =
            json!({ "legal_name": format!("Partenaire {writer}/{number}"), "kind": "company" });
        let answer = client.post("/v1/partners", &[("idempotency-key", &key)], &body);
        let answer = answer.ok().map(|reply| {
            assert_eq!(reply.status, 201, "{}", reply.body);
            acknowledged.fetch_add(1, Ordering::Relaxed);
            reply.body
        });
        let is_last = answer.is_none();
        writes.lock().unwrap().push(Write {
            key,
            body,
            acknowledged: answer,
        });
        if is_last {
            return;
        }
    }
}

fn partners(client: &mut Client) -> i64 {
    client.get("/v1/partners/count").unwrap().expect(200)["count"]
        .as_i64()
        .unwrap()
}

/// One row, one audit row, one event and one kept answer for each write, whatever was repeated.
fn assert_exact(directory: &Directory, writes: &[Write]) {
    let names: HashSet<&str> = writes
        .iter()
        .filter_map(|write| write.body["legal_name"].as_str())
        .collect();
    assert_eq!(names.len(), writes.len());
    let expected = i64::try_from(writes.len()).unwrap();
    for query in [
        "SELECT count(*) FROM partners",
        "SELECT count(DISTINCT legal_name) FROM partners",
        "SELECT count(*) FROM audit_events JOIN partners ON object_id = partners.id AND action = 'partner.created'",
        "SELECT count(DISTINCT object_id) FROM audit_events",
        "SELECT count(*) FROM changes JOIN partners ON object_id = partners.id AND type = 'partner.created'",
        "SELECT count(DISTINCT object_id) FROM changes",
        "SELECT count(*) FROM idempotency_keys",
    ] {
        assert_eq!(directory.number(query), expected, "{query}");
    }
}

/// The places of a batch: a row for each.
const ACADEMIES: [&str; 19] = [
    "01", "02", "03", "04", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15", "16", "17",
    "18", "19", "20",
];
/// The service is killed once this many batches and steps were acknowledged.
const BATCHES: usize = 30;

#[test]
fn a_batch_or_a_step_of_many_is_whole_whenever_the_service_dies() {
    let directory = Directory::new();
    let service = Service::start(&directory);
    let token = service.token("ministry");
    let mut ministry = service.client("ministry");
    let conventions = [0, 1, 2].map(|number| signed(&mut ministry, number));
    let done = AtomicUsize::new(0);
    let api = service.api;
    std::thread::scope(|scope| {
        for convention in &conventions {
            let (token, done) = (&token, &done);
            scope.spawn(move || batches(api, token, convention, done));
        }
        until(Duration::from_secs(60), "enough was written", || {
            done.load(Ordering::Relaxed) >= BATCHES
        });
        service.kill();
    });

    let service = Service::start(&directory);
    assert_eq!(service.try_get("/readyz").expect("an answer").status, 200);
    let rows = i64::try_from(ACADEMIES.len()).unwrap();
    // Each batch has all of its rows or none, each step was taken with all of a batch or with none.
    for (what, query) in [
        (
            "contacts",
            "SELECT count(*) FROM (SELECT split_part(label, '/', 1) FROM contacts GROUP BY 1 HAVING count(*) <> $ROWS) AS part",
        ),
        (
            "declinations",
            "SELECT count(*) FROM (SELECT split_part(title, '/', 1) FROM declinations GROUP BY 1 HAVING count(*) <> $ROWS) AS part",
        ),
        (
            "steps",
            "SELECT count(*) FROM (SELECT split_part(title, '/', 1) FROM declinations GROUP BY 1 HAVING count(DISTINCT status) <> 1) AS part",
        ),
        (
            "journal of contacts",
            "SELECT count(*) FROM contacts c WHERE (SELECT count(*) FROM audit_events a WHERE a.object_id = c.id) <> 1",
        ),
        (
            "feed of declinations",
            "SELECT count(*) FROM declinations d WHERE (SELECT count(*) FROM changes c WHERE c.object_id = d.id) <> d.version",
        ),
        (
            "claims",
            "SELECT count(*) FROM declinations d WHERE (status = 'active') <> EXISTS (SELECT FROM declination_claims c WHERE c.declination_id = d.id)",
        ),
    ] {
        let query = query.replace("$ROWS", &rows.to_string());
        assert_eq!(directory.number(&query), 0, "{what}");
    }
    for table in ["contacts", "declinations"] {
        let count = directory.number(&format!("SELECT count(*) FROM {table}"));
        assert!(count > 0 && count % rows == 0, "{count} {table}");
    }
}

/// A national convention, signed on paper by both sides: its id.
fn signed(ministry: &mut Client, number: usize) -> String {
    let mut post = |path: &str, body: Value| {
        let reply = ministry.post(path, &[], &body).unwrap();
        assert!(reply.status < 300, "{}", reply.body);
        serde_json::from_str::<Value>(&reply.body).unwrap()
    };
    let partner = json!({ "legal_name": format!("Partenaire {number}"), "kind": "company" });
    let partner = post("/v1/partners", partner)["id"].clone();
    let convention = json!({
        "title": "Convention", "kind": "partnership", "scope": "national", "partner_ids": [partner],
        "starts_on": "2020-01-01", "signatories": [
            { "side": "ministry", "name": "A", "function": "Ministre", "organisation": "Ministère" },
            { "side": "partner", "partner_id": partner, "name": "B", "function": "Gérante", "organisation": "Partenaire" },
        ],
    });
    let id = post("/v1/conventions", convention)["id"].clone();
    let path = format!("/v1/conventions/{}", id.as_str().unwrap());
    for step in ["open-negotiation", "send-for-signature"] {
        post(&format!("{path}/{step}"), json!({}));
    }
    for side in ["ministry", "partner"] {
        let signature = json!({
            "side": side, "signed_on": "2020-01-01", "medium": "paper", "document_sha256": "9".repeat(64),
        });
        post(&format!("{path}/sign"), signature);
    }
    id.as_str().unwrap().to_owned()
}

/// Sends a batch of contacts, one of declinations, and two steps with all of those, one after the other,
/// until the service answers no more.
fn batches(api: SocketAddr, token: &str, convention: &str, done: &AtomicUsize) {
    let mut client = Client::connect(api, Some(token)).expect("a connection");
    let mut post = |path: &str, body: Value| {
        let reply = client.post(path, &[], &body).ok()?;
        assert_eq!(reply.status, 200, "{}", reply.body);
        done.fetch_add(1, Ordering::Relaxed);
        let verdict: Value = serde_json::from_str(&reply.body).ok()?;
        assert_eq!(verdict["counts"]["rejected"], 0, "{verdict}");
        Some(verdict)
    };
    for round in 0.. {
        let name = format!("{convention} {round}");
        let day = chrono::NaiveDate::from_ymd_opt(2021, 1, 1).unwrap() + chrono::Days::new(round);
        let contact = |academy: &&str| json!({ "territory": format!("academy:{academy}"), "role": "cell", "label": format!("{name}/{academy}") });
        let declination = |academy: &&str| {
            json!({ "convention_id": convention, "level": "academy", "territories": [format!("academy:{academy}")],
                    "title": format!("{name}/{academy}"), "starts_on": day })
        };
        let contacts: Vec<Value> = ACADEMIES.iter().map(contact).collect();
        let declinations: Vec<Value> = ACADEMIES.iter().map(declination).collect();
        let made = post("/v1/contacts/batch", json!({ "items": contacts }))
            .and_then(|_| post("/v1/declinations/batch", json!({ "items": declinations })));
        let Some(made) = made else { return };
        let items = made["items"].as_array().unwrap();
        let ids: Vec<&Value> = items.iter().map(|item| &item["id"]).collect();
        // A step frees the places that the one before took.
        for step in ["activate", "close"] {
            let body = json!({ "step": step, "ids": ids });
            if post("/v1/declinations/steps", body).is_none() {
                return;
            }
        }
    }
}
