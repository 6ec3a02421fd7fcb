//! The documentation as people read it in a browser.

use std::collections::{BTreeSet, VecDeque};

use crate::support::{Reply, Service};

/// What a browser says that it takes.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn browse(service: &Service, path: &str) -> Reply {
    let request = service.anon().request("GET", path);
    request.header("accept", BROWSER).send().await
}

/// The values of an attribute, as far as a page written by us goes.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let before = format!(" {attribute}=\"");
    let after = page.split(before.as_str()).skip(1);
    after.filter_map(|rest| rest.split('"').next()).collect()
}

/// Refuses a page that is not safe, whole, and light.
fn check(path: &str, page: &Reply) {
    assert_eq!(page.status, 200, "{path}");
    assert_eq!(
        page.header("content-type"),
        "text/html; charset=utf-8",
        "{path}"
    );
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none';") && !policy.contains("unsafe"),
        "{path}: {policy}"
    );
    let text = page.text();
    assert!(text.len() < 100_000, "{path}: {} bytes", text.len());
    assert!(
        text.starts_with("<!DOCTYPE html><html lang=\"fr\">"),
        "{path}"
    );
    assert_eq!(text.matches("<h1>").count(), 1, "{path}");
    for fetched in values(text, "src") {
        assert!(
            fetched.starts_with('/') && policy.contains("script-src 'self'"),
            "{path}: {fetched}"
        );
    }
    let ids: Vec<&str> = values(text, "id");
    let once: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), once.len(), "{path}: an id stands twice");
    for anchor in values(text, "href")
        .into_iter()
        .filter_map(|href| href.strip_prefix('#'))
    {
        assert!(once.contains(anchor), "{path}: #{anchor} leads nowhere");
    }
}

#[actix_web::test]
async fn every_page_that_a_link_leads_to_is_there_safe_and_light() {
    let service = Service::start().await;
    let mut waiting = VecDeque::from(["/docs/".to_owned()]);
    let mut seen: BTreeSet<String> = waiting.iter().cloned().collect();
    while let Some(path) = waiting.pop_front() {
        let page = browse(&service, &path).await;
        check(&path, &page);
        for link in values(page.text(), "href") {
            let link = link.split(['#', '?']).next().unwrap_or_default().to_owned();
            let is_ours = link.starts_with("/docs") || link.starts_with("/problems");
            if is_ours && seen.insert(link.clone()) {
                waiting.push_back(link);
            }
        }
    }
    for begun in [
        "/docs/portail",
        "/docs/systeme-d-information",
        "/docs/chiffres",
        "/docs/webhooks",
    ] {
        assert!(seen.contains(begun), "{begun}");
    }
    assert!(seen.len() > 400, "{}", seen.len());
}

#[actix_web::test]
async fn each_operation_has_a_page_with_its_rights_and_its_fields() {
    let service = Service::start().await;
    let document = service.anon().get("/openapi.json").await.expect(200);
    let paths = document["paths"].as_object().unwrap();
    let operations = paths
        .values()
        .flat_map(|item| item.as_object().unwrap().values());
    let index = browse(&service, "/docs/reference").await;
    for operation in operations {
        let id = operation["operationId"].as_str().unwrap();
        assert!(
            index.text().contains(&format!("\"/docs/reference/{id}\"")),
            "{id}"
        );
        check(
            id,
            &browse(&service, &format!("/docs/reference/{id}")).await,
        );
    }
    let page = browse(&service, "/docs/reference/create_partner").await;
    for expected in [
        "<dt>partenaire</dt><dd>non</dd>",
        "<dt>académie</dt><dd>dans son périmètre</dd>",
        "<code>Idempotency-Key</code>",
        "<code>legal_name</code> <span class=\"tag\">obligatoire</span>",
        "/docs/nomenclatures/partner_kinds",
        "/docs/schemas/Partner",
        "/problems/validation_failed",
        "curl &quot;$base/v1/partners&quot;",
    ] {
        assert!(
            page.text().contains(expected),
            "{expected}\n{}",
            page.text()
        );
    }
}

#[actix_web::test]
async fn a_browser_is_shown_the_page_of_an_error_and_a_program_its_json() {
    let service = Service::start().await;
    for path in [
        "/problems",
        "/problems/validation_failed",
        "/problems/unknown_code",
    ] {
        let page = browse(&service, path).await;
        check(path, &page);
        assert!(page.header("vary").contains("Accept"), "{path}");
        for accept in [
            "*/*",
            "application/json",
            "application/json, text/html;q=0.9",
            "",
        ] {
            let request = service.anon().request("GET", path);
            let reply = match accept {
                "" => request.send().await,
                accept => request.header("accept", accept).send().await,
            };
            assert_eq!(
                reply.header("content-type"),
                "application/json",
                "{path} {accept}"
            );
            assert!(reply.header("vary").contains("Accept"), "{path} {accept}");
            assert_ne!(reply.etag(), page.etag(), "{path} {accept}");
        }
    }
    let missing = browse(&service, "/problems/no_such_code").await;
    assert_eq!(missing.status, 404);
}

#[actix_web::test]
async fn the_page_of_an_error_is_in_the_language_that_its_address_names() {
    let service = Service::start().await;
    let page = browse(&service, "/problems/validation_failed?lang=en").await;
    assert!(
        page.text().contains("<html lang=\"en\">"),
        "{}",
        page.text()
    );
    assert!(
        page.text().contains("<h1>The request has errors</h1>"),
        "{}",
        page.text()
    );
    let json = service
        .anon()
        .get("/problems/validation_failed?lang=en")
        .await
        .expect(200);
    assert_eq!(json["title"], "The request has errors");
    let refused = service
        .anon()
        .get("/problems/validation_failed?lang=de")
        .await;
    refused.problem(422, "validation_failed");
}

#[actix_web::test]
async fn the_documentation_begins_at_its_own_address_and_ends_where_there_is_nothing() {
    let service = Service::start().await;
    let redirect = browse(&service, "/docs").await;
    assert_eq!(
        (redirect.status.as_u16(), redirect.header("location")),
        (303, "/docs/")
    );
    for path in [
        "/docs/nothing",
        "/docs/reference/nothing",
        "/docs/schemas/nothing",
        "/docs/nomenclatures/nothing",
    ] {
        assert_eq!(service.anon().get(path).await.status, 404, "{path}");
    }
    let filter = service.anon().get("/docs/filter.js").await;
    assert_eq!(
        filter.header("content-type"),
        "text/javascript; charset=utf-8"
    );
    assert!(
        browse(&service, "/docs/reference")
            .await
            .text()
            .contains("src=\"/docs/filter.js\"")
    );
}

#[actix_web::test]
async fn whom_to_tell_of_a_weakness_is_a_setting() {
    let contacts = "mailto:securite@ree.example,https://ree.example/securite";
    let service = Service::start_with(&[("REE_SECURITY_CONTACT", contacts)]).await;
    let text = service.anon().get("/.well-known/security.txt").await;
    let lines: Vec<&str> = text.text().lines().collect();
    assert_eq!(
        lines[..2],
        [
            "Contact: mailto:securite@ree.example",
            "Contact: https://ree.example/securite"
        ]
    );
    let plain = Service::start()
        .await
        .anon()
        .get("/.well-known/security.txt")
        .await;
    assert!(
        plain.text().starts_with("Contact: http"),
        "{}",
        plain.text()
    );
}

/// The numbers and the words of a nomenclature are those of the API.
#[actix_web::test]
async fn a_nomenclature_reads_as_the_api_tells_it() {
    let service = Service::start().await;
    let told = service
        .reader()
        .get("/v1/nomenclatures/levels")
        .await
        .expect(200);
    let page = browse(&service, "/docs/nomenclatures/levels").await;
    let entries = told["entries"].as_array().unwrap();
    assert!(entries.len() > 5);
    for entry in entries {
        let code = entry["code"].as_str().unwrap();
        assert!(
            page.text().contains(&format!("<code>{code}</code>")),
            "{code}"
        );
    }
    let definitions = service.anon().get("/public/indicators").await.expect(200);
    let page = browse(&service, "/docs/definitions").await;
    let definitions = definitions["data"].as_array().unwrap();
    assert!(definitions.len() > 10);
    for one in definitions {
        let code = one["code"].as_str().unwrap();
        assert!(
            page.text().contains(&format!("<code>{code}</code>")),
            "{code}"
        );
    }
}
