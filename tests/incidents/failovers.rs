//! A primary that goes, in every way that one goes, and the standby that takes over.

use std::time::{Duration, Instant};

use crate::load::Load;
use crate::pair::Pair;
use crate::support::until;

/// After a promotion.
const SOON: Duration = Duration::from_secs(5);
/// No request waits longer for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often an incident is tried.
fn rounds() -> u64 {
    if std::env::var_os("REE_NIGHTLY").is_some() {
        5
    } else {
        1
    }
}

/// A pause that the seed chooses, below this.
fn pause(name: &str, round: u64, below: u64) -> Duration {
    let seed = std::env::var("REE_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or(17) + round;
    let mixed = name.bytes().fold(seed, |mixed, byte| {
        (mixed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let pause = Duration::from_millis(mixed % below);
    println!("{name}: seed {seed}, {pause:?}");
    pause
}

/// Under load the primary goes, and the standby is promoted; what was acknowledged stays, and every answer
/// is one that clients are told to expect.
fn fails_over(name: &str, go: impl Fn(&mut Pair), come_back: impl Fn(&Pair)) {
    for round in 0..rounds() {
        let mut pair = Pair::create(&format!("{name}-{round}"));
        // The standby has what was acknowledged: what is lost would be lost by the service.
        let primary = &pair.first;
        primary.execute(
            "postgres",
            "ALTER SYSTEM SET synchronous_standby_names = '*'",
        );
        primary.execute("postgres", "SELECT pg_reload_conf()");
        let service = pair.serve();
        let load = Load::begin(&service);
        std::thread::sleep(Duration::from_secs(1) + pause(name, round, 1000));
        go(&mut pair);
        std::thread::sleep(pause(name, round, 1500));
        pair.second.promote();
        let promoted = Instant::now();
        load.recovers(name, promoted, SOON);
        come_back(&pair);
        let came_back = Instant::now();
        std::thread::sleep(Duration::from_secs(3));
        let noted = load.end();
        noted.is_told(name, PATIENCE);
        pair.second.keeps(name, &noted);
        let late = noted.acknowledged(Some(came_back));
        assert!(late.len() > 20, "{name}: {} writes at the end", late.len());
        assert_eq!(
            pair.second.has(&late),
            late.len(),
            "{name}: the former primary was written to"
        );
    }
}

#[test]
fn a_killed_primary_is_followed_by_its_standby() {
    fails_over("killed", |pair| pair.first.kill(), |_| {});
}

#[test]
fn a_frozen_primary_is_left_and_not_gone_back_to_when_it_wakes() {
    fails_over(
        "frozen",
        |pair| pair.first.freeze(),
        |pair| pair.first.wake(),
    );
}

#[test]
fn a_primary_whose_packets_vanish_is_left_and_not_gone_back_to() {
    fails_over(
        "vanished",
        |pair| pair.network.swallow(),
        |pair| pair.network.mend(),
    );
}

#[test]
fn a_primary_demoted_under_its_sessions_is_left() {
    let demote = |pair: &mut Pair| {
        pair.first.execute(
            "postgres",
            "ALTER SYSTEM SET default_transaction_read_only = on",
        );
        pair.first.execute("postgres", "SELECT pg_reload_conf()");
    };
    fails_over("demoted", demote, |_| {});
}

#[test]
fn a_primary_that_is_started_again_is_found_again_beside_its_standby() {
    let mut pair = Pair::create("restarted");
    let service = pair.serve();
    let load = Load::begin(&service);
    std::thread::sleep(Duration::from_secs(1));
    pair.first.kill();
    until(Duration::from_secs(5), "the standby is read from", || {
        let ready = service.anon().get("/readyz").unwrap();
        ready.status == 200 && ready.json()["database"] == "read_only"
    });
    std::thread::sleep(Duration::from_secs(2));
    pair.first.start_again();
    load.recovers("restarted", Instant::now(), SOON * 2);
    let noted = load.end();
    noted.is_told("restarted", PATIENCE);
    pair.first.keeps("restarted", &noted);
}

#[test]
fn a_service_starts_while_the_first_of_its_servers_is_frozen() {
    let pair = Pair::create("start");
    drop(pair.serve());
    pair.is_level();
    pair.first.freeze();
    pair.second.promote();
    let began = Instant::now();
    let service = pair.serve();
    println!("start: ready {:?}", began.elapsed());
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "{:?}",
        began.elapsed()
    );
    let load = Load::begin(&service);
    std::thread::sleep(Duration::from_secs(1));
    load.end().is_told("start", PATIENCE);
}

#[test]
fn a_frozen_server_without_another_is_told_at_once_and_served_from_again_when_it_wakes() {
    let pair = Pair::create("alone");
    let service = pair.serve_at(&format!(
        "postgresql://ree@127.0.0.1:{}/ree",
        pair.network.port
    ));
    let load = Load::begin(&service);
    std::thread::sleep(Duration::from_secs(1));
    pair.first.freeze();
    let is_ready = || service.try_get("/readyz").expect("an answer").status == 200;
    until(Duration::from_secs(6), "the service is not ready", || {
        !is_ready()
    });
    std::thread::sleep(Duration::from_secs(4));
    pair.first.wake();
    load.recovers("alone", Instant::now(), SOON);
    let noted = load.end();
    noted.is_told("alone", PATIENCE);
    pair.first.keeps("alone", &noted);
}

#[test]
fn a_slow_network_and_one_that_cuts_connections_make_no_failure_of_ours() {
    let pair = Pair::create("slow");
    let service = pair.serve();
    let load = Load::begin(&service);
    std::thread::sleep(Duration::from_secs(1));
    pair.network.slow_down(Duration::from_millis(125));
    let slow = Instant::now();
    load.recovers("slow by 250 ms", slow, Duration::from_secs(10));
    std::thread::sleep(Duration::from_secs(2));
    pair.network.cut();
    std::thread::sleep(Duration::from_millis(500));
    pair.network.mend();
    load.recovers("cut", Instant::now(), SOON);
    std::thread::sleep(Duration::from_secs(1));
    let noted = load.end();
    noted.is_told("slow", Duration::from_secs(20));
    pair.first.keeps("slow", &noted);
}
