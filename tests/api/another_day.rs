//! Solicitations that know their convention, that are changed before they are answered, and whose day
//! both sides agree on.

use serde_json::{Value, json};

use crate::support::{Caller, Service, absent, id};

/// A school of Lyon, a partner with one convention there, its representative.
struct World {
    service: Service,
    school: String,
    partner: String,
    convention: String,
    representative: String,
}

impl World {
    async fn new() -> Self {
        let service = Service::start().await;
        let [school] = service.new_schools([690_001]).await;
        let (partner, convention) = service.signed_partner("A", json!({})).await;
        let person = service.new_representative(&partner, &["academy:10"]).await;
        Self {
            service,
            school,
            partner,
            convention,
            representative: id(&person),
        }
    }

    fn school(&self) -> Caller {
        self.service.school(&self.school)
    }

    fn portal(&self) -> Caller {
        self.service.partner(&self.partner)
    }

    fn request(&self) -> Value {
        json!({ "uai": self.school, "representative_id": self.representative, "levels": ["3e"] })
    }

    async fn asked(&self) -> String {
        let made = self
            .school()
            .post("/v1/solicitations", self.request())
            .await;
        format!("/v1/solicitations/{}", id(&made.expect(201)))
    }

    async fn accepted(&self, day: &str) -> String {
        let path = self.asked().await;
        let accept = format!("{path}/accept");
        let day = json!({ "scheduled_on": day });
        self.portal().post(&accept, day).await.expect(200);
        path
    }
}

#[actix_web::test]
async fn where_one_convention_fits_it_is_taken_and_where_several_do_they_are_listed() {
    let world = World::new().await;
    let made = world
        .school()
        .post("/v1/solicitations", world.request())
        .await
        .expect(201);
    assert_eq!(made["convention_id"], json!(world.convention));
    let second = world
        .service
        .signed_convention(&world.partner, json!({}))
        .await;
    let elsewhere = json!({ "scope": "local", "territory": "academy:09", "reach": ["FR", "academy:09", "region:32"] });
    let elsewhere = world
        .service
        .signed_convention(&world.partner, elsewhere)
        .await;
    let before = world.service.everything().await;
    let refused = world
        .school()
        .post("/v1/solicitations", world.request())
        .await;
    let problem = refused.problem(409, "convention_ambiguous");
    let text = refused.text().to_owned();
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2, "{text}");
    for (convention, is_listed) in [
        (&world.convention, true),
        (&second, true),
        (&elsewhere, false),
    ] {
        assert_eq!(text.contains(convention.as_str()), is_listed, "{text}");
    }
    for told in problem["errors"].as_array().unwrap() {
        assert_eq!(told["code"], "convention_fits");
        let id = told["accepted"][0].as_str().unwrap();
        let path = format!("/v1/conventions/{id}");
        let convention = world.school().get(&path).await.expect(200);
        for name in ["reference", "title"] {
            let detail = told["detail"].as_str().unwrap();
            assert!(
                detail.contains(convention[name].as_str().unwrap()),
                "{told}"
            );
        }
    }
    assert_eq!(world.service.everything().await, before);
    let mut chosen = world.request();
    chosen["convention_id"] = json!(second);
    let made = world
        .school()
        .post("/v1/solicitations", chosen.clone())
        .await
        .expect(201);
    assert_eq!(made["convention_id"], json!(second));
    for wrong in [elsewhere, absent()] {
        chosen["convention_id"] = json!(wrong);
        let refused = world
            .school()
            .post("/v1/solicitations", chosen.clone())
            .await;
        refused.problem(409, "not_offered");
        assert_eq!(refused.faults(), ["/convention_id convention_does_not_fit"]);
    }
}

#[actix_web::test]
async fn where_no_convention_fits_it_is_said() {
    let world = World::new().await;
    let other = id(&world.service.new_partner("Sans convention").await);
    let person = world
        .service
        .new_representative(&other, &["academy:10"])
        .await;
    let mut body = world.request();
    body["representative_id"] = json!(id(&person));
    let made = world
        .school()
        .post("/v1/solicitations", body)
        .await
        .expect(201);
    assert_eq!(made["convention_id"], Value::Null);
    assert_eq!(made["warnings"][0]["code"], "no_convention");
}

#[actix_web::test]
async fn an_interventions_convention_is_the_only_one_that_may_be_given() {
    let world = World::new().await;
    let made = world
        .service
        .new_intervention(&world.partner, &world.convention, json!({}))
        .await;
    let second = world
        .service
        .signed_convention(&world.partner, json!({}))
        .await;
    let body = |convention: &str| json!({ "uai": world.school, "intervention_id": id(&made), "levels": ["3e"], "convention_id": convention });
    let refused = world
        .school()
        .post("/v1/solicitations", body(&second))
        .await;
    refused.problem(409, "not_offered");
    assert_eq!(refused.faults(), ["/convention_id convention_does_not_fit"]);
    let taken = world
        .school()
        .post("/v1/solicitations", body(&world.convention))
        .await;
    assert_eq!(taken.expect(201)["convention_id"], json!(world.convention));
}

#[actix_web::test]
async fn a_request_is_changed_until_it_is_answered() {
    let world = World::new().await;
    let path = world.asked().await;
    let patch = json!({ "pupils_expected": 12, "wished_from": "2099-01-11", "message": "Le matin", "levels": ["4e"] });
    let changed = world.school().patch(&path, patch).await;
    let after = changed.expect(200);
    assert_eq!(
        (
            &after["pupils_expected"],
            &after["wished_from"],
            &after["levels"]
        ),
        (&json!(12), &json!("2099-01-11"), &json!(["4e"]))
    );
    assert!(changed.etag().starts_with("\"2."));
    let again = world
        .school()
        .patch(&path, json!({ "pupils_expected": 12 }))
        .await;
    assert_eq!(again.etag(), changed.etag(), "nothing changed");
    let academy = world.service.academy("academy:10");
    academy
        .patch(&path, json!({ "message": null }))
        .await
        .expect(200);
    let before = world.service.everything().await;
    for (patch, fault) in [
        (json!({ "uai": "0690002C" }), "/uai part_of_the_key"),
        (
            json!({ "representative_id": absent() }),
            "/representative_id part_of_the_key",
        ),
        (json!({ "levels": [] }), "/levels empty_list"),
        (
            json!({ "wished_to": "2099-01-01" }),
            "/wished_to before_start",
        ),
        (json!({ "status": "accepted" }), "/status read_only"),
        (
            json!({ "proposed_on": "2099-01-22" }),
            "/proposed_on read_only",
        ),
    ] {
        let refused = world.school().patch(&path, patch).await;
        refused.problem(422, "validation_failed");
        assert_eq!(refused.faults(), [fault]);
    }
    let patch = json!({ "convention_id": absent() });
    let refused = world.school().patch(&path, patch).await;
    assert_eq!(refused.faults(), ["/convention_id convention_does_not_fit"]);
    let patch = json!({ "pupils_expected": 13 });
    world
        .portal()
        .patch(&path, patch.clone())
        .await
        .problem(403, "forbidden");
    let stranger = world.service.academy("academy:09");
    stranger
        .patch(&path, patch.clone())
        .await
        .problem(404, "not_found");
    let stale = world.school().request("PATCH", &path).merge(&patch);
    stale
        .header("if-match", "\"1.x\"")
        .send()
        .await
        .problem(412, "precondition_failed");
    assert_eq!(world.service.everything().await, before);
    let accept = format!("{path}/accept");
    world
        .portal()
        .post(&accept, json!({ "scheduled_on": "2099-01-15" }))
        .await
        .expect(200);
    let late = world.school().patch(&path, patch).await;
    late.problem(409, "invalid_transition");
}

#[actix_web::test]
async fn what_was_asked_keeps_its_convention_when_only_a_word_of_it_changes() {
    let world = World::new().await;
    let offer = world
        .service
        .new_intervention(&world.partner, &world.convention, json!({}))
        .await;
    let on_offer = json!({ "uai": world.school, "intervention_id": id(&offer), "levels": ["3e"] });
    let direct = world.asked().await;
    let made = world.school().post("/v1/solicitations", on_offer).await;
    let offered = format!("/v1/solicitations/{}", id(&made.expect(201)));
    // From now on two fit, and the representative is no more.
    let second = world
        .service
        .signed_convention(&world.partner, json!({}))
        .await;
    let person = format!(
        "/v1/partners/{}/representatives/{}",
        world.partner, world.representative
    );
    world.portal().delete(&person).await.expect(204);
    for path in [&direct, &offered] {
        for patch in [
            json!({ "message": "Le matin" }),
            json!({ "pupils_expected": 12 }),
        ] {
            let changed = world.school().patch(path, patch).await.expect(200);
            assert_eq!(changed["convention_id"], json!(world.convention), "{path}");
        }
    }
    let other_levels = json!({ "levels": ["bts_1"] });
    let refused = world.school().patch(&offered, other_levels).await;
    refused.problem(409, "not_offered");
    assert_eq!(refused.faults(), ["/levels/0 level_not_offered"]);
    let cleared = world
        .school()
        .patch(&direct, json!({ "convention_id": null }))
        .await;
    cleared.problem(409, "convention_ambiguous");
    let chosen = json!({ "convention_id": second });
    let changed = world.school().patch(&direct, chosen).await.expect(200);
    assert_eq!(changed["convention_id"], json!(second));
}

#[actix_web::test]
async fn either_side_proposes_another_day_and_the_other_agrees() {
    let world = World::new().await;
    let path = world.accepted("2099-01-15").await;
    let (propose, agree) = (format!("{path}/propose"), format!("{path}/agree"));
    for (one, other, side, day) in [
        (world.school(), world.portal(), "school", "2099-01-22"),
        (world.portal(), world.school(), "partner", "2099-01-29"),
    ] {
        let before = one.get(&path).await.expect(200)["scheduled_on"].clone();
        let proposed = one
            .post(&propose, json!({ "proposed_on": day }))
            .await
            .expect(200);
        assert_eq!(
            (
                &proposed["proposed_on"],
                &proposed["proposed_by"],
                &proposed["scheduled_on"]
            ),
            (&json!(day), &json!(side), &before)
        );
        let may = |object: &Value| {
            object["allowed_actions"]
                .as_array()
                .unwrap()
                .contains(&json!("agree"))
        };
        assert!(!may(&proposed));
        one.post(&agree, json!({})).await.problem(403, "forbidden");
        assert!(may(&other.get(&path).await.expect(200)));
        let agreed = other.post(&agree, json!({})).await.expect(200);
        assert_eq!(
            (
                &agreed["scheduled_on"],
                &agreed["proposed_on"],
                &agreed["proposed_by"]
            ),
            (&json!(day), &Value::Null, &Value::Null)
        );
        let again = other.post(&agree, json!({})).await;
        again.problem(409, "invalid_transition");
    }
}

#[actix_web::test]
async fn a_day_is_proposed_of_what_was_accepted_alone_and_by_its_sides() {
    let world = World::new().await;
    let requested = world.asked().await;
    let day = json!({ "proposed_on": "2099-01-22" });
    let early = world
        .school()
        .post(&format!("{requested}/propose"), day.clone())
        .await;
    early.problem(409, "invalid_transition");
    let accepted = world.accepted("2099-01-15").await;
    let propose = format!("{accepted}/propose");
    let stranger = world
        .service
        .partner(&id(&world.service.new_partner("B").await));
    stranger
        .post(&propose, day.clone())
        .await
        .problem(404, "not_found");
    world
        .service
        .reader()
        .post(&propose, day.clone())
        .await
        .problem(403, "forbidden");
    let refused = world
        .school()
        .post(&propose, json!({ "proposed_on": "2099-02-30" }))
        .await;
    assert_eq!(refused.faults(), ["/proposed_on invalid_date"]);
    let refused = world.school().post(&propose, json!({})).await;
    assert_eq!(refused.faults(), ["/proposed_on required"]);
    world.school().post(&propose, day).await.expect(200);
    let cancelled = world
        .portal()
        .post(&format!("{accepted}/cancel"), json!({}))
        .await;
    cancelled.expect(200);
    let late = world
        .portal()
        .post(&format!("{accepted}/agree"), json!({}))
        .await;
    late.problem(409, "invalid_transition");
}

#[actix_web::test]
async fn the_ministry_speaks_for_either_side() {
    let world = World::new().await;
    let path = world.accepted("2099-01-15").await;
    let ministry = world.service.ministry();
    let day = json!({ "proposed_on": "2099-01-22" });
    ministry
        .post(&format!("{path}/propose"), day)
        .await
        .expect(200);
    let agreed = ministry
        .post(&format!("{path}/agree"), json!({}))
        .await
        .expect(200);
    assert_eq!(agreed["scheduled_on"], "2099-01-22");
}
