//! The journal: who did what, and a feed that nobody who follows it can miss a change of.

use std::collections::HashSet;

use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::portal::Portal;
use crate::support::{Service, absent, id};

/// A place in the feed, and what happened there.
type Event = ((i64, i64), String, Uuid);

/// What a reader of the feed is given after a place.
async fn feed(sql: &tokio_postgres::Client, after: (i64, i64)) -> Vec<Event> {
    const PAGE: &str = "SELECT position, seq, type, object_id FROM changes
        WHERE position < feed_horizon() AND (position, seq) > ($1, $2) ORDER BY position, seq LIMIT 50";
    let rows = sql
        .query(PAGE, &[&after.0, &after.1])
        .await
        .expect("the feed");
    rows.iter()
        .map(|row| ((row.get(0), row.get(1)), row.get(2), row.get(3)))
        .collect()
}

/// Follows the feed until it has given this many events. Other tests' transactions, in the same
/// PostgreSQL, hold it back for their time.
async fn follow(service: &Service, after: (i64, i64), number: usize) -> Vec<Event> {
    let sql = service.sql().await;
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let mut events = Vec::new();
    while events.len() < number {
        assert!(
            std::time::Instant::now() < deadline,
            "{} of {number} events",
            events.len()
        );
        let place = events.last().map_or(after, |(place, ..): &Event| *place);
        events.extend(feed(&sql, place).await);
    }
    events
}

#[actix_web::test]
async fn each_write_is_signed_and_says_what_it_changed() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let body = json!({ "legal_name": "A", "kind": "company", "sectors": ["energy"] });
    let create = ministry
        .request("POST", "/v1/partners")
        .header("x-request-id", "first")
        .json(&body);
    let partner = id(&create.send().await.expect(201));
    let path = format!("/v1/partners/{partner}");
    let patch = service
        .partner(&partner)
        .request("PATCH", &path)
        .header("if-match", "*")
        .header("x-request-id", "second");
    patch
        .merge(&json!({ "description": "D", "website": null }))
        .send()
        .await
        .expect(200);
    ministry
        .post(&format!("{path}/archive"), json!({}))
        .await
        .expect(200);
    ministry
        .post(&format!("{path}/restore"), json!({}))
        .await
        .expect(200);
    ministry.delete(&path).await.expect(204);
    let rows = "SELECT subject, role, client_id, request_id, action, object_type, object_id, fields, before, after, occurred_at IS NOT NULL
                FROM audit_events ORDER BY id";
    let rows = service.sql().await.query(rows, &[]).await.unwrap();
    let text = |row: usize, column: usize| rows[row].get::<_, String>(column);
    let actions: Vec<String> = (0..rows.len()).map(|row| text(row, 4)).collect();
    assert_eq!(
        actions,
        [
            "partner.created",
            "partner.updated",
            "partner.archived",
            "partner.restored",
            "partner.deleted"
        ]
    );
    assert_eq!(
        (text(0, 0), text(0, 1), text(0, 2), text(0, 3)),
        (
            "test ministry".into(),
            "ministry".into(),
            "tests".into(),
            "first".into()
        )
    );
    assert_eq!(
        (text(1, 0), text(1, 1), text(1, 3)),
        ("test partner".into(), "partner".into(), "second".into())
    );
    assert!(
        rows.iter()
            .all(|row| row.get::<_, Uuid>(6).to_string() == partner
                && row.get::<_, String>(5) == "partner")
    );
    let value = |row: usize, column: usize| rows[row].get::<_, Option<Value>>(column);
    let created = value(0, 9).unwrap();
    assert_eq!(
        (value(0, 8), &created["legal_name"], &created["sectors"]),
        (None, &json!("A"), &json!(["energy"]))
    );
    assert_eq!(
        rows[1].get::<_, Vec<String>>(7),
        ["description"],
        "a field set to what it was did not change"
    );
    assert_eq!(
        (value(1, 8), value(1, 9)),
        (
            Some(json!({ "description": null })),
            Some(json!({ "description": "D" }))
        )
    );
    assert_eq!(
        (value(2, 8), value(2, 9)),
        (
            Some(json!({ "status": "active" })),
            Some(json!({ "status": "archived" }))
        )
    );
    assert_eq!(
        (value(4, 8).unwrap()["description"].clone(), value(4, 9)),
        (json!("D"), None)
    );
}

#[actix_web::test]
async fn each_write_is_one_event_with_its_version_in_order() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let partner = id(&service.new_partner("A").await);
    let path = format!("/v1/partners/{partner}");
    let person = id(&service.new_representative(&partner, &["FR"]).await);
    ministry
        .patch(&path, json!({ "acronym": "A" }))
        .await
        .expect(200);
    ministry
        .delete(&format!("{path}/representatives/{person}"))
        .await
        .expect(204);
    ministry.delete(&path).await.expect(204);
    let events: Vec<String> = follow(&service, (0, 0), 5)
        .await
        .into_iter()
        .map(|(_, kind, _)| kind)
        .collect();
    assert_eq!(
        events,
        [
            "partner.created",
            "representative.created",
            "partner.updated",
            "representative.erased",
            "partner.deleted"
        ]
    );
    let rows = "SELECT version, object_key, parent_id::text FROM changes ORDER BY position, seq";
    let rows = service.sql().await.query(rows, &[]).await.unwrap();
    assert_eq!(
        rows.iter()
            .map(|row| row.get::<_, i64>(0))
            .collect::<Vec<_>>(),
        [1, 1, 2, 2, 3]
    );
    assert_eq!(
        (
            rows[1].get::<_, String>(1),
            rows[1].get::<_, Option<String>>(2)
        ),
        (person, Some(partner))
    );
}

#[actix_web::test]
async fn what_is_refused_leaves_no_trace() {
    let service = Service::start().await;
    let (ministry, reader) = (service.ministry(), service.reader());
    let body = json!({ "legal_name": "A", "kind": "company", "siren": "552049447" });
    let partner = id(&ministry
        .post("/v1/partners", body.clone())
        .await
        .expect(201));
    service.new_representative(&partner, &["FR"]).await;
    let path = format!("/v1/partners/{partner}");
    let before = service.everything().await;
    ministry
        .post("/v1/partners", body)
        .await
        .problem(409, "duplicate_siren");
    ministry
        .post(&format!("{path}/restore"), json!({}))
        .await
        .problem(409, "invalid_transition");
    ministry.delete(&path).await.problem(409, "in_use");
    ministry
        .request("PATCH", &path)
        .header("if-match", "\"9.x\"")
        .merge(&json!({ "acronym": "B" }))
        .send()
        .await
        .problem(412, "precondition_failed");
    ministry
        .patch(&path, json!({ "member_of": [absent()] }))
        .await
        .problem(422, "validation_failed");
    ministry
        .patch(&format!("/v1/partners/{}", absent()), json!({}))
        .await
        .problem(404, "not_found");
    reader
        .patch(&path, json!({ "acronym": "B" }))
        .await
        .problem(403, "forbidden");
    ministry.patch(&path, json!({})).await.expect(200);
    assert_eq!(service.everything().await, before);
}

#[actix_web::test]
async fn a_change_waits_for_every_older_transaction_and_then_nothing_was_missed() {
    let service = Service::start().await;
    let reader = service.sql().await;
    let mut older = service.sql().await;
    let held = older.transaction().await.unwrap();
    let place: i64 = held
        .query_one("SELECT feed_position()", &[])
        .await
        .unwrap()
        .get(0);
    let later = service.new_partner("Plus tard").await;
    let horizon: i64 = service.number("SELECT feed_horizon()").await;
    assert!(horizon <= place, "the horizon stays behind what still runs");
    assert_eq!(
        feed(&reader, (0, 0)).await,
        [],
        "committed, but something older could still appear before it"
    );
    assert_eq!(service.number("SELECT count(*) FROM changes").await, 1);
    const OLD: &str =
        "INSERT INTO changes (type, object_type, object_id, object_key, version, occurred_at)
        VALUES ('partner.updated', 'partner', $1, 'x', 2, now())";
    let older_id = Uuid::from_u128(7);
    held.execute(OLD, &[&older_id]).await.unwrap();
    held.commit().await.unwrap();
    let events = follow(&service, (0, 0), 2).await;
    assert_eq!(
        (events[0].2, events[0].0.0),
        (older_id, place),
        "the older transaction's change comes first"
    );
    assert_eq!(events[1].2.to_string(), id(&later));
}

#[actix_web::test]
async fn the_feed_over_http_waits_for_every_older_transaction_too() {
    let service = Service::start().await;
    let mut older = service.sql().await;
    let held = older.transaction().await.unwrap();
    held.query_one("SELECT feed_position()", &[]).await.unwrap();
    let later = service.new_partner("Plus tard").await;
    let ministry = service.ministry();
    let told = async || ministry.get("/v1/changes").await.expect(200)["data"].take();
    assert_eq!(told().await, json!([]), "something older may still appear");
    held.rollback().await.unwrap();
    let events = ministry.all_changes("partner").await;
    assert_eq!(events[0]["object"]["id"], later["id"]);
}

#[actix_web::test]
async fn whatever_a_portal_writes_is_signed_by_its_client() {
    let portal = Portal::new().await;
    let (caller, partner) = (&portal.caller, &portal.partner);
    let path = format!("/v1/partners/{partner}/interventions/a");
    let body = crate::support::intervention(&portal.convention, json!({}));
    caller.put(&path, body).await.expect(201);
    caller
        .patch(&path, json!({ "title": "B" }))
        .await
        .expect(200);
    caller.delete(&path).await.expect(200);
    let items = [portal.item("a", json!({})), portal.item("b", json!({}))];
    portal.push("", &items).await.expect(200);
    let syncs = format!("/v1/partners/{partner}/syncs");
    for step in ["commit?confirm=true", "abandon"] {
        let sync = id(&caller.post(&syncs, json!({})).await.expect(201));
        let query = format!("?sync_id={sync}");
        portal.push(&query, &items[..1]).await.expect(200);
        let step = format!("{syncs}/{sync}/{step}");
        caller.post(&step, json!({})).await.expect(200);
    }
    const SIGNED: &str =
        "SELECT DISTINCT action, client_id, role, subject, request_id <> '' FROM audit_events
        WHERE object_type IN ('intervention', 'sync') ORDER BY action";
    let rows = portal.service.sql().await.query(SIGNED, &[]).await.unwrap();
    let signed: Vec<(String, String, String, String, bool)> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4)))
        .collect();
    let actions: Vec<&str> = signed.iter().map(|row| row.0.as_str()).collect();
    let expected = [
        "intervention.created",
        "intervention.offered_again",
        "intervention.updated",
        "intervention.withdrawn",
        "sync.abandoned",
        "sync.committed",
        "sync.created",
    ];
    assert_eq!(actions, expected);
    for (action, client, role, subject, has_request) in &signed {
        assert_eq!(
            (client.as_str(), role.as_str()),
            ("tests", "partner"),
            "{action}"
        );
        assert!(!subject.is_empty() && *has_request, "{action}");
    }
}

#[actix_web::test]
async fn a_transaction_given_up_holds_nothing_back_and_leaves_no_hole() {
    let service = Service::start().await;
    let mut older = service.sql().await;
    let held = older.transaction().await.unwrap();
    held.query_one("SELECT feed_position()", &[]).await.unwrap();
    let partner = service.new_partner("A").await;
    held.rollback().await.unwrap();
    let events = follow(&service, (0, 0), 1).await;
    assert_eq!((events.len(), events[0].2.to_string()), (1, id(&partner)));
}

#[actix_web::test]
async fn a_reader_who_follows_eight_writers_is_given_every_event_once() {
    const EACH: usize = 12;
    let service = Service::start().await;
    let writing = join_all((0..8).map(|number| {
        let ministry = service.ministry();
        async move {
            for round in 0..EACH {
                let body = json!({ "legal_name": format!("{number} {round}"), "kind": "company" });
                let created = ministry.post("/v1/partners", body).await;
                created.expect(201);
                ministry
                    .patch(created.header("location"), json!({ "acronym": "A" }))
                    .await
                    .expect(200);
                ministry
                    .delete(created.header("location"))
                    .await
                    .expect(204);
            }
        }
    }));
    let (_, events) =
        futures_util::future::join(writing, follow(&service, (0, 0), 8 * EACH * 3)).await;
    let places: HashSet<(i64, i64)> = events.iter().map(|(place, ..)| *place).collect();
    assert_eq!((events.len(), places.len()), (8 * EACH * 3, 8 * EACH * 3));
    assert!(events.is_sorted_by_key(|(place, ..)| *place));
    for (_, _, object) in &events {
        let kinds: Vec<&str> = events
            .iter()
            .filter(|event| event.2 == *object)
            .map(|event| event.1.as_str())
            .collect();
        assert_eq!(
            kinds,
            ["partner.created", "partner.updated", "partner.deleted"]
        );
    }
}

#[actix_web::test]
async fn the_feed_over_http_says_the_same_and_hides_what_was_erased() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let person = id(&service.new_representative(&partner, &["FR"]).await);
    let path = format!("/v1/partners/{partner}/representatives/{person}");
    service.ministry().delete(&path).await.expect(204);
    let stored = follow(&service, (0, 0), 3).await;
    let (mut after, mut seen) = (String::new(), Vec::new());
    loop {
        let page = service
            .reader()
            .get(&format!("/v1/changes?limit=1{after}"))
            .await
            .expect(200);
        let Some(change) = page["data"].get(0).cloned() else {
            break;
        };
        after = format!("&after={}", change["cursor"].as_str().unwrap());
        seen.push(change);
    }
    assert_eq!(seen.len(), stored.len());
    for (change, (_, kind, object)) in seen.iter().zip(&stored) {
        assert_eq!(
            (&change["type"], &change["object"]["id"]),
            (&json!(kind), &json!(object.to_string()))
        );
    }
    assert_eq!(
        (
            &seen[1]["object"]["url"],
            &seen[1]["data"],
            &seen[2]["data"]
        ),
        (&json!(path), &Value::Null, &Value::Null)
    );
    assert_eq!(seen[0]["data"]["legal_name"], "A");
    let typed = service
        .reader()
        .get("/v1/changes?types=representative.erased")
        .await
        .expect(200);
    assert_eq!(typed["data"].as_array().unwrap().len(), 1);
    service
        .reader()
        .get("/v1/changes?types=nope")
        .await
        .problem(422, "validation_failed");
    service
        .reader()
        .get("/v1/changes?after=nope")
        .await
        .problem(400, "invalid_cursor");
}

#[actix_web::test]
async fn after_a_restore_into_a_younger_server_the_feed_still_goes_up() {
    let service = Service::start().await;
    service.new_partner("Avant").await;
    // As a restore leaves it: changes whose transactions this server has not reached yet.
    let sql = service.sql().await;
    sql.batch_execute("UPDATE changes SET position = position + 1000000000")
        .await
        .unwrap();
    let before = service.number("SELECT max(position) FROM changes").await;
    ree::db::migrations::run(&service.connector, service.shared.clock.now())
        .await
        .unwrap();
    service.new_partner("Après").await;
    assert!(service.number("SELECT max(position) FROM changes").await > before);
    let events = follow(&service, (before, i64::MAX), 1).await;
    assert_eq!(events.len(), 1, "and the reader is given what came after");
}

#[actix_web::test]
async fn a_change_that_cannot_be_journaled_is_not_made() {
    let service = Service::start().await;
    let partner = crate::support::id(&service.new_partner("Partenaire").await);
    let before = service.everything().await;
    let sql = service.sql().await;
    for table in ["changes", "audit_events"] {
        sql.batch_execute(&format!("ALTER TABLE {table} RENAME TO hidden"))
            .await
            .unwrap();
        let path = format!("/v1/partners/{partner}");
        let reply = service
            .ministry()
            .patch(&path, json!({ "acronym": "P" }))
            .await;
        reply.problem(500, "internal_error");
        assert!(
            !reply.text().contains(table),
            "no table name leaves the service"
        );
        sql.batch_execute(&format!("ALTER TABLE hidden RENAME TO {table}"))
            .await
            .unwrap();
    }
    assert_eq!(service.everything().await, before);
}
