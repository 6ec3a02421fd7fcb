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
        .offer(&format!("?sync_id={strict}"), 0..9, json!({}))
        .await
        .expect(200);
    portal
        .step(&strict, "commit")
        .await
        .problem(409, "too_many_withdrawals");
    portal
        .offer(&format!("?sync_id={strict}"), [9], json!({}))
        .await
        .expect(200);
    let ended = portal.step(&strict, "commit").await.expect(200);
    assert_eq!(ended["withdrawn"], 2, "fewer than three never ask");

    let small = Portal::offering(5).await;
    let sync = small.open().await;
    let refused = small.step(&sync, "commit").await;
    refused.problem(409, "too_many_withdrawals");
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
    let ended = portal.step(&sync, "commit?confirm=true").await.expect(200);
    assert_eq!(
        (&ended["received"], &ended["withdrawn"]),
        (&json!(0), &json!(3))
    );
}

#[actix_web::test]
async fn a_rehearsed_commit_shows_what_would_go_and_what_it_would_ask() {
    let portal = Portal::offering(5).await;
    let sync = portal.open().await;
    let query = format!("?sync_id={sync}");
    portal.offer(&query, [1], json!({})).await.expect(200);
    portal
        .push(&query, &[json!({ "title": "?" })])
        .await
        .expect(200);
    let before = portal.service.everything().await;
    let shown = portal.step(&sync, "commit?dry_run=true").await.expect(200);
    assert_eq!(portal.service.everything().await, before);
    assert_eq!(
        (&shown["dry_run"], &shown["status"], &shown["withdrawn"]),
        (&json!(true), &json!("open"), &json!(4))
    );
    assert_eq!(shown["withdrawals"], json!(["i-0", "i-2", "i-3", "i-4"]));
    let objections = json!(["unidentified_items", "too_many_withdrawals"]);
    assert_eq!(shown["needs_confirmation"], objections);

    let ended = portal.step(&sync, "commit?confirm=true").await.expect(200);
    assert_eq!(
        (&ended["dry_run"], &ended["status"], &ended["withdrawn"]),
        (&json!(false), &json!("committed"), &json!(4))
    );
    assert_eq!(ended["withdrawals"], shown["withdrawals"]);
    for step in ["commit?dry_run=true", "commit"] {
        let again = portal.step(&sync, step).await;
        again.problem(409, "invalid_transition");
    }
}

/// Sends a CSV whose header is that of an intervention, as a batch of a synchronisation.
async fn send_csv(portal: &Portal, sync: &str, header: &str, rows: &[&str]) -> Reply {
    let body = format!("{header}\n{}\n", rows.join("\n"));
    let body = body.replace("{c}", &portal.convention);
    let path = portal.batch_path(&format!("?sync_id={sync}"));
    let request = portal.caller.request("POST", &path);
    request.body("text/csv", body).send().await
}

const HEADER: &str = "external_id;convention_id;title;action_type;levels;modality;territories";
const LATE: &str = "convention_id;title;external_id;action_type;levels;modality;territories";

#[actix_web::test]
async fn a_row_that_cannot_be_read_withdraws_nothing() {
    // What the row that stands for `i-2` looks like, and whether it is told which one it stands for.
    let rows: [(&str, &str, bool); 10] = [
        (
            "a cell too many",
            "i-2;{c};Visite;class_talk;3e;in_person;academy:10;;",
            true,
        ),
        ("cells too few", "i-2;{c};Visite", true),
        (
            "a separator in the title",
            "i-2;{c};Visite; un atelier;class_talk;3e;in_person;academy:10",
            true,
        ),
        (
            "a faulty field",
            "i-2;{c};Visite;x;3e;in_person;academy:10",
            true,
        ),
        (
            "another spelling that is guessed",
            " i-2 ;{c};Visite;class_talk;3e;in_person;academy:10",
            true,
        ),
        (
            "a spreadsheet's text",
            "=\"i-2\";{c};Visite;class_talk;3e;in_person;academy:10",
            true,
        ),
        (
            "no id",
            ";{c};Visite;class_talk;3e;in_person;academy:10",
            false,
        ),
        (
            "a spreadsheet's error",
            "#REF!;{c};Visite;class_talk;3e;in_person;academy:10",
            false,
        ),
        (
            "a formula",
            "=A1&\"-2\";{c};Visite;class_talk;3e;in_person;academy:10",
            false,
        ),
        (
            "an id of another alphabet",
            "№;{c};Visite;class_talk;3e;in_person;academy:10",
            false,
        ),
    ];
    for (name, row, is_told) in rows {
        let portal = Portal::offering(4).await;
        let sync = portal.open().await;
        let others = [0, 1, 3]
            .map(|number| format!("i-{number};{{c}};Visite;class_talk;3e;in_person;academy:10"));
        let rows = [others[0].as_str(), &others[1], row, &others[2]];
        let verdict = send_csv(&portal, &sync, HEADER, &rows).await.expect(200);
        assert_eq!(verdict["counts"]["received"], 4, "{name}: {verdict}");
        let told = portal
            .caller
            .get(&portal.path(&format!("/{sync}")))
            .await
            .expect(200);
        assert_eq!(
            told["unidentified"],
            i32::from(!is_told),
            "{name}: {verdict}"
        );
        let ended = portal.step(&sync, "commit").await;
        if is_told {
            assert_eq!(ended.expect(200)["withdrawn"], 0, "{name}");
            assert_eq!(portal.status(2).await, "published", "{name}");
        } else {
            let refused = ended.problem(409, "unidentified_items");
            assert!(refused.to_string().contains("/batches"), "{refused}");
            let ended = portal.step(&sync, "commit?confirm=true").await.expect(200);
            assert_eq!(ended["withdrawn"], 1, "{name}");
        }
    }
}

#[actix_web::test]
async fn a_row_of_another_length_counts_for_every_id_that_it_may_have() {
    let portal = Portal::offering(4).await;
    let sync = portal.open().await;
    let rows = [
        "{c};Visite;i-0;class_talk;3e;in_person;academy:10",
        // The comma of the title was not quoted: the id has moved by one cell.
        "{c};Visite; un atelier;i-1;class_talk;3e;in_person;academy:10",
        // A trailing separator moves nothing.
        "{c};Visite;i-2;class_talk;3e;in_person;academy:10;",
        // A cell is missing before it or after it.
        "Visite;i-3;class_talk;3e;in_person;academy:10",
    ];
    let verdict = send_csv(&portal, &sync, LATE, &rows).await.expect(200);
    let faults = |index: usize| verdict["items"][index]["errors"].as_array().unwrap().len();
    assert_eq!(
        [1, 2, 3].map(faults),
        [1, 1, 1],
        "the length is the fault: {verdict}"
    );
    assert_eq!(
        portal.step(&sync, "commit").await.expect(200)["withdrawn"],
        0
    );
}

#[actix_web::test]
async fn an_item_that_is_no_object_or_has_no_readable_id_may_be_any() {
    for (item, is_told) in [
        (json!("i-1"), false),
        (json!(null), false),
        (json!({}), false),
        (json!({ "external_id": null }), false),
        (json!({ "external_id": ["i-1"] }), false),
        (json!({ "external_id": "" }), false),
        (json!({ "external_id": "i 1" }), true),
        (json!({ "external_id": "\u{feff}i-1" }), true),
    ] {
        let portal = Portal::offering(3).await;
        let sync = portal.open().await;
        let query = format!("?sync_id={sync}");
        portal.offer(&query, [0, 2], json!({})).await.expect(200);
        portal
            .push(&query, std::slice::from_ref(&item))
            .await
            .expect(200);
        let ended = portal.step(&sync, "commit").await;
        if is_told {
            assert_eq!(ended.expect(200)["withdrawn"], 0, "{item}");
        } else {
            ended.problem(409, "unidentified_items");
        }
    }
}

#[actix_web::test]
async fn a_quote_that_is_never_closed_is_a_fault_of_the_body() {
    let portal = Portal::offering(4).await;
    let sync = portal.open().await;
    let rows = [
        "i-0;{c};Visite;class_talk;3e;in_person;academy:10",
        "i-1;{c};\"Visite;class_talk;3e;in_person;academy:10",
        "i-2;{c};Visite;class_talk;3e;in_person;academy:10",
    ];
    let before = portal.service.everything().await;
    let refused = send_csv(&portal, &sync, HEADER, &rows).await;
    let refused = refused.problem(400, "malformed_csv");
    assert!(
        refused["detail"].as_str().unwrap().contains('3'),
        "{refused}"
    );
    assert_eq!(portal.service.everything().await, before);
}

#[actix_web::test]
async fn the_verdicts_of_a_synchronisation_are_read_again_for_thirty_days() {
    let portal = Portal::offering(2).await;
    let sync = portal.open().await;
    let query = format!("?sync_id={sync}");
    let first = portal.offer(&query, [0, 1], json!({})).await.expect(200);
    let wrong = portal.offer(&query, [7], json!({ "levels": ["x"] })).await;
    let wrong = wrong.expect(200);
    let rehearsal = format!("{query}&dry_run=true");
    let rehearsed = portal.offer(&rehearsal, [0], json!({})).await.expect(200);
    assert_eq!(rehearsed["batch_id"], json!(null));
    let outside = portal.offer("", [0], json!({})).await.expect(200);
    assert_eq!(outside["batch_id"], json!(null));
    portal.step(&sync, "commit").await.expect(200);

    let path = portal.path(&format!("/{sync}/batches"));
    let batches = portal.caller.all(&path).await;
    assert_eq!(batches.len(), 2);
    for (batch, verdict) in batches.iter().zip([&first, &wrong]) {
        assert_eq!(batch["id"], verdict["batch_id"]);
        assert_eq!(batch["rejected"], verdict["counts"]["rejected"]);
        let read = portal.caller.get(&format!("{path}/{}", id(batch))).await;
        assert_eq!(read.expect(200), *verdict);
    }
    let ministry = portal.service.ministry();
    ministry
        .get(&format!("{path}/{}", id(&batches[0])))
        .await
        .expect(200);
    let stranger = portal
        .service
        .partner(&id(&portal.service.new_partner("Un autre").await));
    for hidden in [path.clone(), format!("{path}/{}", id(&batches[0]))] {
        stranger.get(&hidden).await.problem(404, "not_found");
    }
    let clock = &portal.service.shared.clock;
    let app = ree::app::App::new(portal.service.shared.clone()).unwrap();
    let removal = ree::jobs::JOBS
        .iter()
        .find(|job| job.name == "remove old verdicts")
        .unwrap();
    for (days, status) in [(29, 200), (2, 404)] {
        clock.travel(chrono::TimeDelta::days(days));
        (removal.run)(&app).await.unwrap();
        // With a token of that day.
        let caller = portal.service.partner(&portal.partner);
        let read = caller.get(&format!("{path}/{}", id(&batches[0]))).await;
        assert_eq!(read.status.as_u16(), status);
        assert_eq!(caller.all(&path).await.len(), 2, "its counts stay");
    }
}

#[actix_web::test]
async fn a_partner_reads_its_own_pushes_with_what_was_rejected_for_thirty_days() {
    let portal = Portal::new().await;
    let wrong = portal.item("wrong", json!({ "action_type": "compagny_visit" }));
    let items = [portal.item("right", json!({})), wrong];
    let verdict = portal.push("", &items).await.expect(200);
    portal.push("?dry_run=true", &items).await.expect(200);
    portal
        .push("?mode=atomic", &items)
        .await
        .problem(422, "validation_failed");
    portal.push("", &items[..1]).await.expect(200);
    let path = format!("/v1/partners/{}/pushes", portal.partner);
    let pushes = portal.caller.all(&path).await;
    let told: Vec<_> = pushes
        .iter()
        .map(|push| (&push["received"], &push["unchanged"], &push["rejected"]))
        .collect();
    assert_eq!(
        told,
        [
            (&json!(1), &json!(1), &json!(0)),
            (&json!(2), &json!(0), &json!(1))
        ],
        "the last first"
    );
    assert_eq!(pushes[1]["rejected_items"], json!([verdict["items"][1]]));
    assert!(!pushes[1]["request_id"].as_str().unwrap().is_empty());
    let count = portal
        .caller
        .get(&format!("{path}/count"))
        .await
        .expect(200);
    assert_eq!(count["count"], 2);
    let other = portal.service.partner(&crate::support::id(
        &portal.service.new_partner("Autre").await,
    ));
    other.get(&path).await.problem(403, "forbidden");
    let app = ree::app::App::new(portal.service.shared.clone()).unwrap();
    portal
        .service
        .shared
        .clock
        .travel(chrono::TimeDelta::days(31));
    let job = ree::jobs::JOBS
        .iter()
        .find(|job| job.name == "remove old pushes")
        .unwrap();
    (job.run)(&app).await.unwrap();
    assert_eq!(
        portal.service.number("SELECT count(*) FROM pushes").await,
        0
    );
}
