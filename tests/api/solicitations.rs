//! Solicitations: what schools ask of partners, who answers, and what became of it.

use chrono::{NaiveDate, TimeDelta};
use serde_json::{Value, json};

use crate::support::{Caller, Reply, Service, absent, id, intervention, merged, uai};

pub const LIST: &str = "/v1/solicitations";

const STATUSES: [&str; 6] = [
    "requested",
    "accepted",
    "declined",
    "held",
    "not_held",
    "cancelled",
];

/// Each step, with a body and the statuses it leads from and to.
const STEPS: [(&str, &str, &[&str], &str); 6] = [
    (
        "accept",
        r#"{"scheduled_on": "2099-01-15"}"#,
        &["requested"],
        "accepted",
    ),
    (
        "decline",
        r#"{"reason": "Fermé"}"#,
        &["requested"],
        "declined",
    ),
    (
        "hold",
        r#"{"outcome": {"held_on": "2025-10-09"}}"#,
        &["accepted"],
        "held",
    ),
    (
        "not-held",
        r#"{"reason": "Grève"}"#,
        &["accepted"],
        "not_held",
    ),
    ("cancel", "{}", &["requested", "accepted"], "cancelled"),
    (
        "propose",
        r#"{"proposed_on": "2099-01-22"}"#,
        &["accepted"],
        "accepted",
    ),
];

/// A partner's offer to an academy, and schools in and out of it.
pub struct World {
    pub service: Service,
    pub partner: String,
    pub convention: String,
    pub offer: String,
    /// In the academy of Lyon.
    pub school: String,
    /// Too.
    pub neighbour: String,
    /// In that of Grenoble: the same region.
    pub far: String,
}

impl World {
    pub async fn new() -> Self {
        let service = Service::start().await;
        let (partner, convention) = service.signed_partner("Partenaire", json!({})).await;
        let [school, neighbour, far] = service.new_schools([690_001, 690_002, 380_001]).await;
        let mut world = Self {
            service,
            partner,
            convention,
            offer: String::new(),
            school,
            neighbour,
            far,
        };
        world.offer = world.offer("visite", json!({ "sessions": 2 })).await;
        world
    }

    /// The id of what the partner offers, said anew.
    pub async fn offer(&self, name: &str, with: Value) -> String {
        let path = format!("/v1/partners/{}/interventions/{name}", self.partner);
        let reply = self
            .portal()
            .put(&path, intervention(&self.convention, with))
            .await;
        assert!(reply.status.is_success(), "{}", reply.text());
        id(&reply.json())
    }

    pub async fn sessions_left(&self, name: &str) -> Value {
        let path = format!("/v1/partners/{}/interventions/{name}", self.partner);
        let whole = self.service.reader().get(&path).await.expect(200);
        let listed = self.service.reader().all("/v1/interventions").await;
        let listed = listed.iter().find(|one| one["id"] == whole["id"]).unwrap();
        assert_eq!(listed["sessions_left"], whole["sessions_left"]);
        whole["sessions_left"].clone()
    }

    pub fn portal(&self) -> Caller {
        self.service.partner(&self.partner)
    }

    pub fn own(&self) -> Caller {
        self.service.school(&self.school)
    }

    pub fn body(&self, with: Value) -> Value {
        merged(
            json!({ "uai": self.school, "intervention_id": self.offer, "levels": ["3e"] }),
            with,
        )
    }

    /// The path of what the school asks.
    pub async fn asked(&self, with: Value) -> String {
        let reply = self.service.ministry().post(LIST, self.body(with)).await;
        reply.expect(201);
        reply.header("location").to_owned()
    }

    /// Puts a solicitation at a status, as if it had come to it by its steps.
    async fn put_at(&self, path: &str, status: &str) {
        const PUT: &str =
            "UPDATE solicitations SET status = $1, scheduled_on = '2025-10-09', reason = 'Raison',
                outcome = CASE WHEN $1 = 'held' THEN '{\"held_on\": \"2025-10-09\"}'::jsonb END,
                proposed_on = NULL, proposed_by = NULL
             WHERE id = $2::text::uuid";
        let id = path.rsplit('/').next().unwrap();
        self.service
            .sql()
            .await
            .execute(PUT, &[&status, &id])
            .await
            .expect(status);
    }

    fn today(&self) -> NaiveDate {
        ree::values::today(self.service.shared.clock.now())
    }
}

/// Takes a step, with the body it needs.
pub async fn step(caller: &Caller, path: &str, verb: &str, body: Value) -> Reply {
    caller.post(&format!("{path}/{verb}"), body).await
}

#[actix_web::test]
async fn what_is_asked_is_read_back_with_its_partner_and_its_convention() {
    let world = World::new().await;
    let body = world.body(json!({
        "pupils_expected": 28, "wished_from": "2099-01-11", "wished_to": "2099-01-29", "message": "Le matin."
    }));
    let created = world.own().post(LIST, body.clone()).await;
    let seen = created.expect(201);
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&seen[name], value, "{name}");
    }
    assert_eq!(
        (&seen["partner_id"], &seen["convention_id"], &seen["status"]),
        (
            &json!(world.partner),
            &json!(world.convention),
            &json!("requested")
        )
    );
    for name in ["representative_id", "scheduled_on", "reason", "outcome"] {
        assert_eq!(seen[name], Value::Null, "{name}");
    }
    assert_eq!(
        (&seen["allowed_actions"], &seen["warnings"]),
        (&json!(["update", "cancel"]), &json!([]))
    );
    let path = created.header("location");
    assert_eq!(path, format!("{LIST}/{}", id(&seen)));
    assert_eq!(world.own().get(path).await.expect(200), seen);
    let answers = world.portal().get(path).await.expect(200);
    assert_eq!(
        answers["allowed_actions"],
        json!(["accept", "decline", "cancel"])
    );
    let row = world
        .own()
        .request("GET", LIST)
        .header("accept", "text/csv");
    let row = row.send().await;
    assert!(row.text().contains("Le matin.") && row.text().lines().count() == 2);
}

#[actix_web::test]
async fn each_asks_for_its_own_schools_and_for_no_others() {
    let world = World::new().await;
    let service = &world.service;
    let body = |school: &str| world.body(json!({ "uai": school }));
    for (caller, school, allowed) in [
        (service.ministry(), &world.school, true),
        (service.academy("academy:10"), &world.school, true),
        (service.academy("region:84"), &world.neighbour, true),
        (world.own(), &world.school, true),
        (world.own(), &world.neighbour, false),
        (service.academy("academy:08"), &world.school, false),
        (service.academy("academy:10"), &world.far, false),
    ] {
        let before = service.everything().await;
        let reply = caller.post(LIST, body(school)).await;
        if allowed {
            reply.expect(201);
        } else {
            reply.problem(403, "forbidden");
            assert_eq!(reply.faults(), ["/uai outside_perimeter"]);
            assert_eq!(service.everything().await, before);
        }
    }
    for caller in [world.portal(), service.reader()] {
        let reply = caller.post(LIST, body(&world.school)).await;
        reply.problem(403, "forbidden");
    }
}

#[actix_web::test]
async fn only_what_is_published_for_the_school_and_its_levels_is_asked_for() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    let local = json!({ "territories": ["academy:08", "department:042"] });
    let elsewhere = world.offer("ailleurs", local).await;
    let own = world
        .offer(
            "sienne",
            json!({ "territories": [format!("uai:{}", world.school)] }),
        )
        .await;
    let nationwide = world
        .offer("partout", json!({ "nationwide": true, "territories": [] }))
        .await;
    for offer in [&own, &nationwide] {
        world.asked(json!({ "intervention_id": offer })).await;
    }
    let over = world
        .offer("finie", json!({ "available_to": "2020-01-01" }))
        .await;
    let withdrawn = world.offer("retiree", json!({})).await;
    let path = format!("/v1/partners/{}/interventions/retiree", world.partner);
    world.portal().delete(&path).await;
    let unsigned = world
        .service
        .signed_convention(&world.partner, json!({ "ends_on": "2020-12-31" }))
        .await;
    let withheld = world
        .offer("echue", json!({ "convention_id": unsigned }))
        .await;
    for (with, faults) in [
        (
            json!({ "intervention_id": elsewhere }),
            vec!["/intervention_id school_not_covered"],
        ),
        (
            json!({ "levels": ["3e", "4e", "2de_gt"] }),
            vec!["/levels/1 level_not_offered", "/levels/2 level_not_offered"],
        ),
        (
            json!({ "intervention_id": elsewhere, "levels": ["4e"] }),
            vec![
                "/intervention_id school_not_covered",
                "/levels/0 level_not_offered",
            ],
        ),
        (
            json!({ "intervention_id": withdrawn }),
            vec!["/intervention_id not_published"],
        ),
        (
            json!({ "intervention_id": over }),
            vec!["/intervention_id not_published"],
        ),
        (
            json!({ "intervention_id": withheld }),
            vec!["/intervention_id not_published"],
        ),
        (
            json!({ "intervention_id": absent() }),
            vec!["/intervention_id not_published"],
        ),
    ] {
        let before = world.service.everything().await;
        for caller in [&ministry, &world.own()] {
            let reply = caller.post(LIST, world.body(with.clone())).await;
            reply.problem(409, "not_offered");
            assert_eq!(reply.faults(), faults, "{with}");
        }
        assert_eq!(world.service.everything().await, before);
    }
    // What may not be seen is told in the words of what is not there.
    let told = |offer: String| {
        let request = world
            .own()
            .request("POST", LIST)
            .header("x-request-id", "same");
        request
            .json(&world.body(json!({ "intervention_id": offer })))
            .send()
    };
    assert_eq!(
        told(withheld).await.without_request_id(),
        told(absent()).await.without_request_id()
    );
}

#[actix_web::test]
async fn a_representative_is_asked_directly_where_they_work() {
    let world = World::new().await;
    let (service, ministry) = (&world.service, world.service.ministry());
    let ask = |person: &str| {
        let body = json!({ "uai": world.school, "representative_id": person, "levels": ["4e"] });
        let own = world.own();
        async move { own.post(LIST, body).await }
    };
    let mut people = Vec::new();
    for territory in ["FR", "academy:10", "department:069", "academy:08"] {
        people.push(id(&service
            .new_representative(&world.partner, &[territory])
            .await));
    }
    for person in &people[..3] {
        let asked = ask(person).await.expect(201);
        assert_eq!(
            (
                &asked["partner_id"],
                &asked["convention_id"],
                &asked["intervention_id"]
            ),
            (
                &json!(world.partner),
                &json!(world.convention),
                &Value::Null
            ),
            "its partner's only convention in force"
        );
    }
    let refused = ask(&people[3]).await;
    refused.problem(409, "not_offered");
    assert_eq!(refused.faults(), ["/representative_id school_not_covered"]);
    let refused = ask(&absent()).await;
    refused.problem(422, "validation_failed");
    assert_eq!(refused.faults(), ["/representative_id unknown_reference"]);

    // Of two conventions nobody can tell which; one that is over, or of another place, is none of them.
    let columns = json!({ "scope": "local", "territory": "academy:08", "reach": ["academy:08"] });
    service.signed_convention(&world.partner, columns).await;
    service
        .signed_convention(&world.partner, json!({ "ends_on": "2020-12-31" }))
        .await;
    assert_eq!(
        ask(&people[0]).await.expect(201)["convention_id"],
        json!(world.convention)
    );
    service.signed_convention(&world.partner, json!({})).await;
    ask(&people[0]).await.problem(409, "convention_ambiguous");

    // A member works under its network's.
    let member = service.new_partner("Membre").await;
    let (network, of_network) = (id(&service.new_partner("Réseau").await), json!({}));
    let of_network = service.signed_convention(&network, of_network).await;
    let path = format!("/v1/partners/{}", id(&member));
    ministry
        .patch(&path, json!({ "member_of": [network] }))
        .await
        .expect(200);
    let person = id(&service
        .new_representative(&id(&member), &["academy:10"])
        .await);
    let asked = ask(&person).await.expect(201);
    assert_eq!(asked["convention_id"], json!(of_network));

    // An erased person leaves the request, which the partner answers.
    let request = format!("{LIST}/{}", id(&asked));
    let erased = format!("{path}/representatives/{person}");
    ministry.delete(&erased).await.expect(204);
    let portal = service.partner(&id(&member));
    let seen = portal.get(&request).await.expect(200);
    assert_eq!(seen["representative_id"], Value::Null);
    step(
        &portal,
        &request,
        "accept",
        json!({ "scheduled_on": "2099-01-15" }),
    )
    .await
    .expect(200);

    let person = id(&service
        .new_representative(&id(&member), &["academy:10"])
        .await);
    ministry
        .post(&format!("{path}/archive"), json!({}))
        .await
        .expect(200);
    let refused = ask(&person).await;
    refused.problem(409, "not_offered");
    assert_eq!(refused.faults(), ["/representative_id partner_archived"]);
}

#[actix_web::test]
async fn each_step_is_taken_by_those_whose_step_it_is_and_from_where_it_leads() {
    let world = World::new().await;
    let service = &world.service;
    let other = id(&service.new_partner("Autre").await);
    // Each caller: whether it sees the request, whether it answers it, whether it is of one of its sides.
    let callers = [
        ("ministry", service.ministry(), true, true, true),
        (
            "its academy",
            service.academy("academy:10"),
            true,
            false,
            true,
        ),
        (
            "its region",
            service.academy("region:84"),
            true,
            false,
            true,
        ),
        ("its school", world.own(), true, false, true),
        ("its partner", world.portal(), true, true, true),
        (
            "another academy",
            service.academy("academy:08"),
            false,
            false,
            true,
        ),
        (
            "another school",
            service.school(&world.neighbour),
            false,
            false,
            true,
        ),
        (
            "another partner",
            service.partner(&other),
            false,
            true,
            true,
        ),
        ("a reader", service.reader(), false, false, false),
    ];
    let path = world.asked(json!({})).await;
    for status in STATUSES {
        for (name, caller, sees, answers, may) in &callers {
            let mut open = Vec::new();
            for (verb, body, from, to) in STEPS {
                world.put_at(&path, status).await;
                let body: Value = serde_json::from_str(body).unwrap();
                let reply = step(caller, &path, verb, body).await;
                let told = format!("{verb} by {name} of what is {status}: {}", reply.text());
                let is_answer = ["accept", "decline"].contains(&verb);
                if !may || (is_answer && !answers) {
                    assert_eq!(reply.status, 403, "{told}");
                } else if !sees {
                    assert_eq!(reply.status, 404, "{told}");
                } else if from.contains(&status) {
                    assert_eq!(reply.status, 200, "{told}");
                    assert_eq!(reply.json()["status"], to, "{told}");
                    open.push(verb);
                } else {
                    let problem = reply.problem(409, "invalid_transition");
                    assert!(
                        problem["detail"].as_str().unwrap().contains(status),
                        "{told}"
                    );
                }
            }
            world.put_at(&path, status).await;
            let seen = caller.get(&path).await;
            if *sees {
                let mut seen = seen.expect(200);
                let shown = seen["allowed_actions"].as_array_mut().unwrap();
                // That one is no step: see `another_day.rs`.
                shown.retain(|action| action != "update");
                assert_eq!(json!(shown), json!(open), "{name} {status}");
            } else {
                assert_eq!(seen.status, if *may { 404 } else { 403 }, "{name} {status}");
            }
        }
    }
}

#[actix_web::test]
async fn what_became_of_it_is_said_from_the_day_planned_on() {
    let world = World::new().await;
    let path = world.asked(json!({})).await;
    let planned = world.today() + TimeDelta::days(3);
    step(
        &world.portal(),
        &path,
        "accept",
        json!({ "scheduled_on": planned }),
    )
    .await
    .expect(200);
    let outcome = |held_on: NaiveDate| json!({ "outcome": { "held_on": held_on } });
    for caller in [world.own(), world.portal(), world.service.ministry()] {
        let seen = caller.get(&path).await.expect(200);
        assert_eq!(seen["allowed_actions"], json!(["cancel", "propose"]));
        for (verb, body) in [
            ("hold", outcome(world.today())),
            ("not-held", json!({ "reason": "X" })),
        ] {
            let refused = step(&caller, &path, verb, body)
                .await
                .problem(409, "too_early");
            assert!(
                refused["detail"]
                    .as_str()
                    .unwrap()
                    .contains(&planned.to_string())
            );
        }
    }
    world.service.shared.clock.travel(TimeDelta::days(3));
    let seen = world.own().get(&path).await.expect(200);
    assert_eq!(
        seen["allowed_actions"],
        json!(["hold", "not-held", "cancel", "propose"])
    );
    let tomorrow = planned + TimeDelta::days(1);
    let refused = step(&world.own(), &path, "hold", outcome(tomorrow)).await;
    refused.problem(422, "validation_failed");
    assert_eq!(refused.faults(), ["/outcome/held_on in_the_future"]);
    let held = step(&world.own(), &path, "hold", outcome(planned))
        .await
        .expect(200);
    assert_eq!(
        (
            &held["status"],
            &held["allowed_actions"],
            &held["scheduled_on"]
        ),
        (&json!("held"), &json!([]), &json!(planned))
    );
}

#[actix_web::test]
async fn accepting_takes_a_session_and_only_cancelling_frees_it() {
    let world = World::new().await;
    let (own, portal) = (world.own(), world.portal());
    let today = json!({ "scheduled_on": world.today() });
    let mut asked = Vec::new();
    for _ in 0..4 {
        asked.push(world.asked(json!({})).await);
    }
    assert_eq!(world.sessions_left("visite").await, 2, "asking takes none");
    step(&portal, &asked[3], "decline", json!({ "reason": "X" }))
        .await
        .expect(200);
    assert_eq!(world.sessions_left("visite").await, 2, "nor does declining");
    step(&portal, &asked[0], "accept", today.clone())
        .await
        .expect(200);
    assert_eq!(world.sessions_left("visite").await, 1);
    step(&portal, &asked[1], "accept", today.clone())
        .await
        .expect(200);
    assert_eq!(world.sessions_left("visite").await, 0);
    let before = world.service.everything().await;
    step(&portal, &asked[2], "accept", today.clone())
        .await
        .problem(409, "no_session_left");
    assert_eq!(world.service.everything().await, before);
    world.asked(json!({})).await;
    step(&own, &asked[0], "not-held", json!({ "reason": "Grève" }))
        .await
        .expect(200);
    assert_eq!(
        world.sessions_left("visite").await,
        0,
        "what was not held was granted"
    );
    step(&portal, &asked[2], "accept", today.clone())
        .await
        .problem(409, "no_session_left");
    step(&own, &asked[1], "cancel", json!({})).await.expect(200);
    assert_eq!(world.sessions_left("visite").await, 1);
    step(&portal, &asked[2], "accept", today.clone())
        .await
        .expect(200);
    let held = json!({ "outcome": { "held_on": world.today() } });
    step(&portal, &asked[2], "hold", held).await.expect(200);
    assert_eq!(world.sessions_left("visite").await, 0);

    // Where they are not counted none runs out, and what was granted counts once they are.
    let free = world.offer("libre", json!({})).await;
    for _ in 0..3 {
        let path = world.asked(json!({ "intervention_id": free })).await;
        step(&portal, &path, "accept", today.clone())
            .await
            .expect(200);
    }
    assert_eq!(world.sessions_left("libre").await, Value::Null);
    let version = |reply: &Reply| reply.etag().split('.').next().unwrap().to_owned();
    let path = format!("/v1/partners/{}/interventions/libre", world.partner);
    let fewer = portal.patch(&path, json!({ "sessions": 2 })).await;
    let seen = fewer.expect(200);
    assert_eq!(
        (&seen["sessions"], &seen["sessions_left"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(seen["warnings"][0]["code"], "more_sessions_granted");
    let last = world.asked(json!({ "intervention_id": free })).await;
    step(&portal, &last, "accept", today.clone())
        .await
        .problem(409, "no_session_left");
    let more = portal.patch(&path, json!({ "sessions": 4 })).await;
    assert_eq!(
        (&more.json()["sessions_left"], &more.json()["warnings"]),
        (&json!(1), &json!([]))
    );
    step(&portal, &last, "accept", today).await.expect(200);
    let after = portal.get(&path).await;
    assert_eq!(after.json()["sessions_left"], 0);
    assert_eq!(
        version(&after),
        version(&more),
        "a session taken is no change of the intervention"
    );
    assert_ne!(after.etag(), more.etag());
}

#[actix_web::test]
async fn a_partner_answers_what_was_asked_while_it_was_offered() {
    let world = World::new().await;
    let path = world.asked(json!({})).await;
    let offer = format!("/v1/partners/{}/interventions/visite", world.partner);
    world.portal().delete(&offer).await.expect(200);
    world
        .own()
        .post(LIST, world.body(json!({})))
        .await
        .problem(409, "not_offered");
    let accepted = step(
        &world.portal(),
        &path,
        "accept",
        json!({ "scheduled_on": "2099-01-15" }),
    )
    .await;
    assert_eq!(accepted.expect(200)["status"], "accepted");
}

#[actix_web::test]
async fn every_fault_of_a_request_is_told_at_once() {
    let world = World::new().await;
    let own = world.own();
    let before = world.service.everything().await;
    let nobody = format!("{:?}", uai(690_009));
    for (body, faults) in [
        (json!({}), vec!["/intervention_id one_of_two", "/levels required", "/uai required"]),
        (world.body(json!({ "representative_id": absent() })), vec!["/representative_id one_of_two"]),
        (world.body(json!({ "intervention_id": null })), vec!["/intervention_id one_of_two"]),
        (
            world.body(json!({ "levels": [], "pupils_expected": 0, "wished_from": "2099-02-01", "wished_to": "2099-01-31",
                               "message": "a\u{0}", "partner_id": absent(), "status": "accepted", "nope": 1 })),
            vec![
                "/levels empty_list",
                "/message forbidden_characters",
                "/nope unknown_field",
                "/partner_id read_only",
                "/pupils_expected out_of_range",
                "/status read_only",
                "/wished_to before_start",
            ],
        ),
        (
            world.body(json!({ "levels": ["x", "3e", "3e"], "uai": "0690001Z", "intervention_id": "x", "message": "x".repeat(2001) })),
            vec![
                "/intervention_id invalid_format",
                "/levels/0 unknown_code",
                "/levels/2 repeated_item",
                "/message too_long",
                "/uai invalid_checksum",
            ],
        ),
    ] {
        let reply = own.post(LIST, body).await;
        reply.problem(422, "validation_failed");
        assert_eq!(reply.faults(), faults);
    }
    let unknown: Value = serde_json::from_str(&nobody).unwrap();
    let reply = world
        .service
        .ministry()
        .post(LIST, world.body(json!({ "uai": unknown })))
        .await;
    reply.problem(422, "validation_failed");
    assert_eq!(reply.faults(), ["/uai unknown_territory"]);
    assert_eq!(world.service.everything().await, before);
}

#[actix_web::test]
async fn what_took_place_adds_up_and_what_is_said_is_explained() {
    let world = World::new().await;
    let path = world.asked(json!({})).await;
    world.put_at(&path, "accepted").await;
    let before = world.service.everything().await;
    for (verb, body, faults) in [
        ("accept", json!({}), vec!["/scheduled_on required"]),
        (
            "accept",
            json!({ "scheduled_on": "2099-02-30" }),
            vec!["/scheduled_on invalid_date"],
        ),
        ("decline", json!({}), vec!["/reason required"]),
        ("decline", json!({ "reason": " " }), vec!["/reason blank"]),
        (
            "not-held",
            json!({ "reason": null }),
            vec!["/reason not_null"],
        ),
        ("cancel", json!({ "reason": 1 }), vec!["/reason wrong_type"]),
        ("hold", json!({}), vec!["/outcome required"]),
        (
            "hold",
            json!({ "held_on": "2025-10-09" }),
            vec!["/held_on unknown_field", "/outcome required"],
        ),
        (
            "hold",
            json!({ "outcome": { "pupils": 20, "girls": 21, "priority_education_pupils": 22, "teachers": -1, "hours": 1.5 } }),
            vec![
                "/outcome/girls more_than_pupils",
                "/outcome/held_on required",
                "/outcome/hours wrong_type",
                "/outcome/priority_education_pupils more_than_pupils",
                "/outcome/teachers out_of_range",
            ],
        ),
    ] {
        let reply = step(&world.service.ministry(), &path, verb, body).await;
        reply.problem(422, "validation_failed");
        assert_eq!(reply.faults(), faults, "{verb}");
    }
    assert_eq!(world.service.everything().await, before);
    let outcome = json!({ "held_on": "2025-10-09", "pupils": 20, "girls": 20, "priority_education_pupils": 0,
                          "teachers": null, "professionals": 3, "hours": 2 });
    let held = step(
        &world.portal(),
        &path,
        "hold",
        json!({ "outcome": outcome }),
    )
    .await
    .expect(200);
    assert_eq!(held["outcome"], outcome);
}

#[actix_web::test]
async fn what_was_held_is_found_by_school_convention_and_school_year() {
    let world = World::new().await;
    for (held_on, year) in [
        ("2024-08-31", "2023-2024"),
        ("2024-09-01", "2024-2025"),
        ("2024-12-31", "2024-2025"),
        ("2025-01-01", "2024-2025"),
        ("2025-08-31", "2024-2025"),
    ] {
        let path = world.asked(json!({})).await;
        world.put_at(&path, "accepted").await;
        let held = json!({ "outcome": { "held_on": held_on } });
        step(&world.own(), &path, "hold", held).await.expect(200);
        let there = format!(
            "SELECT count(*) FROM solicitations WHERE uai = '{}' AND convention_id = '{}' AND held_school_year = '{year}'
                AND outcome ->> 'held_on' = '{held_on}'",
            world.school, world.convention
        );
        assert_eq!(world.service.number(&there).await, 1, "{held_on}");
    }
    let other = world.asked(json!({})).await;
    world.put_at(&other, "not_held").await;
    let none = "SELECT count(*) FROM solicitations WHERE status <> 'held' AND held_school_year IS NOT NULL";
    assert_eq!(world.service.number(none).await, 0);
}

#[actix_web::test]
async fn a_day_that_was_not_wished_or_precedes_the_request_is_warned_of() {
    let world = World::new().await;
    let wishes = json!({ "wished_from": "2099-01-11", "wished_to": "2099-01-29" });
    for (day, codes) in [
        ("2099-01-10", vec!["outside_wishes"]),
        ("2099-01-11", vec![]),
        ("2099-01-29", vec![]),
        ("2099-01-30", vec!["outside_wishes"]),
        ("2025-01-15", vec!["outside_wishes", "before_request"]),
    ] {
        let free = world.offer("libre", json!({})).await;
        let mut asked = wishes.clone();
        asked["intervention_id"] = json!(free);
        let path = world.asked(asked).await;
        let accepted = step(
            &world.portal(),
            &path,
            "accept",
            json!({ "scheduled_on": day }),
        )
        .await;
        let warnings = accepted.expect(200)["warnings"].take();
        let told: Vec<&Value> = warnings
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["code"])
            .collect();
        assert_eq!(told, codes, "{day}");
        if day < "2026" {
            let held = step(
                &world.own(),
                &path,
                "hold",
                json!({ "outcome": { "held_on": day } }),
            )
            .await
            .expect(200);
            assert_eq!(held["warnings"][2]["pointer"], "/outcome/held_on");
        }
    }
}

#[actix_web::test]
async fn each_sees_what_is_its_own_and_filters_find_it() {
    let world = World::new().await;
    let service = &world.service;
    let nationwide = world
        .offer("partout", json!({ "nationwide": true, "territories": [] }))
        .await;
    let other = id(&service.new_partner("Autre").await);
    let convention = service.signed_convention(&other, json!({})).await;
    let theirs = service
        .new_intervention(&other, &convention, json!({}))
        .await;
    for with in [
        json!({}),
        json!({ "uai": world.neighbour }),
        json!({ "uai": world.far, "intervention_id": nationwide }),
        json!({ "intervention_id": theirs["id"] }),
    ] {
        world.asked(with).await;
    }
    let first = world.asked(json!({})).await;
    world.put_at(&first, "accepted").await;
    for (caller, expected) in [
        (service.ministry(), 5),
        (service.academy("academy:10"), 4),
        (service.academy("academy:08"), 1),
        (service.academy("region:84"), 5),
        (service.academy("academy:09"), 0),
        (world.own(), 3),
        (service.school(&world.neighbour), 1),
        (service.school(&world.far), 1),
        (world.portal(), 4),
        (service.partner(&other), 1),
    ] {
        let listed = caller.all(&format!("{LIST}?limit=2")).await;
        assert_eq!(listed.len(), expected);
        let counted = caller.get(&format!("{LIST}/count")).await.expect(200);
        assert_eq!(counted, json!({ "count": expected }));
        for one in listed {
            let path = format!("{LIST}/{}", id(&one));
            assert_eq!(caller.get(&path).await.expect(200), one);
        }
    }
    service.reader().get(LIST).await.problem(403, "forbidden");
    let ministry = service.ministry();
    for (filter, expected) in [
        (format!("uai={}", world.school), 3),
        (format!("uai={},{}", world.school, world.far), 4),
        (format!("partner_id={}", world.partner), 4),
        (format!("intervention_id={}", world.offer), 3),
        ("status=requested".into(), 4),
        ("status=accepted,held".into(), 1),
        ("territory=academy:10".into(), 4),
        ("territory=FR".into(), 5),
        ("territory=region:84".into(), 5),
        ("territory=department:038".into(), 1),
        (format!("territory=uai:{}", world.neighbour), 1),
        ("updated_since=2999-01-01T00:00:00Z".into(), 0),
        (format!("uai={}&status=accepted", world.school), 1),
        ("sort=-updated_at".into(), 5),
    ] {
        let listed = ministry.all(&format!("{LIST}?{filter}")).await;
        assert_eq!(listed.len(), expected, "{filter}");
    }
}

#[actix_web::test]
async fn steps_honour_if_match_and_an_idempotency_key() {
    let world = World::new().await;
    let (portal, own) = (world.portal(), world.own());
    let keyed = |caller: &Caller, path: &str, body: Value| {
        let request = caller.request("POST", path).header("idempotency-key", "k");
        request.json(&body).send()
    };
    let created = keyed(&own, LIST, world.body(json!({}))).await;
    let again = keyed(&own, LIST, world.body(json!({}))).await;
    assert_eq!(
        (again.header("idempotency-replayed"), &again.body),
        ("true", &created.body)
    );
    keyed(&own, LIST, world.body(json!({ "message": "Autre" })))
        .await
        .problem(422, "idempotency_key_reused");
    let path = created.header("location").to_owned();
    let accept = format!("{path}/accept");
    let stale = portal
        .request("POST", &accept)
        .header("if-match", "\"7.x\"");
    let body = json!({ "scheduled_on": "2099-01-15" });
    stale
        .json(&body)
        .send()
        .await
        .problem(412, "precondition_failed");
    let accepted = keyed(&portal, &accept, body.clone()).await;
    assert_eq!(keyed(&portal, &accept, body).await.body, accepted.body);
    assert_eq!(world.sessions_left("visite").await, 1, "taken once");
    assert!(accepted.etag().starts_with("\"2."));
    assert_eq!(portal.get(&path).await.etag(), accepted.etag());
}

#[actix_web::test]
async fn the_journal_says_no_word_of_the_messages_and_the_feed_tells_those_concerned() {
    let world = World::new().await;
    let service = &world.service;
    let other = id(&service.new_partner("Autre").await);
    let path = world
        .asked(json!({ "message": "Demander Mme Quernin" }))
        .await;
    step(
        &world.portal(),
        &path,
        "accept",
        json!({ "scheduled_on": "2099-01-15" }),
    )
    .await
    .expect(200);
    step(
        &world.own(),
        &path,
        "cancel",
        json!({ "reason": "M. Quernin est absent" }),
    )
    .await
    .expect(200);
    let rows = "SELECT action, fields, before::text || after::text FROM audit_events
                 WHERE object_type = 'solicitation' ORDER BY id";
    let rows = service.sql().await.query(rows, &[]).await.unwrap();
    let types = [
        "solicitation.created",
        "solicitation.accepted",
        "solicitation.cancelled",
    ];
    let actions: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(actions, types);
    assert_eq!(rows[1].get::<_, Vec<String>>(1), ["status", "scheduled_on"]);
    assert_eq!(rows[2].get::<_, Vec<String>>(1), ["status", "reason"]);
    let journal = "SELECT count(*) FROM audit_events e WHERE e::text LIKE '%Quernin%'";
    assert_eq!(service.number(journal).await, 0);
    for (caller, is_told) in [
        (service.ministry(), true),
        (service.academy("academy:10"), true),
        (service.academy("region:84"), true),
        (world.own(), true),
        (world.portal(), true),
        (service.academy("academy:08"), false),
        (service.school(&world.neighbour), false),
        (service.partner(&other), false),
        (service.reader(), false),
    ] {
        let told = caller.all_changes("solicitation").await;
        let of_each: Vec<&Value> = told.iter().map(|change| &change["type"]).collect();
        if !is_told {
            assert_eq!(of_each, [""; 0]);
            continue;
        }
        assert_eq!(of_each, types);
        let seen = caller.get(&path).await.expect(200);
        for change in &told {
            assert_eq!(
                (&change["object"]["url"], &change["data"]),
                (&json!(path), &seen)
            );
        }
    }
}
