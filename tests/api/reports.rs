//! Reports: from a school's draft to figures that count, and who is told what of them.

use futures_util::future::join;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use ree::auth::{Perimeter, Role};
use serde_json::{Value, json};

use crate::support::{Caller, Service, absent, id, merged, rounds, uai};

/// A convention, a school of Lyon and one of Lille.
struct World {
    service: Service,
    partner: String,
    convention: String,
    lyon: String,
    lille: String,
}

impl World {
    async fn new() -> Self {
        let service = Service::start().await;
        let [lyon, lille] = service.new_schools([690_001, 590_001]).await;
        let (partner, convention) = service.signed_partner("Partenaire", json!({})).await;
        Self {
            service,
            partner,
            convention,
            lyon,
            lille,
        }
    }

    fn school(&self) -> Caller {
        self.service.school(&self.lyon)
    }

    fn academy(&self) -> Caller {
        self.service.academy("academy:10")
    }

    /// The ministry, under another name.
    fn chief(&self) -> Caller {
        self.service
            .somebody("chief", Role::Ministry, Perimeter::default())
    }

    fn body(&self, territory: &str, lines: Value) -> Value {
        json!({ "convention_id": self.convention, "territory": territory, "school_year": "2025-2026", "lines": lines })
    }

    /// A report of the school of Lyon, by the school.
    async fn of_school(&self, lines: Value) -> String {
        let body = self.body(&format!("uai:{}", self.lyon), lines);
        path(&self.school().post("/v1/reports", body).await.expect(201))
    }

    async fn declination(&self, convention: &str, territory: &str, status: &str) -> String {
        let with = json!({ "status": status });
        self.service
            .stored_declination(convention, &[territory], with)
            .await
    }
}

fn path(report: &Value) -> String {
    format!("/v1/reports/{}", id(report))
}

fn visit(pupils: i64) -> Value {
    json!({ "action_type": "company_visit", "pupils": pupils })
}

async fn step(caller: &Caller, path: &str, verb: &str) -> Value {
    let reply = caller.post(&format!("{path}/{verb}"), json!({})).await;
    reply.expect(200)
}

#[actix_web::test]
async fn a_school_reports_its_academy_validates_and_then_nothing_moves() {
    let world = World::new().await;
    let (school, academy) = (world.school(), world.academy());
    let narrative = json!({ "results": "Bien", "difficulties": null, "outlook": null });
    let mut body = world.body(&format!("uai:{}", world.lyon), json!([visit(30)]));
    body["establishments"] = json!([world.lyon]);
    body["narrative"] = narrative.clone();
    let reply = school.post("/v1/reports", body).await;
    let draft = reply.expect(201);
    let path = path(&draft);
    assert_eq!(reply.header("location"), path);
    assert_eq!(draft, school.get(&path).await.expect(200));
    assert_eq!(
        draft["lines"][0]["academy"], "academy:10",
        "filled in from the school's place"
    );
    assert_eq!(draft["lines"][0]["girls"], Value::Null, "not known");
    assert_eq!(
        (
            &draft["version"],
            &draft["status"],
            &draft["superseded"],
            &draft["narrative"]
        ),
        (&json!(1), &json!("draft"), &json!(false), &narrative)
    );
    assert_eq!(
        draft["authors"],
        json!(["test establishment"]),
        "who created it"
    );
    assert_eq!(
        draft["allowed_actions"],
        json!(["update", "delete", "submit"])
    );
    assert_eq!(draft["consolidated"]["reports"], 0);
    academy
        .post(&format!("{path}/validate"), json!({}))
        .await
        .problem(409, "invalid_transition");
    let submitted = step(&school, &path, "submit").await;
    assert!(submitted["submitted_at"].is_string());
    assert_eq!(
        submitted["allowed_actions"],
        json!([]),
        "it is with the academy"
    );
    school
        .patch(&path, json!({ "establishments": [] }))
        .await
        .problem(409, "invalid_transition");
    school
        .delete(&path)
        .await
        .problem(409, "invalid_transition");
    let sent_back = academy
        .post(
            &format!("{path}/return"),
            json!({ "reason": "Et les filles ?" }),
        )
        .await
        .expect(200);
    assert_eq!(
        (&sent_back["status"], &sent_back["return_reason"]),
        (&json!("returned"), &json!("Et les filles ?"))
    );
    school
        .delete(&path)
        .await
        .problem(409, "invalid_transition");
    let lines = json!([{ "action_type": "company_visit", "pupils": 30, "girls": 14 }]);
    school
        .patch(&path, json!({ "lines": lines }))
        .await
        .expect(200);
    step(&school, &path, "submit").await;
    let shown = academy.get(&path).await.expect(200)["allowed_actions"].clone();
    assert_eq!(shown, json!(["validate", "return"]));
    let validated = step(&academy, &path, "validate").await;
    assert_eq!(
        (
            &validated["status"],
            &validated["return_reason"],
            &validated["allowed_actions"]
        ),
        (&json!("validated"), &json!(null), &json!([]))
    );
    for verb in ["submit", "validate"] {
        academy
            .post(&format!("{path}/{verb}"), json!({}))
            .await
            .problem(409, "invalid_transition");
    }
    academy
        .delete(&path)
        .await
        .problem(409, "invalid_transition");
    let lines = "SELECT after -> 'lines' FROM audit_events WHERE action IN ('report.created', 'report.updated') ORDER BY id";
    let lines = world.service.sql().await.query(lines, &[]).await.unwrap();
    let told = |row: usize| lines[row].get::<_, Value>(0)[0]["girls"].clone();
    assert_eq!(
        (told(0), told(1)),
        (json!(null), json!(14)),
        "lines are in the journal"
    );
    let feed = world.service.ministry().all_changes("report").await;
    let told: Vec<&str> = feed
        .iter()
        .map(|change| change["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        told,
        [
            "report.created",
            "report.submitted",
            "report.returned",
            "report.updated",
            "report.submitted",
            "report.validated"
        ]
    );
}

#[actix_web::test]
async fn an_academys_report_is_the_ministrys_to_validate_and_the_countrys_another_persons() {
    let world = World::new().await;
    let (academy, ministry, chief) = (world.academy(), world.service.ministry(), world.chief());
    let created = academy
        .post("/v1/reports", world.body("academy:10", json!([visit(5)])))
        .await;
    let of_academy = path(&created.expect(201));
    step(&academy, &of_academy, "submit").await;
    let perimeter = Perimeter {
        territories: Some(vec!["region:84".to_owned()]),
        ..Perimeter::default()
    };
    let region = world.service.somebody("region", Role::Academy, perimeter);
    for other in [&academy, &region] {
        other
            .post(&format!("{of_academy}/validate"), json!({}))
            .await
            .problem(403, "forbidden");
    }
    step(&ministry, &of_academy, "validate").await;
    let department = academy
        .post(
            "/v1/reports",
            world.body("department:069", json!([visit(5)])),
        )
        .await;
    let of_department = path(&department.expect(201));
    step(&academy, &of_department, "submit").await;
    ministry
        .post(&format!("{of_department}/validate"), json!({}))
        .await
        .problem(403, "forbidden");
    step(&region, &of_department, "validate").await;
    let national = json!([{ "action_type": "standards_contribution", "actions": 2 }]);
    let created = ministry
        .post("/v1/reports", world.body("FR", national))
        .await
        .expect(201);
    assert_eq!(created["lines"][0]["academy"], Value::Null);
    let of_country = path(&created);
    step(&ministry, &of_country, "submit").await;
    ministry
        .post(&format!("{of_country}/validate"), json!({}))
        .await
        .problem(403, "own_report");
    assert_eq!(
        ministry.get(&of_country).await.expect(200)["allowed_actions"],
        json!(["return"]),
        "one's own report is not validated, but may be taken back"
    );
    step(&chief, &of_country, "validate").await;
    for territory in [
        "academy:10",
        "region:84",
        "department:069",
        &format!("uai:{}", world.lyon),
    ] {
        let reply = ministry
            .post("/v1/reports", world.body(territory, json!([])))
            .await;
        reply.problem(403, "forbidden");
        assert_eq!(reply.faults(), ["/territory outside_perimeter"]);
    }
    for territory in [
        "FR",
        "region:84",
        "academy:09",
        &format!("uai:{}", world.lille),
    ] {
        let reply = academy
            .post("/v1/reports", world.body(territory, json!([])))
            .await;
        reply.problem(403, "forbidden");
    }
}

#[actix_web::test]
async fn whoever_wrote_a_word_of_it_does_not_validate_it() {
    let world = World::new().await;
    let of_lyon = || Perimeter {
        territories: Some(vec!["academy:10".to_owned()]),
        ..Perimeter::default()
    };
    let named = |name: &str| world.service.somebody(name, Role::Academy, of_lyon());
    let (first, second, third, fourth) = (
        named("first"),
        named("second"),
        named("third"),
        named("fourth"),
    );
    let path = world.of_school(json!([visit(3)])).await;
    first
        .patch(&path, json!({ "narrative": { "results": "Bien" } }))
        .await
        .expect(200);
    // To change nothing is to write nothing.
    let same = third
        .patch(&path, json!({ "narrative": { "results": "Bien" } }))
        .await
        .expect(200);
    assert_eq!(same["authors"], json!(["test establishment", "first"]));
    let submitted = step(&second, &path, "submit").await;
    assert_eq!(
        submitted["authors"],
        json!(["test establishment", "first", "second"])
    );
    for author in [&first, &second] {
        author
            .post(&format!("{path}/validate"), json!({}))
            .await
            .problem(403, "own_report");
    }
    fourth
        .post(&format!("{path}/return"), json!({ "reason": "x" }))
        .await
        .expect(200);
    step(&world.school(), &path, "submit").await;
    step(&fourth, &path, "validate").await;
}

#[actix_web::test]
async fn every_cross_check_of_the_body_is_told_at_once_with_its_place() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    let before = world.service.everything().await;
    let mut body = world.body(
        "FR",
        json!([
            { "action_type": "company_visit", "academy": "academy:10", "pupils": 10, "girls": 11, "priority_education_pupils": 12,
              "internships_offered": 1, "internships_filled": 2 },
            { "action_type": "nope" },
            { "action_type": "company_visit", "academy": "academy:10" },
            { "action_type": "company_visit" },
            { "action_type": "standards_contribution" },
            { "action_type": "class_talk", "academy": "academy:10", "level": "3e", "actions": -1 },
            7,
            { "action_type": "standards_contribution" },
            { "action_type": "class_talk", "academy": "region:84", "girls": 4 }
        ]),
    );
    body["establishments"] = json!([world.lyon, world.lyon]);
    let reply = ministry.post("/v1/reports", body).await;
    reply.problem(422, "validation_failed");
    assert_eq!(
        reply.faults(),
        [
            "/establishments/1 repeated_item",
            "/lines/0/girls more_than_pupils",
            "/lines/0/internships_filled more_than_offered",
            "/lines/0/priority_education_pupils more_than_pupils",
            "/lines/1/action_type unknown_code",
            "/lines/2 repeated_line",
            "/lines/3/academy required",
            "/lines/5/actions out_of_range",
            "/lines/6 wrong_type",
            "/lines/7 repeated_line",
            "/lines/8/academy invalid_format",
        ]
    );
    let department = world.body(
        "department:069",
        json!([
            { "action_type": "company_visit" },
            { "action_type": "company_visit", "academy": "academy:10" },
            { "action_type": "class_talk", "academy": "academy:09" }
        ]),
    );
    let reply = world.academy().post("/v1/reports", department).await;
    assert_eq!(
        reply.faults(),
        [
            "/lines/1 repeated_line",
            "/lines/2/academy outside_territory"
        ]
    );
    let school = world.body(
        &format!("uai:{}", world.lyon),
        json!([{ "action_type": "company_visit" }, { "action_type": "company_visit", "academy": "academy:10" }]),
    );
    let reply = world.school().post("/v1/reports", school).await;
    assert_eq!(reply.faults(), ["/lines/1 repeated_line"]);
    assert_eq!(world.service.everything().await, before);
}

#[actix_web::test]
async fn everything_that_does_not_go_with_what_is_stored_is_told_at_once() {
    let world = World::new().await;
    let (service, academy) = (&world.service, world.academy());
    let past = service
        .signed_convention(&world.partner, json!({ "ends_on": "2021-12-31" }))
        .await;
    let there = json!({ "scope": "local", "territory": "academy:09", "reach": ["academy:09", "region:32", "FR"] });
    let local = service.signed_convention(&world.partner, there).await;
    let unsigned = json!({ "status": "draft", "signed_on": null });
    let draft = service
        .signed_convention(&world.partner, unsigned.clone())
        .await;
    let mut own = unsigned;
    own["scope"] = json!("local");
    own["territory"] = json!("academy:10");
    own["reach"] = json!(["academy:10", "region:84", "FR"]);
    let own_draft = service.signed_convention(&world.partner, own).await;
    let before = service.everything().await;
    let ask = |change: Value| {
        let body = merged(world.body("academy:10", json!([visit(1)])), change);
        let academy = academy.clone();
        async move { academy.post("/v1/reports", body).await }
    };
    for (change, expected) in [
        (
            json!({ "convention_id": absent() }),
            vec!["/convention_id unknown_reference"],
        ),
        (
            json!({ "convention_id": draft }),
            vec!["/convention_id unknown_reference"],
        ),
        (
            json!({ "convention_id": past }),
            vec!["/school_year not_in_force_that_year"],
        ),
        (
            json!({ "school_year": "2018-2019" }),
            vec!["/school_year not_in_force_that_year"],
        ),
        (
            json!({ "school_year": "2998-2999" }),
            vec!["/school_year in_the_future"],
        ),
        (
            json!({ "convention_id": local }),
            vec!["/territory outside_territory"],
        ),
        (
            json!({ "territory": format!("uai:{}", uai(9_999_999)) }),
            vec!["/territory unknown_territory"],
        ),
        (
            json!({ "convention_id": past, "declination_id": absent(), "establishments": [world.lille, uai(9_999_999), world.lyon] }),
            vec![
                "/declination_id unknown_reference",
                "/establishments/0 outside_territory",
                "/establishments/1 unknown_territory",
                "/school_year not_in_force_that_year",
            ],
        ),
    ] {
        let reply = ask(change).await;
        reply.problem(422, "validation_failed");
        assert_eq!(reply.faults(), expected);
    }
    ask(json!({ "convention_id": own_draft }))
        .await
        .problem(409, "convention_not_signed");
    let school = world.body(
        &format!("uai:{}", world.lyon),
        json!([{ "action_type": "company_visit", "academy": "academy:09" }]),
    );
    assert_eq!(
        world.school().post("/v1/reports", school).await.faults(),
        ["/lines/0/academy outside_territory"]
    );
    assert_eq!(service.everything().await, before);
}

#[actix_web::test]
async fn a_declination_is_of_the_convention_in_use_and_covers_the_territory() {
    let world = World::new().await;
    let other = world
        .service
        .signed_convention(&world.partner, json!({}))
        .await;
    let school = world.school();
    let territory = format!("uai:{}", world.lyon);
    for (convention, covers, status, expected) in [
        (
            &world.convention,
            "academy:10",
            "draft",
            "/declination_id unknown_reference",
        ),
        (
            &world.convention,
            "academy:10",
            "abandoned",
            "/declination_id unknown_reference",
        ),
        (
            &world.convention,
            "academy:09",
            "active",
            "/declination_id outside_territory",
        ),
        (
            &other,
            "academy:10",
            "active",
            "/declination_id of_another_convention",
        ),
    ] {
        let mut body = world.body(&territory, json!([]));
        body["declination_id"] = json!(world.declination(convention, covers, status).await);
        assert_eq!(school.post("/v1/reports", body).await.faults(), [expected]);
    }
    for (covers, status) in [("academy:10", "active"), ("region:84", "closed")] {
        let mut body = world.body(&territory, json!([]));
        body["declination_id"] = json!(world.declination(&world.convention, covers, status).await);
        let report = school.post("/v1/reports", body.clone()).await.expect(201);
        assert_eq!(report["declination_id"], body["declination_id"]);
    }
    // One on the convention itself is another report.
    world.of_school(json!([])).await;
}

#[actix_web::test]
async fn the_academy_is_filled_in_where_there_is_but_one() {
    let world = World::new().await;
    // Brittany has one academy, Auvergne-Rhône-Alpes three.
    let rennes = world.service.academy("region:53");
    let body = world.body("region:53", json!([visit(1)]));
    let report = rennes.post("/v1/reports", body).await.expect(201);
    assert_eq!(report["lines"][0]["academy"], "academy:14");
    let region = world.service.academy("region:84");
    let body = world.body(
        "region:84",
        json!([visit(1), { "action_type": "standards_contribution" }]),
    );
    let reply = region.post("/v1/reports", body).await;
    assert_eq!(reply.faults(), ["/lines/0/academy required"]);
    let lines = json!([{ "action_type": "company_visit", "academy": "academy:08" }, { "action_type": "standards_contribution" }]);
    let report = region
        .post("/v1/reports", world.body("region:84", lines))
        .await
        .expect(201);
    assert_eq!(report["lines"][1]["academy"], Value::Null);
}

#[actix_web::test]
async fn a_report_without_a_line_is_not_submitted() {
    let world = World::new().await;
    let path = world.of_school(json!([])).await;
    let school = world.school();
    school
        .patch(&path, json!({ "establishments": [world.lyon] }))
        .await
        .expect(200);
    let reply = school.post(&format!("{path}/submit"), json!({})).await;
    reply.problem(409, "report_incomplete");
    assert_eq!(reply.faults(), ["/lines empty_list"]);
    school.delete(&path).await.expect(204);
    school.get(&path).await.problem(404, "not_found");
}

#[actix_web::test]
async fn a_change_keeps_what_it_does_not_name_and_never_moves_the_key() {
    let world = World::new().await;
    let path = world.of_school(json!([visit(3)])).await;
    let school = world.school();
    let before = school.get(&path).await.expect(200);
    let whole = json!({
        "convention_id": before["convention_id"], "declination_id": null, "territory": before["territory"],
        "school_year": before["school_year"], "lines": before["lines"],
    });
    let reply = school.patch(&path, whole).await;
    assert_eq!(reply.expect(200), before, "to repeat the key is no change");
    for (change, fault) in [
        (
            json!({ "convention_id": absent() }),
            "/convention_id part_of_the_key",
        ),
        (
            json!({ "declination_id": absent() }),
            "/declination_id part_of_the_key",
        ),
        (json!({ "territory": "FR" }), "/territory part_of_the_key"),
        (
            json!({ "school_year": "2024-2025" }),
            "/school_year part_of_the_key",
        ),
    ] {
        let reply = school.patch(&path, change).await;
        reply.problem(422, "validation_failed");
        assert_eq!(reply.faults(), [fault]);
    }
    school
        .request("PATCH", &path)
        .merge(&json!({}))
        .send()
        .await
        .problem(428, "precondition_required");
    school
        .request("PATCH", &path)
        .header("if-match", "\"7.x\"")
        .merge(&json!({}))
        .send()
        .await
        .problem(412, "precondition_failed");
}

/// The changes of a draft that its property is about.
fn any_change() -> impl Strategy<Value = Value> {
    let text = || prop_oneof![Just(Value::Null), "[a-zé]{1,9}".prop_map(Value::from)];
    let narrative = proptest::collection::btree_map(
        prop_oneof![Just("results"), Just("difficulties"), Just("outlook")],
        text(),
        0..3,
    );
    let narrative = narrative.prop_map(|members| {
        Value::Object(
            members
                .into_iter()
                .map(|(name, text)| (name.to_owned(), text))
                .collect(),
        )
    });
    let lines = proptest::collection::vec(0..100_i64, 0..3).prop_map(|pupils| {
        let levels = ["3e", "4e", "5e"];
        let lines = pupils.iter().zip(levels).map(|(pupils, level)| {
            json!({ "action_type": "company_visit", "level": level, "pupils": pupils })
        });
        Value::from(lines.collect::<Vec<_>>())
    });
    let member = prop_oneof![
        narrative.prop_map(|value| ("narrative", value)),
        Just(("narrative", Value::Null)),
        lines.prop_map(|value| ("lines", value)),
        Just(("lines", Value::Null)),
        any::<bool>().prop_map(|named| (
            "establishments",
            if named { json!(["0690001"]) } else { json!([]) }
        )),
    ];
    proptest::collection::vec(member, 0..3).prop_map(|members| {
        Value::Object(
            members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    })
}

#[actix_web::test]
async fn any_changes_in_any_order_make_what_merging_them_makes() {
    let world = World::new().await;
    let path = world.of_school(json!([visit(3)])).await;
    let school = world.school();
    let mut model = json!({ "narrative": {}, "lines": [{ "action_type": "company_visit", "pupils": 3 }], "establishments": [] });
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..60 {
        let mut change = any_change().new_tree(&mut runner).unwrap().current();
        if change["establishments"]
            .as_array()
            .is_some_and(|list| !list.is_empty())
        {
            change["establishments"] = json!([world.lyon]);
        }
        for (name, value) in change.as_object().unwrap() {
            match (name.as_str(), value) {
                ("narrative", Value::Object(members)) => {
                    for (part, text) in members {
                        model["narrative"][part] = text.clone();
                    }
                }
                ("narrative", _) => model["narrative"] = json!({}),
                (name, Value::Null) => model[name] = json!([]),
                (name, value) => model[name] = value.clone(),
            }
        }
        let answer = school.patch(&path, change.clone()).await.expect(200);
        for part in ["results", "difficulties", "outlook"] {
            assert_eq!(
                answer["narrative"][part], model["narrative"][part],
                "{change}"
            );
        }
        assert_eq!(
            answer["establishments"], model["establishments"],
            "{change}"
        );
        let told: Vec<Value> = answer["lines"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| json!([line["level"], line["pupils"]]))
            .collect();
        let meant: Vec<Value> = model["lines"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| json!([line["level"], line["pupils"]]))
            .collect();
        assert_eq!(told, meant, "{change}");
        assert_eq!(school.get(&path).await.expect(200), answer);
    }
}

#[actix_web::test]
async fn a_correction_is_a_version_of_its_own_and_the_old_figures_stay_readable() {
    let world = World::new().await;
    let (school, academy) = (world.school(), world.academy());
    let first = world.of_school(json!([visit(10)])).await;
    let body = |pupils| world.body(&format!("uai:{}", world.lyon), json!([visit(pupils)]));
    school
        .post("/v1/reports", body(20))
        .await
        .problem(409, "duplicate_report");
    step(&school, &first, "submit").await;
    school
        .post("/v1/reports", body(20))
        .await
        .problem(409, "duplicate_report");
    let validated = step(&academy, &first, "validate").await;
    let second = school.post("/v1/reports", body(20)).await.expect(201);
    assert_eq!(
        (&second["version"], &second["supersedes_id"]),
        (&json!(2), &validated["id"])
    );
    let second = path(&second);
    step(&school, &second, "submit").await;
    assert_eq!(
        school.get(&first).await.expect(200)["superseded"],
        json!(false),
        "until the correction is validated, the first one counts"
    );
    step(&academy, &second, "validate").await;
    let old = school.get(&first).await.expect(200);
    assert_eq!(
        (
            &old["status"],
            &old["superseded"],
            &old["lines"][0]["pupils"]
        ),
        (&json!("validated"), &json!(true), &json!(10))
    );
    let counted = school.all("/v1/reports/lines").await;
    assert_eq!(counted.len(), 1);
    assert_eq!(counted[0]["pupils"], 20);
    assert_eq!(
        school.all("/v1/reports/lines?status=validated").await.len(),
        2
    );
    for path in [&first, &second] {
        let versions = academy.get(&format!("{path}/versions")).await.expect(200);
        let numbers: Vec<&Value> = versions["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["version"])
            .collect();
        assert_eq!(numbers, [&json!(2), &json!(1)], "the newest first");
        assert_eq!(versions["next_cursor"], Value::Null);
    }
    let sql = world.service.sql().await;
    let rows = "SELECT action, after FROM audit_events WHERE action IN ('report.superseded', 'report.validated') ORDER BY id";
    let rows = sql.query(rows, &[]).await.unwrap();
    let actions: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(
        actions,
        ["report.validated", "report.superseded", "report.validated"]
    );
    assert_eq!(rows[1].get::<_, Value>(1), json!({ "superseded": true }));
}

#[actix_web::test]
async fn of_two_validations_at_once_one_is_made() {
    let world = World::new().await;
    let (academy, region) = (world.academy(), world.service.academy("region:84"));
    let territory = format!("uai:{}", world.lyon);
    let rounds = rounds(200);
    for round in 0..rounds {
        let year = 1801 + round;
        let columns =
            json!({ "status": "submitted", "school_year": format!("{year}-{}", year + 1) });
        let report = world
            .service
            .stored_report(&world.convention, &territory, columns)
            .await;
        let path = format!("/v1/reports/{report}/validate");
        let (one, other) = join(
            academy.post(&path, json!({})),
            region.post(&path, json!({})),
        )
        .await;
        let (won, lost) = if one.status == 200 {
            (one, other)
        } else {
            (other, one)
        };
        won.expect(200);
        lost.problem(409, "invalid_transition");
    }
    let told = "SELECT count(*) FROM changes WHERE type = 'report.validated'";
    let told = world.service.number(told).await;
    assert_eq!(told, i64::try_from(rounds).unwrap());
}

#[actix_web::test]
async fn of_two_corrections_opened_at_once_one_is_opened() {
    let world = World::new().await;
    let (school, academy) = (world.school(), world.academy());
    let territory = format!("uai:{}", world.lyon);
    for round in 0..rounds(30) {
        let year = format!("{}-{}", 2020 + round % 6, 2021 + round % 6);
        let convention = world
            .service
            .signed_convention(&world.partner, json!({}))
            .await;
        let columns = json!({ "status": "validated", "school_year": year });
        world
            .service
            .stored_report(&convention, &territory, columns)
            .await;
        let body =
            json!({ "convention_id": convention, "territory": territory, "school_year": year });
        let (one, other) = join(
            school.post("/v1/reports", body.clone()),
            academy.post("/v1/reports", body),
        )
        .await;
        let (won, lost) = if one.status == 201 {
            (one, other)
        } else {
            (other, one)
        };
        assert_eq!(won.expect(201)["version"], 2);
        lost.problem(409, "duplicate_report");
    }
}

#[actix_web::test]
async fn warnings_tell_what_the_convention_leaves_out_and_who_reports_below() {
    let world = World::new().await;
    let narrow = json!({ "action_types": ["class_talk"], "levels": ["3e"] });
    let convention = world
        .service
        .signed_convention(&world.partner, narrow)
        .await;
    let own = format!("uai:{}", world.lyon);
    world
        .service
        .stored_report(&convention, &own, json!({}))
        .await;
    let body = json!({
        "convention_id": convention, "territory": "academy:10", "school_year": "2025-2026",
        "establishments": [world.lyon],
        "lines": [{ "action_type": "class_talk", "level": "3e" }, { "action_type": "company_visit", "level": "4e" }],
    });
    let report = world.academy().post("/v1/reports", body).await.expect(201);
    let told: Vec<String> = report["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| {
            format!(
                "{} {}",
                warning["pointer"].as_str().unwrap(),
                warning["code"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "/lines/1/action_type outside_convention",
            "/lines/1/level outside_convention",
            "/establishments/0 reported_below"
        ]
    );
}
