//! What holds everywhere: the order of refusals, forms, languages, headers.

use std::io::Read;

use actix_web::http::StatusCode;
use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, web};
use ree::app::App;
use ree::error::Code;
use serde_json::{Value, json};

use crate::support::document::operations;
use crate::support::{Caller, Reply, Sending, Service, absent, id};

/// Refused for one reason more than the next one: the faults a request has, and which one wins.
struct Faulty<'a> {
    caller: &'a Caller,
    method: &'a str,
    path: String,
    accept: &'a str,
    media_type: &'a str,
    body: Vec<u8>,
    if_match: Option<&'a str>,
}

impl Faulty<'_> {
    async fn send(self) -> Reply {
        let request = self
            .caller
            .request(self.method, &self.path)
            .header("accept", self.accept);
        let request = request.body(self.media_type, self.body);
        match self.if_match {
            Some(tag) => request.header("if-match", tag).send().await,
            None => request.send().await,
        }
    }
}

#[actix_web::test]
async fn of_several_faults_the_same_one_is_always_told() {
    const MERGE: &str = "application/merge-patch+json";
    let service = Service::start().await;
    let (anon, reader, ministry) = (service.anon(), service.reader(), service.ministry());
    let (own, other) = (
        id(&service.new_partner("Le sien").await),
        id(&service.new_partner("Un autre").await),
    );
    let portal = service.partner(&own);
    ministry
        .patch(
            &format!("/v1/partners/{other}"),
            json!({ "siren": "552049447" }),
        )
        .await
        .expect(200);
    let there = |id: &str| format!("/v1/partners/{id}");
    let wrong = json!({ "siren": 1 }).to_string().into_bytes();
    let right = json!({ "siren": "552049447" }).to_string().into_bytes();
    let own_field = json!({ "description": "x" }).to_string().into_bytes();
    let too_large = vec![b' '; 5 * 1024 * 1024 + 1];
    let broken = b"{".to_vec();
    let bare = there(&absent());
    let faulty = |caller, method, path: String, accept, media_type, body: &[u8], if_match| Faulty {
        caller,
        method,
        path,
        accept,
        media_type,
        body: body.to_vec(),
        if_match,
    };
    // Each line keeps every later fault of the list, and mends the one that won before it.
    for (request, status, code) in [
        (
            faulty(
                &anon,
                "BREW",
                "/v1/nowhere".into(),
                "text/html",
                "text/html",
                &too_large,
                None,
            ),
            401,
            "unauthorized",
        ),
        (
            faulty(
                &reader,
                "BREW",
                "/v1/nowhere".into(),
                "text/html",
                "text/html",
                &too_large,
                None,
            ),
            404,
            "not_found",
        ),
        (
            faulty(
                &reader,
                "BREW",
                bare.clone(),
                "text/html",
                "text/html",
                &too_large,
                None,
            ),
            405,
            "method_not_allowed",
        ),
        (
            faulty(
                &reader,
                "PATCH",
                bare.clone(),
                "text/html",
                "text/html",
                &too_large,
                None,
            ),
            406,
            "not_acceptable",
        ),
        (
            faulty(
                &reader,
                "PATCH",
                bare.clone(),
                "*/*",
                "text/html",
                &too_large,
                None,
            ),
            415,
            "unsupported_media_type",
        ),
        (
            faulty(
                &reader,
                "PATCH",
                bare.clone(),
                "*/*",
                MERGE,
                &too_large,
                None,
            ),
            413,
            "payload_too_large",
        ),
        (
            faulty(
                &reader,
                "PATCH",
                format!("{bare}?a=%ff"),
                "*/*",
                MERGE,
                &broken,
                None,
            ),
            400,
            "malformed_request",
        ),
        (
            faulty(&reader, "PATCH", bare.clone(), "*/*", MERGE, &broken, None),
            403,
            "forbidden",
        ),
        (
            faulty(&portal, "PATCH", bare.clone(), "*/*", MERGE, &broken, None),
            428,
            "precondition_required",
        ),
        // What the body says is looked at once nothing else stands against it.
        (
            faulty(
                &portal,
                "PATCH",
                bare.clone(),
                "*/*",
                MERGE,
                &broken,
                Some("\"9.x\""),
            ),
            400,
            "malformed_json",
        ),
        (
            faulty(
                &portal,
                "PATCH",
                bare.clone(),
                "*/*",
                MERGE,
                &wrong,
                Some("\"9.x\""),
            ),
            422,
            "validation_failed",
        ),
        (
            faulty(
                &portal,
                "PATCH",
                bare.clone(),
                "*/*",
                MERGE,
                &own_field,
                Some("\"9.x\""),
            ),
            404,
            "not_found",
        ),
        (
            faulty(
                &portal,
                "PATCH",
                there(&other),
                "*/*",
                MERGE,
                &own_field,
                Some("\"9.x\""),
            ),
            403,
            "forbidden",
        ),
        (
            faulty(
                &portal,
                "PATCH",
                there(&own),
                "*/*",
                MERGE,
                &own_field,
                Some("\"9.x\""),
            ),
            412,
            "precondition_failed",
        ),
        (
            faulty(
                &ministry,
                "PATCH",
                there(&own),
                "*/*",
                MERGE,
                &right,
                Some("\"1.x\""),
            ),
            409,
            "duplicate_siren",
        ),
    ] {
        request.send().await.problem(status, code);
    }
    let lists = anon.request("GET", "/v1").send().await;
    lists.problem(401, "unauthorized");
    reader.get("/v1").await.problem(404, "not_found");
    anon.get("/v2").await.problem(404, "not_found");
    anon.get("/nothing").await.problem(404, "not_found");
    // A cursor is refused before the role, a parameter after it.
    reader
        .get("/v1/partners?cursor=x&limit=x")
        .await
        .problem(400, "invalid_cursor");
}

#[actix_web::test]
async fn a_malformed_id_is_an_absent_one() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let partner = id(&service.new_partner("A").await);
    for bad in [
        "x",
        "00000000-0000-0000-0000-000000000000",
        &partner.to_uppercase(),
        &partner.replace('-', ""),
        "%00",
        "%ff",
        "%C3%A9",
        "..%2f",
    ] {
        let path = format!("/v1/partners/{bad}");
        ministry.get(&path).await.problem(404, "not_found");
        ministry
            .get(&format!("{path}/representatives"))
            .await
            .problem(404, "not_found");
        ministry
            .patch(&path, json!({}))
            .await
            .problem(404, "not_found");
        ministry
            .request("PATCH", &path)
            .merge(&json!({}))
            .send()
            .await
            .problem(428, "precondition_required");
        ministry
            .patch(&path, json!({ "siren": 1 }))
            .await
            .problem(422, "validation_failed");
    }
}

#[actix_web::test]
async fn head_answers_as_get_does() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let partner = id(&service.new_partner("A").await);
    for path in [
        "/v1/partners".to_owned(),
        format!("/v1/partners/{partner}"),
        "/v1/partners/count".into(),
        "/version".into(),
        "/v1/partners/x".into(),
        "/v1/partners?limit=0".into(),
        "/healthz".into(),
        "/v1/nowhere".into(),
    ] {
        let (get, head) = (
            ministry.get(&path).await,
            ministry.request("HEAD", &path).send().await,
        );
        let (get, head) = (get.without_request_id(), head.without_request_id());
        assert_eq!((get.0, get.1), (head.0, head.1), "{path}");
    }
}

#[actix_web::test]
async fn options_and_405_tell_every_method_a_path_has() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let mut methods: std::collections::BTreeMap<&str, Vec<String>> =
        std::collections::BTreeMap::new();
    for operation in operations() {
        let methods = methods
            .entry(operation.path)
            .or_insert_with(|| vec!["OPTIONS".to_owned()]);
        if operation.method == "GET" {
            methods.push("HEAD".to_owned());
        }
        methods.push(operation.method);
    }
    for (template, mut methods) in methods {
        methods.sort();
        let path = template.replace(['{', '}'], "");
        let reply = ministry.request("OPTIONS", &path).send().await;
        assert_eq!(
            (reply.status.as_u16(), reply.header("allow")),
            (204, methods.join(", ").as_str()),
            "{path}"
        );
        for method in [
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW",
        ] {
            if methods.iter().any(|known| known == method) {
                continue;
            }
            let reply = ministry.request(method, &path).send().await;
            if path.starts_with("/oauth2/") {
                assert_eq!(reply.expect(405)["error"], "invalid_request");
            } else {
                reply.problem(405, "method_not_allowed");
            }
            assert_eq!(reply.header("allow"), methods.join(", "), "{method} {path}");
        }
    }
}

#[actix_web::test]
async fn a_program_in_a_browser_reads_why_it_is_refused() {
    let service = Service::start_with(&[("REE_CORS_ORIGINS", "https://a.fr")]).await;
    let ask = |path: &'static str| {
        let request = service.ministry().request("GET", path);
        request.header("origin", "https://a.fr").send()
    };
    for (path, status) in [
        ("/v1/partners", 200),
        ("/v1/partners?nothing=1", 422),
        ("/v1/partners/0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e3f", 404),
        ("/v1/nowhere", 404),
    ] {
        let reply = ask(path).await;
        assert_eq!(reply.status, status, "{path}");
        let allowed = reply.header("access-control-allow-origin");
        assert_eq!(allowed, "https://a.fr", "{path}");
        let mut vary = reply.headers.get_all("vary");
        assert!(
            vary.any(|value| value.to_str().unwrap().contains("Origin")),
            "{path}"
        );
    }
}

#[actix_web::test]
async fn a_preflight_needs_no_token_and_opens_nothing() {
    let service = Service::start().await;
    let preflight = service
        .anon()
        .request("OPTIONS", "/v1/partners")
        .header("origin", "https://a.fr");
    let reply = preflight
        .header("access-control-request-method", "POST")
        .send()
        .await;
    assert_eq!(reply.status, 204);
    assert_eq!(reply.header("access-control-allow-origin"), "");
    service
        .anon()
        .request("OPTIONS", "/v1/partners")
        .send()
        .await
        .problem(401, "unauthorized");
}

#[actix_web::test]
async fn the_form_asked_for_is_answered_or_refused() {
    let service = Service::start().await;
    let reader = service.reader();
    let partner = id(&service.new_partner("A").await);
    let accepting =
        |path: String, accept: &'static str| reader.request("GET", &path).header("accept", accept);
    for (accept, content_type) in [
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("text/csv", "text/csv; charset=utf-8; header=present"),
        (
            "application/json;q=0.1, application/x-ndjson",
            "application/x-ndjson",
        ),
        (
            "text/html, text/*;q=0.5",
            "text/csv; charset=utf-8; header=present",
        ),
    ] {
        let reply = accepting("/v1/partners".into(), accept).send().await;
        assert_eq!(
            (reply.status.as_u16(), reply.header("content-type")),
            (200, content_type),
            "{accept}"
        );
    }
    for accept in [
        "text/html",
        "application/xml",
        "application/json;q=0",
        "image/*",
    ] {
        let refused = accepting("/v1/partners".into(), accept)
            .send()
            .await
            .problem(406, "not_acceptable");
        for form in ["application/json", "text/csv", "application/x-ndjson"] {
            assert!(
                refused["detail"].as_str().unwrap().contains(form),
                "{refused}"
            );
        }
        accepting(format!("/v1/partners/{partner}"), accept)
            .send()
            .await
            .problem(406, "not_acceptable");
    }
    accepting(format!("/v1/partners/{partner}"), "text/csv")
        .send()
        .await
        .problem(406, "not_acceptable");
    let write = service
        .ministry()
        .request("POST", "/v1/partners")
        .header("accept", "text/csv");
    write
        .json(&json!({}))
        .send()
        .await
        .problem(406, "not_acceptable");
}

#[actix_web::test]
async fn a_body_of_another_type_is_refused_with_the_type_to_send() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let partner = id(&service.new_partner("A").await);
    let path = format!("/v1/partners/{partner}");
    for media_type in [
        "application/json",
        "text/plain",
        "application/merge-patch+json; charset=latin1",
        "",
    ] {
        let reply = ministry
            .request("PATCH", &path)
            .header("if-match", "*")
            .body(media_type, "{}")
            .send()
            .await;
        reply.problem(415, "unsupported_media_type");
        assert_eq!(reply.header("accept-patch"), "application/merge-patch+json");
    }
    for media_type in [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/merge-patch+json",
    ] {
        let reply = ministry
            .request("POST", "/v1/partners")
            .body(media_type, "{}")
            .send()
            .await;
        reply.problem(415, "unsupported_media_type");
        assert_eq!(reply.header("accept-post"), "application/json");
    }
    let compressed = ministry
        .request("POST", "/v1/partners")
        .header("content-encoding", "br");
    compressed
        .body("application/json", "{}")
        .send()
        .await
        .problem(415, "unsupported_media_type");
    for media_type in [
        "application/merge-patch+json; charset=UTF-8",
        "Application/Merge-Patch+JSON",
        "application/merge-patch+json;charset=\"utf-8\"",
    ] {
        ministry
            .request("PATCH", &path)
            .header("if-match", "*")
            .body(media_type, "{}")
            .send()
            .await
            .expect(200);
    }
    ministry
        .request("POST", "/v1/partners")
        .send()
        .await
        .problem(400, "malformed_json");
}

#[actix_web::test]
async fn what_is_over_its_bounds_is_refused_whether_announced_or_not() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let over = vec![b' '; 5 * 1024 * 1024 + 1];
    ministry
        .request("POST", "/v1/partners")
        .body("application/json", over.clone())
        .send()
        .await
        .problem(413, "payload_too_large");
    ministry
        .request("POST", "/v1/partners")
        .chunked("application/json", over)
        .send()
        .await
        .problem(413, "payload_too_large");
    let within = format!("{}{}", " ".repeat(5 * 1024 * 1024 - 2), "{}");
    ministry
        .request("POST", "/v1/partners")
        .body("application/json", within)
        .send()
        .await
        .problem(422, "validation_failed");
    ministry
        .get(&format!("/v1/partners?q={}", "a".repeat(8 * 1024)))
        .await
        .problem(414, "uri_too_long");
    ministry
        .get(&format!("/v1/partners?q={}", "a".repeat(8 * 1024 - 20)))
        .await
        .problem(422, "validation_failed");
    let padded = ministry
        .request("GET", "/v1/partners")
        .header("x-padding", &"a".repeat(32 * 1024));
    padded.send().await.problem(431, "headers_too_large");
    let padded = ministry
        .request("GET", "/v1/partners")
        .header("x-padding", &"a".repeat(24 * 1024));
    padded.send().await.expect(200);
}

#[actix_web::test]
async fn titles_and_details_are_french_unless_english_is_preferred() {
    let service = Service::start().await;
    let said = |language: &'static str| {
        let request = service.ministry().request("GET", "/v1/partners?limit=0");
        if language.is_empty() {
            request
        } else {
            request.header("accept-language", language)
        }
    };
    for (language, tag, title) in [
        ("", "fr", "La requête contient des erreurs"),
        ("en", "en", "The request has errors"),
        ("en-GB,en;q=0.9,fr;q=0.5", "en", "The request has errors"),
        ("fr,en;q=0.9", "fr", "La requête contient des erreurs"),
        ("de", "fr", "La requête contient des erreurs"),
        ("*", "fr", "La requête contient des erreurs"),
    ] {
        let reply = said(language).send().await;
        assert_eq!(
            (
                reply.problem(422, "validation_failed")["title"].as_str(),
                reply.header("content-language")
            ),
            (Some(title), tag)
        );
    }
    let english = said("en").send().await.json();
    let french = said("fr").send().await.json();
    assert_ne!(english["detail"], french["detail"]);
    assert_ne!(
        english["errors"][0]["detail"],
        french["errors"][0]["detail"]
    );
    assert_eq!(english["errors"][0]["code"], french["errors"][0]["code"]);
}

#[actix_web::test]
async fn a_warning_speaks_the_language_asked_for_and_has_its_own_etag() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let path = format!("/v1/partners/{partner}");
    let french = service.ministry().get(&path).await;
    let english = service
        .ministry()
        .request("GET", &path)
        .header("accept-language", "en")
        .send()
        .await;
    assert_ne!(
        french.json()["warnings"][0]["detail"],
        english.json()["warnings"][0]["detail"]
    );
    assert_ne!(french.etag(), english.etag());
}

#[actix_web::test]
async fn every_problem_has_the_same_shape_whoever_raises_it() {
    let service = Service::start().await;
    let (ministry, reader) = (service.ministry(), service.reader());
    let mut seen = Vec::new();
    for reply in [
        service.anon().get("/v1/partners").await,
        service.anon().with_token("x").get("/v1/partners").await,
        reader.get("/v1/nowhere").await,
        reader.request("PUT", "/v1/partners").send().await,
        reader
            .request("GET", "/version")
            .header("accept", "text/csv")
            .send()
            .await,
        ministry
            .request("POST", "/v1/partners")
            .body("text/plain", "x")
            .send()
            .await,
        ministry
            .request("POST", "/v1/partners")
            .body("application/json", "x")
            .send()
            .await,
        reader.post("/v1/partners", json!({})).await,
        reader.get("/v1/partners?cursor=x").await,
        reader.get("/v1/partners?limit=0").await,
        reader.get(&format!("/v1/{}", "a".repeat(9000))).await,
        reader.get("/public/nothing").await,
        reader.get("/problems/nope").await,
    ] {
        let body = reply.json();
        let code = body["code"].as_str().unwrap().to_owned();
        reply.problem(reply.status.as_u16(), &code);
        let names: Vec<&str> = body
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(
            names,
            [
                "type",
                "title",
                "status",
                "code",
                "detail",
                "instance",
                "request_id",
                "errors"
            ],
            "{body}"
        );
        assert_eq!(body["request_id"], reply.header("x-request-id"));
        assert!(
            !body["instance"].as_str().unwrap().contains('?'),
            "an address with its query could hold a secret"
        );
        for text in [
            "SELECT",
            "partners_",
            "src/",
            "panicked",
            "diesel",
            "postgres",
            "serde",
        ] {
            assert!(!reply.text().contains(text), "{body}");
        }
        seen.push(code);
    }
    for code in seen {
        let documented = service
            .anon()
            .get(&format!("/problems/{code}"))
            .await
            .expect(200);
        assert_eq!(documented["code"], code);
    }
}

#[actix_web::test]
async fn every_code_is_documented_in_both_languages_with_an_example() {
    let service = Service::start().await;
    let french = service.anon().get("/problems").await.expect(200);
    let english = service
        .anon()
        .request("GET", "/problems")
        .header("accept-language", "en")
        .send()
        .await
        .expect(200);
    let french = french["data"].as_array().unwrap();
    assert_eq!(french.len(), Code::ALL.len());
    for (fr, en) in french.iter().zip(english["data"].as_array().unwrap()) {
        assert_eq!(fr["code"], en["code"]);
        for name in ["title", "meaning", "fix"] {
            assert!(
                fr[name].as_str().is_some_and(|text| !text.is_empty()) && fr[name] != en[name],
                "{fr}"
            );
        }
        assert_eq!(
            (
                &fr["example"]["code"],
                &fr["example"]["status"],
                &fr["example"]["type"]
            ),
            (&fr["code"], &fr["status"], &fr["type"])
        );
        let alone = service
            .anon()
            .get(fr["type"].as_str().unwrap())
            .await
            .expect(200);
        assert_eq!(&alone, fr);
    }
}

#[actix_web::test]
async fn a_request_id_is_taken_when_it_is_harmless_and_made_otherwise() {
    let service = Service::start().await;
    let with = |id: &str| {
        service
            .anon()
            .request("GET", "/version")
            .header("x-request-id", id)
    };
    for good in [
        "abc",
        "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e3f",
        "a/b:c.d_e=f+g",
        &"x".repeat(128),
    ] {
        assert_eq!(with(good).send().await.header("x-request-id"), good);
    }
    for bad in ["", "a b", "é", "<script>", "a\"b", &"x".repeat(129)] {
        let made = with(bad).send().await.header("x-request-id").to_owned();
        assert!(uuid::Uuid::parse_str(&made).is_ok(), "{bad} → {made}");
    }
    let refused = service
        .anon()
        .request("GET", "/v1")
        .header("x-request-id", "mine")
        .send()
        .await;
    assert_eq!(
        (
            refused.header("x-request-id"),
            &refused.json()["request_id"]
        ),
        ("mine", &json!("mine"))
    );
    let traced = service.anon().request("GET", "/version").header(
        "traceparent",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    );
    assert_eq!(
        traced.send().await.header("traceparent"),
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    );
    let malformed = service.anon().request("GET", "/version");
    let malformed = malformed.header("traceparent", "00-0-0-01").send().await;
    let replaced = malformed.header("traceparent");
    assert!(
        replaced.len() == 55 && replaced.starts_with("00-"),
        "{replaced}"
    );
}

#[actix_web::test]
async fn answers_are_neither_sniffed_nor_stored() {
    let service = Service::start().await;
    for path in ["/v1/partners", "/v1/partners/count", "/v1/nowhere"] {
        let reply = service.reader().get(path).await;
        assert_eq!(
            (
                reply.header("x-content-type-options"),
                reply.header("cache-control")
            ),
            ("nosniff", "no-store"),
            "{path}"
        );
        for name in [
            "Accept",
            "Accept-Encoding",
            "Accept-Language",
            "Authorization",
        ] {
            assert!(
                reply
                    .header("vary")
                    .split(", ")
                    .any(|listed| listed == name),
                "{path}: {}",
                reply.header("vary")
            );
        }
    }
    assert_eq!(
        service
            .anon()
            .get("/healthz")
            .await
            .header("x-content-type-options"),
        "nosniff"
    );
}

#[actix_web::test]
async fn an_answer_already_had_is_not_sent_again() {
    let service = Service::start().await;
    let (ministry, reader) = (service.ministry(), service.reader());
    let partner = id(&service.new_partner("A").await);
    let one = format!("/v1/partners/{partner}");
    for path in [
        one.as_str(),
        "/v1/partners",
        "/v1/partners/count",
        "/version",
        "/openapi.json",
        "/problems",
    ] {
        let tag = ministry.get(path).await.etag().to_owned();
        let again = |tag: &str| ministry.request("GET", path).header("if-none-match", tag);
        for matching in [
            tag.clone(),
            format!("W/{tag}"),
            format!("\"x\", {tag}"),
            "*".into(),
        ] {
            let reply = again(&matching).send().await;
            assert_eq!(
                (reply.status, reply.body.len(), reply.etag()),
                (StatusCode::NOT_MODIFIED, 0, tag.as_str()),
                "{path} {matching}"
            );
        }
        again("\"x\"").send().await.expect(200);
    }
    assert_ne!(
        ministry.get(&one).await.etag(),
        reader.get(&one).await.etag(),
        "allowed_actions differ"
    );
    assert_ne!(
        ministry.get("/v1/partners").await.etag(),
        reader.get("/v1/partners").await.etag()
    );
    let before = ministry.get(&one).await.etag().to_owned();
    ministry
        .patch(&one, json!({ "acronym": "A" }))
        .await
        .expect(200);
    ministry
        .request("GET", &one)
        .header("if-none-match", &before)
        .send()
        .await
        .expect(200);
}

#[actix_web::test]
async fn a_write_answers_less_when_less_is_preferred() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let minimal = |request: Sending| request.header("prefer", "respond-async, return=minimal");
    let body = json!({ "legal_name": "A", "kind": "company" });
    let created = minimal(ministry.request("POST", "/v1/partners").json(&body))
        .send()
        .await;
    assert_eq!(
        (
            created.status.as_u16(),
            created.body.len(),
            created.header("preference-applied")
        ),
        (201, 0, "return=minimal")
    );
    let path = created.header("location").to_owned();
    assert_eq!(ministry.get(&path).await.etag(), created.etag());
    let patch = ministry
        .request("PATCH", &path)
        .header("if-match", created.etag())
        .merge(&json!({ "acronym": "A" }));
    let changed = minimal(patch).send().await;
    assert_eq!(
        (
            changed.status.as_u16(),
            changed.body.len(),
            changed.header("preference-applied")
        ),
        (204, 0, "return=minimal")
    );
    assert_eq!(ministry.get(&path).await.etag(), changed.etag());
    let whole = ministry
        .request("PATCH", &path)
        .header("if-match", "*")
        .header("prefer", "return=representation");
    whole
        .merge(&json!({ "acronym": "B" }))
        .send()
        .await
        .expect(200);
    minimal(ministry.request("GET", &path))
        .send()
        .await
        .expect(200);
    let refused = minimal(ministry.request("POST", "/v1/partners").json(&json!({})))
        .send()
        .await;
    refused.problem(422, "validation_failed");
}

#[actix_web::test]
async fn only_what_is_long_is_compressed_and_only_for_those_who_ask() {
    let service = Service::start().await;
    let reader = service.reader();
    for number in 0..20 {
        service.new_partner(&format!("Partenaire {number}")).await;
    }
    for path in ["/v1/partners", "/openapi.json"] {
        let plain = reader.get(path).await;
        assert_eq!(plain.header("content-encoding"), "");
        for accepted in ["gzip", "br, gzip;q=0.5", "*"] {
            let packed = reader
                .request("GET", path)
                .header("accept-encoding", accepted)
                .send()
                .await;
            assert_eq!(packed.header("content-encoding"), "gzip", "{accepted}");
            assert!(packed.body.len() < plain.body.len());
            let mut bytes = Vec::new();
            flate2::read::GzDecoder::new(&packed.body[..])
                .read_to_end(&mut bytes)
                .unwrap();
            assert_eq!(bytes, plain.body);
        }
        for refused in ["identity", "gzip;q=0", "br"] {
            let reply = reader
                .request("GET", path)
                .header("accept-encoding", refused)
                .send()
                .await;
            assert_eq!(
                (reply.header("content-encoding"), &reply.body),
                ("", &plain.body),
                "{refused}"
            );
        }
    }
    let csv = reader
        .request("GET", "/v1/partners")
        .header("accept", "text/csv")
        .header("accept-encoding", "gzip")
        .send()
        .await;
    let mut text = String::new();
    flate2::read::GzDecoder::new(&csv.body[..])
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text.lines().count(), 21);
    let short = reader
        .request("GET", "/v1/partners/count")
        .header("accept-encoding", "gzip")
        .send()
        .await;
    assert_eq!(short.header("content-encoding"), "");
    short.expect(200);
}

#[actix_web::test]
async fn a_key_that_is_no_key_is_refused() {
    let service = Service::start().await;
    let before = service.everything().await;
    for key in ["", &"k".repeat(256), "é"] {
        let request = service
            .ministry()
            .request("POST", "/v1/partners")
            .header("idempotency-key", key);
        let reply = request
            .json(&json!({ "legal_name": "A", "kind": "company" }))
            .send()
            .await;
        reply.problem(400, "malformed_request");
        assert_eq!(reply.faults().len(), 1);
    }
    assert_eq!(service.everything().await, before);
    let request = service
        .ministry()
        .request("POST", "/v1/partners")
        .header("idempotency-key", &"k".repeat(255));
    request
        .json(&json!({ "legal_name": "A", "kind": "company" }))
        .send()
        .await
        .expect(201);
}

async fn panicking() -> HttpResponse {
    panic!("the secret cause")
}

#[actix_web::test]
async fn a_panic_is_a_problem_like_another() {
    let service = Service::start().await;
    let data = web::Data::new(App::new(std::sync::Arc::clone(&service.shared)).unwrap());
    let panicking = actix_web::App::new()
        .app_data(data)
        .route("/v1/panic", web::get().to(panicking))
        .wrap(from_fn(ree::http::shell::shell));
    let running = actix_web::test::init_service(panicking).await;
    let request = actix_web::test::TestRequest::get()
        .uri("/v1/panic")
        .insert_header(("x-request-id", "mine"))
        .to_request();
    let Err(error) = actix_web::dev::Service::call(&running, request).await else {
        panic!("the finished answer")
    };
    let response = error.error_response();
    let header = |name: &str| {
        response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(
        (response.status().as_u16(), header("content-type").as_str()),
        (500, "application/problem+json")
    );
    assert_eq!(
        (
            header("x-request-id").as_str(),
            header("x-content-type-options").as_str()
        ),
        ("mine", "nosniff")
    );
    let body = actix_web::body::to_bytes(response.into_body())
        .await
        .unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (&body["code"], &body["request_id"], &body["instance"]),
        (
            &json!("internal_error"),
            &json!("mine"),
            &json!("/v1/panic")
        )
    );
    assert!(!body.to_string().contains("secret"));
}
