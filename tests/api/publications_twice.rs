//! Publications one can make twice: what stays as it was said, what is withdrawn, what has moved.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::publications::{World, by_key, values};
use crate::support::{Caller, absent, id};

const YEAR: &str = "2025-2026";
const ACADEMIES: [&str; 30] = [
    "academy:01",
    "academy:02",
    "academy:03",
    "academy:04",
    "academy:06",
    "academy:07",
    "academy:08",
    "academy:09",
    "academy:10",
    "academy:11",
    "academy:12",
    "academy:13",
    "academy:14",
    "academy:15",
    "academy:16",
    "academy:17",
    "academy:18",
    "academy:19",
    "academy:20",
    "academy:43",
    "academy:22",
    "academy:23",
    "academy:24",
    "academy:25",
    "academy:27",
    "academy:28",
    "academy:31",
    "academy:32",
    "academy:33",
    "academy:70",
];

fn line(academy: &str, level: &str, pupils: i64, girls: Option<i64>) -> Value {
    json!({ "action_type": "class_talk", "academy": academy, "level": level, "actions": 1,
            "pupils": pupils, "girls": girls })
}

async fn correct(world: &World, report: &str, convention: usize, territory: &str, lines: Value) {
    let gone = format!("UPDATE reports SET superseded = true, number = 99 WHERE id = '{report}'");
    world
        .service
        .sql()
        .await
        .batch_execute(&gone)
        .await
        .unwrap();
    world.report(convention, territory, YEAR, lines).await;
}

async fn cell(caller: &Caller, measures: &str, group_by: &str, key: Value) -> Value {
    let asked = format!("measures={measures}&group_by={group_by}&limit=200&school_year={YEAR}");
    let answer = values(caller, &asked).await;
    let cells = answer["data"].as_array().unwrap();
    let found = cells.iter().find(|cell| cell["key"] == key);
    found.unwrap_or_else(|| panic!("{key} of {answer}")).clone()
}

#[actix_web::test]
async fn a_share_of_an_academy_does_not_give_back_its_small_class() {
    let world = World::new().await;
    let lines = json!([
        line("academy:10", "3e", 3, Some(0)),
        line("academy:10", "2de_gt", 60, Some(31)),
        line("academy:10", "1re_pro", 52, Some(20)),
        line("academy:10", "tle_pro", 47, None),
        line("academy:08", "3e", 40, Some(19)),
    ]);
    world.report(0, "FR", YEAR, lines).await;
    world.publish(YEAR).await;
    let reader = world.service.reader();
    let measures = "pupils,girls,pupils_girls_known,girls_share";
    let key = |level: &str| json!({ "academy": "academy:10", "level": level });
    let small = cell(&reader, measures, "academy,level", key("3e")).await;
    assert_eq!(
        small["suppressed"],
        json!(["pupils", "girls", "pupils_girls_known", "girls_share"])
    );
    // Whoever has the base of the academy and of its other levels has that of the small one.
    let asked = format!("measures={measures}&group_by=academy,level&academy=academy:10");
    let row = values(&reader, &asked).await;
    let hidden = |measure: &str| {
        let cells = row["data"].as_array().unwrap().iter();
        cells
            .filter(|cell| cell["values"][measure].is_null())
            .count()
    };
    let margin = cell(
        &reader,
        measures,
        "academy",
        json!({ "academy": "academy:10" }),
    )
    .await;
    for measure in ["pupils", "pupils_girls_known"] {
        let is_margin_hidden = margin["values"][measure].is_null();
        assert!(is_margin_hidden || hidden(measure) > 1, "{measure}: {row}");
    }
    let total = values(&reader, "measures=pupils").await;
    assert_eq!(total["totals"]["values"]["pupils"], 202);
}

#[actix_web::test]
async fn three_pupils_more_in_one_report_hide_nothing_and_carry_only_what_they_touch() {
    let world = World::new().await;
    let lines = |academy: &str, pupils: i64| {
        json!([
            line(academy, "3e", pupils, Some(pupils / 2)),
            line(academy, "2de_gt", 60, Some(30))
        ])
    };
    let mut first = String::new();
    for academy in ACADEMIES {
        let report = world.report(0, academy, YEAR, lines(academy, 40)).await;
        if academy == "academy:10" {
            first = report;
        }
    }
    world.publish(YEAR).await;
    correct(&world, &first, 0, "academy:10", lines("academy:10", 43)).await;
    world.publish(YEAR).await;
    let reader = world.service.reader();
    for (group_by, touched) in [
        ("academy", r#""academy:10""#),
        ("academic_region", r#""region:84""#),
        ("level", r#""3e""#),
        ("academy,level", r#"{"academy":"academy:10","level":"3e"}"#),
    ] {
        let asked = format!("measures=pupils,girls,teachers&group_by={group_by}&limit=200");
        let before = by_key(&values(&reader, &format!("{asked}&publication=1")).await);
        for (key, cell) in by_key(&values(&reader, &asked).await) {
            assert_eq!(cell["suppressed"], json!([]), "{key}");
            assert_eq!(cell["values"], before[&key]["values"], "{key}");
            let is_carried = cell["carried"]["pupils"] == 1;
            assert_eq!(is_carried, key.contains(touched), "{key}: {cell}");
        }
    }
    let total = values(&reader, "measures=pupils").await;
    assert_eq!(total["totals"]["values"]["pupils"], 3000);
    assert_eq!(total["totals"]["carried"], json!({ "pupils": 1 }));
}

#[actix_web::test]
async fn two_girls_more_in_a_class_are_not_the_difference_of_two_publications() {
    let world = World::new().await;
    let lines = json!([
        line("academy:10", "3e", 400, Some(200)),
        line("academy:10", "2de_gt", 300, Some(150)),
        line("academy:08", "3e", 400, Some(190)),
        line("academy:08", "2de_gt", 300, Some(160)),
    ]);
    world.report(0, "FR", YEAR, lines).await;
    world.publish(YEAR).await;
    let class = json!([line("academy:10", "3e", 24, Some(2))]);
    world.report(1, "academy:10", YEAR, class).await;
    world.publish(YEAR).await;
    let reader = world.service.reader();
    let total = values(
        &reader,
        "measures=pupils,girls,pupils_girls_known,girls_share",
    )
    .await;
    let total = &total["totals"];
    assert_eq!(total["values"]["pupils"], 1424);
    assert_eq!(total["values"]["pupils_girls_known"], 1424);
    assert_eq!(total["values"]["girls"], 700);
    assert_eq!(total["values"]["girls_share"], 0.5);
    assert_eq!(total["carried"], json!({ "girls": 1, "girls_share": 1 }));
    for (accept, carried) in [
        ("text/csv", r#""{""girls"":1,""girls_share"":1}""#),
        (
            "application/x-ndjson",
            r#""carried":{"girls":1,"girls_share":1}"#,
        ),
    ] {
        let path = "/v1/indicators/values?measures=girls,girls_share";
        let reply = reader
            .request("GET", path)
            .header("accept", accept)
            .send()
            .await;
        assert!(reply.text().contains(carried), "{}", reply.text());
    }
}

#[actix_web::test]
async fn a_year_without_a_validated_report_or_to_come_is_not_published() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    for query in ["", "?dry_run=true"] {
        let path = format!("/v1/publications{query}");
        let empty = ministry.post(&path, json!({ "school_year": YEAR })).await;
        empty.problem(409, "nothing_to_publish");
        let future = ministry
            .post(&path, json!({ "school_year": "2998-2999" }))
            .await;
        future.problem(422, "validation_failed");
        assert_eq!(future.faults(), ["/school_year in_the_future"]);
    }
    let unknown = json!({ "school_year": YEAR, "status": "draft", "revises": absent() });
    let reply = ministry
        .post("/v1/publications?dry_run=maybe", unknown)
        .await;
    assert_eq!(
        reply.faults(),
        [
            "/revises read_only",
            "/status unknown_code",
            "dry_run wrong_type"
        ]
    );
}

#[actix_web::test]
async fn a_dry_run_tells_what_would_be_published_and_writes_nothing() {
    let world = World::new().await;
    let lines = json!([
        line("academy:10", "3e", 3, Some(1)),
        line("academy:10", "2de_gt", 60, Some(30)),
        line("academy:08", "3e", 70, Some(33)),
        line("academy:08", "2de_gt", 80, Some(40)),
    ]);
    world.report(0, "FR", YEAR, lines).await;
    let ministry = world.service.ministry();
    let body = json!({ "school_year": YEAR, "status": "final" });
    let everything = world.service.everything().await;
    let shown = ministry
        .post("/v1/publications?dry_run=true", body.clone())
        .await
        .expect(200);
    assert_eq!(world.service.everything().await, everything);
    assert_eq!(shown["headline"]["before"], json!(null));
    assert_eq!(shown["headline"]["after"]["pupils"], 213);
    assert_eq!(shown["status"], "final");
    for caller in [world.service.academy("academy:10"), world.service.reader()] {
        let reply = caller
            .post("/v1/publications?dry_run=true", body.clone())
            .await;
        reply.problem(403, "forbidden");
    }
    // During a publication it waits for nobody.
    let path = "/v1/publications?dry_run=true";
    let (created, again) = tokio::join!(
        ministry.post("/v1/publications", body.clone()),
        ministry.post(path, body.clone())
    );
    let created = created.expect(201);
    assert_eq!(again.expect(200)["headline"]["after"]["pupils"], 213);
    assert_eq!(created["status"], "final");
    for (table, preview) in created["tables"]
        .as_array()
        .unwrap()
        .iter()
        .zip(shown["tables"].as_array().unwrap())
    {
        assert_eq!(table["dimensions"], preview["dimensions"]);
        assert_eq!(table["cells"], preview["cells"]);
        assert_eq!(table["hidden_cells"] == 0, preview["hidden"] == 0);
        let measures = i64::try_from(table["measures"].as_array().unwrap().len()).unwrap();
        let sum: i64 = ["shown", "carried", "hidden"]
            .iter()
            .map(|one| preview[one].as_i64().unwrap())
            .sum();
        assert_eq!(sum, measures * preview["cells"].as_i64().unwrap());
    }
    world
        .report(
            1,
            "FR",
            YEAR,
            json!([line("academy:10", "2de_gt", 2, Some(1))]),
        )
        .await;
    let after = ministry.post(path, body).await.expect(200);
    assert_eq!(after["revises"], created["id"]);
    assert_eq!(after["headline"]["before"]["pupils"], 213);
    assert_eq!(
        after["headline"]["after"]["pupils"], 213,
        "two more would be the difference"
    );
    assert!(after["tables"][0]["carried"].as_i64().unwrap() > 0);
}

#[actix_web::test]
async fn what_is_withdrawn_is_read_by_its_number_and_on_its_days_and_is_nobodys_default() {
    let world = World::new().await;
    let service = &world.service;
    let lines = |pupils: i64| json!([line("academy:10", "3e", pupils, None)]);
    world.report(0, "FR", YEAR, lines(100)).await;
    let first = world.publish(YEAR).await;
    assert_eq!(first["revises"], json!(null));
    assert_eq!(first["status"], "provisional");
    world.report(1, "FR", YEAR, lines(200)).await;
    service.shared.clock.travel(TimeDelta::days(1));
    let second = world.publish(YEAR).await;
    assert_eq!(second["revises"], first["id"]);
    let between = service.shared.clock.now();
    service.shared.clock.travel(TimeDelta::days(1));
    let path = format!("/v1/publications/{}/withdraw", id(&second));
    let reason = json!({ "reason": "Deux bilans comptés deux fois." });
    for caller in [service.academy("academy:10"), service.reader()] {
        caller
            .post(&path, reason.clone())
            .await
            .problem(403, "forbidden");
    }
    let ministry = service.ministry();
    ministry
        .post(&path, json!({}))
        .await
        .problem(422, "validation_failed");
    let none = format!("/v1/publications/{}/withdraw", absent());
    ministry
        .post(&none, reason.clone())
        .await
        .problem(404, "not_found");
    let withdrawn = ministry.post(&path, reason.clone()).await.expect(200);
    assert_eq!(withdrawn["withdrawal_reason"], reason["reason"]);
    assert!(withdrawn["withdrawn_at"].is_string());
    ministry
        .post(&path, reason)
        .await
        .problem(409, "invalid_transition");
    let reader = service.reader();
    let pupils = async |more: &str| {
        let answer = values(&reader, &format!("measures=pupils{more}")).await;
        (
            answer["meta"]["publication"].clone(),
            answer["totals"]["values"]["pupils"].clone(),
        )
    };
    let (old, new) = ((json!(1), json!(100)), (json!(2), json!(300)));
    assert_eq!(pupils("").await, old);
    assert_eq!(pupils("&publication=2").await, new);
    let moment = between.format("%Y-%m-%dT%H:%M:%S%.6fZ");
    assert_eq!(
        pupils(&format!("&as_of={moment}")).await,
        new,
        "on its days"
    );
    assert_eq!(pupils("&as_of=2999-01-01").await, old);
    let events = reader.all_changes("publication").await;
    assert_eq!(events.last().unwrap()["type"], "publication.withdrawn");
    // The next one comes in the place of what stands, and knows what was said.
    world.report(1, "academy:10", YEAR, lines(3)).await;
    let third = world.publish(YEAR).await;
    assert_eq!(third["revises"], first["id"]);
    let told = values(&reader, "measures=pupils").await;
    assert_eq!(
        told["totals"]["values"]["pupils"], 100,
        "303 less 300 is three"
    );
    assert_eq!(told["totals"]["carried"], json!({ "pupils": 1 }));
}

#[actix_web::test]
async fn what_moved_since_the_publication_before_is_listed() {
    let world = World::new().await;
    let lines = |pupils: i64| json!([line("academy:10", "3e", pupils, None)]);
    world.report(0, "FR", YEAR, lines(100)).await;
    let first = world.publish(YEAR).await;
    world.report(1, "FR", YEAR, lines(200)).await;
    let second = world.publish(YEAR).await;
    let reader = world.service.reader();
    let path = |publication: &Value| format!("/v1/publications/{}/changes", id(publication));
    let none = reader.get(&path(&first)).await.expect(200);
    assert_eq!(none["data"], json!([]));
    let all = reader.all(&format!("{}?limit=3", path(&second))).await;
    assert_eq!(
        all[0],
        json!({ "cell": { "school_year": YEAR }, "measure": "actions", "from": 1, "to": 2 })
    );
    let moved = json!({ "cell": { "school_year": YEAR, "academy": "academy:10", "level": "3e" },
                        "measure": "pupils", "from": 100, "to": 300 });
    assert!(all.contains(&moved), "{all:?}");
    assert!(all.iter().all(|one| one["from"] != one["to"]));
    let pupils = reader
        .all(&format!("{}?measures=pupils", path(&second)))
        .await;
    assert!(pupils.len() < all.len() && pupils.iter().all(|one| one["measure"] == "pupils"));
    let new = pupils
        .iter()
        .find(|one| one["cell"]["convention"] == world.conventions[1]);
    assert_eq!(new.unwrap()["from"], json!(null));
    let csv = reader
        .request("GET", &path(&second))
        .header("accept", "text/csv")
        .send()
        .await;
    assert!(
        csv.text().starts_with("cell,measure,from,to\r\n"),
        "{}",
        csv.text()
    );
    let absent = format!("/v1/publications/{}/changes", absent());
    reader.get(&absent).await.problem(404, "not_found");
}

#[actix_web::test]
async fn of_several_years_each_cell_names_its_publication() {
    let world = World::new().await;
    for (year, pupils) in [("2024-2025", 50), (YEAR, 60)] {
        world
            .report(
                0,
                "FR",
                year,
                json!([line("academy:10", "3e", pupils, None)]),
            )
            .await;
        world.publish(year).await;
    }
    let asked = "measures=pupils&group_by=school_year&school_year=2024-2025,2025-2026";
    let answer = values(&world.service.reader(), asked).await;
    let numbers: Vec<&Value> = answer["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| &cell["publication"])
        .collect();
    assert_eq!(numbers, [1, 2]);
    let live = values(&world.service.ministry(), asked).await;
    assert_eq!(live["data"][0]["publication"], json!(null));
    assert_eq!(live["data"][0]["carried"], json!({}));
}
