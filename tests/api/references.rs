//! Conventions are named by their reference wherever their id is taken.

use serde_json::{Value, json};

use crate::conventions::national;
use crate::support::document::operations;
use crate::support::{Reply, Service, absent, id, intervention, merged};

const REFERENCE: &str = "CN-2020-0077";

/// One that no convention has.
const UNKNOWN: &str = "CN-1999-9999";

/// A partner with a convention that is declined at an academy.
struct World {
    service: Service,
    partner: String,
    convention: String,
}

impl World {
    async fn new() -> Self {
        let service = Service::start().await;
        let with = json!({ "reference": REFERENCE });
        let (partner, convention) = service.signed_partner("A", with).await;
        let other = service.signed_convention(&partner, json!({})).await;
        for convention in [&convention, &other] {
            let with = json!({});
            service
                .stored_declination(convention, &["academy:10"], with)
                .await;
        }
        for (name, convention) in [("visite", &convention), ("autre", &other)] {
            let path = format!("/v1/partners/{partner}/interventions/{name}");
            let body = intervention(convention, json!({}));
            service.partner(&partner).put(&path, body).await.expect(201);
        }
        Self {
            service,
            partner,
            convention,
        }
    }
}

#[actix_web::test]
async fn every_path_below_a_convention_takes_its_reference() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    let reads = operations().into_iter().filter(|operation| {
        operation.method == "GET"
            && operation.path.starts_with("/v1/conventions/{id}")
            && !operation.path.contains("{amendment_id}")
    });
    let mut compared = 0;
    for operation in reads {
        let others = operation.required_query();
        let path = |key: &str| format!("{}?{others}", operation.path.replace("{id}", key));
        let by_id = ministry.get(&path(&world.convention)).await;
        let by_reference = ministry.get(&path(REFERENCE)).await;
        assert_eq!(by_id.status, 200, "{}", operation.path);
        assert_eq!(by_reference.status, 200, "{}", operation.path);
        assert_eq!(by_reference.text(), by_id.text(), "{}", operation.path);
        assert_eq!(by_reference.header("etag"), by_id.header("etag"));
        for missing in [UNKNOWN.to_owned(), absent()] {
            let refused = ministry.get(&path(&missing)).await;
            refused.problem(404, "not_found");
        }
        compared += 1;
    }
    assert!(compared >= 5, "{compared}");
}

#[actix_web::test]
async fn a_convention_is_changed_by_its_reference() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    let body = merged(
        national(&world.partner),
        json!({ "predecessor_id": REFERENCE }),
    );
    let made = ministry.post("/v1/conventions", body).await.expect(201);
    assert_eq!(made["predecessor_id"], json!(world.convention));
    let path = format!("/v1/conventions/{}", made["reference"].as_str().unwrap());
    let changed = ministry
        .patch(&path, json!({ "title": "Autre titre" }))
        .await;
    let changed = changed.expect(200);
    assert_eq!(
        (&changed["id"], &changed["title"]),
        (&made["id"], &json!("Autre titre"))
    );
    let opened = ministry
        .post(&format!("{path}/open-negotiation"), json!({}))
        .await;
    assert_eq!(opened.expect(200)["status"], "negotiation");
}

#[actix_web::test]
async fn every_filter_by_convention_takes_references_beside_ids() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    let mut compared = Vec::new();
    for operation in operations() {
        let names = operation.parameters("query");
        let names = names.iter().filter_map(|one| one["name"].as_str());
        for name in names.filter(|name| ["convention_id", "convention"].contains(name)) {
            // A template is a workbook, whose bytes are of its moment.
            let is_file = operation.id.ends_with("_template");
            if operation.method != "GET" || operation.path.contains('{') || is_file {
                continue;
            }
            let others = operation.required_query();
            let ask = async |value: &str| {
                let path = format!("{}?{others}&{name}={value}", operation.path);
                ministry.get(&path).await
            };
            let both = format!("{},{}", world.convention, absent());
            let mixed = format!("{REFERENCE},{UNKNOWN}");
            for (by_id, by_reference) in [(world.convention.as_str(), REFERENCE), (&both, &mixed)] {
                let (by_id, by_reference) = (ask(by_id).await, ask(by_reference).await);
                assert_eq!(by_id.status, by_reference.status, "{}", operation.path);
                let told = |reply: &Reply| {
                    let mut told = reply.json();
                    let members = told.as_object_mut().unwrap();
                    members
                        .retain(|name, _| !["next_cursor", "request_id"].contains(&name.as_str()));
                    told
                };
                let path = operation.path;
                assert_eq!(told(&by_id), told(&by_reference), "{path} {name}");
            }
            compared.push(operation.path);
        }
    }
    for path in [
        "/v1/declinations",
        "/v1/interventions",
        "/v1/reports",
        "/v1/deadlines",
        "/v1/indicators/values",
    ] {
        assert!(compared.contains(&path), "{path} in {compared:?}");
    }
    let found = ministry
        .all(&format!("/v1/declinations?convention_id={REFERENCE}"))
        .await;
    assert_eq!(found.len(), 1);
}

#[actix_web::test]
async fn a_cursor_goes_on_in_a_list_that_is_filtered_by_a_reference() {
    let world = World::new().await;
    let service = &world.service;
    service
        .stored_declination(&world.convention, &["academy:09"], json!({}))
        .await;
    let path = format!("/v1/declinations?convention_id={REFERENCE}&limit=1");
    let reader = service.ministry();
    let first = reader.get(&path).await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = reader
        .get(&format!("{path}&cursor={cursor}"))
        .await
        .expect(200);
    assert_eq!(second["data"].as_array().unwrap().len(), 1);
    assert_ne!(first["data"][0]["id"], second["data"][0]["id"]);
    assert_eq!(second["next_cursor"], Value::Null);
}

#[actix_web::test]
async fn bodies_take_references_and_answer_ids() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    let [school] = world.service.new_schools([690_001]).await;
    let person = world
        .service
        .new_representative(&world.partner, &["academy:10"])
        .await;
    let declination = json!({
        "level": "academy", "territories": ["academy:09"], "starts_on": "2026-09-01"
    });
    let solicitation = json!({ "uai": school, "representative_id": id(&person), "levels": ["3e"] });
    let report = json!({ "territory": "FR", "school_year": "2025-2026" });
    for (path, body) in [
        ("/v1/declinations", declination),
        ("/v1/solicitations", solicitation),
        ("/v1/reports", report),
    ] {
        let with = |key: &str| merged(body.clone(), json!({ "convention_id": key }));
        let made = ministry.post(path, with(REFERENCE)).await.expect(201);
        assert_eq!(made["convention_id"], json!(world.convention), "{path}");
        let by_reference = ministry.post(path, with(UNKNOWN)).await;
        let by_id = ministry.post(path, with(&absent())).await;
        assert_eq!(by_reference.status, by_id.status, "{path}");
        assert_eq!(by_reference.faults(), by_id.faults(), "{path}");
        assert!(by_id.status.is_client_error(), "{path}");
    }
    let portal = world.service.partner(&world.partner);
    let batch = format!("/v1/partners/{}/interventions/batch", world.partner);
    let item = |external: &str, key: &str| {
        merged(
            intervention(key, json!({})),
            json!({ "external_id": external }),
        )
    };
    let items = json!({ "items": [item("a", REFERENCE), item("b", UNKNOWN)] });
    let pushed = portal.post(&batch, items).await.expect(200);
    let told = pushed["items"].as_array().unwrap();
    assert_eq!(told[0]["outcome"], "created", "{pushed}");
    assert_eq!(told[1]["outcome"], "rejected", "{pushed}");
}

#[actix_web::test]
async fn the_reference_of_what_one_may_not_see_is_that_of_nothing() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    let body = national(&world.partner);
    let draft = ministry.post("/v1/conventions", body).await.expect(201);
    let reference = draft["reference"].as_str().unwrap();
    let own = world.service.partner(&world.partner);
    let stranger = id(&world.service.new_partner("B").await);
    let stranger = world.service.partner(&stranger);
    let path = |key: &str| format!("/v1/conventions/{key}");
    own.get(&path(reference)).await.expect(200);
    let unseen = stranger.get(&path(reference)).await;
    let unknown = stranger.get(&path(UNKNOWN)).await;
    unseen.problem(404, "not_found");
    let plain = |text: &str| text.replace(reference, "").replace(UNKNOWN, "");
    let (unseen, unknown) = (unseen.without_request_id(), unknown.without_request_id());
    assert_eq!((unseen.0, plain(&unseen.2)), (unknown.0, plain(&unknown.2)));
}
