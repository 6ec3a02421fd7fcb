//! What is read of reports, and by whom: whole ones, heads, lines, and what is added from below.

use serde_json::{Value, json};

use crate::support::document::operations;
use crate::support::place::Place;
use crate::support::{Caller, Service, id, uai};

/// A figure, a school and words that nobody but those in charge may read.
const FIGURE: i64 = 7_654_321;
const WORDS: &str = "Confidence du proviseur";

async fn school(service: &Service, number: u32, department: &str, academy: &str) -> String {
    let uai = uai(number);
    service.new_school(&uai, department, academy).await;
    uai
}

#[actix_web::test]
async fn neither_partner_nor_reader_obtains_a_line_a_school_or_a_narrative_by_any_operation() {
    let service = Service::start().await;
    let place = Place::lyon(&service).await;
    // Another one than the place's: what is public of schools names that one.
    let secret = school(&service, 690_777, "department:069", "academy:10").await;
    let partner = id(&service.new_partner("Autre partie").await);
    let convention = service.signed_convention(&partner, json!({})).await;
    let mut ids = Vec::new();
    for (territory, year) in [
        (format!("uai:{secret}"), "2025-2026"),
        ("academy:10".to_owned(), "2025-2026"),
        ("department:069".to_owned(), "2025-2026"),
        ("FR".to_owned(), "2025-2026"),
    ] {
        for (status, number) in [("validated", 1), ("draft", 2)] {
            let columns = json!({
                "status": status, "number": number, "school_year": year, "establishments": [secret],
                "narrative": { "results": WORDS }, "authors": [WORDS],
            });
            let report = service
                .stored_report(&convention, &territory, columns)
                .await;
            let line = json!([{ "action_type": "company_visit", "academy": "academy:10", "pupils": FIGURE }]);
            service.stored_lines(&report, line).await;
            ids.push(report);
        }
    }
    // And one that was written as they are, whose changes are in the feed.
    let body = json!({
        "convention_id": convention, "territory": format!("uai:{secret}"), "school_year": "2024-2025", "establishments": [secret],
        "lines": [{ "action_type": "company_visit", "pupils": FIGURE }], "narrative": { "results": WORDS },
    });
    let written = id(&service
        .school(&secret)
        .post("/v1/reports", body)
        .await
        .expect(201));
    let path = format!("/v1/reports/{written}");
    service
        .school(&secret)
        .post(&format!("{path}/submit"), json!({}))
        .await
        .expect(200);
    let academy = service.academy("academy:10");
    academy
        .post(&format!("{path}/validate"), json!({}))
        .await
        .expect(200);
    ids.push(written.clone());
    let whole = academy.get(&path).await;
    for mark in [&FIGURE.to_string(), &secret, WORDS] {
        assert!(whole.text().contains(mark), "{mark} is there to be found");
    }
    for caller in [service.partner(&partner), service.reader()] {
        let mut met = 0;
        for operation in operations()
            .into_iter()
            .filter(|operation| !operation.writes() && !operation.is_public())
        {
            let mut paths = vec![place.path(&operation)];
            if operation.path.starts_with("/v1/reports/{id}") {
                paths.extend(ids.iter().map(|id| operation.path.replace("{id}", id)));
            }
            for path in paths {
                for form in ["application/json", "text/csv", "application/x-ndjson"] {
                    let reply = caller
                        .request("GET", &path)
                        .header("accept", form)
                        .send()
                        .await;
                    // The directory is public; reports are what may not tell of it.
                    let is_directory = ["/v1/establishments", "/v1/territories"]
                        .iter()
                        .any(|public| path.starts_with(public));
                    let marks = [FIGURE.to_string(), secret.clone(), WORDS.to_owned()];
                    // So it is within a snapshot, whose lines are of one object each.
                    let told: Vec<&str> = reply
                        .text()
                        .lines()
                        .filter(|line| {
                            !path.starts_with("/v1/changes/snapshot")
                                || !line.contains(r#""type":"establishment""#)
                        })
                        .collect();
                    let told = told.join("\n");
                    let found = marks
                        .iter()
                        .find(|mark| told.contains(*mark) && !is_directory);
                    assert_eq!(found, None, "{path} as {form}");
                    met +=
                        usize::from(reply.status.is_success() && reply.text().contains(&written));
                }
            }
        }
        assert!(met > 5, "the heads are there: {met}");
        tells_schools_apart(&caller, &secret).await;
    }
    let stranger = service.partner(&place.partner);
    for report in &ids {
        stranger
            .get(&format!("/v1/reports/{report}"))
            .await
            .problem(404, "not_found");
    }
    let feed = stranger.get("/v1/changes").await;
    assert!(!feed.text().contains(&written), "not a party, not told");
}

/// No filter tells more than the heads do.
async fn tells_schools_apart(caller: &Caller, secret: &str) {
    let count = async |query: &str| {
        let path = format!("/v1/reports/count?{query}");
        caller.get(&path).await.expect(200)["count"]
            .as_i64()
            .unwrap()
    };
    assert_eq!(count(&format!("territory=uai:{secret}")).await, 0);
    assert_eq!(
        count("territory=department:069&school_year=2024-2025").await,
        0,
        "a head names the academy of a school, not its department"
    );
    assert_eq!(
        count("territory=department:069&school_year=2025-2026").await,
        1
    );
    assert_eq!(count("territory=academy:10&school_year=2024-2025").await, 1);
    assert_eq!(count("status=draft,submitted,returned").await, 0);
    let heads = caller.all("/v1/reports?school_year=2024-2025").await;
    assert_eq!(heads[0]["territory"], "academy:10");
    assert_eq!(
        (
            &heads[0]["establishments"],
            &heads[0]["authors"],
            &heads[0]["declination_id"]
        ),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    let whole = format!("/v1/reports/{}", id(&heads[0]));
    let head = caller.get(&whole).await.expect(200);
    for field in [
        "lines",
        "narrative",
        "consolidated",
        "establishments",
        "authors",
    ] {
        assert_eq!(head[field], Value::Null, "{field}");
    }
    assert_eq!(
        (&head["allowed_actions"], &head["warnings"]),
        (&json!([]), &json!([]))
    );
}

#[actix_web::test]
async fn the_declination_of_a_school_is_not_told_with_the_head_of_its_report() {
    let service = Service::start().await;
    let own = school(&service, 690_001, "department:069", "academy:10").await;
    let partner = id(&service.new_partner("A").await);
    let convention = service.signed_convention(&partner, json!({})).await;
    let territory = format!("uai:{own}");
    let level = json!({ "level": "establishment" });
    let declination = service
        .stored_declination(&convention, &[&territory], level)
        .await;
    let columns = json!({ "status": "validated", "declination_id": declination });
    let report = service
        .stored_report(&convention, &territory, columns)
        .await;
    let query = format!("/v1/reports/count?declination_id={declination}");
    for (caller, told) in [
        (service.reader(), false),
        (service.partner(&partner), false),
        (service.ministry(), true),
        (service.school(&own), true),
    ] {
        let seen = caller
            .get(&format!("/v1/reports/{report}"))
            .await
            .expect(200);
        assert_eq!(seen["declination_id"].is_string(), told);
        assert_eq!(
            caller.get(&query).await.expect(200)["count"],
            i64::from(told)
        );
    }
}

#[actix_web::test]
async fn each_reads_what_is_its_own_to_read() {
    let service = Service::start().await;
    let lyon = school(&service, 690_001, "department:069", "academy:10").await;
    let other = school(&service, 690_002, "department:069", "academy:10").await;
    let partner = id(&service.new_partner("A").await);
    let stranger = id(&service.new_partner("B").await);
    let convention = service.signed_convention(&partner, json!({})).await;
    for territory in [
        "FR",
        "region:84",
        "academy:10",
        "academy:09",
        "department:069",
        &format!("uai:{lyon}"),
        &format!("uai:{other}"),
    ] {
        for (status, year) in [("draft", "2025-2026"), ("validated", "2024-2025")] {
            let columns = json!({ "status": status, "school_year": year });
            service.stored_report(&convention, territory, columns).await;
        }
    }
    for (caller, number) in [
        (service.ministry(), 14),
        (service.academy("region:84"), 10),
        (service.academy("academy:10"), 8),
        (service.academy("academy:09"), 2),
        (service.school(&lyon), 2),
        (service.partner(&partner), 7),
        (service.partner(&stranger), 0),
        (service.reader(), 7),
    ] {
        let rows = caller.all("/v1/reports?limit=3").await;
        assert_eq!(rows.len(), number);
        let count = caller.get("/v1/reports/count").await.expect(200)["count"].clone();
        assert_eq!(count, json!(number));
        for row in &rows {
            let whole = caller
                .get(&format!("/v1/reports/{}", id(row)))
                .await
                .expect(200);
            // What the reports below add is told where it is asked for.
            for (field, value) in row.as_object().unwrap() {
                if field != "consolidated" {
                    assert_eq!(&whole[field], value, "{field}");
                }
            }
            assert_eq!(row["consolidated"], Value::Null);
        }
        for row in caller.all("/v1/reports?limit=3&include=consolidated").await {
            let path = format!("/v1/reports/{}", id(&row));
            assert_eq!(row, caller.get(&path).await.expect(200));
        }
    }
    let ministry = service.ministry();
    for (query, number) in [
        ("territory=academy:10", 8),
        ("territory=department:069", 6),
        (&format!("territory=uai:{lyon}"), 2),
        (&format!("territory=uai:{lyon},academy:09"), 4),
        ("school_year=2025-2026", 7),
        ("status=validated", 7),
        ("status=validated,draft", 14),
        (&format!("convention_id={convention}"), 14),
        (&format!("convention_id={}", crate::support::absent()), 0),
        (&format!("declination_id={}", crate::support::absent()), 0),
        ("updated_since=2026-07-01T00:00:00Z", 14),
        ("updated_since=2026-07-01T00:00:01Z", 0),
        ("sort=-updated_at", 14),
        ("sort=-created_at&territory=academy:09", 2),
    ] {
        assert_eq!(
            ministry
                .all(&format!("/v1/reports?limit=2&{query}"))
                .await
                .len(),
            number,
            "{query}"
        );
    }
}

#[actix_web::test]
async fn what_a_school_is_told_of_in_the_feed_is_its_own() {
    let service = Service::start().await;
    let lyon = school(&service, 690_001, "department:069", "academy:10").await;
    let other = school(&service, 690_002, "department:069", "academy:10").await;
    let partner = id(&service.new_partner("A").await);
    let convention = service.signed_convention(&partner, json!({})).await;
    let body = json!({ "convention_id": convention, "territory": format!("uai:{lyon}"), "school_year": "2025-2026",
                       "lines": [{ "action_type": "company_visit", "pupils": 3 }] });
    let own = service.school(&lyon);
    let report = id(&own.post("/v1/reports", body.clone()).await.expect(201));
    let mut draft = body;
    draft["school_year"] = json!("2024-2025");
    let deleted = id(&own.post("/v1/reports", draft).await.expect(201));
    own.delete(&format!("/v1/reports/{deleted}"))
        .await
        .expect(204);
    own.post(&format!("/v1/reports/{report}/submit"), json!({}))
        .await
        .expect(200);
    service
        .academy("academy:10")
        .post(&format!("/v1/reports/{report}/validate"), json!({}))
        .await
        .expect(200);
    let told = async |caller: Caller| {
        let feed = caller.all_changes("report").await;
        let types: Vec<String> = feed
            .iter()
            .map(|change| change["type"].as_str().unwrap().replace("report.", ""))
            .collect();
        (
            types.join(" "),
            feed.last().map(|change| change["data"].clone()),
        )
    };
    let all = "created created deleted submitted validated";
    for caller in [
        service.ministry(),
        service.academy("academy:10"),
        service.academy("region:84"),
        own,
    ] {
        let (types, data) = told(caller).await;
        assert_eq!(types, all);
        assert_eq!(data.unwrap()["lines"][0]["pupils"], 3, "whole");
    }
    for caller in [service.partner(&partner), service.reader()] {
        let (types, data) = told(caller).await;
        assert_eq!(types, "validated");
        let data = data.unwrap();
        assert_eq!(
            (&data["lines"], &data["territory"]),
            (&Value::Null, &json!("academy:10"))
        );
    }
    for caller in [service.school(&other), service.academy("academy:09")] {
        assert_eq!(told(caller).await.0, "");
    }
}

#[actix_web::test]
async fn what_is_below_is_added_up_once_and_only_what_counts() {
    let service = Service::start().await;
    let lyon = school(&service, 690_001, "department:069", "academy:10").await;
    let loire = school(&service, 420_001, "department:042", "academy:10").await;
    let grenoble = school(&service, 380_001, "department:038", "academy:08").await;
    let partner = id(&service.new_partner("A").await);
    let convention = service.signed_convention(&partner, json!({})).await;
    let elsewhere = service.signed_convention(&partner, json!({})).await;
    let validated = json!({ "status": "validated" });
    let count = async |convention: &str,
                       territory: &str,
                       columns: Value,
                       schools: &[&str],
                       pupils: Option<i64>| {
        let mut columns = columns;
        columns["establishments"] = json!(schools);
        let report = service.stored_report(convention, territory, columns).await;
        let lines = json!([{ "action_type": "company_visit", "pupils": pupils, "actions": 1 }, { "action_type": "class_talk", "actions": 2 }]);
        service.stored_lines(&report, lines).await;
        report
    };
    count(
        &convention,
        &format!("uai:{lyon}"),
        validated.clone(),
        &[&lyon],
        Some(10),
    )
    .await;
    count(
        &convention,
        &format!("uai:{loire}"),
        validated.clone(),
        &[&loire],
        None,
    )
    .await;
    count(
        &convention,
        &format!("uai:{grenoble}"),
        validated.clone(),
        &[&grenoble],
        Some(100),
    )
    .await;
    // A school that reports of its own and that its department names: once.
    let department = count(
        &convention,
        "department:069",
        validated.clone(),
        &[&lyon],
        Some(1000),
    )
    .await;
    let academy = count(
        &convention,
        "academy:10",
        validated.clone(),
        &[&lyon, &loire],
        Some(10_000),
    )
    .await;
    let region = count(&convention, "region:84", json!({}), &[], Some(100_000)).await;
    let country = count(&convention, "FR", json!({}), &[], None).await;
    // What does not count: of another convention, another year, not validated, superseded.
    count(
        &elsewhere,
        &format!("uai:{lyon}"),
        validated.clone(),
        &[&lyon],
        Some(1_000_000),
    )
    .await;
    count(
        &convention,
        &format!("uai:{lyon}"),
        json!({ "status": "validated", "school_year": "2024-2025" }),
        &[],
        Some(1_000_000),
    )
    .await;
    count(
        &convention,
        &format!("uai:{lyon}"),
        json!({ "number": 2 }),
        &[],
        Some(1_000_000),
    )
    .await;
    let old = json!({ "status": "validated", "superseded": true, "number": 3 });
    count(
        &convention,
        &format!("uai:{lyon}"),
        old,
        &[],
        Some(1_000_000),
    )
    .await;
    let ministry = service.ministry();
    for (report, reports, schools, pupils) in [
        (department, 1, 1, json!(10)),
        (academy, 3, 2, json!(1010)),
        (region, 5, 3, json!(11_110)),
        (country, 5, 3, json!(11_110)),
    ] {
        let answer = ministry
            .get(&format!("/v1/reports/{report}"))
            .await
            .expect(200);
        let below = &answer["consolidated"];
        assert_eq!(below["reports"], reports);
        assert_eq!(below["establishments"], schools);
        assert_eq!(below["pupils"], pupils);
        assert_eq!(below["actions"], 3 * reports);
        assert_eq!(below["girls"], Value::Null, "nobody knows");
    }
}

#[actix_web::test]
async fn lines_come_flat_in_each_form_with_what_their_report_is() {
    let service = Service::start().await;
    let lyon = school(&service, 690_001, "department:069", "academy:10").await;
    let partner = id(&service.new_partner("A").await);
    let convention = service.signed_convention(&partner, json!({})).await;
    let mut all = Vec::new();
    for (territory, columns) in [
        (format!("uai:{lyon}"), json!({ "status": "validated" })),
        (
            "academy:10".into(),
            json!({ "status": "validated", "school_year": "2024-2025" }),
        ),
        ("academy:09".into(), json!({ "status": "submitted" })),
        (
            "region:84".into(),
            json!({ "status": "validated", "superseded": true }),
        ),
    ] {
        let report = service
            .stored_report(&convention, &territory, columns)
            .await;
        let lines = json!([
            { "action_type": "company_visit", "level": "3e", "academy": "academy:10", "pupils": 12, "girls": 0 },
            { "action_type": "class_talk", "level": "4e", "academy": "academy:10" },
            { "action_type": "class_talk", "academy": "academy:10", "event": "other", "hours": 7 },
        ]);
        service.stored_lines(&report, lines).await;
        all.push(report);
    }
    let ministry = service.ministry();
    let first = ministry.get("/v1/reports/lines?limit=1").await.expect(200)["data"][0].clone();
    assert_eq!(
        first,
        json!({
            "report_id": all[0], "convention_id": convention, "declination_id": null, "territory": format!("uai:{lyon}"),
            "school_year": "2025-2026", "status": "validated", "superseded": false, "action_type": "company_visit", "level": "3e",
            "moment": null, "axis": null, "academy": "academy:10", "event": null, "actions": null, "pupils": 12, "girls": 0,
            "priority_education_pupils": null, "teachers": null, "professionals": null, "companies": null, "hours": null,
            "internships_offered": null, "internships_filled": null,
        })
    );
    for (query, number) in [
        ("", 6),
        ("status=validated", 9),
        ("status=submitted", 3),
        ("status=validated,submitted", 12),
        ("action_type=class_talk", 4),
        ("level=3e,4e", 4),
        ("school_year=2024-2025", 3),
        ("territory=academy:10", 6),
        (&format!("territory=uai:{lyon}"), 3),
        (&format!("convention_id={}", crate::support::absent()), 0),
        ("sort=-report_id", 6),
    ] {
        for limit in [1, 2, 200] {
            let rows = ministry
                .all(&format!("/v1/reports/lines?limit={limit}&{query}"))
                .await;
            assert_eq!(rows.len(), number, "{query} by {limit}");
        }
        let count = ministry
            .get(&format!(
                "/v1/reports/lines/count?{}",
                query.replace("sort=-report_id", "")
            ))
            .await;
        assert_eq!(count.expect(200)["count"], json!(number), "{query}");
    }
    let csv = ministry
        .request("GET", "/v1/reports/lines")
        .header("accept", "text/csv")
        .send()
        .await;
    let mut lines = csv.text().split("\r\n");
    assert_eq!(
        lines.next().unwrap(),
        "report_id,convention_id,declination_id,territory,school_year,status,superseded,action_type,level,moment,axis,academy,event,\
         actions,pupils,girls,priority_education_pupils,teachers,professionals,companies,hours,internships_offered,internships_filled"
    );
    assert!(
        lines
            .next()
            .unwrap()
            .ends_with(",company_visit,3e,,,academy:10,,,12,0,,,,,,,")
    );
    let ndjson = ministry
        .request("GET", "/v1/reports/lines")
        .header("accept", "application/x-ndjson")
        .send()
        .await;
    assert_eq!(ndjson.text().lines().count(), 6);
    assert_eq!(
        serde_json::from_str::<Value>(ndjson.text().lines().next().unwrap()).unwrap(),
        first
    );
    assert_eq!(
        service.school(&lyon).all("/v1/reports/lines").await.len(),
        3
    );
    assert_eq!(
        service
            .academy("academy:09")
            .all("/v1/reports/lines?status=submitted")
            .await
            .len(),
        3
    );
    for caller in [service.partner(&partner), service.reader()] {
        caller
            .get("/v1/reports/lines")
            .await
            .problem(403, "forbidden");
        caller
            .get("/v1/reports/lines/count")
            .await
            .problem(403, "forbidden");
    }
}

/// Many reports of other years and a school, each with these lines, validated.
async fn many(service: &Service, convention: &str, reports: i32, lines: i32) {
    const REPORTS: &str = "
        WITH new AS (
            INSERT INTO reports (id, convention_id, territory, reach, school_year, number, status, superseded, establishments,
                                 narrative, authors, validated_at, created_at, updated_at)
            SELECT gen_random_uuid(), $1::text::uuid, 'academy:10', ARRAY['academy:10', 'region:84', 'FR'], '2025-2026', n,
                   'validated', n < $2, '{}', '{}', '{}', now(), now(), now()
              FROM generate_series(1, $2) AS n RETURNING id)
        INSERT INTO report_lines (report_id, place, action_type, level, academy, pupils)
        SELECT id, place, 'company_visit', 'level-' || place, 'academy:10', place FROM new, generate_series(1, $3) AS place";
    let sql = service.sql().await;
    sql.execute(REPORTS, &[&convention, &reports, &lines])
        .await
        .expect("reports");
}

#[actix_web::test]
async fn a_large_export_has_each_line_once_in_its_order_in_each_form() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let convention = service.signed_convention(&partner, json!({})).await;
    many(&service, &convention, 40, 500).await;
    let ministry = service.ministry();
    let ask = |accept: &'static str| {
        let path = "/v1/reports/lines?status=validated";
        ministry
            .request("GET", path)
            .header("accept", accept)
            .send()
    };
    let ndjson = ask("application/x-ndjson").await;
    let rows: Vec<Value> = ndjson
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len(), 20_000);
    let places: Vec<(String, i64)> = rows
        .iter()
        .map(|row| {
            (
                row["report_id"].as_str().unwrap().to_owned(),
                row["pupils"].as_i64().unwrap(),
            )
        })
        .collect();
    assert!(
        places.is_sorted() && places.windows(2).all(|two| two[0] != two[1]),
        "each once, in order"
    );
    let csv = ask("text/csv").await;
    assert_eq!(csv.text().lines().count(), 20_001);
    let first: Vec<&str> = csv
        .text()
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .collect();
    assert!(first.iter().zip(&places).all(|(id, place)| **id == place.0));
}

#[actix_web::test]
async fn the_versions_of_a_report_are_a_list_like_any_other() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let convention = service.signed_convention(&partner, json!({})).await;
    many(&service, &convention, 120, 2).await;
    let lyon = service.academy("academy:10");
    let first = lyon.get("/v1/reports?limit=1").await.expect(200)["data"][0].clone();
    let path = format!("/v1/reports/{}/versions", id(&first));
    let numbers = |rows: &[Value]| {
        rows.iter()
            .map(|row| row["version"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    let down: Vec<i64> = (1..=120).rev().collect();
    assert_eq!(numbers(&lyon.all(&format!("{path}?limit=50")).await), down);
    assert_eq!(
        numbers(&lyon.all(&format!("{path}?sort=version")).await),
        (1..=120).collect::<Vec<_>>()
    );
    let stream = lyon
        .request("GET", &path)
        .header("accept", "application/x-ndjson")
        .send()
        .await;
    let rows: Vec<Value> = stream
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(numbers(&rows), down);
    assert!(
        rows.iter()
            .all(|row| row["lines"].as_array().unwrap().len() == 2)
    );
    for accept in ["application/json", "text/csv", "application/x-ndjson"] {
        let request = service
            .academy("academy:09")
            .request("GET", &path)
            .header("accept", accept);
        request.send().await.problem(404, "not_found");
    }
}
