//! Full synchronisations: what is not sent is withdrawn, and nothing by mistake.

use serde_json::{Value, json};

use crate::support::portal::Portal;
use crate::support::{Reply, absent, id};

impl Portal {
    /// That offers `i-0`, `i-1`…
    async fn offering(count: usize) -> Self {
        let portal = Self::new().await;
        if count > 0 {
            portal.offer("", 0..count, json!({})).await.expect(200);
        }
        // A synchronisation is opened later than what it is about was said.
        let later = chrono::TimeDelta::minutes(1);
        portal.service.shared.clock.travel(later);
        portal
    }

    async fn offer(
        &self,
        query: &str,
        numbers: impl IntoIterator<Item = usize>,
        with: Value,
    ) -> Reply {
        let item = |number| self.item(&format!("i-{number}"), with.clone());
        let items: Vec<Value> = numbers.into_iter().map(item).collect();
        self.push(query, &items).await
    }

    async fn open(&self) -> String {
        id(&self
            .caller
            .post(&self.path(""), json!({}))
            .await
            .expect(201))
    }

    fn path(&self, rest: &str) -> String {
        format!("/v1/partners/{}/syncs{rest}", self.partner)
    }

    async fn step(&self, sync: &str, step: &str) -> Reply {
        self.caller
            .post(&self.path(&format!("/{sync}/{step}")), json!({}))
            .await
    }

    async fn status(&self, number: usize) -> String {
        let path = format!("/v1/partners/{}/interventions/i-{number}", self.partner);
        self.caller.get(&path).await.expect(200)["status"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

#[actix_web::test]
async fn committing_withdraws_what_was_not_sent_and_tells_what_it_did() {
    let portal = Portal::offering(6).await;
    let opened = portal.caller.post(&portal.path(""), json!({})).await;
    let sync = opened.expect(201);
    assert_eq!(
        opened.header("location"),
        portal.path(&format!("/{}", id(&sync)))
    );
    assert_eq!(
        (
            &sync["status"],
            &sync["threshold_percent"],
            &sync["allowed_actions"]
        ),
        (&json!("open"), &json!(20), &json!(["commit", "abandon"]))
    );
    let sync = id(&sync);
    let query = format!("?sync_id={sync}");
    let verdict = portal.offer(&query, [0, 1], json!({})).await.expect(200);
    assert_eq!(
        (&verdict["sync_id"], &verdict["counts"]["unchanged"]),
        (&json!(sync), &json!(2))
    );
    portal
        .offer(&query, [2], json!({ "title": "Autre" }))
        .await
        .expect(200);
    portal.offer(&query, [7], json!({})).await.expect(200);
    // Sent, but wrong: what is there stays.
    portal
        .offer(&query, [3], json!({ "levels": ["x"] }))
        .await
        .expect(200);
    // Said otherwise in the meantime.
    let path = format!("/v1/partners/{}/interventions/i-4", portal.partner);
    portal
        .caller
        .patch(&path, json!({ "title": "Dite autrement" }))
        .await
        .expect(200);
    let running = portal
        .caller
        .get(&portal.path(&format!("/{sync}")))
        .await
        .expect(200);
    let counts = |sync: &Value| {
        [
            "received",
            "created",
            "updated",
            "unchanged",
            "rejected",
            "withdrawn",
        ]
        .map(|name| sync[name].as_i64().unwrap())
    };
    assert_eq!(counts(&running), [5, 1, 1, 2, 1, 0]);

    let ended = portal.step(&sync, "commit").await;
    assert!(ended.etag().starts_with("\"2."));
    let ended = ended.expect(200);
    assert_eq!(
        (&ended["status"], &ended["allowed_actions"]),
        (&json!("committed"), &json!([]))
    );
    assert_eq!(counts(&ended), [5, 1, 1, 2, 1, 1]);
    for (number, status) in [
        (0, "published"),
        (2, "published"),
        (3, "published"),
        (4, "published"),
        (5, "withdrawn"),
        (7, "published"),
    ] {
        assert_eq!(portal.status(number).await, status, "{number}");
    }
    let withdrawn = "SELECT count(*) FROM audit_events a JOIN changes c USING (object_id, occurred_at)
                      WHERE a.action = 'intervention.withdrawn' AND c.type = a.action AND a.fields = '{withdrawn_at}' AND c.version = 2 AND 'everyone' = ANY (c.audience)";
    assert_eq!(portal.service.number(withdrawn).await, 1);
    assert_eq!(
        portal
            .service
            .number("SELECT sum(cardinality(sent))::bigint FROM sync_batches")
            .await,
        0
    );
    for step in ["commit", "abandon"] {
        portal
            .step(&sync, step)
            .await
            .problem(409, "invalid_transition");
    }
    portal
        .offer(&query, [0], json!({}))
        .await
        .problem(409, "sync_not_open");
}

#[actix_web::test]
async fn too_many_withdrawals_ask_for_consent() {
    let portal = Portal::offering(50).await;
    let sync = portal.open().await;
    portal
        .offer(&format!("?sync_id={sync}"), 0..39, json!({}))
        .await
        .expect(200);
    let before = portal.service.everything().await;
    let refused = portal
        .step(&sync, "commit")
        .await
        .problem(409, "too_many_withdrawals");
    assert!(
        refused["detail"].as_str().unwrap().contains("11 / 50"),
        "{refused}"
    );
    assert_eq!(portal.service.everything().await, before);
    portal
        .offer(&format!("?sync_id={sync}"), [39], json!({}))
        .await
        .expect(200);
    let ended = portal.step(&sync, "commit").await.expect(200);
    assert_eq!(ended["withdrawn"], 10, "a fifth is let through");

    let sync = portal.open().await;
    portal
        .step(&sync, "commit")
        .await
        .problem(409, "too_many_withdrawals");
    let ended = portal.step(&sync, "commit?confirm=true").await.expect(200);
    assert_eq!(ended["withdrawn"], 40);
    let wrong = portal.step(&sync, "commit?confirm=oui").await;
    assert_eq!(wrong.faults(), ["confirm wrong_type"]);
}

#[actix_web::test]
async fn a_threshold_of_ones_own_and_few_withdrawals() {
    let portal = Portal::offering(12).await;
    let open = async |body: Value| portal.caller.post(&portal.path(""), body).await;
    for bad in [json!(-1), json!(101), json!("20")] {
        assert_eq!(
            open(json!({ "threshold_percent": bad })).await.expect(422)["code"],
            "validation_failed"
        );
    }
    let strict = id(&open(json!({ "threshold_percent": 0 })).await.expect(201));
    portal
        .offer(&format!("?sync_id={strict}"), 0..2, json!({}))
        .await
        .expect(200);
    portal
        .step(&strict, "commit")
        .await
        .problem(409, "too_many_withdrawals");
    portal
        .offer(&format!("?sync_id={strict}"), [2], json!({}))
        .await
        .expect(200);
    let ended = portal.step(&strict, "commit").await.expect(200);
    assert_eq!(ended["withdrawn"], 9, "fewer than ten never ask");
}

#[actix_web::test]
async fn an_abandoned_one_changes_nothing() {
    let portal = Portal::offering(4).await;
    let sync = portal.open().await;
    portal
        .offer(&format!("?sync_id={sync}"), [0], json!({}))
        .await
        .expect(200);
    let ended = portal.step(&sync, "abandon").await.expect(200);
    assert_eq!(
        (&ended["status"], &ended["withdrawn"], &ended["received"]),
        (&json!("abandoned"), &json!(0), &json!(1))
    );
    for number in 0..4 {
        assert_eq!(portal.status(number).await, "published");
    }
    portal.open().await;
}

#[actix_web::test]
async fn one_at_a_time_and_the_second_is_told() {
    let portal = Portal::offering(0).await;
    let sync = portal.open().await;
    portal
        .caller
        .post(&portal.path(""), json!({}))
        .await
        .problem(409, "sync_already_open");
    let open = portal.caller.all(&portal.path("?status=open")).await;
    assert_eq!((open.len(), id(&open[0])), (1, sync.clone()));
    portal.step(&sync, "abandon").await.expect(200);
    let path = portal.path("");
    let again = || portal.caller.post(&path, json!({}));
    let (one, other) = tokio::join!(again(), again());
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}

#[actix_web::test]
async fn rehearsals_and_refused_batches_are_no_part_of_one() {
    let portal = Portal::offering(3).await;
    let sync = portal.open().await;
    portal
        .offer(&format!("?sync_id={sync}&dry_run=true"), [0], json!({}))
        .await
        .expect(200);
    portal
        .offer(
            &format!("?sync_id={sync}&mode=atomic"),
            [1],
            json!({ "levels": ["x"] }),
        )
        .await
        .problem(422, "validation_failed");
    portal
        .offer(&format!("?sync_id={}", absent()), [2], json!({}))
        .await
        .problem(404, "not_found");
    let ended = portal.step(&sync, "commit").await.expect(200);
    assert_eq!(
        (&ended["received"], &ended["withdrawn"]),
        (&json!(0), &json!(3))
    );
}

#[actix_web::test]
async fn a_commit_waits_for_the_batches_under_way() {
    let portal = Portal::offering(3).await;
    let sync = portal.open().await;
    let mut other = portal.service.sql().await;
    let held = other.transaction().await.unwrap();
    // A batch that holds the synchronisation, as one does until it is written.
    held.execute("SELECT FROM syncs FOR SHARE", &[])
        .await
        .unwrap();
    let batch = "INSERT INTO sync_batches SELECT gen_random_uuid(), id, 3, 0, 0, 3, 0, (SELECT array_agg(id) FROM interventions), now() FROM syncs";
    held.execute(batch, &[]).await.unwrap();
    let ended = tokio::join!(portal.step(&sync, "commit"), async {
        portal.service.until_someone_waits().await;
        held.commit().await.unwrap();
    })
    .0;
    assert_eq!(ended.expect(200)["withdrawn"], 0);
}

#[actix_web::test]
async fn the_journal_is_the_partners_own_and_the_ministrys() {
    let portal = Portal::offering(1).await;
    for _ in 0..3 {
        let sync = portal.open().await;
        portal.step(&sync, "abandon").await.expect(200);
    }
    let sync = portal.open().await;
    let ministry = portal.service.ministry();
    assert_eq!(portal.caller.all(&portal.path("?limit=2")).await.len(), 4);
    assert_eq!(
        ministry
            .all(&portal.path("?sort=-updated_at&limit=3"))
            .await[0]["id"],
        sync.as_str()
    );
    for (query, count) in [
        ("", 4),
        ("?status=abandoned", 3),
        ("?status=open,committed", 1),
        ("?updated_since=2999-01-01T00:00:00Z", 0),
    ] {
        let told = ministry
            .get(&portal.path(&format!("/count{query}")))
            .await
            .expect(200);
        assert_eq!(told["count"], count, "{query}");
        assert_eq!(portal.caller.all(&portal.path(query)).await.len(), count);
    }
    let stranger = portal
        .service
        .partner(&id(&portal.service.new_partner("Un autre").await));
    stranger
        .get(&portal.path(""))
        .await
        .problem(403, "forbidden");
    stranger
        .get(&portal.path(&format!("/{sync}")))
        .await
        .problem(404, "not_found");
    let events = portal.caller.all_changes("sync").await;
    assert_eq!(events.len(), 7);
    assert_eq!(events[0]["data"]["status"], "abandoned");
    assert_eq!(
        events[0]["object"]["url"],
        portal.path(&format!("/{}", events[0]["object"]["id"].as_str().unwrap()))
    );
    assert_eq!(stranger.all_changes("sync").await.len(), 0);
    let stale = portal
        .caller
        .request("POST", &portal.path(&format!("/{sync}/commit")));
    stale
        .header("if-match", "\"9.x\"")
        .send()
        .await
        .problem(412, "precondition_failed");
}
