//! What a repeated request may rely on.

use std::collections::HashMap;

use chrono::TimeDelta;
use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::support::{Caller, Reply, Service, id};

async fn keyed(caller: &Caller, path: &str, key: &str, body: &Value) -> Reply {
    caller
        .request("POST", path)
        .header("idempotency-key", key)
        .json(body)
        .send()
        .await
}

fn company(name: &str) -> Value {
    json!({ "legal_name": name, "kind": "company" })
}

/// What must be the same of a first answer and its replay.
fn answer(reply: &Reply) -> (u16, String, String, Vec<u8>) {
    (
        reply.status.as_u16(),
        reply.header("location").to_owned(),
        reply.etag().to_owned(),
        reply.body.to_vec(),
    )
}

#[actix_web::test]
async fn the_same_key_and_body_are_answered_again_byte_for_byte_and_do_nothing() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let first = keyed(&ministry, "/v1/partners", "k", &company("A")).await;
    first.expect(201);
    assert_eq!(first.header("idempotency-replayed"), "");
    let path = first.header("location").to_owned();
    ministry
        .patch(&path, json!({ "acronym": "changed since" }))
        .await
        .expect(200);
    let before = service.everything().await;
    for _ in 0..3 {
        let again = keyed(&ministry, "/v1/partners", "k", &company("A")).await;
        assert_eq!(answer(&again), answer(&first));
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.header("content-type"), first.header("content-type"));
        assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    }
    assert_eq!(service.everything().await, before);
    ministry.delete(&path).await.expect(204);
    assert_eq!(
        answer(&keyed(&ministry, "/v1/partners", "k", &company("A")).await),
        answer(&first)
    );
    assert_eq!(service.number("SELECT count(*) FROM partners").await, 0);
}

#[actix_web::test]
async fn a_first_answer_without_its_body_is_replayed_with_or_without_as_preferred() {
    let service = Service::start().await;
    let minimal = |prefer: &str| {
        let request = service
            .ministry()
            .request("POST", "/v1/partners")
            .header("idempotency-key", "k")
            .header("prefer", prefer);
        request.json(&company("A")).send()
    };
    let first = minimal("return=minimal").await;
    assert_eq!((first.status.as_u16(), first.body.len()), (201, 0));
    let whole = minimal("return=representation").await;
    assert_eq!(
        (
            whole.expect(201)["legal_name"].as_str(),
            whole.header("idempotency-replayed")
        ),
        (Some("A"), "true")
    );
    let again = minimal("return=minimal").await;
    assert_eq!(
        (answer(&again), again.header("idempotency-replayed")),
        (answer(&first), "true")
    );
}

#[actix_web::test]
async fn the_same_key_with_another_body_is_refused() {
    let service = Service::start().await;
    let ministry = service.ministry();
    keyed(&ministry, "/v1/partners", "k", &company("A"))
        .await
        .expect(201);
    keyed(&ministry, "/v1/partners", "k", &company("B"))
        .await
        .problem(422, "idempotency_key_reused");
    assert_eq!(service.number("SELECT count(*) FROM partners").await, 1);
}

#[actix_web::test]
async fn a_key_belongs_to_its_client_subject_and_path() {
    let service = Service::start().await;
    let claims = |sub: &str, client: &str| {
        let mut claims =
            service.claims(ree::auth::Identity::Ministry, ree::auth::Scopes::ReadWrite);
        (claims.sub, claims.client_id) = (sub.to_owned(), client.to_owned());
        service.anon().with_token(&service.sign(&claims))
    };
    let mut seen = Vec::new();
    // The last two would be one if the parts were only written one after the other.
    for (sub, client) in [("a", "x"), ("b", "x"), ("a", "y"), ("ab", "c"), ("b", "ca")] {
        let created = keyed(&claims(sub, client), "/v1/partners", "k", &company("A")).await;
        assert_eq!(created.header("idempotency-replayed"), "");
        seen.push(id(&created.expect(201)));
    }
    let caller = claims("a", "x");
    for partner in &seen {
        let path = format!("/v1/partners/{partner}/representatives");
        let person = json!({ "name": "Camille Martin", "territories": ["FR"] });
        assert_eq!(
            keyed(&caller, &path, "k", &person).await.expect(201)["partner_id"],
            partner.as_str()
        );
    }
    seen.dedup();
    assert_eq!(seen.len(), 5);
}

#[actix_web::test]
async fn a_refused_request_frees_its_key() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let partner = id(&service.new_partner("A").await);
    let with_siren =
        |name: &str| json!({ "legal_name": name, "kind": "company", "siren": "552049447" });
    ministry
        .post("/v1/partners", with_siren("Premier"))
        .await
        .expect(201);
    keyed(&ministry, "/v1/partners", "k", &with_siren("Second"))
        .await
        .problem(409, "duplicate_siren");
    keyed(&ministry, "/v1/partners", "k", &json!({ "legal_name": 1 }))
        .await
        .problem(422, "validation_failed");
    keyed(&service.reader(), "/v1/partners", "k", &company("B"))
        .await
        .problem(403, "forbidden");
    let unknown =
        json!({ "legal_name": "B", "kind": "company", "member_of": [crate::support::absent()] });
    keyed(&ministry, "/v1/partners", "k", &unknown)
        .await
        .problem(422, "validation_failed");
    assert_eq!(
        service
            .number("SELECT count(*) FROM idempotency_keys")
            .await,
        0
    );
    keyed(&ministry, "/v1/partners", "k", &company("B"))
        .await
        .expect(201);
    let restore = format!("/v1/partners/{partner}/restore");
    keyed(&ministry, &restore, "r", &json!({}))
        .await
        .problem(409, "invalid_transition");
    ministry
        .post(&format!("/v1/partners/{partner}/archive"), json!({}))
        .await
        .expect(200);
    keyed(&ministry, &restore, "r", &json!({}))
        .await
        .expect(200);
}

#[actix_web::test]
async fn a_step_is_taken_once() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let partner = id(&service.new_partner("A").await);
    let archive = format!("/v1/partners/{partner}/archive");
    let first = keyed(&ministry, &archive, "k", &json!({})).await;
    first.expect(200);
    let again = keyed(&ministry, &archive, "k", &json!({})).await;
    assert_eq!(answer(&again), answer(&first));
    keyed(&ministry, &archive, "other", &json!({}))
        .await
        .problem(409, "invalid_transition");
    assert_eq!(
        service
            .number("SELECT count(*) FROM changes WHERE type = 'partner.archived'")
            .await,
        1
    );
}

#[actix_web::test]
async fn of_many_at_once_one_is_done_and_the_others_are_told_to_wait_or_answered_alike() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let body = company("Une seule fois");
    let replies = join_all((0..32).map(|_| keyed(&ministry, "/v1/partners", "k", &body))).await;
    let (done, waiting): (Vec<_>, Vec<_>) =
        replies.into_iter().partition(|reply| reply.status == 201);
    assert_eq!(
        done.iter()
            .filter(|reply| reply.header("idempotency-replayed").is_empty())
            .count(),
        1
    );
    assert!(done.iter().all(|reply| answer(reply) == answer(&done[0])));
    for reply in waiting {
        reply.problem(409, "idempotency_in_progress");
        assert_eq!(reply.header("retry-after"), "1");
    }
    for table in ["partners", "audit_events", "changes", "idempotency_keys"] {
        assert_eq!(
            service
                .number(&format!("SELECT count(*) FROM {table}"))
                .await,
            1,
            "{table}"
        );
    }
    assert_eq!(
        answer(&keyed(&ministry, "/v1/partners", "k", &body).await),
        answer(&done[0])
    );
}

#[actix_web::test]
async fn while_the_first_still_runs_a_repeat_is_told_to_wait() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let partner = id(&service.new_partner("A").await);
    let archive = format!("/v1/partners/{partner}/archive");
    let mut holder = service.sql().await;
    let held = holder.transaction().await.unwrap();
    held.batch_execute("SELECT 1 FROM partners FOR UPDATE")
        .await
        .unwrap();
    let body = json!({});
    let first = keyed(&ministry, &archive, "k", &body);
    let rest = async {
        // The first waits for the row once PostgreSQL says so.
        service.until_someone_waits().await;
        let second = keyed(&ministry, &archive, "k", &body).await;
        second.problem(409, "idempotency_in_progress");
        assert_eq!(second.header("retry-after"), "1");
        held.rollback().await.unwrap();
    };
    let (first, ()) = futures_util::future::join(first, rest).await;
    first.expect(200);
    assert_eq!(
        answer(&keyed(&ministry, &archive, "k", &body).await),
        answer(&first)
    );
}

#[actix_web::test]
async fn a_key_lives_thirty_days() {
    let service = Service::start().await;
    let at = |days: i64| service.shared.clock.travel(TimeDelta::days(days));
    keyed(&service.ministry(), "/v1/partners", "k", &company("A"))
        .await
        .expect(201);
    at(29);
    let replay = keyed(&service.ministry(), "/v1/partners", "k", &company("A")).await;
    assert_eq!(replay.header("idempotency-replayed"), "true");
    at(1);
    let new = keyed(&service.ministry(), "/v1/partners", "k", &company("B")).await;
    assert_eq!(
        (new.status.as_u16(), new.header("idempotency-replayed")),
        (201, "")
    );
    assert_eq!(service.number("SELECT count(*) FROM partners").await, 2);
    assert_eq!(
        service
            .number("SELECT count(*) FROM idempotency_keys")
            .await,
        1
    );
}

#[actix_web::test]
async fn with_an_erased_person_their_answers_and_every_trace_of_them_go() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let partner = id(&service.new_partner("A").await);
    let list = format!("/v1/partners/{partner}/representatives");
    let person = json!({ "name": "Zébulon Xylophage", "email": "zebulon@xylophage.fr", "phone": "01 98 76 54 32", "territories": ["FR"] });
    let created = keyed(&ministry, &list, "k", &person).await;
    created.expect(201);
    let path = created.header("location").to_owned();
    let renamed = json!({ "name": "Zébulon Yxylophage", "email": "zebulon@yxylophage.fr", "phone": "+33 1 98 76 54 33" });
    ministry.patch(&path, renamed).await.expect(200);
    assert!(
        !traces(&service, &["ylophage"]).await.is_empty(),
        "the search finds what is there"
    );
    ministry.delete(&path).await.expect(204);
    assert_eq!(
        traces(&service, &["ylophage", "Zébulon", "98 76 54", "98765"]).await,
        [""; 0]
    );
    keyed(&ministry, &list, "k", &person)
        .await
        .problem(409, "idempotency_answer_erased");
    keyed(
        &ministry,
        &list,
        "k",
        &json!({ "name": "B", "territories": ["FR"] }),
    )
    .await
    .problem(422, "idempotency_key_reused");
    assert_eq!(traces(&service, &["ylophage", "Zébulon"]).await, [""; 0]);
    assert_eq!(
        service.number("SELECT count(*) FROM representatives").await,
        0
    );
}

/// The tables that hold one of these texts, in any column, bytes read as text too.
async fn traces(service: &Service, texts: &[&str]) -> Vec<String> {
    let sql = service.sql().await;
    let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'";
    let mut found = Vec::new();
    for table in sql.query(tables, &[]).await.unwrap() {
        let table: String = table.get(0);
        for text in texts {
            let bytes: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
            let holds = format!(
                "SELECT count(*) FROM {table} t WHERE t::text ILIKE $1 OR t::text ILIKE $2"
            );
            let row = sql
                .query_one(&holds, &[&format!("%{text}%"), &format!("%{bytes}%")])
                .await
                .unwrap();
            if row.get::<_, i64>(0) > 0 {
                found.push(format!("{table}: {text}"));
            }
        }
    }
    found
}

#[actix_web::test]
async fn any_sequence_of_keys_and_bodies_behaves_as_a_map_from_keys_to_first_answers() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let bodies = [
        company("A"),
        company("B"),
        json!({ "legal_name": "", "kind": "company" }),
        json!({ "kind": "association", "legal_name": "C" }),
    ];
    let mut runner = TestRunner::deterministic();
    let steps = proptest::collection::vec((0..5_usize, 0..bodies.len()), 120)
        .new_tree(&mut runner)
        .unwrap()
        .current();
    let mut model: HashMap<usize, (usize, Reply)> = HashMap::new();
    for (key, body) in steps {
        let reply = keyed(
            &ministry,
            "/v1/partners",
            &format!("key {key}"),
            &bodies[body],
        )
        .await;
        match model.get(&key) {
            // What is wrong in itself is refused before its key is looked up.
            _ if body == 2 => drop(reply.problem(422, "validation_failed")),
            Some((first, kept)) if *first == body => {
                assert_eq!(answer(&reply), answer(kept));
                assert_eq!(reply.header("idempotency-replayed"), "true");
            }
            Some(_) => drop(reply.problem(422, "idempotency_key_reused")),
            None => {
                reply.expect(201);
                model.insert(key, (body, reply));
            }
        }
    }
    assert_eq!(
        service.number("SELECT count(*) FROM partners").await,
        i64::try_from(model.len()).unwrap()
    );
}
