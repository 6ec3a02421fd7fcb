//! Reports as their writers need them: drafted from what was held, checked against last year's.

use futures_util::future::join;
use serde_json::{Value, json};

use crate::solicitations::World;
use crate::support::{Caller, Reply, id, merged};

const PREFILL: &str = "/v1/reports/prefill";

/// What took place at a school of the world, as the database keeps it: of the offer of this name, or
/// of a person, under the convention.
async fn held(world: &World, uai: &str, offer: Option<&str>, with: Value) {
    let row = merged(
        json!({
            "id": world.service.shared.clock.new_id(), "uai": uai, "intervention_id": offer,
            "reach": world.service.reach_of(&[&format!("uai:{uai}")]).await,
            "partner_id": world.partner, "convention_id": world.convention, "levels": ["3e"], "status": "held",
            "scheduled_on": "2025-10-09", "created_at": "2025-10-01T00:00:00Z", "updated_at": "2025-10-10T00:00:00Z",
            "outcome": { "held_on": "2025-10-09" },
        }),
        with,
    );
    world.service.store("solicitations", &row).await;
}

fn outcome(pupils: Value, girls: Value) -> Value {
    json!({ "outcome": { "held_on": "2025-10-09", "pupils": pupils, "girls": girls, "professionals": 2, "hours": 3 } })
}

fn key(world: &World, territory: &str) -> Value {
    json!({ "convention_id": world.convention, "territory": territory, "school_year": "2025-2026" })
}

async fn prefill(world: &World, caller: &Caller, territory: &str) -> Reply {
    caller.post(PREFILL, key(world, territory)).await
}

fn codes(report: &Value) -> Vec<String> {
    let warnings = report["warnings"].as_array().expect("warnings").iter();
    warnings
        .map(|one| {
            format!(
                "{} {}",
                one["pointer"].as_str().unwrap(),
                one["code"].as_str().unwrap()
            )
        })
        .collect()
}

/// Of each line: its key, then what it counts.
fn counted(report: &Value) -> Vec<Value> {
    let lines = report["lines"].as_array().expect("lines").iter();
    lines
        .map(|line| {
            let names = [
                "action_type",
                "level",
                "axis",
                "event",
                "academy",
                "actions",
                "pupils",
                "girls",
            ];
            json!(names.map(|name| line[name].clone()))
        })
        .collect()
}

#[actix_web::test]
async fn a_schools_report_begins_with_the_sums_of_what_it_held_that_year() {
    let world = World::new().await;
    let talk = world
        .offer("metiers", json!({ "action_type": "class_talk", "axes": ["gender_equality"], "event": "semaine_industrie" }))
        .await;
    for (pupils, girls) in [(20, 11), (25, 12)] {
        held(
            &world,
            &world.school,
            Some(&world.offer),
            outcome(json!(pupils), json!(girls)),
        )
        .await;
    }
    held(
        &world,
        &world.school,
        Some(&talk),
        json!({ "levels": ["3e", "4e"], "outcome": { "held_on": "2025-12-01", "pupils": 30 } }),
    )
    .await;
    let elsewhere = [
        json!({ "outcome": { "held_on": "2025-08-31", "pupils": 1000 } }),
        json!({ "outcome": { "held_on": "2026-09-01", "pupils": 1000 } }),
        json!({ "convention_id": null }),
        json!({ "status": "accepted", "outcome": null }),
    ];
    for with in elsewhere {
        held(&world, &world.school, Some(&world.offer), with).await;
    }
    held(
        &world,
        &world.neighbour,
        Some(&world.offer),
        outcome(json!(7), json!(3)),
    )
    .await;
    let reply = prefill(&world, &world.own(), &format!("uai:{}", world.school)).await;
    let report = reply.expect(201);
    assert_eq!(
        reply.header("location"),
        format!("/v1/reports/{}", id(&report))
    );
    assert_eq!(
        counted(&report),
        [
            json!([
                "class_talk",
                null,
                "gender_equality",
                "semaine_industrie",
                "academy:10",
                1,
                30,
                null
            ]),
            json!(["company_visit", "3e", null, null, "academy:10", 2, 45, 23]),
        ],
        "of several levels none is known"
    );
    assert_eq!(
        (
            &report["lines"][1]["professionals"],
            &report["lines"][1]["hours"]
        ),
        (&json!(4), &json!(6))
    );
    assert_eq!(
        (
            &report["lines"][1]["companies"],
            &report["lines"][1]["teachers"]
        ),
        (&json!(null), &json!(null))
    );
    assert_eq!(report["establishments"], json!([world.school]));
    assert_eq!(
        (&report["status"], &report["version"]),
        (&json!("draft"), &json!(1))
    );
    let begun = &report["prefilled"];
    assert_eq!(
        (&begun["solicitations"], &begun["unplaced"]),
        (&json!(3), &json!(0))
    );
    assert_eq!(
        (&begun["lines"], &begun["establishments"]),
        (&report["lines"], &report["establishments"])
    );
    assert_eq!(begun["prefilled_at"], report["created_at"]);
    assert_eq!(
        world.own().get(reply.header("location")).await.expect(200),
        report
    );
}

#[actix_web::test]
async fn what_was_prefilled_is_kept_apart_from_what_its_author_changes() {
    let world = World::new().await;
    held(
        &world,
        &world.school,
        Some(&world.offer),
        outcome(json!(20), json!(11)),
    )
    .await;
    let own = world.own();
    let report = prefill(&world, &own, &format!("uai:{}", world.school))
        .await
        .expect(201);
    let path = format!("/v1/reports/{}", id(&report));
    let lines = json!([{ "action_type": "company_visit", "level": "3e", "pupils": 24 }]);
    let changed = own
        .patch(&path, json!({ "lines": lines, "establishments": [] }))
        .await
        .expect(200);
    assert_eq!(
        (&changed["lines"][0]["pupils"], &changed["establishments"]),
        (&json!(24), &json!([]))
    );
    assert_eq!(changed["prefilled"], report["prefilled"]);
    let reply = own.patch(&path, json!({ "prefilled": null })).await;
    reply.problem(422, "validation_failed");
    assert_eq!(reply.faults(), ["/prefilled read_only"]);
    let by_hand = own
        .post("/v1/reports", json!({ "convention_id": world.convention, "territory": format!("uai:{}", world.school), "school_year": "2024-2025" }))
        .await
        .expect(201);
    assert_eq!(by_hand["prefilled"], Value::Null);
    let sql = "SELECT count(*) FROM audit_events WHERE action = 'report.created' AND after -> 'prefilled' ->> 'solicitations' = '1'";
    assert_eq!(world.service.number(sql).await, 1, "the journal has it");
}

#[actix_web::test]
async fn lines_state_only_what_no_report_below_and_no_other_report_is_there_to_state() {
    let world = World::new().await;
    let lyon = world.service.academy("academy:10");
    for (school, pupils) in [
        (&world.school, 20),
        (&world.neighbour, 30),
        (&world.far, 40),
    ] {
        held(
            &world,
            school,
            Some(&world.offer),
            outcome(json!(pupils), json!(null)),
        )
        .await;
    }
    prefill(&world, &world.own(), &format!("uai:{}", world.school))
        .await
        .expect(201);
    let academy = prefill(&world, &lyon, "academy:10").await.expect(201);
    assert_eq!(
        counted(&academy),
        [json!([
            "company_visit",
            "3e",
            null,
            null,
            "academy:10",
            1,
            30,
            null
        ])]
    );
    assert_eq!(academy["establishments"], json!([world.neighbour]));
    let region = world.service.academy("region:84");
    let region = prefill(&world, &region, "region:84").await.expect(201);
    assert_eq!(
        counted(&region),
        [json!([
            "company_visit",
            "3e",
            null,
            null,
            "academy:08",
            1,
            40,
            null
        ])]
    );
    let reply = prefill(&world, &world.service.ministry(), "FR").await;
    reply.problem(409, "nothing_held");
    let all = "SELECT sum(pupils) FROM report_lines";
    assert_eq!(world.service.number(all).await, 90, "nothing twice");
}

#[actix_web::test]
async fn a_declinations_report_has_what_was_held_in_its_territories_and_never_twice() {
    let world = World::new().await;
    let region = world.service.academy("region:84");
    for (school, pupils) in [(&world.school, 20), (&world.far, 40)] {
        held(
            &world,
            school,
            Some(&world.offer),
            outcome(json!(pupils), json!(null)),
        )
        .await;
    }
    let (of, nothing) = (&world.convention, json!({}));
    let declination = world
        .service
        .stored_declination(of, &["academy:10"], nothing);
    let declination = declination.await;
    let mut of_declination = key(&world, "academy:10");
    of_declination["declination_id"] = json!(declination);
    let lyon = world.service.academy("academy:10");
    let report = lyon.post(PREFILL, of_declination).await.expect(201);
    assert_eq!(
        counted(&report),
        [json!([
            "company_visit",
            "3e",
            null,
            null,
            "academy:10",
            1,
            20,
            null
        ])]
    );
    // On the convention itself, the same academy has nothing left to state.
    prefill(&world, &lyon, "academy:10")
        .await
        .problem(409, "nothing_held");
    let rest = prefill(&world, &region, "region:84").await.expect(201);
    assert_eq!(rest["establishments"], json!([world.far]));
}

#[actix_web::test]
async fn what_no_line_can_be_made_of_is_told_and_its_school_counted() {
    let world = World::new().await;
    held(&world, &world.school, None, outcome(json!(20), json!(null))).await;
    let report = prefill(&world, &world.own(), &format!("uai:{}", world.school))
        .await
        .expect(201);
    assert_eq!(
        (&report["lines"], &report["establishments"]),
        (&json!([]), &json!([world.school]))
    );
    assert_eq!(report["prefilled"]["unplaced"], 1);
    assert_eq!(
        codes(&report),
        ["/lines no_lines", "/lines unplaced_solicitations"]
    );
}

#[actix_web::test]
async fn a_part_is_never_more_than_its_whole_where_some_pupils_are_not_known() {
    let world = World::new().await;
    held(
        &world,
        &world.school,
        Some(&world.offer),
        outcome(json!(20), json!(11)),
    )
    .await;
    held(
        &world,
        &world.school,
        Some(&world.offer),
        outcome(json!(null), json!(15)),
    )
    .await;
    let report = prefill(&world, &world.own(), &format!("uai:{}", world.school))
        .await
        .expect(201);
    assert_eq!(
        counted(&report),
        [json!([
            "company_visit",
            "3e",
            null,
            null,
            "academy:10",
            2,
            20,
            11
        ])]
    );
    let elsewhere = &world.neighbour;
    held(
        &world,
        elsewhere,
        Some(&world.offer),
        outcome(json!(null), json!(15)),
    )
    .await;
    let report = prefill(
        &world,
        &world.service.school(elsewhere),
        &format!("uai:{elsewhere}"),
    )
    .await
    .expect(201);
    assert_eq!(
        counted(&report),
        [json!([
            "company_visit",
            "3e",
            null,
            null,
            "academy:10",
            1,
            null,
            15
        ])]
    );
}

#[actix_web::test]
async fn too_many_lines_are_put_together_and_lose_nothing() {
    let world = World::new().await;
    // Every level × axis × moment × event: many more than a report has lines.
    const MANY: &str = "
        WITH offer AS (SELECT i FROM interventions i WHERE id = $1::text::uuid),
             made AS (
                INSERT INTO interventions (id, partner_id, external_id, convention_id, title, action_type, levels, moments,
                       axes, event, modality, nationwide, territories, held_by, languages, confirmed_at, created_at, updated_at)
                SELECT gen_random_uuid(), (i).partner_id, 'i-' || axis || '-' || event, (i).convention_id, (i).title,
                       (i).action_type, (i).levels, '{}', ARRAY['axis-' || axis], 'event-' || event, (i).modality,
                       (i).nationwide, (i).territories, (i).held_by, (i).languages, now(), now(), now()
                  FROM offer, generate_series(1, 17) AS axis, generate_series(1, 5) AS event RETURNING id)
        INSERT INTO solicitations (id, uai, reach, intervention_id, partner_id, convention_id, levels, status, scheduled_on,
                                   outcome, created_at, updated_at)
        SELECT gen_random_uuid(), $2, reach_of(ARRAY['uai:' || $2]), made.id, $3::text::uuid, $4::text::uuid,
               ARRAY['level-' || level], 'held', '2025-10-09', '{\"held_on\": \"2025-10-09\", \"pupils\": 2}', now(), now()
          FROM made, generate_series(1, 20) AS level";
    let sql = world.service.sql().await;
    sql.execute(
        MANY,
        &[
            &world.offer,
            &world.school,
            &world.partner,
            &world.convention,
        ],
    )
    .await
    .unwrap();
    let report = prefill(&world, &world.own(), &format!("uai:{}", world.school))
        .await
        .expect(201);
    let lines = report["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 17 * 20, "without the event: {}", lines.len());
    assert!(
        lines
            .iter()
            .all(|line| line["event"].is_null() && line["actions"] == 5)
    );
    let total: i64 = lines
        .iter()
        .map(|line| line["pupils"].as_i64().unwrap())
        .sum();
    assert_eq!(total, 2 * 17 * 5 * 20);
}

#[actix_web::test]
async fn prefilling_is_refused_as_creating_is_and_names_the_report_that_is_open() {
    let world = World::new().await;
    let (own, territory) = (world.own(), format!("uai:{}", world.school));
    prefill(&world, &own, &territory)
        .await
        .problem(409, "nothing_held");
    held(
        &world,
        &world.school,
        Some(&world.offer),
        outcome(json!(20), json!(null)),
    )
    .await;
    prefill(&world, &own, "academy:10")
        .await
        .problem(403, "forbidden");
    let reply = own
        .post(PREFILL, json!({ "convention_id": world.convention, "territory": territory, "school_year": "2098-2099", "lines": [] }))
        .await;
    reply.problem(422, "validation_failed");
    assert_eq!(reply.faults(), ["/lines unknown_field"]);
    let mut later = key(&world, &territory);
    later["school_year"] = json!("2098-2099");
    assert_eq!(
        own.post(PREFILL, later).await.faults(),
        ["/school_year in_the_future"]
    );
    let draft = id(&prefill(&world, &own, &territory).await.expect(201));
    for path in [PREFILL, "/v1/reports"] {
        let told = own
            .post(path, key(&world, &territory))
            .await
            .problem(409, "duplicate_report");
        assert!(
            told["detail"]
                .as_str()
                .unwrap()
                .contains(&format!("/v1/reports/{draft}")),
            "{told}"
        );
    }
}

#[actix_web::test]
async fn of_two_prefillings_at_once_one_is_made_and_a_repeated_one_answers_again() {
    let world = World::new().await;
    held(
        &world,
        &world.school,
        Some(&world.offer),
        outcome(json!(20), json!(null)),
    )
    .await;
    let (own, academy) = (world.own(), world.service.academy("academy:10"));
    let territory = format!("uai:{}", world.school);
    let (one, other) = join(
        prefill(&world, &own, &territory),
        prefill(&world, &academy, &territory),
    )
    .await;
    let (won, lost) = if one.status == 201 {
        (one, other)
    } else {
        (other, one)
    };
    let won = won.expect(201);
    lost.problem(409, "duplicate_report");
    own.delete(&format!("/v1/reports/{}", id(&won)))
        .await
        .expect(204);
    let send = || {
        own.request("POST", PREFILL)
            .header("idempotency-key", "once")
            .json(&key(&world, &territory))
            .send()
    };
    let first = send().await;
    first.expect(201);
    let again = send().await;
    assert_eq!(
        (again.status.as_u16(), again.header("idempotency-replayed")),
        (201, "true")
    );
    assert_eq!(again.body, first.body);
}

#[actix_web::test]
async fn a_validated_report_is_corrected_by_a_prefilled_version() {
    let world = World::new().await;
    held(
        &world,
        &world.school,
        Some(&world.offer),
        outcome(json!(20), json!(null)),
    )
    .await;
    let territory = format!("uai:{}", world.school);
    let first = world
        .service
        .stored_report(
            &world.convention,
            &territory,
            json!({ "status": "validated" }),
        )
        .await;
    let second = prefill(&world, &world.own(), &territory).await.expect(201);
    assert_eq!(
        (&second["version"], &second["supersedes_id"]),
        (&json!(2), &json!(first))
    );
}

#[actix_web::test]
async fn neither_partner_nor_reader_is_told_what_a_report_began_with() {
    let world = World::new().await;
    held(
        &world,
        &world.school,
        Some(&world.offer),
        outcome(json!(20), json!(null)),
    )
    .await;
    let report = prefill(&world, &world.own(), &format!("uai:{}", world.school))
        .await
        .expect(201);
    let path = format!("/v1/reports/{}", id(&report));
    world
        .own()
        .post(&format!("{path}/submit"), json!({}))
        .await
        .expect(200);
    world
        .service
        .academy("academy:10")
        .post(&format!("{path}/validate"), json!({}))
        .await
        .expect(200);
    for caller in [world.portal(), world.service.reader()] {
        let head = caller.get(&path).await.expect(200);
        assert_eq!(
            (&head["prefilled"], &head["confirmed"]),
            (&Value::Null, &Value::Null)
        );
    }
}

/// A report of last year at a school, validated, with these pupils at `3e`.
async fn last_year(world: &World, pupils: Value) {
    let columns = json!({ "status": "validated", "school_year": "2024-2025" });
    let report = world
        .service
        .stored_report(&world.convention, &format!("uai:{}", world.school), columns)
        .await;
    let line = json!({ "action_type": "company_visit", "level": "3e", "academy": "academy:10", "pupils": pupils });
    world.service.stored_lines(&report, json!([line])).await;
}

async fn this_year(world: &World, lines: Value) -> Value {
    let mut body = key(world, &format!("uai:{}", world.school));
    body["lines"] = lines;
    body["establishments"] = json!([world.school]);
    world.own().post("/v1/reports", body).await.expect(201)
}

#[actix_web::test]
async fn a_figure_ten_times_last_years_is_confirmed_and_the_journal_keeps_it() {
    let world = World::new().await;
    last_year(&world, json!(40)).await;
    let lines =
        json!([{ "action_type": "company_visit", "level": "3e", "pupils": 400, "girls": 200 }]);
    let draft = this_year(&world, lines).await;
    assert_eq!(codes(&draft), ["/lines/0/pupils ten_times_last_year"]);
    assert!(
        draft["warnings"][0]["detail"]
            .as_str()
            .unwrap()
            .contains("40 → 400")
    );
    let own = world.own();
    let submit = format!("/v1/reports/{}/submit", id(&draft));
    let reply = own.post(&submit, json!({})).await;
    reply.problem(409, "confirmation_required");
    assert_eq!(
        reply.faults(),
        ["/lines/0/pupils ten_times_last_year"],
        "girls were not known"
    );
    let reply = own.post(&format!("{submit}?confirm=all"), json!({})).await;
    reply.problem(422, "validation_failed");
    assert_eq!(reply.faults(), ["confirm invalid_format"]);
    let submitted = own
        .post(&format!("{submit}?confirm=ten_times_last_year"), json!({}))
        .await
        .expect(200);
    let confirmed = json!([{ "pointer": "/lines/0/pupils", "code": "ten_times_last_year", "value": 400, "last_year": 40 }]);
    assert_eq!(
        (&submitted["status"], &submitted["confirmed"]),
        (&json!("submitted"), &confirmed)
    );
    let sql = world.service.sql().await;
    let row =
        "SELECT fields, after -> 'confirmed' FROM audit_events WHERE action = 'report.submitted'";
    let row = sql.query_one(row, &[]).await.unwrap();
    assert!(
        row.get::<_, Vec<String>>(0)
            .contains(&"confirmed".to_owned())
    );
    assert_eq!(row.get::<_, Value>(1), confirmed);
    // Its validator reads both.
    let academy = world.service.academy("academy:10");
    let read = academy
        .get(&format!("/v1/reports/{}", id(&draft)))
        .await
        .expect(200);
    assert_eq!(
        (&read["confirmed"], codes(&read)),
        (
            &confirmed,
            vec!["/lines/0/pupils ten_times_last_year".to_owned()]
        )
    );
}

#[actix_web::test]
async fn what_was_confirmed_is_confirmed_again_once_it_changes() {
    let world = World::new().await;
    last_year(&world, json!(40)).await;
    let draft = this_year(
        &world,
        json!([{ "action_type": "company_visit", "level": "3e", "pupils": 400 }]),
    )
    .await;
    let path = format!("/v1/reports/{}", id(&draft));
    let (own, academy) = (world.own(), world.service.academy("academy:10"));
    let confirmed = format!("{path}/submit?confirm=ten_times_last_year");
    own.post(&confirmed, json!({})).await.expect(200);
    academy
        .post(&format!("{path}/return"), json!({ "reason": "Sûr ?" }))
        .await
        .expect(200);
    let lines = json!([{ "action_type": "company_visit", "level": "3e", "pupils": 4000 }]);
    let changed = own
        .patch(&path, json!({ "lines": lines }))
        .await
        .expect(200);
    assert_eq!(changed["confirmed"], json!([]));
    own.post(&format!("{path}/submit"), json!({}))
        .await
        .problem(409, "confirmation_required");
    let right = json!([{ "action_type": "company_visit", "level": "3e", "pupils": 44 }]);
    own.patch(&path, json!({ "lines": right }))
        .await
        .expect(200);
    let submitted = own.post(&confirmed, json!({})).await.expect(200);
    assert_eq!(
        submitted["confirmed"],
        json!([]),
        "there was nothing to confirm"
    );
}

#[actix_web::test]
async fn only_the_same_keys_counted_report_of_the_year_before_is_compared() {
    let world = World::new().await;
    let own = format!("uai:{}", world.school);
    let line = json!([{ "action_type": "company_visit", "academy": "academy:10", "pupils": 4 }]);
    for (territory, columns) in [
        (
            own.as_str(),
            json!({ "status": "validated", "school_year": "2023-2024" }),
        ),
        (
            own.as_str(),
            json!({ "status": "submitted", "school_year": "2024-2025", "number": 2 }),
        ),
        (
            own.as_str(),
            json!({ "status": "validated", "superseded": true, "school_year": "2024-2025" }),
        ),
        (
            "academy:10",
            json!({ "status": "validated", "school_year": "2024-2025" }),
        ),
    ] {
        let report = world
            .service
            .stored_report(&world.convention, territory, columns)
            .await;
        world.service.stored_lines(&report, line.clone()).await;
    }
    let draft = this_year(
        &world,
        json!([{ "action_type": "company_visit", "pupils": 400 }]),
    )
    .await;
    assert_eq!(codes(&draft), Vec::<String>::new());
}

#[actix_web::test]
async fn warnings_tell_of_schools_without_a_line_and_of_pupils_without_a_school() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    let line = |academy: Option<&str>| json!({ "action_type": "standards_contribution", "academy": academy, "pupils": 3 });
    let mut body = key(&world, "FR");
    body["lines"] = json!([line(Some("academy:10"))]);
    body["establishments"] = json!([world.school, world.far]);
    let report = ministry.post("/v1/reports", body).await.expect(201);
    assert_eq!(codes(&report), ["/establishments/1 no_line_in_academy"]);
    assert!(
        report["warnings"][0]["detail"]
            .as_str()
            .unwrap()
            .contains("academy:08")
    );
    let path = format!("/v1/reports/{}", id(&report));
    let national = ministry
        .patch(&path, json!({ "lines": [line(None)] }))
        .await
        .expect(200);
    assert_eq!(
        codes(&national),
        Vec::<String>::new(),
        "no line names an academy"
    );
    let nobody = ministry
        .patch(&path, json!({ "establishments": [] }))
        .await
        .expect(200);
    assert_eq!(codes(&nobody), ["/establishments no_establishments"]);
    let nothing_done =
        json!([{ "action_type": "standards_contribution", "actions": 0, "professionals": 3 }]);
    let idle = ministry
        .patch(&path, json!({ "lines": nothing_done }))
        .await
        .expect(200);
    assert_eq!(codes(&idle), ["/lines/0/actions someone_without_action"]);
}
