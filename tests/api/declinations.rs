//! Declinations: a convention carried to regions, academies and schools, one at a place.

use chrono::TimeDelta;
use futures_util::future::join;
use serde_json::{Value, json};

use crate::support::{Caller, Reply, Service, absent, id, merged, rounds, uai};

const LIST: &str = "/v1/declinations";

/// A convention in force, and a school in each of three academies.
struct World {
    service: Service,
    partner: String,
    convention: String,
    lyon: String,
    grenoble: String,
    lille: String,
}

impl World {
    async fn new() -> Self {
        Self::with(json!({})).await
    }

    /// With these columns of the convention.
    async fn with(columns: Value) -> Self {
        let service = Service::start().await;
        let (partner, convention) = service.signed_partner("UIMM", columns).await;
        let [lyon, grenoble, lille] = service.new_schools([690_001, 380_001, 590_001]).await;
        Self {
            service,
            partner,
            convention,
            lyon,
            grenoble,
            lille,
        }
    }

    /// A body of this level at these places, with more fields.
    fn body(&self, level: &str, territories: &[&str], with: Value) -> Value {
        let body = json!({ "convention_id": self.convention, "level": level, "territories": territories, "starts_on": "2020-09-01" });
        merged(body, with)
    }

    async fn draft(&self, level: &str, territories: &[&str], with: Value) -> String {
        let body = self.body(level, territories, with);
        id(&self.service.ministry().post(LIST, body).await.expect(201))
    }

    async fn active(&self, level: &str, territories: &[&str], with: Value) -> String {
        let draft = self.draft(level, territories, with).await;
        step(&self.service.ministry(), &draft, "activate")
            .await
            .expect(200);
        draft
    }

    fn school(&self) -> String {
        format!("uai:{}", self.lyon)
    }

    /// Every role, those near Lyon first.
    fn callers(&self) -> Vec<(&'static str, Caller)> {
        let service = &self.service;
        vec![
            ("ministry", service.ministry()),
            ("region 84", service.academy("region:84")),
            ("academy 10", service.academy("academy:10")),
            ("academy 08", service.academy("academy:08")),
            ("academy 09", service.academy("academy:09")),
            ("school of Lyon", service.school(&self.lyon)),
            ("school of Grenoble", service.school(&self.grenoble)),
            ("school of Lille", service.school(&self.lille)),
            ("partner", service.partner(&self.partner)),
            ("another partner", service.partner(&absent())),
            ("reader", service.reader()),
        ]
    }

    async fn claims(&self) -> Vec<(String, String)> {
        const CLAIMS: &str =
            "SELECT territory, declination_id::text FROM declination_claims ORDER BY 1, 2";
        let rows = self.service.sql().await.query(CLAIMS, &[]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }
}

fn path(declination: &str) -> String {
    format!("{LIST}/{declination}")
}

async fn step(caller: &Caller, declination: &str, verb: &str) -> Reply {
    caller
        .post(&format!("{}/{verb}", path(declination)), json!({}))
        .await
}

fn person() -> Value {
    json!({ "name": "Zoé Quernin", "function": "Chargée de mission", "email": "zoe@exemple.fr", "phone": "04 72 80 60 60" })
}

const TRACES: [&str; 3] = ["Quernin", "zoe@", "72 80"];

fn day(service: &Service, from_today: i64) -> String {
    let today = ree::values::today(service.shared.clock.now());
    (today + TimeDelta::days(from_today)).to_string()
}

#[actix_web::test]
async fn a_region_an_academy_and_a_school_decline_one_convention_in_a_tree() {
    let world = World::new().await;
    let (ministry, service) = (world.service.ministry(), &world.service);
    let region = world
        .draft("academic_region", &["region:84"], json!({}))
        .await;
    let (academy, school) = (service.academy("academy:10"), service.school(&world.lyon));

    // What is above an academy is not told to it before it is active.
    let mut body = world.body(
        "academy",
        &["academy:10"],
        json!({ "parent_id": region, "coordinator": person(), "axes": ["internships"] }),
    );
    let early = academy.post(LIST, body.clone()).await;
    early.problem(422, "validation_failed");
    assert_eq!(early.faults(), ["/parent_id unknown_reference"]);
    step(&ministry, &region, "activate").await.expect(200);

    let created = academy.post(LIST, body.clone()).await;
    let draft = created.expect(201);
    assert_eq!(created.header("location"), path(&id(&draft)));
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&draft[name], value, "{name}");
    }
    assert_eq!(
        (
            &draft["status"],
            &draft["effective_status"],
            &draft["signatories"]
        ),
        (&json!("draft"), &Value::Null, &json!([]))
    );
    assert_eq!(
        draft["allowed_actions"],
        json!(["update", "delete", "activate", "abandon"])
    );
    assert_eq!(academy.get(&path(&id(&draft))).await.expect(200), draft);

    let signed = json!({ "signatories": [
        { "side": "ministry", "name": "A. B.", "function": "Rectrice", "organisation": "Académie de Lyon", "signed_on": "2020-07-01" },
        { "side": "partner", "partner_id": world.partner, "name": "C. D.", "function": "Délégué", "organisation": "UIMM", "signed_on": null },
    ] });
    let active = academy
        .post(&format!("{}/activate", path(&id(&draft))), signed.clone())
        .await;
    assert!(active.etag().starts_with("\"2."));
    let active = active.expect(200);
    let mut recorded = signed["signatories"].clone();
    recorded[0]["partner_id"] = Value::Null;
    assert_eq!(active["signatories"], recorded);
    assert_eq!(
        (&active["status"], &active["effective_status"]),
        (&json!("active"), &json!("in_force"))
    );
    assert_eq!(active["allowed_actions"], json!(["update", "close"]));

    // The school follows its academy.
    body = world.body(
        "establishment",
        &[&world.school()],
        json!({ "parent_id": draft["id"], "axes": ["internships"], "board_decision": { "date": "2020-06-30", "number": "12" } }),
    );
    let own = id(&school.post(LIST, body).await.expect(201));
    step(&school, &own, "activate").await.expect(200);
    let below = service
        .reader()
        .all(&format!("{LIST}?parent_id={}", id(&draft)))
        .await;
    assert_eq!(below.len(), 1);
    assert_eq!(below[0]["id"], own.as_str());
    assert_eq!(
        world.claims().await,
        [
            ("academy:10".to_owned(), id(&draft)),
            ("region:84".to_owned(), region.clone()),
            (world.school(), own.clone())
        ]
    );

    let closed = step(&school, &own, "close").await.expect(200);
    assert_eq!(
        (
            &closed["status"],
            &closed["effective_status"],
            &closed["allowed_actions"]
        ),
        (&json!("closed"), &json!("closed"), &json!([]))
    );
    assert_eq!(world.claims().await.len(), 2);
    // The place is free again.
    world
        .active("establishment", &[&world.school()], json!({}))
        .await;
}

#[actix_web::test]
async fn each_rule_is_told_at_its_place_and_all_at_once() {
    let world =
        World::with(json!({ "axes": ["career_discovery", "internships"], "levels": ["3e", "4e"] }))
            .await;
    let ministry = world.service.ministry();
    let parent = world
        .draft(
            "academy",
            &["academy:10"],
            json!({ "axes": ["internships"], "action_types": ["company_visit"] }),
        )
        .await;
    let other_convention = world
        .service
        .signed_convention(&world.partner, json!({}))
        .await;
    let stranger = world
        .draft(
            "academic_region",
            &["region:84"],
            json!({ "convention_id": other_convention }),
        )
        .await;
    let (network, outsider) = (
        id(&world.service.new_partner("Réseau").await),
        id(&world.service.new_partner("Autre").await),
    );
    let speaks_for_another = id(&world.service.new_representative(&outsider, &["FR"]).await);
    let (lyon, grenoble) = (world.school(), format!("uai:{}", world.grenoble));
    let school = |with: Value| world.body("establishment", &[&lyon], with);
    let nowhere = format!("uai:{}", uai(690_099));
    for (body, faults) in [
        (
            school(json!({ "convention_id": absent() })),
            vec!["/convention_id unknown_reference"],
        ),
        (
            school(json!({ "axes": ["internships", "apprenticeship"] })),
            vec!["/axes/1 not_in_convention"],
        ),
        (
            school(json!({ "levels": ["6e", "3e"] })),
            vec!["/levels/0 not_in_convention"],
        ),
        (
            school(
                json!({ "parent_id": parent, "axes": ["internships", "career_discovery", "apprenticeship"] }),
            ),
            vec!["/axes/1 not_in_parent", "/axes/2 not_in_convention"],
        ),
        (
            school(
                json!({ "parent_id": parent, "action_types": ["company_visit", "career_event"] }),
            ),
            vec!["/action_types/1 not_in_parent"],
        ),
        (
            school(json!({ "parent_id": absent() })),
            vec!["/parent_id unknown_reference"],
        ),
        (
            school(json!({ "parent_id": stranger })),
            vec!["/parent_id of_another_convention"],
        ),
        (
            world.body("academy", &["academy:10"], json!({ "parent_id": parent })),
            vec!["/parent_id not_wider"],
        ),
        (
            world.body(
                "academic_region",
                &["region:84"],
                json!({ "parent_id": parent }),
            ),
            vec!["/parent_id not_wider"],
        ),
        (
            world.body(
                "establishment",
                &[&lyon, &grenoble],
                json!({ "parent_id": parent }),
            ),
            vec!["/territories/1 outside_territory"],
        ),
        (
            world.body("establishment", &[&lyon, &nowhere], json!({})),
            vec!["/territories/1 unknown_territory"],
        ),
        (
            school(json!({ "representative_id": absent() })),
            vec!["/representative_id unknown_reference"],
        ),
        (
            school(json!({ "representative_id": speaks_for_another })),
            vec!["/representative_id unknown_reference"],
        ),
        (
            world.body(
                "establishment",
                &[&nowhere, &lyon],
                json!({ "parent_id": stranger, "axes": ["apprenticeship"], "levels": ["3e", "6e"],
                        "representative_id": speaks_for_another }),
            ),
            vec![
                "/axes/0 not_in_convention",
                "/levels/1 not_in_convention",
                "/parent_id of_another_convention",
                "/representative_id unknown_reference",
                "/territories/0 unknown_territory",
            ],
        ),
    ] {
        let before = world.service.everything().await;
        let reply = ministry.post(LIST, body.clone()).await;
        reply.problem(422, "validation_failed");
        assert_eq!(reply.faults(), faults, "{body}");
        assert_eq!(world.service.everything().await, before);
    }
    // A change is held to the same rules, and a declination stays with its convention.
    let draft = world
        .draft("establishment", &[&lyon], json!({ "parent_id": parent }))
        .await;
    let change = json!({ "convention_id": other_convention, "axes": ["career_discovery"], "territories": [grenoble] });
    let reply = ministry.patch(&path(&draft), change).await;
    reply.problem(422, "validation_failed");
    assert_eq!(
        reply.faults(),
        [
            "/axes/0 not_in_parent",
            "/convention_id part_of_the_key",
            "/territories/0 outside_territory"
        ]
    );
    ministry
        .patch(&path(&draft), json!({ "ends_on": "2020-01-01" }))
        .await
        .problem(422, "validation_failed");

    // A party's own, and a member of its network, speak for it.
    let member = json!({ "member_of": [world.partner, network] });
    ministry
        .patch(&format!("/v1/partners/{outsider}"), member)
        .await
        .expect(200);
    let own = world
        .service
        .new_representative(&world.partner, &["FR"])
        .await;
    for representative in [id(&own), speaks_for_another] {
        let change = json!({ "representative_id": representative });
        let changed = ministry.patch(&path(&draft), change).await.expect(200);
        assert_eq!(changed["representative_id"], representative.as_str());
    }
}

#[actix_web::test]
async fn a_local_convention_is_declined_within_its_territory() {
    let world = World::with(
        json!({ "scope": "local", "territory": "academy:10", "reach": ["academy:10", "region:84", "FR"] }),
    )
    .await;
    let (lyon, lille) = (world.school(), format!("uai:{}", world.lille));
    let ministry = world.service.ministry();
    for (level, territories, fault) in [
        (
            "academic_region",
            vec!["region:84"],
            Some("/territories/0 outside_territory"),
        ),
        (
            "academy",
            vec!["academy:10", "academy:08"],
            Some("/territories/1 outside_territory"),
        ),
        (
            "establishment",
            vec![lille.as_str()],
            Some("/territories/0 outside_territory"),
        ),
        ("academy", vec!["academy:10"], None),
        ("establishment", vec![lyon.as_str()], None),
    ] {
        let reply = ministry
            .post(LIST, world.body(level, &territories, json!({})))
            .await;
        match fault {
            Some(fault) => assert_eq!(reply.faults(), [fault]),
            None => drop(reply.expect(201)),
        }
    }
}

#[actix_web::test]
async fn an_unsigned_convention_is_not_declined_and_told_only_to_those_who_see_it() {
    let world = World::with(json!({ "status": "negotiation", "signed_on": null })).await;
    let body = world.body("academy", &["academy:10"], json!({}));
    let refused = world.service.ministry().post(LIST, body.clone()).await;
    refused.problem(409, "convention_not_signed");
    let unseen = world.service.academy("academy:10").post(LIST, body).await;
    unseen.problem(422, "validation_failed");
    assert_eq!(unseen.faults(), ["/convention_id unknown_reference"]);
}

#[actix_web::test]
async fn each_writes_where_it_is_in_charge_and_nowhere_else() {
    let world = World::new().await;
    let (lyon, grenoble) = (world.school(), format!("uai:{}", world.grenoble));
    let (academy, school) = (
        world.service.academy("academy:10"),
        world.service.school(&world.lyon),
    );
    let region = world.service.academy("region:84");
    let outside = |index: usize| format!("/territories/{index} outside_perimeter");
    for (caller, level, territories, faults) in [
        (
            &academy,
            "academic_region",
            vec!["region:84"],
            vec![outside(0)],
        ),
        (&academy, "academy", vec!["academy:08"], vec![outside(0)]),
        (
            &academy,
            "academy",
            vec!["academy:10", "academy:08", "academy:09"],
            vec![outside(1), outside(2)],
        ),
        (
            &academy,
            "establishment",
            vec![&lyon, &grenoble],
            vec![outside(1)],
        ),
        (&academy, "establishment", vec![&lyon], vec![]),
        (&region, "academic_region", vec!["region:84"], vec![]),
        (&region, "academy", vec!["academy:08", "academy:10"], vec![]),
        (&region, "academy", vec!["academy:09"], vec![outside(0)]),
        (&region, "establishment", vec![&lyon, &grenoble], vec![]),
        (&school, "establishment", vec![&lyon], vec![]),
        (&school, "establishment", vec![&grenoble], vec![outside(0)]),
        (&school, "academy", vec!["academy:10"], vec![outside(0)]),
    ] {
        let body = world.body(level, &territories, json!({}));
        let reply = caller.post(LIST, body).await;
        if faults.is_empty() {
            reply.expect(201);
        } else {
            reply.problem(403, "forbidden");
            assert_eq!(reply.faults(), faults, "{level} {territories:?}");
        }
    }
    // What one has in charge is not carried out of it.
    let own = academy
        .post(LIST, world.body("academy", &["academy:10"], json!({})))
        .await;
    let own = path(&id(&own.expect(201)));
    let reply = academy
        .patch(&own, json!({ "territories": ["academy:10", "academy:08"] }))
        .await;
    reply.problem(403, "forbidden");
    assert_eq!(reply.faults(), [outside(1)]);
    // What concerns one only in part is seen, and written by others.
    let both = world
        .draft("academy", &["academy:10", "academy:08"], json!({}))
        .await;
    assert_eq!(
        academy.get(&path(&both)).await.expect(200)["allowed_actions"],
        json!([])
    );
    academy
        .patch(&path(&both), json!({ "title": "X" }))
        .await
        .problem(403, "forbidden");
    region
        .patch(&path(&both), json!({ "title": "X" }))
        .await
        .expect(200);
}

#[actix_web::test]
async fn a_school_of_no_academy_is_the_ministrys_and_its_own() {
    let world = World::new().await;
    let lost = format!(
        "UPDATE establishments SET department = NULL, academy = NULL WHERE uai = '{}'",
        world.lille
    );
    world
        .service
        .sql()
        .await
        .batch_execute(&lost)
        .await
        .unwrap();
    let place = format!("uai:{}", world.lille);
    let draft = world.draft("establishment", &[&place], json!({})).await;
    let academy = world.service.academy("academy:09");
    academy.get(&path(&draft)).await.problem(404, "not_found");
    let own = world.service.school(&world.lille);
    own.patch(&path(&draft), json!({ "title": "X" }))
        .await
        .expect(200);
    step(&own, &draft, "activate").await.expect(200);
    academy
        .patch(&path(&draft), json!({ "title": "Y" }))
        .await
        .problem(403, "forbidden");
}

#[actix_web::test]
async fn drafts_are_read_where_they_are_prepared_and_active_ones_by_all() {
    let world = World::new().await;
    let lyon = world.school();
    // Whether each caller sees a draft: those of `callers`, in their order.
    for (level, territory, expected) in [
        ("academic_region", "region:84", "11000110000"),
        ("academy", "academy:10", "11100100000"),
        ("academy", "academy:09", "10001001000"),
        ("establishment", lyon.as_str(), "11100100000"),
    ] {
        for verb in ["", "abandon", "activate"] {
            let draft = world.draft(level, &[territory], json!({})).await;
            if !verb.is_empty() {
                step(&world.service.ministry(), &draft, verb)
                    .await
                    .expect(200);
            }
            for ((name, caller), expected) in world.callers().into_iter().zip(expected.chars()) {
                let expected = expected == '1' || verb == "activate";
                let read = caller.get(&path(&draft)).await;
                let told = format!("{name} reads {level} {territory} {verb}");
                assert_eq!(read.status == 200, expected, "{told}");
                let listed = caller.all(&format!("{LIST}?limit=200")).await;
                assert_eq!(
                    listed.iter().any(|row| row["id"] == draft.as_str()),
                    expected,
                    "{told} in the list"
                );
                let count = caller.get(&format!("{LIST}/count")).await.expect(200);
                assert_eq!(count["count"], listed.len(), "{told}");
            }
            if verb == "activate" {
                step(&world.service.ministry(), &draft, "close")
                    .await
                    .expect(200);
                world.service.reader().get(&path(&draft)).await.expect(200);
            }
        }
    }
}

#[actix_web::test]
async fn allowed_actions_are_those_that_are_not_refused() {
    let world = World::new().await;
    let lyon = world.school();
    for (level, territory) in [
        ("academic_region", "region:84"),
        ("academy", "academy:10"),
        ("establishment", lyon.as_str()),
    ] {
        for reached in [
            vec![],
            vec!["abandon"],
            vec!["activate"],
            vec!["activate", "close"],
        ] {
            let one = world.draft(level, &[territory], json!({})).await;
            for verb in &reached {
                step(&world.service.ministry(), &one, verb)
                    .await
                    .expect(200);
            }
            for (name, caller) in world.callers() {
                let read = caller.get(&path(&one)).await;
                if read.status != 200 {
                    continue;
                }
                let shown = read.json()["allowed_actions"].clone();
                for verb in ["update", "delete", "activate", "close", "abandon"] {
                    // A version that never was, so that nothing happens.
                    let (method, at) = match verb {
                        "update" => ("PATCH", path(&one)),
                        "delete" => ("DELETE", path(&one)),
                        verb => ("POST", format!("{}/{verb}", path(&one))),
                    };
                    let request = caller.request(method, &at).header("if-match", "\"0.x\"");
                    let request = if verb == "update" {
                        request.merge(&json!({ "title": "X" }))
                    } else {
                        request
                    };
                    let kept = request.send().await.status == 412;
                    let is_shown = shown.as_array().unwrap().iter().any(|shown| shown == verb);
                    assert!(kept || !is_shown, "{name} {level} {reached:?} {verb}");
                    // To those who may write it, all that its status allows is shown.
                    let possible = match reached.last() {
                        None => verb != "close",
                        Some(&"activate") => ["update", "close"].contains(&verb),
                        Some(_) => false,
                    };
                    assert_eq!(
                        is_shown,
                        kept && possible,
                        "{name} {level} {reached:?} {verb}"
                    );
                }
            }
            if reached == ["activate"] {
                step(&world.service.ministry(), &one, "close")
                    .await
                    .expect(200);
            }
        }
    }
}

#[actix_web::test]
async fn a_step_that_the_status_does_not_allow_is_refused() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    for (reached, refused) in [
        (vec![], vec!["close"]),
        (
            vec!["abandon"],
            vec!["activate", "close", "abandon", "update", "delete"],
        ),
        (vec!["activate"], vec!["activate", "abandon", "delete"]),
        (
            vec!["activate", "close"],
            vec!["activate", "close", "abandon", "update", "delete"],
        ),
    ] {
        let one = world.draft("academy", &["academy:10"], json!({})).await;
        for verb in &reached {
            step(&ministry, &one, verb).await.expect(200);
        }
        let before = world.service.everything().await;
        for verb in refused {
            let reply = match verb {
                "update" => ministry.patch(&path(&one), json!({ "title": "X" })).await,
                "delete" => ministry.delete(&path(&one)).await,
                verb => step(&ministry, &one, verb).await,
            };
            reply.problem(409, "invalid_transition");
        }
        assert_eq!(world.service.everything().await, before);
        if reached == ["activate"] {
            step(&ministry, &one, "close").await.expect(200);
        }
    }
    let draft = world.draft("academy", &["academy:10"], json!({})).await;
    let below = json!({ "parent_id": draft });
    world
        .draft("establishment", &[&world.school()], below)
        .await;
    ministry.delete(&path(&draft)).await.problem(409, "in_use");
    let alone = world.draft("academy", &["academy:10"], json!({})).await;
    ministry.delete(&path(&alone)).await.expect(204);
    ministry.get(&path(&alone)).await.problem(404, "not_found");
}

#[actix_web::test]
async fn steps_honour_if_match_and_an_idempotency_key() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    let draft = world.draft("academy", &["academy:10"], json!({})).await;
    let etag = ministry.get(&path(&draft)).await.etag().to_owned();
    ministry
        .patch(&path(&draft), json!({ "title": "Autre" }))
        .await
        .expect(200);
    let activate = format!("{}/activate", path(&draft));
    let stale = ministry
        .request("POST", &activate)
        .header("if-match", &etag);
    stale.send().await.problem(412, "precondition_failed");
    let stale = ministry
        .request("DELETE", &path(&draft))
        .header("if-match", &etag);
    stale.send().await.problem(412, "precondition_failed");
    let bare = ministry
        .request("PATCH", &path(&draft))
        .merge(&json!({ "title": "X" }));
    bare.send().await.problem(428, "precondition_required");
    let keyed = || {
        ministry
            .request("POST", &activate)
            .header("idempotency-key", "k")
            .send()
    };
    let (first, again) = (keyed().await, keyed().await);
    assert_eq!(first.expect(200), again.expect(200));
    assert_eq!(again.header("idempotency-replayed"), "true");
    // What changes nothing writes nothing.
    let before = world.service.everything().await;
    let same = ministry.get(&path(&draft)).await.expect(200);
    let same = json!({ "title": same["title"], "territories": same["territories"], "coordinator": null, "ends_on": null });
    ministry.patch(&path(&draft), same).await.expect(200);
    assert_eq!(world.service.everything().await, before);
}

#[actix_web::test]
async fn the_coordinator_is_shown_to_those_concerned_and_to_no_other() {
    let world = World::new().await;
    let lyon = world.school();
    // Who sees the person of an active declination: those of `callers`, in their order.
    for (level, territory, expected) in [
        ("academic_region", "region:84", "11110110100"),
        ("academy", "academy:10", "11100100100"),
        ("academy", "academy:09", "10001001100"),
        ("establishment", lyon.as_str(), "11100100100"),
    ] {
        let one = world
            .active(level, &[territory], json!({ "coordinator": person() }))
            .await;
        for ((name, caller), expected) in world.callers().into_iter().zip(expected.chars()) {
            let shown = expected == '1';
            let told = format!("{name} reads {level} {territory}");
            let read = caller.get(&path(&one)).await.expect(200)["coordinator"].clone();
            let hidden = json!({ "name": null, "function": "Chargée de mission", "email": null, "phone": null });
            assert_eq!(read, if shown { person() } else { hidden }, "{told}");
            for form in ["application/json", "text/csv", "application/x-ndjson"] {
                let list = format!("{LIST}?level={level}&territory={territory}");
                let list = caller.request("GET", &list).header("accept", form);
                let list = list.send().await;
                assert_eq!(list.status, 200);
                for trace in TRACES {
                    assert_eq!(list.text().contains(trace), shown, "{told} as {form}");
                }
            }
        }
        // The feed shows no more than the object.
        feed_is_whole(&world).await;
        for ((name, caller), expected) in world.callers().into_iter().zip(expected.chars()) {
            let changes = changes(&caller).await;
            let of_it: Vec<&Value> = changes
                .iter()
                .filter(|change| change["object"]["id"] == one.as_str())
                .collect();
            assert!(!of_it.is_empty(), "{name}");
            for change in of_it {
                let shown = !change["data"]["coordinator"]["name"].is_null();
                assert_eq!(shown, expected == '1', "{name} {change}");
            }
        }
        step(&world.service.ministry(), &one, "close")
            .await
            .expect(200);
    }
}

#[actix_web::test]
async fn a_coordinator_without_a_name_is_a_service_that_everyone_may_write_to() {
    let world = World::new().await;
    let office = json!({ "name": null, "function": "Cellule école-entreprise", "email": "cee@ac-lyon.example", "phone": "04 72 80 60 60" });
    let one = world
        .active("academy", &["academy:10"], json!({ "coordinator": office }))
        .await;
    for (name, caller) in world.callers() {
        let read = caller.get(&path(&one)).await.expect(200)["coordinator"].clone();
        assert_eq!(read, office, "{name}");
    }
}

/// Waits until the feed has given everything: other tests' transactions, in the same PostgreSQL,
/// hold it back for their time.
async fn feed_is_whole(world: &World) {
    const WHOLE: &str = "SELECT count(*) = 0 FROM changes WHERE position >= feed_horizon()";
    world.service.until(WHOLE).await;
}

async fn changes(caller: &Caller) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut at = "/v1/changes?limit=200".to_owned();
    loop {
        let mut page = caller.get(&at).await.expect(200);
        rows.append(page["data"].as_array_mut().expect("data"));
        let Some(cursor) = page["next_cursor"].as_str() else {
            return rows;
        };
        at = format!("/v1/changes?limit=200&after={cursor}");
    }
}

#[actix_web::test]
async fn the_feed_tells_of_a_draft_where_it_is_prepared_and_of_what_is_active_to_all() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    let draft = world.draft("academy", &["academy:10"], json!({})).await;
    ministry
        .patch(&path(&draft), json!({ "title": "X" }))
        .await
        .expect(200);
    let abandoned = world.draft("academy", &["academy:10"], json!({})).await;
    step(&ministry, &abandoned, "abandon").await.expect(200);
    let deleted = world.draft("academy", &["academy:10"], json!({})).await;
    ministry.delete(&path(&deleted)).await.expect(204);
    step(&ministry, &draft, "activate").await.expect(200);
    step(&ministry, &draft, "close").await.expect(200);
    feed_is_whole(&world).await;
    for ((name, caller), near) in world.callers().into_iter().zip("11100100000".chars()) {
        let changes = changes(&caller).await;
        let of_declinations: Vec<&Value> = changes
            .iter()
            .filter(|change| change["object"]["type"] == "declination")
            .collect();
        let types: Vec<&str> = of_declinations
            .iter()
            .map(|change| change["type"].as_str().unwrap())
            .collect();
        let expected: &[&str] = if near == '1' {
            &[
                "declination.created",
                "declination.updated",
                "declination.created",
                "declination.abandoned",
                "declination.created",
                "declination.deleted",
                "declination.activated",
                "declination.closed",
            ]
        } else {
            &["declination.activated", "declination.closed"]
        };
        assert_eq!(types, expected, "{name}");
        let activated = of_declinations.iter().rev().nth(1).unwrap();
        assert_eq!(activated["object"]["url"], path(&draft), "{name}");
        assert_eq!(activated["data"]["status"], "closed", "as it is now");
    }
}

#[actix_web::test]
async fn a_coordinator_who_is_changed_or_removed_is_in_no_kept_answer() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    let keyed = |path: String, key: &'static str, body: Value| {
        let request = ministry.request("POST", &path);
        request.header("idempotency-key", key).json(&body).send()
    };
    let draft = || {
        world.body(
            "academy",
            &["academy:10"],
            json!({ "coordinator": person() }),
        )
    };
    let kept = || async {
        const KEPT: &str = "SELECT count(*) FROM idempotency_keys WHERE convert_from(body, 'UTF8') LIKE '%Quernin%'";
        world.service.number(KEPT).await
    };

    // Changed.
    let one = id(&keyed(LIST.into(), "a", draft()).await.expect(201));
    keyed(format!("{}/activate", path(&one)), "b", json!({}))
        .await
        .expect(200);
    assert_eq!(kept().await, 2);
    ministry
        .patch(
            &path(&one),
            json!({ "title": "Sans effet sur la personne" }),
        )
        .await
        .expect(200);
    assert_eq!(kept().await, 2);
    let replayed = keyed(LIST.into(), "a", draft()).await;
    assert_eq!(replayed.header("idempotency-replayed"), "true");
    ministry
        .patch(
            &path(&one),
            json!({ "coordinator": { "name": "Autre", "email": null, "phone": null } }),
        )
        .await
        .expect(200);
    assert_eq!(kept().await, 0);
    keyed(LIST.into(), "a", draft())
        .await
        .problem(409, "idempotency_answer_erased");
    keyed(format!("{}/activate", path(&one)), "b", json!({}))
        .await
        .problem(409, "idempotency_answer_erased");
    step(&ministry, &one, "close").await.expect(200);

    // Removed, with the draft or from it.
    let two = id(&keyed(LIST.into(), "c", draft()).await.expect(201));
    ministry
        .patch(&path(&two), json!({ "coordinator": null }))
        .await
        .expect(200);
    let three = id(&keyed(LIST.into(), "d", draft()).await.expect(201));
    assert_eq!(kept().await, 1);
    ministry.delete(&path(&three)).await.expect(204);
    assert_eq!(kept().await, 0);
    for key in ["c", "d"] {
        keyed(LIST.into(), key, draft())
            .await
            .problem(409, "idempotency_answer_erased");
    }
    // Nothing that is stored says who it was, but for the present drafts, of which there are none.
    let everything = world.service.everything().await;
    for trace in TRACES {
        assert!(!everything.contains(trace), "{trace}");
    }
}

#[actix_web::test]
async fn a_change_of_the_coordinator_keeps_what_it_does_not_name() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    let one = world
        .active(
            "academy",
            &["academy:10"],
            json!({ "coordinator": person() }),
        )
        .await;
    let change = |patch: Value| {
        let (ministry, path) = (ministry.clone(), path(&one));
        async move { ministry.patch(&path, json!({ "coordinator": patch })).await }
    };
    let mut expected = person();
    expected["phone"] = json!("01 23 45 67 89");
    let changed = change(json!({ "phone": "01 23 45 67 89" })).await;
    assert_eq!(changed.expect(200)["coordinator"], expected);
    expected["email"] = Value::Null;
    let changed = change(json!({ "email": null })).await;
    assert_eq!(changed.expect(200)["coordinator"], expected);
    assert_eq!(
        change(Value::Null).await.expect(200)["coordinator"],
        Value::Null
    );
}

#[actix_web::test]
async fn what_was_agreed_does_not_change_once_active() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    let parent = world
        .active("academic_region", &["region:84"], json!({}))
        .await;
    let own = world
        .service
        .new_representative(&world.partner, &["FR"])
        .await;
    let one = world.active("academy", &["academy:10"], json!({})).await;
    let free = json!({
        "title": "Autre", "ends_on": "2030-08-31", "coordinator": person(), "representative_id": own["id"],
        "targets": [{ "measure": "pupils", "school_year": "2026-2027", "value": 10, "territory": null }],
        "planned_actions": [{ "title": "A", "action_type": "company_visit", "levels": [], "moment": null, "targets": [] }],
        "board_decision": { "date": null, "number": "1" },
    });
    let changed = ministry.patch(&path(&one), free.clone()).await.expect(200);
    for (name, value) in free.as_object().unwrap() {
        assert_eq!(&changed[name], value, "{name}");
    }
    let agreed = json!({
        "parent_id": parent, "territories": ["academy:08"], "axes": ["internships"], "action_types": ["company_visit"],
        "levels": ["3e"], "moments": ["career_discovery"], "starts_on": "2021-09-01", "title": "Encore",
    });
    let before = world.service.everything().await;
    let reply = ministry.patch(&path(&one), agreed).await;
    reply.problem(409, "active_content");
    assert_eq!(
        reply.faults(),
        [
            "/action_types agreed",
            "/axes agreed",
            "/levels agreed",
            "/moments agreed",
            "/parent_id agreed",
            "/starts_on agreed",
            "/territories agreed"
        ]
    );
    for (change, fault) in [
        (
            json!({ "convention_id": absent() }),
            "/convention_id part_of_the_key",
        ),
        (
            json!({ "representative_id": absent() }),
            "/representative_id unknown_reference",
        ),
        (json!({ "ends_on": "2020-08-31" }), "/ends_on before_start"),
    ] {
        let reply = ministry.patch(&path(&one), change).await;
        reply.problem(422, "validation_failed");
        assert_eq!(reply.faults(), [fault]);
    }
    assert_eq!(world.service.everything().await, before);
}

#[actix_web::test]
async fn a_place_has_one_active_declination_of_a_convention_at_a_level() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    let first = world.active("academy", &["academy:10"], json!({})).await;
    let third = world.active("academy", &["academy:09"], json!({})).await;
    let second = world
        .draft(
            "academy",
            &["academy:09", "academy:08", "academy:10"],
            json!({}),
        )
        .await;
    let refused = step(&ministry, &second, "activate").await;
    let problem = refused.problem(409, "territory_already_declined");
    assert_eq!(
        refused.faults(),
        ["/territories/0 taken", "/territories/2 taken"]
    );
    for other in [&first, &third] {
        assert!(
            problem["detail"].as_str().unwrap().contains(other.as_str()),
            "{problem}"
        );
    }
    assert_eq!(world.claims().await.len(), 2);
    // Another level, another convention: another place.
    world
        .active("academic_region", &["region:84"], json!({}))
        .await;
    let other = world
        .service
        .signed_convention(&world.partner, json!({}))
        .await;
    world
        .active(
            "academy",
            &["academy:10"],
            json!({ "convention_id": other }),
        )
        .await;
    step(&ministry, &first, "close").await.expect(200);
    step(&ministry, &third, "close").await.expect(200);
    step(&ministry, &second, "activate").await.expect(200);
}

#[actix_web::test]
async fn of_two_activations_at_once_on_one_place_one_is_made() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    for round in 0..rounds(200) {
        let one = world
            .draft("academy", &["academy:10", "academy:08"], json!({}))
            .await;
        let two = world
            .draft("academy", &["academy:09", "academy:10"], json!({}))
            .await;
        let (first, second) = join(
            step(&ministry, &one, "activate"),
            step(&ministry, &two, "activate"),
        )
        .await;
        let ((won, winner), lost) = if first.status == 200 {
            ((&first, &one), &second)
        } else {
            ((&second, &two), &first)
        };
        won.expect(200);
        let problem = lost.problem(409, "territory_already_declined");
        assert!(
            problem["detail"]
                .as_str()
                .unwrap()
                .contains(winner.as_str()),
            "{round}: {problem}"
        );
        let claims = world.claims().await;
        assert_eq!(claims.len(), 2, "{round}");
        assert!(
            claims.iter().all(|(_, holder)| holder == winner),
            "{round}: {claims:?}"
        );
        step(&ministry, winner, "close").await.expect(200);
    }
    assert_eq!(world.claims().await, []);
}

#[actix_web::test]
async fn an_activation_comes_before_or_after_the_closing_of_what_has_its_place() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    for round in 0..rounds(50) {
        let old = world.active("academy", &["academy:10"], json!({})).await;
        let new = world.draft("academy", &["academy:10"], json!({})).await;
        let (closed, activated) = if round % 2 == 0 {
            join(
                step(&ministry, &old, "close"),
                step(&ministry, &new, "activate"),
            )
            .await
        } else {
            let (activated, closed) = join(
                step(&ministry, &new, "activate"),
                step(&ministry, &old, "close"),
            )
            .await;
            (closed, activated)
        };
        closed.expect(200);
        if activated.status == 200 {
            assert_eq!(
                world.claims().await,
                [("academy:10".to_owned(), new.clone())]
            );
            step(&ministry, &new, "close").await.expect(200);
        } else {
            activated.problem(409, "territory_already_declined");
        }
        assert_eq!(world.claims().await, [], "{round}");
    }
}

#[actix_web::test]
async fn an_activation_comes_before_or_after_the_closing_of_its_parent() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    for round in 0..rounds(30) {
        let parent = world
            .active("academic_region", &["region:84"], json!({}))
            .await;
        let child = world
            .draft("academy", &["academy:10"], json!({ "parent_id": parent }))
            .await;
        let (closed, activated) = join(
            step(&ministry, &parent, "close"),
            step(&ministry, &child, "activate"),
        )
        .await;
        closed.expect(200);
        if activated.status == 200 {
            step(&ministry, &child, "close").await.expect(200);
        } else {
            activated.problem(409, "parent_not_active");
        }
        assert_eq!(world.claims().await, [], "{round}");
    }
}

#[actix_web::test]
async fn an_activation_needs_a_convention_and_a_parent_that_still_hold_it() {
    let world = World::new().await;
    let (ministry, sql) = (world.service.ministry(), world.service.sql().await);
    let parent = world
        .draft("academic_region", &["region:84"], json!({}))
        .await;
    let one = world
        .draft(
            "academy",
            &["academy:10"],
            json!({ "parent_id": parent, "axes": ["internships"], "levels": ["3e", "6e"] }),
        )
        .await;
    let refused = step(&ministry, &one, "activate").await;
    refused.problem(409, "parent_not_active");
    step(&ministry, &parent, "activate").await.expect(200);
    let set = |columns: &str| {
        format!(
            "UPDATE conventions SET {columns} WHERE id = '{}'",
            world.convention
        )
    };
    for (change, code) in [
        ("ends_on = '2021-01-01'", "convention_not_in_force"),
        (
            "termination = '{\"on\": \"2021-01-01\", \"party\": \"UIMM\", \"kind\": \"notice\"}'",
            "convention_not_in_force",
        ),
    ] {
        sql.batch_execute(&set(change)).await.unwrap();
        step(&ministry, &one, "activate").await.problem(409, code);
        sql.batch_execute(&set("ends_on = NULL, termination = NULL"))
            .await
            .unwrap();
    }
    // Narrowed since the draft was written.
    sql.batch_execute(&set("axes = '{apprenticeship}', levels = '{3e}'"))
        .await
        .unwrap();
    let refused = step(&ministry, &one, "activate").await;
    refused.problem(409, "declination_outdated");
    assert_eq!(
        refused.faults(),
        ["/axes/0 not_in_convention", "/levels/1 not_in_convention"]
    );
    sql.batch_execute(&set("axes = '{}', levels = '{}'"))
        .await
        .unwrap();
    // Signatories are of the parties, and have signed.
    let other = id(&world.service.new_partner("Autre").await);
    let signatory = |with: Value| {
        let one = json!({ "side": "partner", "partner_id": world.partner, "name": "A", "function": "B", "organisation": "C" });
        merged(one, with)
    };
    let signatories = json!({ "signatories": [
        signatory(json!({ "partner_id": other })),
        signatory(json!({ "signed_on": day(&world.service, 1) })),
        signatory(json!({ "signed_on": day(&world.service, 0) })),
    ] });
    let activate = format!("{}/activate", path(&one));
    let refused = ministry.post(&activate, signatories).await;
    refused.problem(422, "validation_failed");
    assert_eq!(
        refused.faults(),
        [
            "/signatories/0/partner_id not_a_party",
            "/signatories/1/signed_on in_the_future"
        ]
    );
    let faulty = json!({ "signatories": [{ "side": "partner" }, { "side": "ministry", "partner_id": world.partner, "name": "A", "function": "B", "organisation": "C", "order": 1 }] });
    let refused = ministry.post(&activate, faulty).await;
    assert_eq!(
        refused.faults(),
        [
            "/signatories/0/function required",
            "/signatories/0/name required",
            "/signatories/0/organisation required",
            "/signatories/0/partner_id required",
            "/signatories/1/order unknown_field",
            "/signatories/1/partner_id only_with"
        ]
    );
    // One that begins later is activated ahead.
    sql.batch_execute(&set(&format!("starts_on = '{}'", day(&world.service, 30))))
        .await
        .unwrap();
    let active = step(&ministry, &one, "activate").await.expect(200);
    assert_eq!(active["effective_status"], "upcoming");
}

#[actix_web::test]
async fn what_it_is_follows_from_its_days_and_its_conventions() {
    let world = World::new().await;
    let service = &world.service;
    let begins_late = json!({ "starts_on": day(service, 10), "ends_on": day(service, 50) });
    let ends_early = json!({ "ends_on": day(service, 30) });
    let framed = service.signed_convention(&world.partner, begins_late).await;
    let ended = service.signed_convention(&world.partner, ends_early).await;
    let dates = |from: i64, to: i64| json!({ "starts_on": day(service, from), "ends_on": day(service, to) });
    let mut open = dates(5, 20);
    open["ends_on"] = Value::Null;
    let mut of_framed = dates(5, 60);
    of_framed["convention_id"] = json!(framed);
    let mut of_ended = dates(0, 60);
    of_ended["convention_id"] = json!(ended);
    let (plain, open, of_framed, of_ended) = (
        world.active("academy", &["academy:10"], dates(5, 20)).await,
        world.active("academy", &["academy:08"], open).await,
        world.active("academy", &["academy:10"], of_framed).await,
        world.active("academy", &["academy:10"], of_ended).await,
    );
    let draft = world.draft("academy", &["academy:09"], json!({})).await;
    let mut today = 0;
    for (on, expected) in [
        (0, ["upcoming", "upcoming", "upcoming", "in_force"]),
        (4, ["upcoming", "upcoming", "upcoming", "in_force"]),
        (5, ["in_force", "in_force", "upcoming", "in_force"]),
        (10, ["in_force", "in_force", "in_force", "in_force"]),
        (20, ["in_force", "in_force", "in_force", "in_force"]),
        (21, ["expired", "in_force", "in_force", "in_force"]),
        (30, ["expired", "in_force", "in_force", "in_force"]),
        (31, ["expired", "in_force", "in_force", "expired"]),
        (50, ["expired", "in_force", "in_force", "expired"]),
        (51, ["expired", "in_force", "expired", "expired"]),
    ] {
        service.shared.clock.travel(TimeDelta::days(on - today));
        today = on;
        let listed = service.ministry().all(LIST).await;
        for (one, expected) in [&plain, &open, &of_framed, &of_ended]
            .into_iter()
            .zip(expected)
        {
            let read = service.reader().get(&path(one)).await.expect(200);
            assert_eq!(read["effective_status"], expected, "on day {on}: {read}");
            let row = listed.iter().find(|row| row["id"] == one.as_str()).unwrap();
            assert_eq!(row["effective_status"], expected);
        }
        let read = service.ministry().get(&path(&draft)).await.expect(200);
        assert_eq!(read["effective_status"], Value::Null);
    }
}

#[actix_web::test]
async fn what_outlives_its_convention_or_lacks_a_decision_is_warned_of() {
    let world = World::with(json!({ "ends_on": "2090-08-31" })).await;
    let ministry = world.service.ministry();
    let lyon = world.school();
    let decided = json!({ "ends_on": "2090-08-31", "board_decision": { "number": "7" } });
    for (level, territory, with, expected) in [
        (
            "academy",
            "academy:10",
            json!({ "ends_on": "2090-08-31" }),
            vec![],
        ),
        (
            "academy",
            "academy:10",
            json!({ "ends_on": "2090-09-01" }),
            vec![("/ends_on", "outlives_convention")],
        ),
        // Without an end of its own it ceases with its convention, as it should.
        ("academy", "academy:10", json!({}), vec![]),
        ("establishment", lyon.as_str(), decided, vec![]),
        (
            "establishment",
            lyon.as_str(),
            json!({}),
            vec![("/board_decision", "board_decision_missing")],
        ),
    ] {
        let created = ministry
            .post(LIST, world.body(level, &[territory], with))
            .await;
        let body = created.expect(201);
        let warnings: Vec<(&str, &str)> = body["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|warning| {
                (
                    warning["pointer"].as_str().unwrap(),
                    warning["code"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(warnings, expected);
        let read = ministry.get(created.header("location")).await.expect(200);
        assert_eq!(read["warnings"], body["warnings"]);
    }
    let endless = world
        .service
        .signed_convention(&world.partner, json!({}))
        .await;
    let body = world.body(
        "academy",
        &["academy:10"],
        json!({ "convention_id": endless }),
    );
    assert_eq!(
        ministry.post(LIST, body).await.expect(201)["warnings"],
        json!([])
    );
}

#[actix_web::test]
async fn filters_find_what_they_name() {
    let world = World::new().await;
    let (lyon, lille) = (world.school(), format!("uai:{}", world.lille));
    let other_partner = id(&world.service.new_partner("Autre").await);
    let other = world
        .service
        .signed_convention(&other_partner, json!({}))
        .await;
    let region = world
        .active("academic_region", &["region:84"], json!({}))
        .await;
    world
        .active("academy", &["academy:10"], json!({ "parent_id": region }))
        .await;
    world
        .draft(
            "academy",
            &["academy:09"],
            json!({ "convention_id": other }),
        )
        .await;
    world
        .draft("establishment", &[&lyon], json!({ "parent_id": region }))
        .await;
    for (filter, expected) in [
        (String::new(), 4),
        (format!("convention_id={}", world.convention), 3),
        (format!("convention_id={},{other}", world.convention), 4),
        (format!("convention_id={}", absent()), 0),
        (format!("partner_id={other_partner}"), 1),
        (format!("partner_id={},{other_partner}", world.partner), 4),
        ("level=academy".into(), 2),
        ("level=academic_region,establishment".into(), 2),
        ("status=active".into(), 2),
        ("status=draft,closed".into(), 2),
        (format!("parent_id={region}"), 2),
        ("territory=FR".into(), 4),
        ("territory=region:84".into(), 3),
        ("territory=academy:08".into(), 1),
        ("territory=department:069".into(), 3),
        ("territory=department:042".into(), 2),
        (format!("territory={lyon}"), 3),
        (format!("territory={lille}"), 1),
        ("territory=academy:09,academy:08".into(), 2),
        (format!("territory=uai:{}", uai(690_098)), 0),
        ("updated_since=2999-01-01T00:00:00Z".into(), 0),
        ("level=academy&status=active&territory=academy:10".into(), 1),
    ] {
        let ministry = world.service.ministry();
        let listed = ministry.all(&format!("{LIST}?{filter}")).await;
        assert_eq!(listed.len(), expected, "{filter}");
        let paged = ministry
            .all(&format!("{LIST}?limit=1&sort=-updated_at&{filter}"))
            .await;
        assert_eq!(paged.len(), expected, "{filter}");
        let count = ministry.get(&format!("{LIST}/count?{filter}")).await;
        assert_eq!(count.expect(200), json!({ "count": expected }), "{filter}");
    }
}

#[actix_web::test]
async fn the_journal_names_the_coordinator_and_never_says_who() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    let one = world
        .draft(
            "academy",
            &["academy:10"],
            json!({ "coordinator": person() }),
        )
        .await;
    ministry
        .patch(
            &path(&one),
            json!({ "title": "T", "coordinator": { "name": "Quernin-Dupont" } }),
        )
        .await
        .expect(200);
    step(&ministry, &one, "activate").await.expect(200);
    step(&ministry, &one, "close").await.expect(200);
    const ROWS: &str = "SELECT action, fields, concat(before, after) FROM audit_events WHERE object_type = 'declination' ORDER BY id";
    let rows = world.service.sql().await.query(ROWS, &[]).await.unwrap();
    let actions: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(
        actions,
        [
            "declination.created",
            "declination.updated",
            "declination.activated",
            "declination.closed"
        ]
    );
    let mut changed: Vec<String> = rows[1].get(1);
    changed.sort();
    assert_eq!(changed, ["coordinator", "title"]);
    assert_eq!(rows[2].get::<_, Vec<String>>(1), ["status"]);
    for row in &rows {
        for trace in TRACES {
            assert!(!row.get::<_, String>(2).contains(trace));
        }
    }
}

#[actix_web::test]
async fn a_school_of_no_academy_keeps_the_whole_out_of_every_perimeter() {
    let world = World::new().await;
    let (service, ministry) = (&world.service, world.service.ministry());
    let lost = crate::support::uai(690_777);
    service
        .new_school(&lost, "department:069", "academy:10")
        .await;
    let nowhere = "UPDATE establishments SET academy = NULL, department = NULL WHERE uai = $1";
    service
        .sql()
        .await
        .execute(nowhere, &[&lost])
        .await
        .unwrap();
    let both = [world.school(), format!("uai:{lost}")];
    let territories: Vec<&str> = both.iter().map(String::as_str).collect();
    let body = world.body("establishment", &territories, json!({}));
    let path = ministry
        .post(LIST, body)
        .await
        .header("location")
        .to_owned();
    ministry
        .post(&format!("{path}/activate"), json!({}))
        .await
        .expect(200);
    let academy = service.academy("academy:10");
    academy
        .post(&format!("{path}/close"), json!({}))
        .await
        .problem(403, "forbidden");
    assert_eq!(
        academy.get(&path).await.expect(200)["allowed_actions"],
        json!([])
    );
}

#[actix_web::test]
async fn a_member_of_a_partys_network_signs_a_declination() {
    let world = World::new().await;
    let (service, ministry) = (&world.service, world.service.ministry());
    let [member, stranger] = [
        id(&service.new_partner("Régional").await),
        id(&service.new_partner("Autre").await),
    ];
    let network = json!({ "member_of": [world.partner] });
    ministry
        .patch(&format!("/v1/partners/{member}"), network)
        .await
        .expect(200);
    let body = world.body("academy", &["academy:10"], json!({}));
    let path = ministry
        .post(LIST, body)
        .await
        .header("location")
        .to_owned();
    let signed_by = |partner: &str| json!({ "signatories": [{ "side": "partner", "partner_id": partner, "name": "A", "function": "B", "organisation": "C" }] });
    let refused = ministry
        .post(&format!("{path}/activate"), signed_by(&stranger))
        .await;
    assert_eq!(refused.faults(), ["/signatories/0/partner_id not_a_party"]);
    ministry
        .post(&format!("{path}/activate"), signed_by(&member))
        .await
        .expect(200);
}
