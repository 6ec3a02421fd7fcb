//! Histories: who wrote an object, when, which fields, from what to what, and who may read that.

use serde_json::{Value, json};

use crate::conventions::national;
use crate::support::{Caller, Reply, Service, absent, id, uai};

/// A convention and a declination, each with a past.
struct World {
    service: Service,
    partner: String,
    convention: String,
    declination: String,
    school: String,
}

impl World {
    async fn new() -> Self {
        let service = Service::start().await;
        let (partner, convention) = service.signed_partner("UIMM", json!({})).await;
        let [school] = service.new_schools([690_001]).await;
        let body = json!({
            "convention_id": convention, "level": "establishment", "territories": [format!("uai:{school}")],
            "starts_on": "2026-09-01", "title": "Premier titre",
            "coordinator": { "name": "Zoé Quernin", "email": "zoe@exemple.fr" },
        });
        let declination = service.school(&school).post("/v1/declinations", body).await;
        let declination = id(&declination.expect(201));
        Self {
            service,
            partner,
            convention,
            declination,
            school,
        }
    }

    fn declination(&self) -> String {
        format!("/v1/declinations/{}", self.declination)
    }
}

fn history(path: &str) -> String {
    format!("{path}/history")
}

async fn step(caller: &Caller, path: &str, verb: &str) {
    caller
        .post(&format!("{path}/{verb}"), json!({}))
        .await
        .expect(200);
}

async fn as_form(caller: &Caller, path: &str, form: &str) -> Reply {
    caller
        .request("GET", path)
        .header("accept", form)
        .send()
        .await
}

fn actions(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["action"].as_str().expect("an action"))
        .collect()
}

#[actix_web::test]
async fn each_write_says_who_when_and_what_became_of_each_field() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("UIMM").await);
    let ministry = service.ministry();
    let created = ministry.post("/v1/conventions", national(&partner)).await;
    let (path, created) = (created.header("location").to_owned(), created.expect(201));
    let patch = json!({ "ends_on": "2029-12-31", "managing_office": "DGESCO A2-2" });
    ministry.patch(&path, patch).await.expect(200);
    step(&ministry, &path, "open-negotiation").await;
    step(&ministry, &path, "send-for-signature").await;
    let signature = json!({ "signed_on": "2026-02-03", "medium": "qualified" });
    let partner_caller = service.partner(&partner);
    partner_caller
        .post(&format!("{path}/sign"), signature)
        .await
        .expect(200);

    let events = ministry.all(&history(&path)).await;
    assert_eq!(
        actions(&events),
        [
            "convention.signature_recorded",
            "convention.sent_for_signature",
            "convention.negotiation_opened",
            "convention.updated",
            "convention.created"
        ],
        "the newest first"
    );
    assert_eq!(
        (&events[0]["subject"], &events[0]["role"]),
        (&json!("test partner"), &json!("partner"))
    );
    assert_eq!(
        (&events[3]["subject"], &events[3]["role"]),
        (&json!("test ministry"), &json!("ministry"))
    );
    for event in &events {
        assert_eq!(
            event["object"],
            json!({ "type": "convention", "id": created["id"] })
        );
        assert!(event["occurred_at"].as_str().unwrap() >= created["created_at"].as_str().unwrap());
    }
    let mut changes = events[3]["changes"].as_array().unwrap().clone();
    changes.retain(|change| change["field"] != "content_hash");
    assert_eq!(
        changes,
        [
            json!({ "field": "ends_on", "before": "2028-12-31", "after": "2029-12-31", "personal": false }),
            json!({ "field": "managing_office", "before": null, "after": "DGESCO A2-2", "personal": false }),
        ]
    );
    assert_eq!(
        events[2]["changes"],
        json!([{ "field": "status", "before": "draft", "after": "negotiation", "personal": false }])
    );
    // A creation says every field, with what it was first.
    let first = |name: &str| {
        let mut changes = events[4]["changes"].as_array().unwrap().iter();
        changes
            .find(|change| change["field"] == name)
            .cloned()
            .unwrap()
    };
    assert_eq!(
        first("title"),
        json!({ "field": "title", "before": null, "after": created["title"], "personal": false })
    );
    // Whoever may read what is recorded of a signature reads it here too; the parties do.
    assert_eq!(partner_caller.all(&history(&path)).await, events);
}

#[actix_web::test]
async fn a_person_is_a_field_that_is_named_and_never_a_value() {
    let world = World::new().await;
    let (ministry, path) = (world.service.ministry(), world.declination());
    let patch = json!({ "coordinator": { "name": "Yann Kervella" }, "title": "Second titre" });
    ministry.patch(&path, patch).await.expect(200);
    for form in ["application/json", "text/csv", "application/x-ndjson"] {
        let reply = as_form(&ministry, &history(&path), form).await;
        assert_eq!(reply.status, 200);
        for trace in ["Quernin", "zoe@", "Kervella"] {
            assert!(!reply.text().contains(trace), "{form}: {}", reply.text());
        }
        assert!(reply.text().contains("coordinator"), "{form}");
    }
    let events = ministry.all(&history(&path)).await;
    let mut changes = events[0]["changes"].as_array().unwrap().clone();
    changes.sort_by_key(|change| change["field"].to_string());
    assert_eq!(
        changes,
        [
            json!({ "field": "coordinator", "before": null, "after": null, "personal": true }),
            json!({ "field": "title", "before": "Premier titre", "after": "Second titre", "personal": false }),
        ]
    );
}

#[actix_web::test]
async fn it_is_read_by_pages_in_both_directions_and_in_every_form() {
    let world = World::new().await;
    let (ministry, path) = (world.service.ministry(), world.declination());
    for number in 0..6 {
        ministry
            .patch(&path, json!({ "title": format!("Titre {number}") }))
            .await
            .expect(200);
    }
    let list = history(&path);
    let newest = ministry.all(&format!("{list}?limit=2")).await;
    assert_eq!(newest.len(), 7);
    let mut oldest = ministry
        .all(&format!("{list}?limit=3&sort=occurred_at"))
        .await;
    assert_eq!(actions(&oldest)[0], "declination.created");
    oldest.reverse();
    assert_eq!(oldest, newest);
    assert_eq!(
        ministry.all(&format!("{list}?sort=-occurred_at")).await,
        newest
    );
    let since = newest[2]["occurred_at"].as_str().unwrap();
    assert_eq!(
        ministry.all(&format!("{list}?updated_since={since}")).await,
        newest[..3]
    );

    let lines = as_form(&ministry, &list, "application/x-ndjson").await;
    let lines: Vec<Value> = lines
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines, newest);
    let csv = as_form(&ministry, &list, "text/csv").await;
    let rows: Vec<&str> = csv.text().lines().collect();
    assert_eq!(
        rows[0],
        "id,occurred_at,action,subject,role,object_type,object_id,fields,changes"
    );
    assert_eq!(rows.len(), 8);
    let told = format!(
        "declination.updated,test ministry,ministry,declination,{},title,",
        world.declination
    );
    assert!(rows[1].contains(&told), "{}", rows[1]);

    let reply = ministry
        .get(&format!(
            "{list}?limit=0&sort=subject&dialect=x&updated_since=x&nope=1"
        ))
        .await;
    reply.problem(422, "validation_failed");
    assert_eq!(
        reply.faults(),
        [
            "dialect invalid_format",
            "limit out_of_range",
            "nope unknown_parameter",
            "sort unknown_order",
            "updated_since invalid_format"
        ]
    );
    // A cursor is of one object's history.
    let next = ministry.get(&format!("{list}?limit=1")).await.expect(200)["next_cursor"].clone();
    let other = history(&format!("/v1/conventions/{}", world.convention));
    ministry
        .get(&format!(
            "{other}?limit=1&cursor={}",
            next.as_str().unwrap()
        ))
        .await
        .problem(400, "invalid_cursor");
    let tag = ministry.get(&list).await.etag().to_owned();
    let again = ministry
        .request("GET", &list)
        .header("if-none-match", &tag)
        .send()
        .await;
    assert_eq!(again.status, 304);
}

#[actix_web::test]
async fn the_negotiation_of_a_signed_convention_is_told_to_its_parties_and_keepers_alone() {
    let world = World::new().await;
    let service = &world.service;
    let path = format!("/v1/conventions/{}", world.convention);
    let local = json!({ "scope": "local", "territory": "academy:10", "reach": ["academy:10", "region:84", "FR"] });
    let local = service.signed_convention(&world.partner, local).await;
    let local = format!("/v1/conventions/{local}");
    let elsewhere = service.academy("academy:08");
    for (name, caller, national, local_status) in [
        ("ministry", service.ministry(), 200, 200),
        ("a party", service.partner(&world.partner), 200, 200),
        ("another partner", service.partner(&absent()), 403, 403),
        ("its academy", service.academy("academy:10"), 403, 200),
        ("its region", service.academy("region:84"), 403, 200),
        ("another academy", elsewhere, 403, 403),
        (
            "a school of its academy",
            service.school(&world.school),
            403,
            403,
        ),
        ("a reader", service.reader(), 403, 403),
    ] {
        for (path, status) in [(&path, national), (&local, local_status)] {
            caller.get(path).await.expect(200);
            for form in ["application/json", "text/csv", "application/x-ndjson"] {
                let reply = as_form(&caller, &history(path), form).await;
                assert_eq!(reply.status, status, "{name} {form}");
                if status == 403 {
                    reply.problem(403, "forbidden");
                }
            }
        }
        caller
            .get(&history(&format!("/v1/conventions/{}", absent())))
            .await
            .problem(404, "not_found");
    }
}

#[actix_web::test]
async fn the_history_of_a_declination_is_for_those_who_keep_it() {
    let world = World::new().await;
    let (service, path) = (&world.service, world.declination());
    let callers = [
        ("ministry", service.ministry(), 200, 200),
        ("its academy", service.academy("academy:10"), 200, 200),
        ("its region", service.academy("region:84"), 200, 200),
        ("the school", service.school(&world.school), 200, 200),
        ("another academy", service.academy("academy:08"), 404, 403),
        ("another school", service.school(&uai(690_002)), 404, 403),
        ("a party", service.partner(&world.partner), 404, 403),
        ("a reader", service.reader(), 404, 403),
    ];
    for (name, caller, draft, _) in &callers {
        let reply = caller.get(&history(&path)).await;
        assert_eq!(reply.status, *draft, "{name} {}", reply.text());
    }
    step(&service.ministry(), &path, "activate").await;
    for (name, caller, _, active) in &callers {
        let reply = caller.get(&history(&path)).await;
        assert_eq!(reply.status, *active, "{name} {}", reply.text());
    }
    // Of a draft that was deleted nothing is told.
    let body = json!({ "convention_id": world.convention, "level": "academy", "territories": ["academy:10"],
                       "starts_on": "2026-09-01" });
    let draft = service.ministry().post("/v1/declinations", body).await;
    let draft = format!("/v1/declinations/{}", id(&draft.expect(201)));
    service.ministry().delete(&draft).await.expect(204);
    service
        .ministry()
        .get(&history(&draft))
        .await
        .problem(404, "not_found");
}

#[actix_web::test]
async fn the_history_of_a_convention_has_that_of_its_amendments() {
    use crate::amendments::{agreed, amended, amendment};
    let service = Service::start().await;
    let partner = id(&service.new_partner("UIMM").await);
    let convention = agreed(&service, &partner).await;
    let changes = json!([{ "op": "extend", "ends_on": "2029-12-31" }]);
    let signed = amended(
        &service,
        &convention,
        amendment("2027-01-01", changes, &[&partner]),
    )
    .await;
    let events = service.partner(&partner).all(&history(&convention)).await;
    let latest = &actions(&events)[..5];
    assert_eq!(
        latest,
        [
            "amendment.signed",
            "convention.amended",
            "amendment.signature_recorded",
            "amendment.sent_for_signature",
            "amendment.created"
        ]
    );
    assert_eq!(
        events[0]["object"],
        json!({ "type": "amendment", "id": signed["id"] })
    );
    let amended = events[1]["changes"].as_array().unwrap();
    assert_eq!(
        (amended.len(), &amended[0]["field"], &amended[0]["before"]),
        (1, &json!("amendments"), &json!([]))
    );
}
