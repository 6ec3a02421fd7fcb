//! Reads from a standby: they show what their reader has written, say how old they are, and go on when the one
//! server or the other goes.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::pair::Pair;
use crate::support::{Client, Reply, Service, ended, ree, until};

/// Between two reads that are answered, whatever happens.
const GAP: Duration = Duration::from_secs(1);

const POSITION: &str = "ree-position";
const AS_OF: &str = "ree-data-as-of";

/// Creates a partner: its path, and the position after it.
fn create(client: &mut Client, name: &str) -> (String, String) {
    let body = json!({ "legal_name": name, "kind": "association" });
    let reply = client.post("/v1/partners", &[], &body).unwrap();
    let position = reply.header(POSITION).expect("a position").to_owned();
    let partner = reply.expect(201);
    (
        format!("/v1/partners/{}", partner["id"].as_str().unwrap()),
        position,
    )
}

fn read_after(client: &mut Client, path: &str, position: &str) -> Reply {
    let token = client.token.clone().unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: ree\r\nauthorization: Bearer {token}\r\n{POSITION}: {position}\r\n\r\n"
    );
    client.write(request.as_bytes()).unwrap();
    client.read().unwrap()
}

fn ministry(service: &Service) -> Client {
    service.client("ministry")
}

/// How far behind an answer says that it is; nothing where it was read where writes go.
fn behind(reply: &Reply) -> Option<Duration> {
    let as_of = reply.header(AS_OF)?;
    let as_of: DateTime<Utc> = as_of.parse().expect(as_of);
    #[expect(clippy::disallowed_methods, reason = "the service's clock is this one")]
    let now = Utc::now();
    Some((now - as_of).to_std().unwrap_or_default())
}

fn asked_of(pair: &Pair, statements: &[&str]) {
    for statement in statements {
        pair.second.execute("postgres", statement);
    }
}

/// Reads one object again and again while something happens: the statuses were these, and the longest time
/// between two answers was within the bound.
fn goes_on(service: &Service, what: &str, path: &str, happens: impl FnOnce()) {
    let token = service.token("ministry");
    let ends = AtomicBool::new(false);
    let (longest, refused) = std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let (mut last, mut longest, mut refused) = (Instant::now(), Duration::ZERO, 0);
            while !ends.load(Ordering::Relaxed) {
                let mut client = Client::connect(service.api, Some(&token)).unwrap();
                let reply = client.get(path).unwrap();
                match reply.status {
                    200 => {
                        longest = longest.max(last.elapsed());
                        last = Instant::now();
                    }
                    503 => {
                        assert!(reply.header("retry-after").is_some());
                        refused += 1;
                    }
                    other => panic!("{what}: {other} {}", reply.body),
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            (longest.max(last.elapsed()), refused)
        });
        std::thread::sleep(Duration::from_millis(500));
        let happened = catch_unwind(AssertUnwindSafe(happens));
        ends.store(true, Ordering::Relaxed);
        let read = reading.join().unwrap();
        happened.unwrap_or_else(|panic| resume_unwind(panic));
        read
    });
    println!("{what}: reads had a gap of {longest:?}, {refused} were refused");
    assert!(longest <= GAP, "{what}: {longest:?}");
}

#[test]
fn who_sends_the_position_of_a_write_reads_it_from_a_standby_that_lags() {
    let pair = Pair::create("own-writes");
    let service = pair.serve_reading(&pair.url());
    // Without a delay a standby on the same machine hardly ever shows what is old.
    let is_nightly = std::env::var_os("REE_NIGHTLY").is_some();
    let rounds = if is_nightly { 100_000 } else { 400 };
    if !is_nightly {
        asked_of(
            &pair,
            &[
                "ALTER SYSTEM SET recovery_min_apply_delay = '40ms'",
                "SELECT pg_reload_conf()",
            ],
        );
    }
    let (by_standby, stale, without) = (
        AtomicUsize::new(0),
        AtomicUsize::new(0),
        AtomicUsize::new(0),
    );
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let mut client = ministry(&service);
            let (by_standby, stale, without) = (&by_standby, &stale, &without);
            scope.spawn(move || {
                for round in 0..rounds / 4 {
                    let (path, position) = create(&mut client, &format!("{writer}-{round}"));
                    if round % 10 == 0 && client.get(&path).unwrap().status == 404 {
                        without.fetch_add(1, Ordering::Relaxed);
                    }
                    let reply = read_after(&mut client, &path, &position);
                    by_standby.fetch_add(usize::from(behind(&reply).is_some()), Ordering::Relaxed);
                    stale.fetch_add(usize::from(reply.status != 200), Ordering::Relaxed);
                }
            });
        }
    });
    let count = |of: &AtomicUsize| of.load(Ordering::Relaxed);
    println!(
        "own writes: {rounds} read, {} from the standby, {} stale; without a position {} of {} stale",
        count(&by_standby),
        count(&stale),
        count(&without),
        rounds / 10
    );
    assert_eq!(count(&stale), 0);
    assert!(count(&by_standby) > rounds * 9 / 10);
    assert!(is_nightly || count(&without) > 0, "the standby lags");
}

#[test]
fn a_standby_that_is_ten_seconds_behind_says_so_and_who_must_see_more_reads_the_primary() {
    let pair = Pair::create("behind");
    let service = pair.serve_reading(&pair.url());
    let mut client = ministry(&service);
    let (path, position) = create(&mut client, "Avant");
    let fresh = read_after(&mut client, &path, &position);
    assert!(behind(&fresh).expect("by the standby") < Duration::from_secs(3));
    asked_of(&pair, &["SELECT pg_wal_replay_pause()"]);
    let paused = Instant::now();
    let (later, position) = create(&mut client, "Pendant");

    let began = Instant::now();
    let seen = read_after(&mut client, &later, &position);
    println!(
        "behind: read after its position within {:?}",
        began.elapsed()
    );
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    assert_eq!((seen.status, seen.header(AS_OF)), (200, None));
    assert_eq!(
        client.get(&later).unwrap().status,
        404,
        "the standby lacks it"
    );

    // A cursor of the feed is a position too: nobody is told that what it proves was lost.
    let feed = read_after(&mut client, "/v1/changes?limit=200", &position).expect(200);
    let after = format!("/v1/changes?after={}", feed["cursor"].as_str().unwrap());
    let next = client.get(&after).unwrap();
    assert_eq!(
        (next.status, next.header(AS_OF)),
        (200, None),
        "{}",
        next.body
    );
    let early = client.get("/v1/changes?limit=200").unwrap();
    assert!(behind(&early).is_some());
    let count = |feed: &Value| feed["data"].as_array().unwrap().len();
    assert_eq!(count(&early.expect(200)) + 1, count(&feed));

    std::thread::sleep(Duration::from_secs(10).saturating_sub(paused.elapsed()));
    for path in [
        &path,
        &"/v1/partners".to_owned(),
        &"/v1/partners/count".to_owned(),
    ] {
        let late = client.get(path).unwrap();
        let age = behind(&late).expect("by the standby");
        println!(
            "behind: {path} says {age:?}, paused {:?} ago",
            paused.elapsed()
        );
        assert!(age >= Duration::from_secs(9), "{age:?}");
        assert!(age <= paused.elapsed() + Duration::from_secs(2), "{age:?}");
    }
    asked_of(&pair, &["SELECT pg_wal_replay_resume()"]);
    until(Duration::from_secs(5), "the standby has it", || {
        client.get(&later).unwrap().status == 200
    });
}

#[test]
fn a_revocation_takes_effect_within_five_seconds_whatever_the_standby_knows() {
    let pair = Pair::create("revoked");
    let service = pair.serve_reading(&pair.url());
    let token = service.token("reader");
    let mut reader = Client::connect(service.api, Some(&token)).unwrap();
    reader.get("/v1/partners").unwrap().expect(200);
    asked_of(&pair, &["SELECT pg_wal_replay_pause()"]);
    let revoking = ree(&pair.directory.path)
        .env("DATABASE_URL", pair.url())
        .args(["token", "revoke", &token])
        .output();
    let revoked = ended(revoking.unwrap());
    assert_eq!(revoked.status, 0, "{}", revoked.err);
    let began = Instant::now();
    until(Duration::from_secs(5), "the token is refused", || {
        reader.get("/v1/partners").unwrap().status == 401
    });
    println!("revoked: refused after {:?}", began.elapsed());
}

#[test]
fn reads_go_on_from_the_standby_while_the_primary_is_killed_and_writes_are_503() {
    let mut pair = Pair::create("without");
    let url = format!("postgresql://ree@127.0.0.1:{}/ree", pair.first.port);
    let service = pair.serve_reading(&url);
    let mut client = ministry(&service);
    let (path, position) = create(&mut client, "Avant");
    let portal = json!({ "name": "Portail", "contact_email": "p@example.org", "role": "reader", "scopes": ["read"] });
    let portal = client
        .post("/v1/clients", &[], &portal)
        .unwrap()
        .expect(201);
    pair.is_level();
    goes_on(&service, "killed", &path, || {
        pair.first.kill();
        std::thread::sleep(Duration::from_secs(6));
        let seen = read_after(&mut client, &path, &position);
        assert_eq!(seen.status, 200, "{}", seen.body);
        assert!(behind(&seen).is_some());
        let unseen = read_after(&mut client, &path, "1-ffffffffffff");
        assert_eq!(unseen.status, 503, "rather than what is old");
        assert!(unseen.header("retry-after").is_some());
        let body = json!({ "legal_name": "Pendant", "kind": "association" });
        let refused = client.post("/v1/partners", &[], &body).unwrap();
        assert!(refused.header("retry-after").is_some());
        assert_eq!(refused.expect(503)["code"], "service_unavailable");
        service.token_of(&portal);
        let ready = service.anon().get("/readyz").unwrap().expect(200);
        assert_eq!(
            (&ready["database"], &ready["reads"]),
            (&json!("read_only"), &json!("standby"))
        );
    });
    pair.first.start_again();
    until(Duration::from_secs(15), "writes are taken", || {
        let body = json!({ "legal_name": "Après", "kind": "association" });
        client.post("/v1/partners", &[], &body).unwrap().status == 201
    });
}

#[test]
fn reads_go_on_from_the_standby_while_the_primary_is_frozen() {
    let pair = Pair::create("stuck");
    let service = pair.serve_reading(&pair.first_url());
    let mut client = ministry(&service);
    let (path, _) = create(&mut client, "Avant");
    pair.is_level();
    goes_on(&service, "frozen", &path, || {
        pair.first.freeze();
        std::thread::sleep(Duration::from_secs(9));
        pair.first.wake();
        std::thread::sleep(Duration::from_secs(2));
    });
}

#[test]
fn reads_go_on_from_the_primary_while_the_standby_is_frozen_and_once_it_is_killed() {
    let mut pair = Pair::create("alone-again");
    let service = pair.serve_reading(&pair.first_url());
    let mut client = ministry(&service);
    let (path, position) = create(&mut client, "Avant");
    pair.is_level();
    let by_standby = |client: &mut Client| behind(&client.get(&path).unwrap()).is_some();
    goes_on(&service, "standby frozen", &path, || {
        pair.second.freeze();
        std::thread::sleep(Duration::from_secs(3));
        assert!(!by_standby(&mut ministry(&service)));
        let seen = read_after(&mut ministry(&service), &path, &position);
        assert_eq!((seen.status, seen.header(AS_OF)), (200, None));
        pair.second.wake();
    });
    until(Duration::from_secs(5), "it is read from again", || {
        by_standby(&mut client)
    });
    let told = admin(&service);
    assert!(
        told.contains("ree_standby_up{standby=\"127.0.0.1:"),
        "{told}"
    );
    assert!(told.contains("ree_standby_age_seconds{"), "{told}");
    assert!(
        told.contains("ree_reads_total{server=\"standby\"}"),
        "{told}"
    );
    goes_on(&service, "standby killed", &path, || {
        pair.second.kill();
        std::thread::sleep(Duration::from_secs(2));
    });
    assert!(!by_standby(&mut client));
    let ready = service.anon().get("/readyz").unwrap().expect(200);
    assert_eq!(ready["reads"], "primary");
}

fn admin(service: &Service) -> String {
    let mut client = Client::connect(service.admin, None).unwrap();
    client.get("/metrics").unwrap().body
}

#[test]
fn the_feed_of_a_standby_ends_before_a_transaction_that_still_runs_on_the_primary() {
    let pair = Pair::create("horizon");
    let service = pair.serve_reading(&pair.url());
    let mut client = ministry(&service);
    create(&mut client, "Avant");
    // It has an id and has written nothing yet: the standby knows of it by what comes after it alone.
    let running = pair.first.begin("ree");
    for name in ["Un", "Deux", "Trois"] {
        create(&mut client, name);
    }
    pair.is_level();
    let horizon = "SELECT feed_horizon() - (SELECT feed_shift FROM installation)";
    assert!(pair.second.ask("ree", horizon).unwrap() <= running.id);
    assert_eq!(
        pair.second.ask("ree", horizon),
        pair.first.ask("ree", horizon)
    );
    drop(running);
    create(&mut client, "Quatre");
    pair.is_level();
    until(Duration::from_secs(5), "the horizon has passed it", || {
        pair.second.ask("ree", horizon).unwrap() > running_id(&pair)
    });
}

/// The last transaction that wrote to the feed.
fn running_id(pair: &Pair) -> i64 {
    let last = "SELECT max(position) - (SELECT feed_shift FROM installation) FROM changes";
    pair.first.ask("ree", last).unwrap()
}
