//! Public pages are kept while nothing is written, and nobody can tell by what they read.

use std::io::Read as _;
use std::time::Duration;

use actix_web::http::header::{HeaderName, HeaderValue};
use flate2::read::GzDecoder;
use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Reply, Service};

/// Pages that read the register.
const PAGES: [&str; 6] = [
    "/",
    "/conventions",
    "/conventions?q=accueil&lang=en",
    "/etablissements?q=lyon",
    "/chiffres",
    "/territoires/academy:10",
];

async fn open(service: &Service, path: &str, headers: &[(&str, &str)]) -> Reply {
    let request = service.anon().request("GET", path);
    let request = request.header("accept", "text/html");
    let all = headers.iter();
    all.fold(request, |request, (name, value)| {
        request.header(name, value)
    })
    .send()
    .await
}

/// The status, the headers but those that differ by nature, and the text of an answer.
fn said(reply: &Reply) -> (u16, Vec<(String, String)>, String) {
    let differ = ["x-request-id", "ratelimit"];
    let headers = reply.headers.iter();
    let headers = headers.filter(|(name, _)| !differ.contains(&name.as_str()));
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        let value = value.to_str().expect("text");
        (name.to_string(), value.to_owned())
    };
    let mut headers: Vec<_> = headers.map(text).collect();
    headers.sort();
    let mut body = String::new();
    match reply.header("content-encoding") {
        "gzip" => GzDecoder::new(&reply.body[..]).read_to_string(&mut body),
        _ => (&reply.body[..]).read_to_string(&mut body),
    }
    .expect("a text");
    (reply.status.as_u16(), headers, body)
}

/// A convention in force, and the partner that signed it.
async fn convention(service: &Service, name: &str) -> (String, String) {
    service.signed_partner(name, json!({})).await
}

#[actix_web::test]
async fn a_page_read_again_is_the_same_in_each_coding_and_language() {
    let service = Service::start().await;
    convention(&service, "Ateliers").await;
    for path in PAGES {
        for headers in [
            &[][..],
            &[("accept-encoding", "gzip")],
            &[("accept-language", "en")],
        ] {
            let (first, again) = (
                open(&service, path, headers).await,
                open(&service, path, headers).await,
            );
            assert_eq!(first.status, 200, "{path}: {}", first.text());
            assert_eq!(said(&first), said(&again), "{path}");
        }
    }
}

#[actix_web::test]
async fn who_has_a_page_already_is_told_so_whoever_asked_first() {
    let service = Service::start().await;
    convention(&service, "Ateliers").await;
    let whole = open(&service, "/conventions", &[]).await;
    let etag = whole.etag().to_owned();
    let other = Service::beside(&service, &[]).await;
    for service in [&other, &service, &other] {
        let known = open(service, "/conventions", &[("if-none-match", &etag)]).await;
        assert_eq!((known.status.as_u16(), known.text()), (304, ""));
        assert_eq!(known.etag(), etag);
    }
    let whole_again = open(&other, "/conventions", &[]).await;
    assert_eq!(whole_again.text(), whole.text());
}

#[actix_web::test]
async fn a_page_tells_what_was_written_before_it_was_asked_for_on_every_instance() {
    let service = Service::start().await;
    let other = Service::beside(&service, &[]).await;
    let (partner, _) = convention(&service, "Ateliers").await;
    let path = format!("/v1/partners/{partner}");
    for number in 0..10 {
        let name = format!("Ateliers numéro {number}");
        let now = service.ministry().get(&path).await;
        let change = service.ministry().request("PATCH", &path);
        let change = change.header("if-match", now.etag());
        change
            .merge(&json!({ "legal_name": name }))
            .send()
            .await
            .expect(200);
        for service in [&service, &other] {
            let page = open(service, "/conventions", &[]).await;
            assert!(page.text().contains(&name), "{name}: {}", page.text());
        }
    }
}

#[actix_web::test]
async fn a_page_that_is_kept_is_told_without_reading_it_anew() {
    let service = Service::start().await;
    convention(&service, "Ateliers").await;
    let before = open(&service, "/conventions", &[]).await;
    let counted = |from: &str| format!(r#"ree_pages_total{{from="{from}"}} 1"#);
    assert!(service.shared.measured().contains(&counted("made")));
    let other = service.sql().await;
    let lock = "BEGIN; LOCK TABLE conventions IN ACCESS EXCLUSIVE MODE";
    other.batch_execute(lock).await.expect("a lock");
    let wait = Duration::from_secs(2);
    let kept = tokio::time::timeout(wait, open(&service, "/conventions", &[])).await;
    assert_eq!(kept.expect("at once").text(), before.text());
    assert!(service.shared.measured().contains(&counted("kept")));
    // The counterproof: what is not kept waits.
    let not_kept = tokio::time::timeout(wait, open(&service, "/conventions?q=rien", &[])).await;
    assert!(not_kept.is_err());
    other.batch_execute("ROLLBACK").await.expect("no lock");
}

#[actix_web::test]
async fn a_page_that_many_ask_for_at_once_is_made_for_all_of_them() {
    let service = Service::start().await;
    convention(&service, "Ateliers").await;
    let pages = join_all((0..200).map(|_| open(&service, "/conventions?q=ateliers", &[]))).await;
    for page in &pages {
        assert_eq!((page.status.as_u16(), page.text()), (200, pages[0].text()));
    }
}

#[actix_web::test]
async fn a_refusal_of_a_page_is_never_kept() {
    let service = Service::start().await;
    let search = "/conventions?q=ateliers&effective_status=nothing";
    for _ in 0..2 {
        assert_eq!(open(&service, search, &[]).await.status, 422);
    }
    let absent = open(&service, "/conventions/CN-2021-0042", &[]).await;
    assert_eq!(absent.status, 404);
    let (_, convention_id) = convention(&service, "Ateliers").await;
    let convention = service
        .ministry()
        .get(&format!("/v1/conventions/{convention_id}"))
        .await;
    let reference = convention.json()["reference"]
        .as_str()
        .expect("one")
        .to_owned();
    let there = open(&service, &format!("/conventions/{reference}"), &[]).await;
    assert_eq!(there.status, 200, "{}", there.text());
}

#[actix_web::test]
async fn where_pages_would_be_made_without_end_an_older_one_is_told_with_its_age() {
    let service = Service::start().await;
    let (partner, _) = convention(&service, "Ateliers 0").await;
    let sql = service.sql().await;
    let mut ages = 0;
    for number in 1..=100 {
        let renamed = "UPDATE partners SET legal_name = $1 WHERE id = $2::text::uuid";
        let name = format!("Ateliers {number}");
        sql.execute(renamed, &[&name, &partner])
            .await
            .expect("a row");
        let page = open(&service, "/conventions", &[]).await;
        match page.header("age").parse::<u64>() {
            Ok(age) => {
                assert!((1..=300).contains(&age), "{age}");
                assert!(page.text().contains("Ateliers "));
                ages += 1;
            }
            Err(_) => assert!(page.text().contains(&name), "{name}: {}", page.text()),
        }
    }
    // Fifty at once and two a second are made.
    assert!(ages <= 50, "{ages}");
    actix_web::rt::time::sleep(Duration::from_secs(5)).await;
    let page = open(&service, "/conventions", &[]).await;
    assert_eq!(page.header("age"), "");
    assert!(page.text().contains("Ateliers 100"), "{}", page.text());
}
