//! Interventions: what a partner says it offers, and who finds it.

use chrono::{Days, NaiveDate, TimeDelta};
use serde_json::{Value, json};

use crate::support::{Caller, Service, absent, id, intervention, rounds, uai};

/// A partner, and a convention of its that covers everything.
async fn partner(service: &Service) -> (String, String) {
    let partner = id(&service.new_partner("Partenaire").await);
    let convention = service.signed_convention(&partner, json!({})).await;
    (partner, convention)
}

fn path(partner: &str, external_id: &str) -> String {
    format!("/v1/partners/{partner}/interventions/{external_id}")
}

fn today(service: &Service) -> NaiveDate {
    ree::values::today(service.shared.clock.now())
}

async fn journal(service: &Service) -> i64 {
    service
        .number("SELECT count(*) FROM audit_events WHERE object_type = 'intervention'")
        .await
}

/// The external ids of a list, in its order.
async fn found(caller: &Caller, query: &str) -> Vec<String> {
    let rows = caller.all(&format!("/v1/interventions{query}")).await;
    let count = caller
        .get(&format!("/v1/interventions/count{query}"))
        .await
        .json();
    if !query.contains("sort=") && !query.contains("limit=") {
        assert_eq!(count["count"], rows.len(), "{query}");
    }
    rows.iter()
        .map(|row| row["external_id"].as_str().unwrap().to_owned())
        .collect()
}

fn codes(answer: &Value) -> Vec<&str> {
    let reasons = answer["withheld_reasons"].as_array().unwrap();
    reasons
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect()
}

#[actix_web::test]
async fn what_is_put_is_read_back_and_putting_it_again_writes_nothing() {
    let service = Service::start().await;
    let (partner, convention) = partner(&service).await;
    let (own, path) = (service.partner(&partner), path(&partner, "A.1_b:c~d-e"));
    let whole = json!({
        "convention_id": convention, "title": "Visite", "description": "Longue\nvisite", "action_type": "company_visit",
        "levels": ["3e", "2de_gt"], "moments": ["career_discovery"], "axes": ["internships"], "event": "semaine_industrie",
        "modality": "hybrid", "nationwide": false, "territories": ["academy:10", "department:038"],
        "place": { "latitude": 45.75, "longitude": 4, "radius_km": 30, "label": "Atelier" },
        "available_from": "2020-01-01", "available_to": "2999-12-31", "duration_minutes": 90, "sessions": 4,
        "pupils_per_session": 30, "languages": ["fr", "en"], "url": "https://exemple.fr/visite", "accessibility": "Oui",
    });
    let first = own.put(&path, whole.clone()).await;
    let created = first.expect(201);
    assert_eq!(first.header("location"), path);
    assert!(first.etag().starts_with("\"1."));
    for (name, value) in whole.as_object().unwrap() {
        assert_eq!(&created[name], value, "{name}");
    }
    assert_eq!(
        (&created["status"], &created["sessions_left"]),
        (&json!("published"), &json!(4))
    );
    assert_eq!(
        created["allowed_actions"],
        json!(["put", "update", "withdraw"])
    );
    assert_eq!(own.get(&path).await.expect(200), created);

    let before = service.everything().await;
    let again = own.put(&path, whole.clone()).await;
    assert_eq!(
        (again.expect(200), again.etag()),
        (created.clone(), first.etag())
    );
    assert_eq!(service.everything().await, before);

    let least = intervention(&convention, json!({}));
    let cleared = own.put(&path, least.clone()).await;
    assert!(cleared.etag().starts_with("\"2."));
    let cleared = cleared.expect(200);
    for name in [
        "description",
        "event",
        "place",
        "available_to",
        "sessions",
        "url",
    ] {
        assert_eq!(cleared[name], Value::Null, "{name}");
    }
    assert_eq!(
        (&cleared["moments"], &cleared["languages"], &cleared["id"]),
        (&json!([]), &json!(["fr"]), &created["id"])
    );
    assert_eq!(journal(&service).await, 2);
}

#[actix_web::test]
async fn saying_the_same_a_day_later_confirms_it_and_changes_nothing_else() {
    let service = Service::start().await;
    let (partner, convention) = partner(&service).await;
    let path = path(&partner, "a");
    let body = intervention(&convention, json!({}));
    let first = service.partner(&partner).put(&path, body.clone()).await;
    service.shared.clock.travel(TimeDelta::hours(25));
    let later = service.partner(&partner).put(&path, body).await;
    let version = |etag: &str| etag.split_once('.').unwrap().0.to_owned();
    assert_eq!(version(first.etag()), version(later.etag()));
    let (first, later) = (first.expect(201), later.expect(200));
    assert_ne!(first["confirmed_at"], later["confirmed_at"]);
    assert_eq!(first["updated_at"], later["updated_at"]);
    assert_eq!(journal(&service).await, 1);
}

#[actix_web::test]
async fn a_put_keeps_to_its_conditions() {
    let service = Service::start().await;
    let (partner, convention) = partner(&service).await;
    let (own, path) = (service.partner(&partner), path(&partner, "a"));
    let put = async |header: &str, tag: &str, title: &str| {
        let body = intervention(&convention, json!({ "title": title }));
        own.request("PUT", &path)
            .header(header, tag)
            .json(&body)
            .send()
            .await
    };
    for tag in ["*", "\"1.x\""] {
        put("if-match", tag, "A")
            .await
            .problem(412, "precondition_failed");
    }
    put("if-none-match", "*", "A").await.expect(201);
    put("if-none-match", "*", "A")
        .await
        .problem(412, "precondition_failed");
    put("if-none-match", "*", "B")
        .await
        .problem(412, "precondition_failed");
    put("if-none-match", "\"1.x\"", "B")
        .await
        .problem(412, "precondition_failed");
    put("if-match", "\"2.x\"", "B")
        .await
        .problem(412, "precondition_failed");
    put("if-match", "\"1.x\"", "B").await.expect(200);
    put("if-match", "*", "C").await.expect(200);
    for (header, tag) in [("if-match", "\"1.x\""), ("if-none-match", "*")] {
        let withdrawal = own
            .request("DELETE", &path)
            .header(header, tag)
            .send()
            .await;
        withdrawal.problem(412, "precondition_failed");
    }
    let unasked = own
        .request("PATCH", &path)
        .merge(&json!({ "title": "D" }))
        .send()
        .await;
    unasked.problem(428, "precondition_required");
}

#[actix_web::test]
async fn a_change_merges_and_its_rules_are_those_of_a_creation() {
    let service = Service::start().await;
    let (partner, convention) = partner(&service).await;
    let (own, path) = (service.partner(&partner), path(&partner, "a"));
    let place = json!({ "latitude": 45, "longitude": 4, "label": "Ici" });
    let body = json!({ "place": place, "available_from": "2026-01-01", "languages": ["en"] });
    own.put(&path, intervention(&convention, body))
        .await
        .expect(201);
    let change = json!({ "place": { "label": null, "longitude": 5.5 }, "languages": null, "available_to": "2999-01-01" });
    let changed = own.patch(&path, change.clone()).await.expect(200);
    assert_eq!(
        changed["place"],
        json!({ "latitude": 45, "longitude": 5.5, "radius_km": null, "label": null })
    );
    assert_eq!(changed["languages"], json!(["fr"]));
    own.patch(&path, change).await.expect(200);
    assert_eq!(journal(&service).await, 2, "the second changed nothing");
    for (change, fault) in [
        (
            json!({ "available_to": "2025-12-31" }),
            "/available_to before_start",
        ),
        (json!({ "nationwide": true }), "/territories only_with"),
        (json!({ "territories": [] }), "/territories empty_list"),
        (json!({ "territories": null }), "/territories not_null"),
        (
            json!({ "convention_id": absent() }),
            "/convention_id unknown_reference",
        ),
    ] {
        let reply = own.patch(&path, change).await;
        reply.problem(422, "validation_failed");
        assert_eq!(reply.faults(), [fault]);
    }
    let wide = own
        .patch(&path, json!({ "nationwide": true, "territories": null }))
        .await;
    assert_eq!(wide.expect(200)["territories"], json!([]));
    let both = intervention(
        &convention,
        json!({ "convention_id": absent(), "territories": [format!("uai:{}", uai(1))] }),
    );
    assert_eq!(
        own.put(&path, both).await.faults(),
        [
            "/convention_id unknown_reference",
            "/territories/0 unknown_territory"
        ]
    );
}

#[actix_web::test]
async fn what_cannot_be_an_external_id_names_nothing() {
    let service = Service::start().await;
    let (partner, convention) = partner(&service).await;
    let own = service.partner(&partner);
    let long = "x".repeat(129);
    for bad in ["a%20b", "%C3%A9", "a%2Fb", "a@b", long.as_str()] {
        let path = path(&partner, bad);
        own.get(&path).await.problem(404, "not_found");
        own.put(&path, intervention(&convention, json!({})))
            .await
            .problem(404, "not_found");
        own.delete(&path).await.problem(404, "not_found");
    }
    // These name operations.
    for taken in ["batch", "touch"] {
        let path = path(&partner, taken);
        own.get(&path).await.problem(405, "method_not_allowed");
        own.put(&path, intervention(&convention, json!({})))
            .await
            .problem(405, "method_not_allowed");
    }
    let longest = path(&partner, &"x".repeat(128));
    own.put(&longest, intervention(&convention, json!({})))
        .await
        .expect(201);
}

#[actix_web::test]
async fn each_reason_to_withhold_is_told_to_its_partner() {
    let service = Service::start().await;
    let (partner, _) = partner(&service).await;
    let other = id(&service.new_partner("Autre").await);
    let local = json!({ "scope": "local", "territory": "academy:10", "reach": ["academy:10", "region:84", "FR"] });
    let signed = service.signed_convention(&partner, local).await;
    let with = async |of: &str, columns: Value| service.signed_convention(of, columns).await;
    let unsigned = json!({ "status": "draft", "signed_on": null });
    let cases: Vec<(String, Value, Vec<&str>)> = vec![
        (
            with(&other, json!({})).await,
            json!({}),
            vec!["not_a_party"],
        ),
        (
            with(&partner, json!({ "action_types": ["mentoring"] })).await,
            json!({}),
            vec!["action_type_not_covered"],
        ),
        (
            with(&partner, json!({ "levels": ["3e"] })).await,
            json!({ "levels": ["3e", "4e"] }),
            vec!["level_not_covered"],
        ),
        (signed.clone(), json!({}), vec![]),
        (
            signed.clone(),
            json!({ "territories": ["department:069", "academy:10"] }),
            vec![],
        ),
        (
            signed.clone(),
            json!({ "territories": ["academy:10", "academy:09"] }),
            vec!["territory_not_covered"],
        ),
        (
            signed.clone(),
            json!({ "territories": ["region:84"] }),
            vec!["territory_not_covered"],
        ),
        (
            signed,
            json!({ "nationwide": true, "territories": [] }),
            vec!["territory_not_covered"],
        ),
        (
            with(&partner, unsigned).await,
            json!({}),
            vec!["convention_not_signed"],
        ),
        (
            with(&partner, json!({ "ends_on": "2021-01-01" })).await,
            json!({}),
            vec!["convention_not_in_force"],
        ),
        (
            with(&partner, json!({ "starts_on": "2999-01-01" })).await,
            json!({}),
            vec!["convention_not_in_force"],
        ),
        (
            with(
                &other,
                json!({ "action_types": ["mentoring"], "levels": ["4e"], "ends_on": "2021-01-01" }),
            )
            .await,
            json!({}),
            vec![
                "not_a_party",
                "action_type_not_covered",
                "level_not_covered",
                "convention_not_in_force",
            ],
        ),
    ];
    let own = service.partner(&partner);
    for (convention, fields, expected) in cases {
        let reply = own
            .put(&path(&partner, "a"), intervention(&convention, fields))
            .await;
        let answer = reply.json();
        assert_eq!(codes(&answer), expected, "{answer}");
        let status = if expected.is_empty() {
            "published"
        } else {
            "withheld"
        };
        assert_eq!(answer["status"], status);
        let in_english = own
            .request("GET", &path(&partner, "a"))
            .header("accept-language", "en");
        let english = in_english.send().await.json();
        for (french, english) in std::iter::zip(
            answer["withheld_reasons"].as_array().unwrap(),
            english["withheld_reasons"].as_array().unwrap(),
        ) {
            assert_eq!(french["code"], english["code"]);
            assert_ne!(french["detail"], english["detail"]);
        }
    }
    let hidden = with(&other, json!({ "status": "draft", "signed_on": null })).await;
    let reply = own
        .put(&path(&partner, "a"), intervention(&hidden, json!({})))
        .await;
    assert_eq!(
        reply.faults(),
        ["/convention_id unknown_reference"],
        "it may not know of it"
    );
}

#[actix_web::test]
async fn what_a_network_signed_carries_what_its_members_offer() {
    let service = Service::start().await;
    let (network, convention) = partner(&service).await;
    let member = id(&service.new_partner("Membre").await);
    let (own, path) = (service.partner(&member), path(&member, "a"));
    let body = intervention(&convention, json!({}));
    let alone = own.put(&path, body).await.expect(201);
    assert_eq!(codes(&alone), ["not_a_party"]);
    let joins = json!({ "member_of": [network] });
    service
        .ministry()
        .patch(&format!("/v1/partners/{member}"), joins)
        .await
        .expect(200);
    assert_eq!(own.get(&path).await.json()["status"], "published");
    service.reader().get(&path).await.expect(200);
}

#[actix_web::test]
async fn what_is_published_ends_with_its_convention_or_its_own_last_day() {
    let service = Service::start().await;
    let day = |days: u64| (today(&service) + Days::new(days)).to_string();
    let partner = id(&service.new_partner("Partenaire").await);
    let convention = service
        .signed_convention(&partner, json!({ "ends_on": day(2) }))
        .await;
    let own = service.partner(&partner);
    let body = intervention(&convention, json!({}));
    own.put(&path(&partner, "withheld"), body).await.expect(201);
    let body = intervention(&convention, json!({ "available_to": day(2) }));
    own.put(&path(&partner, "expired"), body).await.expect(201);
    let long = intervention(&convention, json!({ "available_to": day(3) }));
    let warned = own.put(&path(&partner, "warned"), long).await.expect(201);
    assert_eq!(warned["warnings"][0]["code"], "outlives_convention");
    let reader = service.reader();
    service.shared.clock.travel(TimeDelta::days(2));
    assert_eq!(
        found(&service.reader(), "").await,
        ["withheld", "expired", "warned"],
        "its last day counts"
    );
    service.shared.clock.travel(TimeDelta::days(1));
    assert_eq!(found(&service.reader(), "").await, [""; 0]);
    let own = service.partner(&partner);
    for (name, status, reasons) in [
        ("withheld", "withheld", vec!["convention_not_in_force"]),
        ("expired", "expired", vec![]),
        ("warned", "withheld", vec!["convention_not_in_force"]),
    ] {
        let seen = own.get(&path(&partner, name)).await.expect(200);
        assert_eq!(
            (seen["status"].as_str().unwrap(), codes(&seen)),
            (status, reasons)
        );
        service
            .reader()
            .get(&path(&partner, name))
            .await
            .problem(404, "not_found");
    }
    drop(reader);
    service.shared.clock.travel(TimeDelta::days(1));
    let own = service.partner(&partner);
    assert_eq!(
        own.get(&path(&partner, "warned")).await.json()["status"],
        "expired"
    );
}

#[actix_web::test]
async fn each_caller_sees_what_is_published_and_its_own() {
    let service = Service::start().await;
    let (partner, convention) = partner(&service).await;
    let other = id(&service.new_partner("Autre").await);
    let own = service.partner(&partner);
    for (name, fields) in [
        ("published", json!({})),
        ("expired", json!({ "available_to": "2021-01-01" })),
        ("withdrawn", json!({})),
    ] {
        own.put(&path(&partner, name), intervention(&convention, fields))
            .await
            .expect(201);
    }
    let later = service
        .signed_convention(&partner, json!({ "starts_on": "2999-01-01" }))
        .await;
    own.put(&path(&partner, "withheld"), intervention(&later, json!({})))
        .await
        .expect(201);
    own.delete(&path(&partner, "withdrawn")).await.expect(200);
    let all = ["published", "expired", "withdrawn", "withheld"];
    for caller in [service.ministry(), own.clone()] {
        assert_eq!(found(&caller, "").await, all);
        for name in all {
            assert_eq!(
                caller.get(&path(&partner, name)).await.expect(200)["status"],
                name
            );
            assert_eq!(found(&caller, &format!("?status={name}")).await, [name]);
        }
        assert_eq!(
            found(&caller, "?status=withheld,expired").await,
            ["expired", "withheld"]
        );
    }
    let strangers = [
        service.partner(&other),
        service.reader(),
        service.academy("academy:10"),
        service.school(&uai(690_001)),
    ];
    for caller in strangers {
        assert_eq!(found(&caller, "").await, ["published"]);
        assert_eq!(
            found(&caller, "?status=withheld,withdrawn,expired").await,
            [""; 0]
        );
        for name in &all[1..] {
            caller
                .get(&path(&partner, name))
                .await
                .problem(404, "not_found");
        }
    }
}

#[actix_web::test]
async fn a_put_looks_at_its_condition_again_when_another_created_it_meanwhile() {
    let service = Service::start().await;
    let (partner, convention) = partner(&service).await;
    let (own, path) = (service.partner(&partner), path(&partner, "a"));
    let mut other = service.sql().await;
    let held = other.transaction().await.unwrap();
    // Another request that has created it and is not over.
    const CREATED: &str = "INSERT INTO interventions (id, partner_id, external_id, convention_id, title, action_type, levels,
            moments, axes, modality, nationwide, territories, held_by, languages, confirmed_at, created_at, updated_at)
        VALUES (gen_random_uuid(), $1::text::uuid, 'a', $2::text::uuid, 'Avant', 'class_talk', '{3e}',
            '{}', '{}', 'remote', false, '{academy:10}', '{FR,academy:10}', '{fr}', now(), now(), now())";
    held.execute(CREATED, &[&partner, &convention])
        .await
        .unwrap();
    let request = own.request("PUT", &path).header("if-none-match", "*");
    let body = intervention(&convention, json!({ "title": "Après" }));
    let put = request.json(&body).send();
    let (answer, ()) = tokio::join!(put, async {
        service.until_someone_waits().await;
        held.commit().await.unwrap();
    });
    answer.problem(412, "precondition_failed");
    assert_eq!(own.get(&path).await.expect(200)["title"], "Avant");
}

#[actix_web::test]
async fn the_feed_tells_of_an_intervention_those_who_can_or_could_read_it() {
    let service = Service::start().await;
    let (partner, convention) = partner(&service).await;
    let later = service
        .signed_convention(&partner, json!({ "starts_on": "2999-01-01" }))
        .await;
    let (own, path) = (service.partner(&partner), path(&partner, "a"));
    own.put(&path, intervention(&later, json!({})))
        .await
        .expect(201);
    own.put(&path, intervention(&convention, json!({})))
        .await
        .expect(200);
    own.put(&path, intervention(&later, json!({})))
        .await
        .expect(200);
    own.put(&path, intervention(&later, json!({ "title": "B" })))
        .await
        .expect(200);
    own.delete(&path).await.expect(200);
    own.put(&path, intervention(&later, json!({ "title": "B" })))
        .await
        .expect(200);
    let types = "/v1/changes?types=intervention.created,intervention.updated,intervention.withdrawn,intervention.offered_again";
    // The server is shared: an older transaction of another test may be under way.
    let is_over = "SELECT max(position) < feed_horizon() FROM changes";
    service.until(is_over).await;
    let told = async |caller: Caller| -> Vec<(String, bool)> {
        let feed = caller.get(types).await.expect(200);
        let changes = feed["data"].as_array().unwrap().clone();
        let tell = |change: &Value| {
            assert_eq!(change["object"]["url"], path.as_str());
            let kind = change["type"].as_str().unwrap();
            (
                kind.replace("intervention.", ""),
                change["data"].is_object(),
            )
        };
        changes.iter().map(tell).collect()
    };
    let all = [
        "created",
        "updated",
        "updated",
        "updated",
        "withdrawn",
        "offered_again",
    ];
    let all: Vec<(String, bool)> = all.iter().map(|kind| ((*kind).to_owned(), true)).collect();
    assert_eq!(told(service.ministry()).await, all);
    assert_eq!(told(own).await, all);
    let other = id(&service.new_partner("Autre").await);
    let public = vec![("updated".to_owned(), false); 2];
    for stranger in [
        service.reader(),
        service.partner(&other),
        service.academy("academy:10"),
    ] {
        assert_eq!(
            told(stranger).await,
            public,
            "as it was published and as it ceased to be"
        );
    }
}

#[actix_web::test]
async fn a_search_knows_neither_accents_nor_endings_and_gives_the_best_first() {
    let service = Service::start().await;
    let (partner, convention) = partner(&service).await;
    let own = service.partner(&partner);
    for (name, title, description) in [
        ("other", "Découverte de la cuisine", "Un chef et sa brigade"),
        ("described", "Rencontre", "Les métiers de la métallurgie"),
        (
            "titled",
            "La métallurgie en atelier",
            "Métallurgies d'hier et d'aujourd'hui",
        ),
    ] {
        let fields = json!({ "title": title, "description": description });
        own.put(&path(&partner, name), intervention(&convention, fields))
            .await
            .expect(201);
    }
    let reader = service.reader();
    for q in [
        "m%C3%A9tallurgie",
        "METALLURGIES",
        "metallurgie",
        "%22metallurgie%22",
    ] {
        assert_eq!(
            found(&reader, &format!("?q={q}")).await,
            ["titled", "described"],
            "{q}"
        );
    }
    assert_eq!(
        found(&reader, "?q=metallurgie&sort=-relevance").await,
        ["described", "titled"]
    );
    assert_eq!(
        found(&reader, "?q=metallurgie&sort=created_at").await,
        ["described", "titled"]
    );
    assert_eq!(
        found(&reader, "?q=metallurgie%20-atelier").await,
        ["described"]
    );
    assert_eq!(
        found(&reader, "?q=m%C3%A9tier%20metallurgies").await,
        ["described"]
    );
    assert_eq!(found(&reader, "?q=couture").await, [""; 0]);
    assert_eq!(
        found(&reader, "?q=%20").await.len(),
        3,
        "nothing is looked for"
    );
    assert_eq!(
        found(&reader, "?q=%22%20-%20!%26%7C(").await.len(),
        0,
        "no words, no matches"
    );
    let reply = reader.get("/v1/interventions?sort=relevance").await;
    assert_eq!(reply.faults(), ["sort only_with"]);
}

#[actix_web::test]
async fn pages_of_a_search_miss_nothing_and_repeat_nothing() {
    let service = Service::start().await;
    let (partner, convention) = partner(&service).await;
    let own = service.partner(&partner);
    for number in 0..30 {
        // A few ranks, each shared by many.
        let fields = json!({ "title": "Robotique ".repeat(1 + number % 4) });
        let body = intervention(&convention, fields);
        own.put(&path(&partner, &format!("n{number:02}")), body)
            .await
            .expect(201);
    }
    let reader = service.reader();
    for sort in [
        "",
        "&sort=relevance",
        "&sort=-relevance",
        "&sort=created_at",
        "&sort=-updated_at",
    ] {
        let whole = found(&reader, &format!("?q=robotiques{sort}&limit=200")).await;
        assert_eq!(whole.len(), 30);
        for limit in [1, 7] {
            let paged = found(&reader, &format!("?q=robotiques{sort}&limit={limit}")).await;
            assert_eq!(paged, whole, "{sort} {limit}");
        }
        let request = reader.request("GET", &format!("/v1/interventions?q=robotiques{sort}"));
        let streamed = request
            .header("accept", "application/x-ndjson")
            .send()
            .await;
        assert_eq!(streamed.text().lines().count(), 30);
    }
    let best = found(&reader, "?q=robotique&sort=relevance").await;
    let mut worst = found(&reader, "?q=robotique&sort=-relevance").await;
    worst.reverse();
    assert_eq!(best, worst);
    let csv = reader
        .request("GET", "/v1/interventions")
        .header("accept", "text/csv");
    assert_eq!(csv.send().await.text().lines().count(), 31);
}

#[actix_web::test]
async fn a_territory_finds_what_covers_it() {
    let service = Service::start().await;
    let (partner, convention) = partner(&service).await;
    let (own, school) = (service.partner(&partner), uai(690_001));
    service
        .new_school(&school, "department:069", "academy:10")
        .await;
    let of_school = format!("uai:{school}");
    for (name, fields) in [
        ("country", json!({ "nationwide": true, "territories": [] })),
        ("france", json!({ "territories": ["FR"] })),
        ("region", json!({ "territories": ["region:84"] })),
        ("academy", json!({ "territories": ["academy:10"] })),
        (
            "department",
            json!({ "territories": ["academy:09", "department:069"] }),
        ),
        ("school", json!({ "territories": [of_school] })),
        ("elsewhere", json!({ "territories": ["academy:09"] })),
    ] {
        own.put(&path(&partner, name), intervention(&convention, fields))
            .await
            .expect(201);
    }
    let reader = service.reader();
    let wide = ["country", "france", "region", "academy"];
    for (territory, expected) in [
        (
            of_school.as_str(),
            vec![
                "country",
                "france",
                "region",
                "academy",
                "department",
                "school",
            ],
        ),
        (
            "department:069",
            vec!["country", "france", "region", "academy", "department"],
        ),
        ("academy:10", wide.to_vec()),
        ("region:84", vec!["country", "france", "region"]),
        ("FR", vec!["country", "france"]),
        (
            "academy:09",
            vec!["country", "france", "department", "elsewhere"],
        ),
        (
            "academy:10,academy:09",
            vec![
                "country",
                "france",
                "region",
                "academy",
                "department",
                "elsewhere",
            ],
        ),
    ] {
        assert_eq!(
            found(&reader, &format!("?territory={territory}")).await,
            expected,
            "{territory}"
        );
    }
    let nobody = format!("uai:{}", uai(9_999_999));
    assert_eq!(
        found(&reader, &format!("?territory={nobody}")).await,
        [""; 0]
    );
    assert_eq!(
        found(&reader, &format!("?territory={nobody},academy:10")).await,
        wide
    );
}

#[actix_web::test]
async fn each_filter_finds_its_own() {
    let service = Service::start().await;
    let (partner, convention) = partner(&service).await;
    let (other, theirs) = self::partner(&service).await;
    let a = json!({ "moments": ["career_discovery"], "axes": ["internships"], "available_from": "2026-09-01", "available_to": "2098-06-30" });
    let b = json!({ "action_type": "class_talk", "levels": ["4e", "6e"], "moments": ["pfmp"], "axes": ["gender_equality"],
                    "modality": "remote", "available_from": "2099-01-01" });
    service
        .partner(&partner)
        .put(&path(&partner, "a"), intervention(&convention, a))
        .await
        .expect(201);
    service
        .partner(&other)
        .put(&path(&other, "b"), intervention(&theirs, b))
        .await
        .expect(201);
    let reader = service.reader();
    for (query, expected) in [
        (format!("partner_id={partner}"), vec!["a"]),
        (format!("partner_id={partner},{other}"), vec!["a", "b"]),
        (format!("convention_id={theirs}"), vec!["b"]),
        ("action_type=class_talk,mentoring".to_owned(), vec!["b"]),
        ("level=3e".to_owned(), vec!["a"]),
        ("level=6e,3e".to_owned(), vec!["a", "b"]),
        ("moment=pfmp".to_owned(), vec!["b"]),
        ("axis=internships".to_owned(), vec!["a"]),
        ("modality=remote".to_owned(), vec!["b"]),
        ("modality=hybrid".to_owned(), vec![]),
        ("available_from=2098-06-30".to_owned(), vec!["a", "b"]),
        ("available_from=2098-07-01".to_owned(), vec!["b"]),
        ("available_to=2099-01-01".to_owned(), vec!["a", "b"]),
        ("available_to=2098-12-31".to_owned(), vec!["a"]),
        (
            "available_from=2098-07-01&available_to=2098-12-31".to_owned(),
            vec![],
        ),
        ("updated_since=2999-01-01T00:00:00Z".to_owned(), vec![]),
        (
            "level=3e&modality=in_person&q=atelier".to_owned(),
            vec!["a"],
        ),
    ] {
        assert_eq!(
            found(&reader, &format!("?{query}")).await,
            expected,
            "{query}"
        );
    }
    for (query, fault) in [
        ("status=gone", "status unknown_code"),
        ("partner_id=x", "partner_id invalid_format"),
        ("available_to=x", "available_to invalid_format"),
        (
            "available_from=2026-02-01&available_to=2026-01-01",
            "available_to before_start",
        ),
        ("territory=academy:99", "territory unknown_territory"),
    ] {
        let reply = reader.get(&format!("/v1/interventions?{query}")).await;
        assert_eq!(reply.faults(), [fault], "{query}");
    }
}

#[actix_web::test]
async fn what_is_withdrawn_stays_so_until_it_is_put_again() {
    let service = Service::start().await;
    let (partner, convention) = partner(&service).await;
    let (own, path) = (service.partner(&partner), path(&partner, "a"));
    let body = intervention(&convention, json!({}));
    own.put(&path, body.clone()).await.expect(201);
    let ministry = service.ministry();
    let first = ministry.request("DELETE", &path).send().await;
    let withdrawn = first.expect(200);
    assert_eq!(withdrawn["status"], "withdrawn");
    assert!(withdrawn["withdrawn_at"].is_string());
    let before = service.everything().await;
    let second = own.request("DELETE", &path).send().await;
    assert_eq!(
        second.expect(200)["withdrawn_at"],
        withdrawn["withdrawn_at"]
    );
    assert_eq!(service.everything().await, before);
    let patched = own.patch(&path, json!({ "title": "B" })).await;
    patched.problem(409, "invalid_transition");
    assert_eq!(second.json()["allowed_actions"], json!(["put"]));
    assert_eq!(
        ministry.get(&path).await.json()["allowed_actions"],
        json!([])
    );
    let again = own.put(&path, body).await.expect(200);
    assert_eq!(
        (&again["status"], &again["withdrawn_at"]),
        (&json!("published"), &Value::Null)
    );
    assert_eq!(again["id"], withdrawn["id"]);
    let refused = service
        .ministry()
        .delete(&format!("/v1/partners/{partner}"))
        .await;
    refused.problem(409, "in_use");
}

#[actix_web::test]
async fn two_partners_may_use_the_same_external_id() {
    let service = Service::start().await;
    let mut ids = Vec::new();
    for title in ["A", "B"] {
        let (partner, convention) = partner(&service).await;
        let body = intervention(&convention, json!({ "title": title }));
        let created = service
            .partner(&partner)
            .put(&path(&partner, "same"), body)
            .await;
        ids.push((id(&created.expect(201)), path(&partner, "same"), title));
    }
    assert_ne!(ids[0].0, ids[1].0);
    for (_, path, title) in &ids {
        assert_eq!(service.reader().get(path).await.json()["title"], *title);
    }
    let stranger = service.partner(&absent());
    for (_, path, _) in &ids {
        let body = intervention(&absent(), json!({}));
        stranger.put(path, body).await.problem(403, "forbidden");
        stranger.delete(path).await.problem(403, "forbidden");
    }
}

#[actix_web::test]
async fn of_two_first_puts_at_once_one_creates_and_the_other_replaces() {
    let service = Service::start().await;
    let (partner, convention) = partner(&service).await;
    let rounds = rounds(50);
    for round in 0..rounds {
        let path = path(&partner, &format!("n{round}"));
        let (one, two) = (service.partner(&partner), service.partner(&partner));
        // The same twice, or two that differ.
        let titles = if round % 2 == 0 {
            ["A", "A"]
        } else {
            ["A", "B"]
        };
        let [a, b] = titles.map(|title| intervention(&convention, json!({ "title": title })));
        let (a, b) = tokio::join!(one.put(&path, a), two.put(&path, b));
        let mut statuses = [a.status.as_u16(), b.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 201], "{} {}", a.text(), b.text());
        assert_eq!(a.json()["id"], b.json()["id"]);
        let last = if a.status == 200 {
            titles[0]
        } else {
            titles[1]
        };
        assert_eq!(one.get(&path).await.json()["title"], last);
    }
    // Half of the rounds wrote twice.
    let written = i64::try_from(rounds + rounds / 2).unwrap();
    assert_eq!(journal(&service).await, written);
}

#[actix_web::test]
async fn a_first_put_that_another_one_crosses_waits_for_it_and_replaces() {
    let service = Service::start().await;
    let (partner, convention) = partner(&service).await;
    let (own, first) = (service.partner(&partner), path(&partner, "first"));
    own.put(&first, intervention(&convention, json!({})))
        .await
        .expect(201);
    let sql = service.sql().await;
    // As another request would, half way through.
    sql.batch_execute("BEGIN; UPDATE interventions SET external_id = 'second'")
        .await
        .unwrap();
    let second = path(&partner, "second");
    let (reply, ()) = tokio::join!(
        own.put(&second, intervention(&convention, json!({ "title": "B" }))),
        async {
            service.until_someone_waits().await;
            sql.batch_execute("COMMIT").await.unwrap();
        }
    );
    assert_eq!(reply.expect(200)["title"], "B");
    own.get(&first).await.problem(404, "not_found");
    let wrong = own.request("PUT", &second).body("text/plain", "x");
    let wrong = wrong.send().await;
    wrong.problem(415, "unsupported_media_type");
    assert_eq!(wrong.header("accept"), "application/json");
}

/// Numbers that look random and are the same each time (Knuth's MMIX generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn one_of<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    fn some_of(&mut self, of: &[&'static str]) -> Vec<&'static str> {
        of.iter().copied().filter(|_| self.below(2) == 0).collect()
    }
}

/// Each territory with what holds it, written by hand.
const PLACES: [(&str, &[&str]); 5] = [
    ("FR", &["FR"]),
    ("region:84", &["region:84", "FR"]),
    ("academy:10", &["academy:10", "region:84", "FR"]),
    (
        "department:069",
        &["department:069", "academy:10", "region:84", "FR"],
    ),
    ("academy:09", &["academy:09", "region:32", "FR"]),
];

/// A convention, in the words of the rule.
#[derive(Debug, Clone)]
struct Agreement {
    id: String,
    signed: bool,
    party: bool,
    types: Vec<&'static str>,
    levels: Vec<&'static str>,
    territory: Option<&'static str>,
    days: (i64, Option<i64>),
}

/// What is offered under it.
#[derive(Debug, Clone)]
struct Said {
    agreement: usize,
    kind: &'static str,
    levels: Vec<&'static str>,
    territories: Option<Vec<&'static str>>,
    last: Option<i64>,
    /// The day from which it was not confirmed for over 180 days.
    stale_from: Option<i64>,
    withdrawn: bool,
}

/// The rule of the product, told plainly.
fn expected(agreement: &Agreement, said: &Said, day: i64) -> &'static str {
    if said.withdrawn {
        return "withdrawn";
    }
    if said.last.is_some_and(|last| last < day) {
        return "expired";
    }
    if said.stale_from.is_some_and(|from| from <= day) {
        return "stale";
    }
    let lies_in = |place: &str, territory: &str| {
        let (_, holders) = PLACES.iter().find(|(code, _)| *code == place).unwrap();
        holders.contains(&territory)
    };
    let covered = match (agreement.territory, &said.territories) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(territory), Some(places)) => places.iter().all(|place| lies_in(place, territory)),
    };
    let carried = agreement.signed
        && agreement.party
        && (agreement.types.is_empty() || agreement.types.contains(&said.kind))
        && (agreement.levels.is_empty()
            || said
                .levels
                .iter()
                .all(|level| agreement.levels.contains(level)))
        && covered
        && agreement.days.0 <= day
        && agreement.days.1.is_none_or(|last| last >= day);
    if carried { "published" } else { "withheld" }
}

async fn agreements(
    service: &Service,
    numbers: &mut Numbers,
    own: &str,
    network: &str,
) -> Vec<Agreement> {
    let first = today(service);
    let stranger = id(&service.new_partner("Étranger").await);
    let mut all = Vec::new();
    for _ in 0..40 {
        let signed = numbers.below(6) > 0;
        let party = numbers.one_of(&[own, own, network, &stranger]).to_owned();
        // A draft is only known to its parties: a stranger's would be refused.
        let party = if signed || party != stranger {
            party
        } else {
            own.to_owned()
        };
        let territory = numbers.one_of(&[None, None, Some(2), Some(1)]);
        let (begins, lasts) = (
            i64::try_from(numbers.below(6)).unwrap() - 3,
            numbers.below(9),
        );
        let mut agreement = Agreement {
            id: String::new(),
            signed,
            party: party != stranger,
            types: numbers.some_of(&["company_visit", "class_talk"]),
            levels: numbers.some_of(&["3e", "4e", "2de_gt"]),
            territory: territory.map(|index: usize| PLACES[index].0),
            days: (
                begins,
                (lasts < 6).then(|| begins + i64::try_from(lasts).unwrap()),
            ),
        };
        // A network's draft is not known to its members either.
        agreement.signed |= party == network;
        let on = |days: i64| (first + TimeDelta::days(days)).to_string();
        let columns = json!({
            "status": if agreement.signed { "signed" } else { "negotiation" },
            "signed_on": if agreement.signed { json!("2020-01-01") } else { Value::Null },
            "scope": if agreement.territory.is_some() { "local" } else { "national" }, "territory": agreement.territory,
            "reach": territory.map_or(&[][..], |index: usize| PLACES[index].1),
            "action_types": agreement.types, "levels": agreement.levels,
            "starts_on": on(agreement.days.0), "ends_on": agreement.days.1.map(on),
        });
        agreement.id = service.signed_convention(&party, columns).await;
        all.push(agreement);
    }
    all
}

#[actix_web::test]
async fn the_status_is_that_of_the_rule_on_any_day_whatever_the_convention() {
    let service = Service::start().await;
    let mut numbers = Numbers(2026);
    let network = id(&service.new_partner("Réseau").await);
    let partner = id(&service.new_partner("Partenaire").await);
    let joins = json!({ "member_of": [network] });
    service
        .ministry()
        .patch(&format!("/v1/partners/{partner}"), joins)
        .await
        .expect(200);
    let agreements = agreements(&service, &mut numbers, &partner, &network).await;
    let (first, own) = (today(&service), service.partner(&partner));
    let mut said = Vec::new();
    for number in 0..160 {
        let mut levels = numbers.some_of(&["3e", "4e", "2de_gt"]);
        if levels.is_empty() {
            levels.push("3e");
        }
        let mut places: Vec<&'static str> = (0..1 + numbers.below(2))
            .map(|_| numbers.one_of(&PLACES).0)
            .collect();
        places.dedup();
        let one = Said {
            agreement: numbers.below(agreements.len()),
            kind: numbers.one_of(&["company_visit", "class_talk"]),
            levels,
            territories: (numbers.below(5) > 0).then_some(places),
            last: numbers.one_of(&[None, None, Some(0), Some(2), Some(5)]),
            stale_from: numbers.one_of(&[None, None, None, Some(1), Some(4), Some(7)]),
            withdrawn: numbers.below(8) == 0,
        };
        let body = json!({
            "convention_id": agreements[one.agreement].id, "title": "T", "action_type": one.kind, "levels": one.levels,
            "modality": "remote", "nationwide": one.territories.is_none(), "territories": one.territories,
            "available_to": one.last.map(|last| (first + TimeDelta::days(last)).to_string()),
        });
        let path = path(&partner, &format!("n{number}"));
        own.put(&path, body).await.expect(201);
        if one.withdrawn {
            own.delete(&path).await.expect(200);
        }
        if let Some(from) = one.stale_from {
            let confirmed = first + TimeDelta::days(from - 181);
            let confirm = format!(
                "UPDATE interventions SET confirmed_at = '{confirmed} 23:59:59 Europe/Paris' WHERE external_id = 'n{number}'"
            );
            service.sql().await.batch_execute(&confirm).await.unwrap();
        }
        said.push(one);
    }
    let mut seen = std::collections::BTreeSet::new();
    for day in 0..8_i64 {
        let ministry = service.ministry();
        let listed = ministry.all("/v1/interventions?limit=200").await;
        assert_eq!(listed.len(), said.len());
        let mut by_status: std::collections::BTreeMap<&str, Vec<String>> =
            std::collections::BTreeMap::new();
        for (row, one) in std::iter::zip(&listed, &said) {
            let agreement = &agreements[one.agreement];
            let status = expected(agreement, one, day);
            assert_eq!(
                row["status"], status,
                "day {day}: {one:?} under {agreement:?}: {row}"
            );
            assert_eq!(codes(row).is_empty(), status != "withheld", "{row}");
            let name = row["external_id"].as_str().unwrap();
            by_status.entry(status).or_default().push(name.to_owned());
            seen.insert(status);
        }
        for (status, names) in &by_status {
            assert_eq!(
                &found(&ministry, &format!("?status={status}")).await,
                names,
                "day {day}"
            );
        }
        let published = by_status.get("published").cloned().unwrap_or_default();
        assert_eq!(found(&service.reader(), "").await, published, "day {day}");
        service.shared.clock.travel(TimeDelta::days(1));
    }
    assert_eq!(seen.len(), 5, "every status was met");
}

#[actix_web::test]
async fn what_is_not_confirmed_for_180_days_leaves_the_search_until_it_is() {
    let service = Service::start().await;
    let (partner, convention) = partner(&service).await;
    for name in ["put", "touched", "pushed", "left"] {
        let body = intervention(&convention, json!({}));
        let own = service.partner(&partner);
        own.put(&path(&partner, name), body).await.expect(201);
    }
    service.shared.clock.travel(TimeDelta::days(180));
    assert_eq!(found(&service.reader(), "").await.len(), 4);
    service.shared.clock.travel(TimeDelta::days(1));
    assert_eq!(found(&service.reader(), "").await, [""; 0]);
    let (own, reader) = (service.partner(&partner), service.reader());
    reader
        .get(&path(&partner, "left"))
        .await
        .problem(404, "not_found");
    let stale = own.get(&path(&partner, "left")).await.expect(200);
    assert_eq!(
        (&stale["status"], codes(&stale).len()),
        (&json!("stale"), 0)
    );
    assert_eq!(found(&own, "?status=stale").await.len(), 4);

    let body = intervention(&convention, json!({}));
    let put = own
        .put(&path(&partner, "put"), body.clone())
        .await
        .expect(200);
    assert_eq!(put["status"], "published");
    let mut item = body;
    item["external_id"] = json!("pushed");
    let batch = format!("/v1/partners/{partner}/interventions/batch");
    let pushed = own
        .post(&batch, json!({ "items": [item] }))
        .await
        .expect(200);
    let verdict = &pushed["items"][0];
    assert_eq!(
        (&verdict["outcome"], &verdict["status"]),
        (&json!("unchanged"), &json!("published"))
    );
    let touch = format!("/v1/partners/{partner}/interventions/touch");
    own.post(&touch, json!({ "external_ids": ["touched"] }))
        .await
        .expect(200);
    let mut names = found(&reader, "").await;
    names.sort();
    assert_eq!(names, ["pushed", "put", "touched"]);
}
