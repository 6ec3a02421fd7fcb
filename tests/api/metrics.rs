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
    let shared = &service.shared;
    shared.metrics.set(|| shared.limits.measure());
    shared.metrics.render()
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
