//! `Ree-Position`: each write answers where the register is after it, and each read takes it back.

use serde_json::json;

use crate::support::{Service, id};

const POSITION: &str = "ree-position";

/// Timeline and place of a position.
fn parts(position: &str) -> (u32, u64) {
    let (timeline, place) = position.split_once('-').expect(position);
    (
        u32::from_str_radix(timeline, 16).expect(position),
        u64::from_str_radix(place, 16).expect(position),
    )
}

#[actix_web::test]
async fn every_write_answers_a_position_that_goes_forward_and_reads_take_it() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let body = json!({ "legal_name": "A", "kind": "association" });
    let created = ministry
        .request("POST", "/v1/partners")
        .header("idempotency-key", "one")
        .json(&body)
        .send()
        .await;
    let path = format!("/v1/partners/{}", id(&created.expect(201)));
    let replayed = ministry
        .request("POST", "/v1/partners")
        .header("idempotency-key", "one")
        .json(&body)
        .send()
        .await;
    replayed.expect(201);
    let patched = ministry
        .request("PATCH", &path)
        .header("if-match", "*")
        .header("prefer", "return=minimal")
        .merge(&json!({ "legal_name": "B" }))
        .send()
        .await;
    assert_eq!(patched.status, 204, "{}", patched.text());
    let deleted = ministry.delete(&path).await;
    assert_eq!(deleted.status, 204, "{}", deleted.text());
    let all = [&created, &replayed, &patched, &deleted].map(|reply| parts(reply.header(POSITION)));
    assert!(
        all.is_sorted_by(|one, next| one.0 == next.0 && one.1 < next.1),
        "{all:?}"
    );

    let read = ministry
        .request("GET", "/v1/partners")
        .header(POSITION, deleted.header(POSITION))
        .send()
        .await;
    assert_eq!(read.expect(200)["data"], json!([]));
    assert!(!read.headers.contains_key(POSITION), "a read moves nothing");
    assert!(
        !read.headers.contains_key("ree-data-as-of"),
        "it was read where writes go"
    );
}

#[actix_web::test]
async fn a_write_that_is_refused_or_rehearsed_answers_no_position() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let refused = ministry
        .post("/v1/partners", json!({ "kind": "association" }))
        .await;
    refused.problem(422, "validation_failed");
    assert!(!refused.headers.contains_key(POSITION));
    let absent = ministry
        .get("/v1/partners/0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e99")
        .await;
    absent.problem(404, "not_found");
    assert!(!absent.headers.contains_key(POSITION));
}

#[actix_web::test]
async fn what_is_no_position_is_refused_on_reads_and_writes_alike() {
    let service = Service::start().await;
    let ministry = service.ministry();
    for nonsense in [
        "",
        "soon",
        "1",
        "0/16B3748",
        "0-1",
        "1-016b3748",
        "\"1-16b3748\"",
    ] {
        for method in ["GET", "POST"] {
            let refused = ministry
                .request(method, "/v1/partners")
                .header(POSITION, nonsense)
                .send()
                .await;
            let problem = refused.problem(400, "malformed_request");
            assert_eq!(problem["errors"][0]["header"], "Ree-Position", "{nonsense}");
            assert_eq!(
                problem["errors"][0]["code"], "malformed_position",
                "{nonsense}"
            );
        }
    }
    let taken = ministry
        .request("GET", "/v1/partners")
        .header(POSITION, "1-16b3748")
        .send()
        .await;
    taken.expect(200);
}
