//! Standbys that stop following, that are all there is, and disks that are full.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::pair::Pair;
use crate::support::{Client, Service, until};

/// Creates a partner with this key.
fn create(service: &Service, token: &str, key: &str) -> (u16, Value, Duration) {
    let began = Instant::now();
    let body = json!({ "legal_name": format!("Partenaire {key}"), "kind": "association" });
    let mut client = Client::connect(service.api, Some(token)).unwrap();
    let reply = client
        .post("/v1/partners", &[("idempotency-key", key)], &body)
        .unwrap();
    if reply.status >= 500 {
        assert!(reply.header("retry-after").is_some());
    }
    (reply.status, reply.json(), began.elapsed())
}

fn count(pair: &Pair) -> Option<i64> {
    pair.first.ask("ree", "SELECT count(*) FROM partners")
}

/// Only what the standby has is acknowledged.
fn is_synchronous(pair: &Pair) {
    pair.first.execute(
        "postgres",
        "ALTER SYSTEM SET synchronous_standby_names = '*'",
    );
    pair.first.execute("postgres", "SELECT pg_reload_conf()");
}

#[test]
fn a_write_that_no_standby_has_is_not_acknowledged_nor_is_its_replay_and_it_is_done_once() {
    let pair = Pair::create("stopped");
    let service = pair.serve();
    let token = service.token("ministry");
    is_synchronous(&pair);
    assert_eq!(create(&service, &token, "before").0, 201);
    pair.second.freeze();
    for attempt in ["first", "replayed"] {
        let (status, told, took) = create(&service, &token, "meanwhile");
        assert_eq!(
            (status, &told["code"]),
            (503, &json!("outcome_unknown")),
            "{attempt}"
        );
        assert!(took < Duration::from_secs(9), "{attempt}: {took:?}");
    }
    let mut reader = Client::connect(service.api, Some(&token)).unwrap();
    reader.get("/v1/partners").unwrap().expect(200);
    pair.second.wake();
    let (status, partner, _) = create(&service, &token, "meanwhile");
    assert_eq!(status, 201, "{partner}");
    assert_eq!(count(&pair), Some(2));
    pair.is_level();
    assert_eq!(pair.second.has(&[partner["id"].as_str().unwrap()]), 1);
}

#[test]
fn a_wait_for_a_standby_that_an_operator_cancels_is_no_acknowledgement() {
    let pair = Pair::create("cancelled");
    let service = pair.serve();
    let token = service.token("ministry");
    is_synchronous(&pair);
    assert_eq!(create(&service, &token, "before").0, 201);
    pair.second.freeze();
    let (status, told, took) = std::thread::scope(|scope| {
        let writing = scope.spawn(|| create(&service, &token, "cancelled"));
        let cancel = "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
        // Others may wait as well, and be cancelled first: what the service does by itself.
        until(Duration::from_secs(6), "the wait is cancelled", || {
            pair.first.ask("postgres", cancel);
            writing.is_finished()
        });
        writing.join().unwrap()
    });
    assert_eq!((status, &told["code"]), (503, &json!("outcome_unknown")));
    assert!(took < Duration::from_secs(5), "{took:?}");
    pair.second.wake();
    assert_eq!(create(&service, &token, "cancelled").0, 201);
    assert_eq!(count(&pair), Some(2));
}

#[test]
fn a_service_over_a_standby_starts_reads_issues_tokens_and_writes_once_it_is_promoted() {
    let pair = Pair::create("standby");
    let service = pair.serve();
    let token = service.token("ministry");
    assert_eq!(create(&service, &token, "before").0, 201);
    let client = json!({ "name": "Portail", "contact_email": "p@example.org", "role": "reader", "scopes": ["read"] });
    let mut ministry = Client::connect(service.api, Some(&token)).unwrap();
    let client = ministry
        .post("/v1/clients", &[], &client)
        .unwrap()
        .expect(201);
    drop(service);
    pair.is_level();

    let service = pair.serve_at(&format!(
        "postgresql://ree@127.0.0.1:{}/ree",
        pair.second.port
    ));
    assert_eq!(
        service.anon().get("/readyz").unwrap().expect(200)["database"],
        "read_only"
    );
    let mut reader = Client::connect(service.api, Some(&service.token("reader"))).unwrap();
    assert_eq!(
        reader.get("/v1/partners").unwrap().expect(200)["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let token = service.token("ministry");
    let (status, told, _) = create(&service, &token, "after");
    assert_eq!(
        (status, &told["code"]),
        (503, &json!("service_unavailable"))
    );
    service.token_of(&client);

    pair.second.promote();
    let promoted = Instant::now();
    until(Duration::from_secs(5), "writes are taken", || {
        create(&service, &token, "after").0 == 201
    });
    println!(
        "standby: first write {:?} after its promotion",
        promoted.elapsed()
    );
    assert_eq!(
        service.anon().get("/readyz").unwrap().expect(200)["database"],
        "primary"
    );
}

#[test]
fn a_full_disk_is_507_and_the_same_key_works_once_there_is_room() {
    let pair = Pair::create("full");
    let service = pair.serve();
    let token = service.token("ministry");
    // What PostgreSQL answers, in words of another language, where it cannot extend a file.
    pair.first.execute(
        "ree",
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'plus de place' USING ERRCODE = 'disk_full', HINT = 'Libérez de la place.'; END $$;
         CREATE TRIGGER full_disk BEFORE INSERT ON partners FOR EACH ROW EXECUTE FUNCTION full_disk()",
    );
    let (status, told, _) = create(&service, &token, "full");
    assert_eq!(
        (status, &told["code"]),
        (507, &json!("storage_full")),
        "{told}"
    );
    let mut reader = Client::connect(service.api, Some(&token)).unwrap();
    reader.get("/v1/partners").unwrap().expect(200);
    pair.first
        .execute("ree", "DROP TRIGGER full_disk ON partners");
    assert_eq!(create(&service, &token, "full").0, 201);
}
