//! What a portal pushes: a batch of interventions, and the word that many are still valid.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::portal::Portal;
use crate::support::{Reply, Service, absent, intervention};

impl Portal {
    fn items(&self, count: usize) -> Vec<Value> {
        let item = |number| {
            self.item(
                &format!("i-{number:04}"),
                json!({ "title": format!("Visite {number}") }),
            )
        };
        (0..count).map(item).collect()
    }

    async fn send(&self, media_type: &str, body: &str) -> Reply {
        let request = self.caller.request("POST", &self.batch_path(""));
        request.body(media_type, body.to_owned()).send().await
    }

    async fn get(&self, external_id: &str) -> Reply {
        let path = format!("/v1/partners/{}/interventions/{external_id}", self.partner);
        self.caller.get(&path).await
    }

    async fn journal(&self) -> (i64, i64) {
        let count = async |table: &str| {
            let query = format!("SELECT count(*) FROM {table} WHERE object_type = 'intervention'");
            self.service.number(&query).await
        };
        (count("audit_events").await, count("changes").await)
    }
}

fn outcomes(verdict: &Value) -> Vec<String> {
    let items = verdict["items"].as_array().unwrap().iter();
    let told = |item: &Value| {
        format!(
            "{} {}",
            item["external_id"].as_str().unwrap_or("-"),
            item["outcome"].as_str().unwrap()
        )
    };
    items.map(told).collect()
}

/// The faults of an item: `/title required`.
fn faults(item: &Value) -> Vec<String> {
    let errors = item["errors"].as_array().unwrap().iter();
    let mut faults: Vec<String> = errors
        .map(|fault| {
            format!(
                "{} {}",
                fault["pointer"].as_str().unwrap(),
                fault["code"].as_str().unwrap()
            )
        })
        .collect();
    faults.sort();
    faults
}

#[actix_web::test]
async fn each_item_has_its_verdict_in_the_order_sent_and_what_is_right_is_written() {
    let portal = Portal::new().await;
    portal
        .push(
            "",
            &[
                portal.item("same", json!({})),
                portal.item("other", json!({})),
            ],
        )
        .await
        .expect(200);
    let withheld = portal
        .service
        .signed_convention(&portal.partner, json!({ "levels": ["tle_pro"] }))
        .await;
    let verdict = portal
        .push(
            "",
            &[
                portal.item("new", json!({})),
                portal.item("same", json!({})),
                portal.item(
                    "wrong",
                    json!({ "action_type": "compagny_visit", "levels": [] }),
                ),
                portal.item("other", json!({ "title": "Autre" })),
                portal.item("kept", json!({ "convention_id": withheld })),
                portal.item("new", json!({ "title": "Une seconde fois" })),
                json!("rien"),
            ],
        )
        .await
        .expect(200);
    assert_eq!(
        outcomes(&verdict),
        [
            "new created",
            "same unchanged",
            "wrong rejected",
            "other updated",
            "kept created",
            "new rejected",
            "- rejected"
        ]
    );
    let items = verdict["items"].as_array().unwrap();
    for (index, item) in items.iter().enumerate() {
        assert_eq!(item["index"], index);
    }
    assert_eq!(
        verdict["counts"],
        json!({ "received": 7, "created": 2, "updated": 1, "unchanged": 1, "rejected": 3 })
    );
    assert_eq!(
        (&verdict["mode"], &verdict["dry_run"]),
        (&json!("partial"), &json!(false))
    );
    for (place, name, version) in [
        (0, "new", 1),
        (1, "same", 1),
        (3, "other", 2),
        (4, "kept", 1),
    ] {
        let stored = portal.get(name).await;
        assert!(stored.etag().starts_with(&format!("\"{version}.")));
        let stored = stored.expect(200);
        for field in ["id", "status", "withheld_reasons", "external_id"] {
            assert_eq!(items[place][field], stored[field], "{name} {field}");
        }
        assert_eq!(items[place]["version"], version);
    }
    assert_eq!(items[4]["status"], "withheld");
    assert_eq!(items[4]["withheld_reasons"][0]["code"], "level_not_covered");
    assert_eq!(
        faults(&items[2]),
        ["/action_type unknown_code", "/levels empty_list"]
    );
    let code = items[2]["errors"]
        .as_array()
        .unwrap()
        .iter()
        .find(|fault| fault["pointer"] == "/action_type")
        .unwrap();
    assert_eq!(code["nearest"], "company_visit");
    assert!(
        code["accepted"]
            .as_array()
            .unwrap()
            .contains(&json!("class_talk"))
    );
    assert_eq!(faults(&items[5]), ["/external_id repeated_item"]);
    assert_eq!(faults(&items[6]), [" wrong_type"]);
    for field in ["id", "version", "status"] {
        assert_eq!(items[2][field], Value::Null);
    }
    assert_eq!(
        portal.get("new").await.expect(200)["title"],
        "Visite d'un atelier"
    );
    portal.get("wrong").await.problem(404, "not_found");
    assert_eq!(portal.journal().await, (5, 5));
}

#[actix_web::test]
async fn what_a_batch_makes_is_what_putting_each_would_have_made() {
    let service = Service::start().await;
    let (one, many) = (Portal::of(&service).await, Portal::of(&service).await);
    let whole = json!({
        "description": "Longue\nvisite", "moments": ["career_discovery"], "axes": ["internships"], "event": "semaine_industrie",
        "modality": "hybrid", "territories": ["academy:10", "department:038"],
        "place": { "latitude": 45.75, "longitude": 4, "radius_km": 30, "label": "Atelier" },
        "available_from": "2020-01-01", "available_to": "2999-12-31", "duration_minutes": 90, "sessions": 4,
        "pupils_per_session": 30, "languages": ["fr", "en"], "url": "https://exemple.fr/visite", "accessibility": "Oui",
    });
    let changed = json!({ "territories": [], "nationwide": true, "languages": ["de"] });
    for with in [whole, json!({}), changed] {
        let path = format!("/v1/partners/{}/interventions/a", one.partner);
        one.caller
            .put(&path, intervention(&one.convention, with.clone()))
            .await;
        many.push("", &[many.item("a", with)]).await.expect(200);
        let plain = |portal: &Portal, mut row: Value| {
            assert_eq!(row["partner_id"], portal.partner.as_str());
            for name in [
                "id",
                "partner_id",
                "convention_id",
                "created_at",
                "updated_at",
                "confirmed_at",
            ] {
                row[name].take();
            }
            row
        };
        let (left, right) = (
            one.get("a").await.expect(200),
            many.get("a").await.expect(200),
        );
        assert_eq!(plain(&one, left), plain(&many, right));
        let held = |portal: &Portal| {
            format!(
                "SELECT count(*) FROM interventions WHERE partner_id = '{}' AND held_by @> '{{academy:10}}'",
                portal.partner
            )
        };
        assert_eq!(
            service.number(&held(&one)).await,
            service.number(&held(&many)).await
        );
    }
    let audit = |portal: &Portal| {
        format!(
            "SELECT string_agg(concat(a.action, a.fields, a.subject, a.role, a.before - 'convention_id' - 'territories' - 'confirmed_at', c.version, c.object_key, c.type, array_length(c.audience, 1)), '|' ORDER BY a.id)
               FROM audit_events a JOIN changes c ON c.object_id = a.object_id AND c.occurred_at = a.occurred_at
               JOIN interventions i ON i.id = a.object_id WHERE i.partner_id = '{}'",
            portal.partner
        )
    };
    let sql = service.sql().await;
    let (left, right): (String, String) = (
        sql.query_one(&audit(&one), &[]).await.unwrap().get(0),
        sql.query_one(&audit(&many), &[]).await.unwrap().get(0),
    );
    assert_eq!(left, right);
}

#[actix_web::test]
async fn saying_the_same_again_writes_nothing_and_a_day_later_only_confirms() {
    let portal = Portal::new().await;
    let items = portal.items(50);
    portal.push("", &items).await.expect(200);
    let xmins = "SELECT sum(hashtext(id::text || xmin::text))::bigint FROM interventions";
    // Each push is told in its journal.
    let (before, all) = (
        portal.service.number(xmins).await,
        portal.service.everything_but("pushes").await,
    );
    let again = portal.push("", &items).await.expect(200);
    assert_eq!(
        again["counts"],
        json!({ "received": 50, "created": 0, "updated": 0, "unchanged": 50, "rejected": 0 })
    );
    assert_eq!(
        (
            portal.service.number(xmins).await,
            portal.service.everything_but("pushes").await
        ),
        (before, all)
    );

    portal.service.shared.clock.travel(TimeDelta::hours(25));
    let portal = Portal {
        caller: portal.service.partner(&portal.partner),
        ..portal
    };
    let journal = portal.journal().await;
    portal.push("", &items).await.expect(200);
    let confirmed = portal.get("i-0007").await;
    assert!(confirmed.etag().starts_with("\"1."));
    let confirmed = confirmed.expect(200);
    assert_ne!(confirmed["confirmed_at"], confirmed["updated_at"]);
    assert_eq!(portal.journal().await, journal);
}

#[actix_web::test]
async fn an_atomic_batch_is_written_whole_or_not_at_all() {
    let portal = Portal::new().await;
    let (right, wrong) = (
        portal.item("a", json!({})),
        portal.item("b", json!({ "sessions": -1, "convention_id": absent() })),
    );
    let before = portal.service.everything().await;
    let refused = portal
        .push("?mode=atomic", &[right.clone(), wrong.clone()])
        .await;
    let problem = refused.problem(422, "validation_failed");
    assert_eq!(refused.faults(), ["/items/1/sessions out_of_range"]);
    assert_eq!(outcomes(&problem["verdicts"]), ["a created", "b rejected"]);
    assert_eq!(problem["verdicts"]["mode"], "atomic");
    assert_eq!(portal.service.everything().await, before);
    let foreign = portal.item("b", json!({ "convention_id": absent() }));
    let refused = portal.push("?mode=atomic", &[right.clone(), foreign]).await;
    refused.problem(422, "validation_failed");
    assert_eq!(
        refused.faults(),
        ["/items/1/convention_id unknown_reference"]
    );
    let written = portal
        .push("?mode=atomic", &[right, portal.item("b", json!({}))])
        .await;
    assert_eq!(outcomes(&written.expect(200)), ["a created", "b created"]);
}

#[actix_web::test]
async fn a_dry_run_tells_what_would_be_and_writes_nothing() {
    let portal = Portal::new().await;
    portal
        .push(
            "",
            &[portal.item("a", json!({})), portal.item("b", json!({}))],
        )
        .await
        .expect(200);
    let before = portal.service.everything().await;
    let xmax = "SELECT sum(xmax::text::bigint)::bigint FROM interventions";
    let locks = portal.service.number(xmax).await;
    let items = [
        portal.item("a", json!({})),
        portal.item("b", json!({ "title": "Autre" })),
        portal.item("c", json!({})),
        portal.item("d", json!({ "levels": ["x"] })),
    ];
    let send = |query: &str| {
        let request = portal
            .caller
            .request("POST", &portal.batch_path(query))
            .header("idempotency-key", "k");
        request.json(&json!({ "items": items })).send()
    };
    let dry = send("?dry_run=true").await.expect(200);
    assert_eq!(portal.service.everything().await, before);
    assert_eq!(portal.service.number(xmax).await, locks);
    let real = send("").await.expect(200);
    assert_eq!(
        (&dry["dry_run"], &real["dry_run"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(dry["counts"], real["counts"]);
    assert_eq!(dry["items"][2]["id"], Value::Null);
    let without_id = |verdict: &Value| {
        let mut items = verdict["items"].clone();
        items[2]["id"].take();
        items
    };
    assert_eq!(without_id(&dry), without_id(&real));
}

#[actix_web::test]
async fn the_same_key_gets_the_same_answer_and_another_query_is_another_request() {
    let portal = Portal::new().await;
    let send = |query: &str, items: Vec<Value>| {
        let request = portal
            .caller
            .request("POST", &portal.batch_path(query))
            .header("idempotency-key", "k");
        request.json(&json!({ "items": items })).send()
    };
    let first = send("", portal.items(3)).await;
    let before = portal.service.everything().await;
    let again = send("", portal.items(3)).await;
    assert_eq!(
        (again.header("idempotency-replayed"), again.text()),
        ("true", first.text())
    );
    send("", portal.items(2))
        .await
        .problem(422, "idempotency_key_reused");
    send("?mode=atomic", portal.items(3))
        .await
        .problem(422, "idempotency_key_reused");
    assert_eq!(portal.service.everything().await, before);
}

#[actix_web::test]
async fn lines_and_rows_say_what_json_says() {
    let portal = Portal::new().await;
    let json = portal.item("a", json!({
        "title": "Visite, \"guidée\"", "levels": ["3e", "2de_gt"], "nationwide": false, "sessions": 4,
        "place": { "latitude": 45.75, "longitude": -4.5, "radius_km": 30, "label": "Atelier" }, "available_to": "2099-06-30",
    }));
    portal
        .push("", std::slice::from_ref(&json))
        .await
        .expect(200);
    let before = portal.service.everything_but("pushes").await;
    let convention = &portal.convention;
    let header = "external_id,convention_id,title,action_type,levels,modality,nationwide,territories,sessions,latitude,longitude,radius_km,place_label,available_to,description";
    let row = format!(
        "a,{convention},\"Visite, \"\"guidée\"\"\",company_visit,3e|2de_gt,in_person,false,academy:10,4,45.75,-4.5,30,Atelier,2099-06-30,"
    );
    let semicolons = format!(
        "{}\r\na;{convention};\"Visite, \"\"guidée\"\"\";company_visit;3e | 2de_gt;in_person;false;academy:10;4;45.75;-4.5;30;Atelier;2099-06-30;\r\n",
        header.replace(',', ";")
    );
    for (media_type, body) in [
        ("application/x-ndjson", format!("{json}\n")),
        ("application/x-ndjson", format!("\r\n{json}\r\n\r\n")),
        ("text/csv", format!("{header}\n{row}\n")),
        ("text/csv; charset=utf-8", format!("\u{feff}{semicolons}")),
    ] {
        let verdict = portal.send(media_type, &body).await.expect(200);
        assert_eq!(outcomes(&verdict), ["a unchanged"], "{body}: {verdict}");
    }
    assert_eq!(portal.service.everything_but("pushes").await, before);
}

#[actix_web::test]
async fn what_a_spreadsheet_did_to_a_cell_is_told_and_an_apostrophe_keeps_a_text() {
    let portal = Portal::new().await;
    let convention = &portal.convention;
    let body = format!(
        "external_id,convention_id,title,action_type,levels,modality,territories,latitude,longitude\n\
         a,{convention},=A1&B1,company_visit,3e,in_person,academy:10,,\n\
         b,{convention},'=E=mc2,company_visit,3e,in_person,academy:10,,\n\
         c,{convention},#NOM?,company_visit,3e,in_person,academy:10,,\n\
         d,{convention},Visite,company_visit,3e,in_person,academy:10,48,85,2.35\n\
         e,{convention},Visite,company_visit,3e,in_person,academy:10,\"48,85\",2.35\n"
    );
    let verdict = portal.send("text/csv", &body).await.expect(200);
    assert_eq!(
        outcomes(&verdict),
        [
            "a rejected",
            "b created",
            "c rejected",
            "d rejected",
            "e rejected"
        ]
    );
    assert_eq!(faults(&verdict["items"][0]), ["/title spreadsheet_formula"]);
    assert_eq!(faults(&verdict["items"][2]), ["/title spreadsheet_error"]);
    assert!(faults(&verdict["items"][3]).contains(&" row_length".to_owned()));
    assert_eq!(faults(&verdict["items"][4]), ["/place/latitude wrong_type"]);
    assert_eq!(verdict["items"][4]["errors"][0]["nearest"], json!(48.85));
    assert_eq!(portal.get("b").await.expect(200)["title"], "=E=mc2");
}

#[actix_web::test]
async fn a_body_that_is_no_batch_is_refused_whole() {
    let portal = Portal::new().await;
    let before = portal.service.everything().await;
    for (body, expected) in [
        (json!({}), "/items required"),
        (json!({ "items": null }), "/items not_null"),
        (json!({ "items": [] }), "/items empty_list"),
        (json!({ "items": {} }), "/items wrong_type"),
        (
            json!({ "items": vec![json!({}); 5001] }),
            "/items too_many_items",
        ),
        (json!({ "items": [{}], "more": 1 }), "/more unknown_field"),
        (json!([]), " wrong_type"),
    ] {
        let refused = portal
            .caller
            .post(&portal.batch_path(""), body.clone())
            .await;
        refused.problem(422, "validation_failed");
        assert_eq!(refused.faults(), [expected], "{body:.80}");
    }
    portal
        .send("application/x-ndjson", "{}\n{\n")
        .await
        .problem(400, "malformed_json");
    portal
        .send("application/x-ndjson", "\n\n")
        .await
        .problem(422, "validation_failed");
    portal
        .send("text/csv", "a,a\n1,2\n")
        .await
        .problem(400, "malformed_csv");
    portal
        .send("text/csv", "external_id\n")
        .await
        .problem(422, "validation_failed");
    portal
        .send("text/html", "x")
        .await
        .problem(415, "unsupported_media_type");
    let refused = portal
        .push("?mode=all&dry_run=oui&sync_id=x&other=1", &portal.items(1))
        .await;
    assert_eq!(
        refused.faults(),
        [
            "dry_run wrong_type",
            "mode invalid_format",
            "other unknown_parameter",
            "sync_id invalid_format"
        ]
    );
    assert_eq!(portal.service.everything().await, before);
    let most = portal.push("", &portal.items(1000)).await.expect(200);
    assert_eq!(most["counts"]["created"], 1000);
}

#[actix_web::test]
async fn two_partners_with_the_same_name_for_something_never_meet() {
    let service = Service::start().await;
    let (one, other) = (Portal::of(&service).await, Portal::of(&service).await);
    one.push("", &[one.item("a", json!({ "title": "La mienne" }))])
        .await
        .expect(200);
    let verdict = other
        .push("", &[other.item("a", json!({ "title": "La sienne" }))])
        .await
        .expect(200);
    assert_eq!(outcomes(&verdict), ["a created"]);
    assert_eq!(one.get("a").await.expect(200)["title"], "La mienne");
    let touched = format!("/v1/partners/{}/interventions/batch", one.partner);
    other
        .caller
        .post(&touched, json!({ "items": [one.item("a", json!({}))] }))
        .await
        .problem(403, "forbidden");
}

#[actix_web::test]
async fn what_was_withdrawn_is_offered_again_by_a_batch() {
    let portal = Portal::new().await;
    let item = portal.item("a", json!({}));
    portal
        .push("", std::slice::from_ref(&item))
        .await
        .expect(200);
    portal
        .caller
        .delete(&format!("/v1/partners/{}/interventions/a", portal.partner))
        .await
        .expect(200);
    let verdict = portal.push("", &[item]).await.expect(200);
    assert_eq!(
        (outcomes(&verdict), &verdict["items"][0]["version"]),
        (vec!["a updated".to_owned()], &json!(3))
    );
    let verbs = "SELECT count(*) FROM changes WHERE type = 'intervention.offered_again'";
    assert_eq!(portal.service.number(verbs).await, 1);
}

#[actix_web::test]
async fn a_thousand_items_cost_as_many_statements_as_ten() {
    let portal = Portal::new().await;
    // Each statement that writes is one command of its transaction: the command counter tells.
    let commands = async |items: &[Value]| {
        portal.push("", items).await.expect(200);
        let query = "SELECT count(DISTINCT cmin::text::bigint) FROM interventions WHERE xmin = (SELECT max(xmin::text::bigint)::text::xid FROM interventions)";
        portal.service.number(query).await
    };
    let mut few = portal.items(10);
    let mut many = portal.items(1000);
    assert_eq!(commands(&few).await, 1);
    assert_eq!(commands(&many).await, 1);
    for (place, item) in few.iter_mut().chain(&mut many).enumerate() {
        item["sessions"] = json!(place + 1);
    }
    assert_eq!(commands(&few).await, 1);
    assert_eq!(commands(&many).await, 1);
}

#[actix_web::test]
async fn concurrent_batches_of_one_partner_neither_lose_nor_lock_each_other_out() {
    let portal = Portal::new().await;
    let mut backwards = portal.items(60);
    backwards.reverse();
    for round in 0..5 {
        let titled = |items: &[Value], who: &str| -> Vec<Value> {
            let change = |item: &Value| {
                let mut item = item.clone();
                item["title"] = json!(format!("{who} {round}"));
                item["external_id"] = json!(format!(
                    "{}-{}",
                    item["external_id"].as_str().unwrap(),
                    round / 2
                ));
                item
            };
            items.iter().map(change).collect()
        };
        let (one, other) = (titled(&portal.items(60), "A"), titled(&backwards, "B"));
        let (left, right) = tokio::join!(portal.push("", &one), portal.push("", &other));
        let (left, right) = (left.expect(200), right.expect(200));
        let rejected = |verdict: &Value| verdict["counts"]["rejected"].as_i64().unwrap();
        assert_eq!((rejected(&left), rejected(&right)), (0, 0));
        let titles =
            format!("SELECT count(DISTINCT title) FROM interventions WHERE title LIKE '_ {round}'");
        assert!(portal.service.number(&titles).await >= 1);
        let created = |verdict: &Value| verdict["counts"]["created"].as_i64().unwrap();
        assert_eq!(
            created(&left) + created(&right),
            if round % 2 == 0 { 60 } else { 0 }
        );
    }
    // Every version has its row in both journals.
    let versions = portal
        .service
        .number("SELECT sum(version)::bigint FROM interventions")
        .await;
    assert_eq!(portal.journal().await, (versions, versions));
}

#[actix_web::test]
async fn what_another_request_changes_meanwhile_is_what_a_batch_changes_from() {
    let portal = Portal::new().await;
    let items = portal.items(3);
    portal.push("", &items).await.expect(200);
    let sql = portal.service.sql().await;
    // As another request would, half way through: the second is then as the batch says it.
    sql.batch_execute(
        "BEGIN;
         UPDATE interventions SET title = 'Autre', version = version + 1 WHERE external_id = 'i-0000';
         UPDATE interventions SET sessions = 5, version = version + 1 WHERE external_id = 'i-0001'",
    )
    .await
    .unwrap();
    let with_sessions = |item: &Value| {
        let mut item = item.clone();
        item["sessions"] = json!(5);
        item
    };
    let changed: Vec<Value> = items.iter().map(with_sessions).collect();
    let (reply, ()) = tokio::join!(portal.push("", &changed), async {
        portal.service.until_someone_waits().await;
        sql.batch_execute("COMMIT").await.unwrap();
    });
    let verdict = reply.expect(200);
    assert_eq!(
        outcomes(&verdict),
        ["i-0000 updated", "i-0001 unchanged", "i-0002 updated"]
    );
    assert_eq!(portal.get("i-0000").await.expect(200)["title"], "Visite 0");
    let versions = verdict["items"].as_array().unwrap().iter();
    let versions: Vec<&Value> = versions.map(|item| &item["version"]).collect();
    assert_eq!(versions, [3, 2, 2]);
    let told = sql
        .query(
            "SELECT (before - 'confirmed_at')::text FROM audit_events
              WHERE action = 'intervention.updated' ORDER BY id",
            &[],
        )
        .await
        .unwrap();
    let told: Vec<String> = told.iter().map(|row| row.get(0)).collect();
    assert_eq!(
        told,
        [
            r#"{"title": "Autre", "sessions": null}"#,
            r#"{"sessions": null}"#
        ]
    );
}

#[actix_web::test]
async fn a_verdict_tells_what_reading_tells_whatever_of_an_item_changes() {
    let portal = Portal::new().await;
    let covers = json!({
        "action_types": ["company_visit"], "levels": ["3e", "2de_gt"], "scope": "local",
        "territory": "academy:10", "reach": ["FR", "region:84", "academy:10"],
    });
    let narrow = portal.service.signed_convention(&portal.partner, covers);
    let narrow = narrow.await;
    let of_narrow = |with: Value| {
        let mut item = portal.item("a", with);
        item["convention_id"] = json!(narrow);
        item
    };
    let said = [
        portal.item("a", json!({})),
        of_narrow(json!({})),
        of_narrow(json!({ "title": "Autre" })),
        of_narrow(json!({ "title": "Autre", "levels": ["3e", "6e"] })),
        of_narrow(json!({ "levels": ["3e"], "action_type": "class_talk" })),
        of_narrow(json!({ "territories": ["academy:10", "academy:09"] })),
        of_narrow(json!({ "territories": [], "nationwide": true, "sessions": 2 })),
        of_narrow(json!({ "territories": [], "nationwide": true, "sessions": 3 })),
        of_narrow(json!({ "available_to": "2020-01-01" })),
        of_narrow(json!({ "description": "Une visite" })),
    ];
    let mut statuses = Vec::new();
    for item in said {
        let rehearsed = portal.push("?dry_run=true", std::slice::from_ref(&item));
        let rehearsed = rehearsed.await.expect(200);
        let pushed = portal.push("", &[item]).await.expect(200);
        let read = portal.get("a").await.expect(200);
        for verdict in [&rehearsed["items"][0], &pushed["items"][0]] {
            assert_eq!(verdict["status"], read["status"]);
            assert_eq!(verdict["withheld_reasons"], read["withheld_reasons"]);
        }
        statuses.push(read["status"].as_str().unwrap().to_owned());
    }
    let count = |status: &str| statuses.iter().filter(|one| *one == status).count();
    assert_eq!(
        (count("published"), count("withheld"), count("expired")),
        (4, 5, 1)
    );
}

#[actix_web::test]
async fn a_school_that_does_not_exist_rejects_its_item_alone() {
    let portal = Portal::new().await;
    let school = crate::support::uai(690_001);
    portal
        .service
        .new_school(&school, "department:069", "academy:10")
        .await;
    let verdict = portal
        .push(
            "",
            &[
                portal.item(
                    "a",
                    json!({ "territories": [format!("uai:{school}"), "uai:0010001W"] }),
                ),
                portal.item("b", json!({ "territories": [format!("uai:{school}")] })),
            ],
        )
        .await
        .expect(200);
    assert_eq!(outcomes(&verdict), ["a rejected", "b created"]);
    assert_eq!(
        faults(&verdict["items"][0]),
        ["/territories/1 unknown_territory"]
    );
}

#[actix_web::test]
async fn touching_says_what_is_still_offered_and_what_is_not_there() {
    let portal = Portal::new().await;
    portal.push("", &portal.items(3)).await.expect(200);
    portal
        .caller
        .delete(&format!(
            "/v1/partners/{}/interventions/i-0001",
            portal.partner
        ))
        .await
        .expect(200);
    let path = format!("/v1/partners/{}/interventions/touch", portal.partner);
    let names = json!({ "external_ids": ["i-0000", "i-0001", "i-0002", "i-0002", "i-0009"] });
    let before = portal.service.everything().await;
    let told = portal.caller.post(&path, names.clone()).await.expect(200);
    assert_eq!(
        told,
        json!({ "confirmed": 2, "unknown": ["i-0009"], "withdrawn": ["i-0001"] })
    );
    assert_eq!(
        portal.service.everything().await,
        before,
        "confirmed a moment ago"
    );

    portal.service.shared.clock.travel(TimeDelta::hours(25));
    let portal = Portal {
        caller: portal.service.partner(&portal.partner),
        ..portal
    };
    portal.caller.post(&path, names).await.expect(200);
    let (touched, withdrawn) = (portal.get("i-0000").await, portal.get("i-0001").await);
    assert!(touched.etag().starts_with("\"1."));
    let (touched, withdrawn) = (touched.expect(200), withdrawn.expect(200));
    assert!(touched["confirmed_at"].as_str() > touched["updated_at"].as_str());
    assert!(withdrawn["confirmed_at"].as_str() < withdrawn["updated_at"].as_str());
}

#[actix_web::test]
async fn a_touch_of_nothing_or_of_what_is_no_name_is_refused() {
    let portal = Portal::new().await;
    let path = format!("/v1/partners/{}/interventions/touch", portal.partner);
    let many: Vec<String> = (0..5001).map(|number| format!("i-{number}")).collect();
    for (body, expected) in [
        (json!({}), "/external_ids required"),
        (json!({ "external_ids": [] }), "/external_ids empty_list"),
        (
            json!({ "external_ids": many }),
            "/external_ids too_many_items",
        ),
        (
            json!({ "external_ids": ["a", "b c"] }),
            "/external_ids/1 invalid_format",
        ),
        (json!({ "external_ids": [1] }), "/external_ids/0 wrong_type"),
    ] {
        let refused = portal.caller.post(&path, body).await;
        refused.problem(422, "validation_failed");
        assert_eq!(refused.faults(), [expected]);
    }
}

#[actix_web::test]
async fn what_the_register_wrote_is_taken_back_as_it_is_in_every_form() {
    let portal = Portal::new().await;
    let everywhere = json!({ "nationwide": true, "territories": [], "title": "=SOMME(A1) \"citée\"; l'autre",
        "description": "'=déjà une apostrophe, et\nla suite", "sessions": 12, "languages": ["fr", "en"] });
    let place = json!({ "latitude": 45.75, "longitude": -4.85, "radius_km": 12.5, "label": "Atelier; sud" });
    let items = [
        portal.item("0042", everywhere),
        portal.item("lyon", json!({ "place": { "postal_code": "69003" }, "host": { "name": "Atelier, l'autre", "siret": "77684512500058" } })),
        portal.item("b.2", json!({ "place": place, "available_from": "2026-09-01", "url": "https://exemple.fr/?a=1;b" })),
        portal.item("1e5", json!({ "title": "-12 %", "accessibility": "@tous" })),
    ];
    let verdict = portal.push("", &items).await.expect(200);
    assert_eq!(verdict["counts"]["created"], 4, "{verdict}");
    let list = format!("/v1/interventions?partner_id={}", portal.partner);
    for (form, dialect) in [
        ("application/json", ""),
        ("application/json", "&labels=fr"),
        ("application/x-ndjson", ""),
        ("application/x-ndjson", "&labels=en"),
        ("text/csv", ""),
        ("text/csv", "&labels=fr"),
        ("text/csv", "&dialect=excel-fr"),
        ("text/csv", "&dialect=excel-fr&labels=none"),
        ("text/csv", "&format=xlsx"),
        ("text/csv", "&format=xlsx&labels=none"),
    ] {
        let request = portal.caller.request("GET", &format!("{list}{dialect}"));
        let written = request.header("accept", form).send().await;
        assert_eq!(written.status.as_u16(), 200, "{form} {dialect}");
        let text = match dialect.contains("xlsx") {
            true => crate::forms::saved_as_csv(&written),
            false => written.text().to_owned(),
        };
        let verdict = portal.send(form, &text).await.expect(200);
        assert_eq!(
            verdict["counts"]["unchanged"], 4,
            "{form} {dialect}: {verdict}"
        );
        for item in verdict["items"].as_array().unwrap() {
            let ignored = item["ignored"].as_array().unwrap();
            assert!(ignored.contains(&json!("status")), "{item}");
        }
    }
}

#[actix_web::test]
async fn rows_without_a_value_are_blank_lines_also_in_an_atomic_batch() {
    let portal = Portal::new().await;
    let row = format!(
        "a;{};Visite;class_talk;3e;in_person;academy:10",
        portal.convention
    );
    let header = "external_id;convention_id;title;action_type;levels;modality;territories";
    let body = format!("{header}\n;;;;;;\n{row}\n ; ;;;;;\n;;;\n\n;;;;;;;;;\n");
    let request = portal
        .caller
        .request("POST", &portal.batch_path("?mode=atomic"));
    let verdict = request.body("text/csv", body).send().await.expect(200);
    assert_eq!(outcomes(&verdict), ["a created"]);
}
