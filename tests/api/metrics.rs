//! What is measured, and what operators are given to watch it with.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::support::Service;
use crate::support::receiver::Receiver;
use crate::webhooks::{send, service, webhook};

/// Everything that a service which did its work tells.
async fn told() -> String {
    let service: Service = service().await;
    let receiver = Receiver::start().await;
    webhook(&service.ministry(), &receiver, json!({})).await;
    service.new_partner("Mesuré").await;
    send(&service).await;
    // Every job runs when they start.
    let jobs = ree::jobs::run(service.shared.clone());
    tokio::time::timeout(Duration::from_secs(2), jobs)
        .await
        .unwrap_err();
    let elsewhere = [
        ("DATABASE_URL", "postgresql://127.0.0.1:1/ree"),
        ("REE_READ_URL", "postgresql://127.0.0.1:1/ree"),
    ];
    let reading = service.beside(&elsewhere).await;
    service.shared.measured() + &reading.shared.measured()
}

/// The names of ours in a text, and of the process's where they are told.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'));
    let is_told = |word: &&str| word.starts_with("process_") && cfg!(target_os = "linux");
    let ours = words.filter(|word| word.starts_with("ree_") || is_told(word));
    ours.map(str::to_owned).collect()
}

#[actix_web::test]
async fn each_metric_says_what_it_is() {
    let told = told().await;
    let of = |start: &str| -> BTreeSet<&str> {
        let lines = told.lines().filter_map(|line| line.strip_prefix(start));
        lines.filter_map(|line| line.split(' ').next()).collect()
    };
    let (said, typed) = (of("# HELP "), of("# TYPE "));
    assert_eq!(said, typed);
    assert!(typed.len() > 20, "{typed:?}");
    assert!(!told.contains("ree_feed_delay_seconds -"), "{told}");
}

#[actix_web::test]
async fn what_operators_are_given_asks_for_metrics_that_there_are() {
    let told = names(&told().await);
    let packaging = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging");
    for file in [
        "grafana/ree.json",
        "prometheus/ree.rules.yml",
        "prometheus/ree.rules.test.yml",
    ] {
        let text = std::fs::read_to_string(packaging.join(file)).unwrap();
        let asked = names(&text);
        assert!(asked.len() > 3, "{file}");
        for name in asked {
            assert!(told.contains(&name), "{file}: {name}");
        }
    }
}

#[actix_web::test]
async fn what_operations_says_of_metrics_is_measured() {
    let told = names(&told().await);
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/OPERATIONS.md");
    let text = std::fs::read_to_string(page).unwrap();
    let lines = text
        .lines()
        .filter(|line| line.starts_with("| `ree_") || line.starts_with("| `process_"));
    let rows: BTreeSet<String> = lines
        .flat_map(|line| names(line.split('|').nth(1).unwrap()))
        .collect();
    assert!(rows.len() > 10, "{rows:?}");
    for name in rows {
        assert!(told.contains(&name), "{name}");
    }
}

#[actix_web::test]
async fn how_full_the_pools_of_connections_are_is_measured_and_those_that_ended_are_not() {
    let service = Service::start_with(&[("REE_DB_CONNECTIONS", "3")]).await;
    let of = |name: &str| -> f64 {
        let measured = service.shared.measured();
        let mut lines = measured.lines().filter_map(|line| line.strip_prefix(name));
        lines.next().unwrap().trim().parse().unwrap()
    };
    const MOST: &str = "ree_pool_max_connections{pool=\"writes\"}";
    const IN_USE: &str = "ree_pool_connections{pool=\"writes\",state=\"in_use\"}";
    const IDLE: &str = "ree_pool_connections{pool=\"writes\",state=\"idle\"}";
    const WAITING: &str = "ree_pool_waiting{pool=\"writes\"}";
    let others = of(MOST);
    let app = ree::app::App::new(service.shared.clone()).unwrap();
    assert_eq!(of(MOST) - others, 3.0);
    let (idle, in_use) = (of(IDLE), of(IN_USE));
    let held = futures_util::future::try_join3(app.db.borrow(), app.db.borrow(), app.db.borrow());
    let held = held.await.map_err(|_| "no connection").unwrap();
    assert_eq!(of(IN_USE) - in_use, 3.0);
    {
        let waiting = app.db.borrow();
        tokio::pin!(waiting);
        let is_early = tokio::time::timeout(Duration::from_millis(50), &mut waiting).await;
        assert!(is_early.is_err());
        assert_eq!(of(WAITING), 1.0);
        drop(held);
        drop(waiting.await);
    }
    assert_eq!((of(WAITING), of(IN_USE) - in_use), (0.0, 0.0));
    assert_eq!(of(IDLE) - idle, 3.0);
    drop(app);
    assert_eq!(of(MOST), others);
}
