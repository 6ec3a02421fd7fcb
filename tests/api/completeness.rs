//! Completeness: what a campaign expects, what of it is validated, and what nobody reported on.

use std::collections::BTreeMap;

use ree::auth::{Perimeter, Role};
use serde_json::{Value, json};

use crate::support::{Caller, Service, id};

const YEAR: &str = "2025-2026";

async fn open(service: &Service) -> String {
    let body = json!({ "school_year": YEAR, "opens_on": "2026-05-04", "due_on": "2026-09-30" });
    id(&service
        .ministry()
        .post("/v1/campaigns", body)
        .await
        .expect(201))
}

async fn values(caller: &Caller, query: &str) -> Value {
    let path = format!("/v1/indicators/values?school_year={YEAR}&{query}");
    caller.get(&path).await.expect(200)
}

/// `[expected, expected_validated, validated]` of each cell.
fn by(answer: &Value, name: &str) -> BTreeMap<String, Value> {
    let rows = answer["data"].as_array().expect("cells").iter();
    rows.map(|row| {
        let key = row["key"][name].as_str().unwrap_or("-").to_owned();
        (key, told(&row["completeness"]))
    })
    .collect()
}

fn told(completeness: &Value) -> Value {
    json!([
        completeness["expected"],
        completeness["expected_validated"],
        completeness["validated"]
    ])
}

/// A validated report with one line, expected or not.
async fn reported(service: &Service, convention: &str, place: &str, with: Value, line: Value) {
    let with = crate::support::merged(json!({ "status": "validated" }), with);
    let report = service.stored_report(convention, place, with).await;
    service.stored_lines(&report, json!([line])).await;
}

#[actix_web::test]
async fn what_nobody_reported_on_is_a_cell_whatever_lines_are_asked_for() {
    let service = Service::start().await;
    let (_, convention) = service.signed_partner("Partenaire", json!({})).await;
    let codes = ["academy:08", "academy:09", "academy:10"];
    let declination = service
        .stored_declination(&convention, &codes, json!({}))
        .await;
    let ministry = service.ministry();
    let before = values(&ministry, "measures=pupils&group_by=academy").await;
    assert_eq!(before["data"], json!([]));
    assert_eq!(
        told(&before["totals"]["completeness"]),
        json!([null, null, 0])
    );
    open(&service).await;
    let on = json!({ "declination_id": declination });
    let line = json!({ "action_type": "class_talk", "level": "3e", "academy": "academy:10", "pupils": 30 });
    reported(&service, &convention, "academy:10", on, line).await;
    // Nobody expects the one on the convention itself.
    let line =
        json!({ "action_type": "class_talk", "level": "4e", "academy": "academy:11", "pupils": 5 });
    reported(&service, &convention, "academy:11", json!({}), line).await;
    for filter in [
        "",
        "&level=3e",
        "&level=4e",
        "&action_type=class_talk",
        "&axis=internships",
        "&event=other",
    ] {
        let answer = values(
            &ministry,
            &format!("measures=pupils&group_by=academy{filter}"),
        )
        .await;
        let cells = by(&answer, "academy");
        for missing in ["academy:08", "academy:09"] {
            assert_eq!(cells[missing], json!([1, 0, 0]), "{filter}");
        }
        let lines = i64::from(["", "&level=3e", "&action_type=class_talk"].contains(&filter));
        assert_eq!(
            cells["academy:10"],
            json!([1, 1, lines]),
            "{filter}: expected whole"
        );
        assert_eq!(cells["-"], json!([1, 0, 0]), "the country's own");
        let counted = cells.get("academy:11").cloned();
        if ["", "&level=4e", "&action_type=class_talk"].contains(&filter) {
            assert_eq!(counted, Some(json!([0, 0, 1])), "nothing is expected there");
        } else {
            assert_eq!(counted, None, "{filter}");
        }
        let alone = values(&ministry, &format!("measures=pupils{filter}")).await;
        assert_eq!(answer["totals"], alone["totals"]);
    }
    let rates = values(
        &ministry,
        "measures=completeness_rate,reports_expected&group_by=academy",
    )
    .await;
    let rates: Vec<Value> = rates["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| cell["values"].clone())
        .collect();
    assert_eq!(
        rates,
        [
            json!({ "completeness_rate": 0.0, "reports_expected": 1 }),
            json!({ "completeness_rate": 0.0, "reports_expected": 1 }),
            json!({ "completeness_rate": 1.0, "reports_expected": 1 }),
            json!({ "completeness_rate": null, "reports_expected": 0 }),
            json!({ "completeness_rate": 0.0, "reports_expected": 1 }),
        ]
    );
    // A year without a campaign expects nothing, beside one that has one.
    let years = ministry
        .get("/v1/indicators/values?measures=pupils&group_by=school_year,academy&school_year=2025-2026,2024-2025")
        .await
        .expect(200);
    let of_before = json!({ "school_year": "2024-2025" });
    reported(
        &service,
        &convention,
        "academy:10",
        of_before,
        json!({ "action_type": "class_talk", "academy": "academy:10" }),
    )
    .await;
    assert!(
        years["data"]
            .as_array()
            .unwrap()
            .iter()
            .all(|cell| cell["key"]["school_year"] == YEAR)
    );
    let before = ministry
        .get("/v1/indicators/values?measures=pupils&group_by=school_year&school_year=2025-2026,2024-2025")
        .await
        .expect(200);
    let cells = by(&before, "school_year");
    assert_eq!(cells["2024-2025"], json!([null, null, 1]));
    assert_eq!(cells[YEAR], json!([4, 1, 2]));
}

#[actix_web::test]
async fn overseas_services_stand_under_the_country_by_region_and_null_is_national_action() {
    let service = Service::start().await;
    let (_, convention) = service.signed_partner("Partenaire", json!({})).await;
    let declination = service
        .stored_declination(&convention, &["academy:40", "academy:41"], json!({}))
        .await;
    open(&service).await;
    let on = json!({ "declination_id": declination });
    let line = json!({ "action_type": "class_talk", "academy": "academy:40", "pupils": 12 });
    reported(&service, &convention, "academy:40", on, line).await;
    reported(
        &service,
        &convention,
        "FR",
        json!({}),
        json!({ "action_type": "standards_contribution", "actions": 1 }),
    )
    .await;
    let answer = values(
        &service.ministry(),
        "measures=pupils,actions&group_by=academic_region",
    )
    .await;
    let cells = by(&answer, "academic_region");
    assert_eq!(cells.len(), 2, "{cells:?}");
    assert_eq!(cells["FR"], json!([2, 1, 1]));
    assert_eq!(cells["-"], json!([1, 1, 1]));
    assert_eq!(
        answer["data"][0]["values"],
        json!({ "pupils": 12, "actions": null })
    );
}

#[actix_web::test]
async fn the_schools_that_a_declination_has_report_are_expected_and_read_their_campaign() {
    let service = Service::start().await;
    let (_, convention) = service.signed_partner("Partenaire", json!({})).await;
    let uais = service.new_schools([690_001, 690_002, 380_001]).await;
    let [lyon, other, grenoble] = uais.each_ref().map(|uai| format!("uai:{uai}"));
    let sql = service.sql().await;
    sql.batch_execute("UPDATE establishments SET levels = ARRAY['3e']")
        .await
        .unwrap();
    let body = json!({ "convention_id": convention, "level": "academy", "territories": ["academy:10"],
        "starts_on": "2025-09-01", "reports_by": "school" });
    let refused = service
        .ministry()
        .post("/v1/declinations", body.clone())
        .await;
    refused.problem(422, "validation_failed");
    assert_eq!(refused.faults(), ["/reports_by unknown_code"]);
    let with = json!({ "level": "academy", "territories": ["academy:10"], "starts_on": "2025-09-01", "reports_by": "establishment" });
    let declination = service.active_declination(&convention, with).await;
    let campaign = open(&service).await;
    let path = format!("/v1/campaigns/{campaign}/expected-reports");
    let places = async |caller: &Caller| -> Vec<String> {
        let rows = caller.all(&path).await;
        rows.iter()
            .map(|row| row["territory"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = places(&service.ministry()).await;
    assert_eq!(
        all,
        ["FR".to_owned(), lyon.clone(), other.clone()],
        "the academy itself reports no more"
    );
    let school = service.school(&uais[0]);
    assert_eq!(places(&school).await, [lyon.as_str()]);
    school
        .get(&format!("/v1/campaigns/{campaign}"))
        .await
        .expect(200);
    assert_eq!(school.all("/v1/campaigns").await.len(), 1);
    let progress = school
        .get(&format!("/v1/campaigns/{campaign}/progress"))
        .await
        .expect(200);
    assert_eq!(
        (&progress["expected"], &progress["missing"]),
        (&json!(1), &json!(1))
    );
    let elsewhere = service.school(&uais[2]);
    assert!(places(&elsewhere).await.is_empty(), "{grenoble}");
    // Its report, validated: counted where it is expected, once, corrections included.
    for pupils in [30, 31] {
        let line = json!([{ "action_type": "class_talk", "level": "3e", "pupils": pupils }]);
        let body = json!({ "convention_id": convention, "declination_id": declination, "territory": lyon,
            "school_year": YEAR, "lines": line, "establishments": [uais[0]] });
        let report = id(&school.post("/v1/reports", body).await.expect(201));
        school
            .post(&format!("/v1/reports/{report}/submit"), json!({}))
            .await
            .expect(200);
        let perimeter = Perimeter {
            territories: Some(vec!["academy:10".to_owned()]),
            ..Perimeter::default()
        };
        let validator = service.somebody("validator", Role::Academy, perimeter);
        validator
            .post(&format!("/v1/reports/{report}/validate"), json!({}))
            .await
            .expect(200);
    }
    let answer = values(&service.ministry(), "measures=pupils&group_by=academy").await;
    assert_eq!(by(&answer, "academy")["academy:10"], json!([2, 1, 1]));
    assert_eq!(
        told(&values(&school, "measures=pupils").await["totals"]["completeness"]),
        json!([1, 1, 1])
    );
    // What the directory closes is expected no more; what reports again by its territory is.
    sql.batch_execute(&format!("UPDATE establishments SET state = 'closed' WHERE uai = '{}'; SELECT follow_schools(NULL, NULL)", uais[1]))
        .await
        .unwrap();
    assert_eq!(
        places(&service.ministry()).await,
        ["FR".to_owned(), lyon.clone()]
    );
    assert_eq!(
        by(
            &values(&service.ministry(), "measures=pupils&group_by=academy").await,
            "academy"
        )["academy:10"],
        json!([1, 1, 1])
    );
    let due = service
        .ministry()
        .all("/v1/deadlines?kind=report_due")
        .await;
    let is_its =
        |one: &Value| one["object"]["id"] == declination.as_str() && one["school_year"] == YEAR;
    assert!(
        !due.iter().any(is_its),
        "its one open school has reported: {due:?}"
    );
    let [late] = service.new_schools([690_009]).await;
    sql.batch_execute(&format!("UPDATE establishments SET levels = ARRAY['3e'] WHERE uai = '{late}'; SELECT follow_schools(NULL, NULL)"))
        .await
        .unwrap();
    for caller in [
        service.ministry(),
        service.academy("academy:10"),
        service.school(&late),
    ] {
        let due = caller.all("/v1/deadlines?kind=report_due").await;
        let due = due.iter().find(|one| is_its(one)).expect("its deadline");
        assert_eq!(due["territories"], json!([format!("uai:{late}")]));
    }
    sql.batch_execute(&format!("UPDATE establishments SET state = 'closed' WHERE uai = '{late}'; SELECT follow_schools(NULL, NULL)"))
        .await
        .unwrap();
    let change = json!({ "reports_by": "territory" });
    service
        .ministry()
        .patch(&format!("/v1/declinations/{declination}"), change)
        .await
        .expect(200);
    assert_eq!(places(&service.ministry()).await, ["FR", "academy:10"]);
    assert_eq!(
        by(
            &values(&service.ministry(), "measures=pupils&group_by=academy").await,
            "academy"
        )["academy:10"],
        json!([1, 0, 1])
    );
}

#[actix_web::test]
async fn a_declination_is_held_against_what_its_territory_did_under_it() {
    let service = Service::start().await;
    let (partner, convention) = service.signed_partner("Partenaire", json!({})).await;
    let target = |measure: &str, value: f64, territory: Option<&str>| json!({ "measure": measure, "school_year": YEAR, "value": value, "territory": territory });
    let aims = json!([
        target("pupils", 200.0, None),
        target("girls_share", 0.5, None),
        target("pupils", 40.0, Some("academy:10"))
    ]);
    let region = service
        .stored_declination(
            &convention,
            &["region:84"],
            json!({ "level": "academic_region", "targets": aims }),
        )
        .await;
    let own = json!([
        target("actions", 4.0, None),
        target("coverage_rate", 1.0, None)
    ]);
    let academy = service
        .stored_declination(
            &convention,
            &["academy:10"],
            json!({ "parent_id": region, "targets": own }),
        )
        .await;
    let line = |academy: &str, pupils: u32, girls: u32| json!({ "action_type": "class_talk", "academy": academy, "actions": 2, "pupils": pupils, "girls": girls });
    let on = |declination: &str| json!({ "declination_id": declination });
    reported(
        &service,
        &convention,
        "region:84",
        on(&region),
        line("academy:08", 60, 15),
    )
    .await;
    reported(
        &service,
        &convention,
        "academy:10",
        on(&academy),
        line("academy:10", 20, 5),
    )
    .await;
    // Under the convention, and not under either.
    reported(
        &service,
        &convention,
        "academy:10",
        json!({}),
        line("academy:10", 500, 250),
    )
    .await;
    let read = async |caller: &Caller, declination: &str| {
        let path = format!("/v1/declinations/{declination}/progress?school_year={YEAR}");
        caller.get(&path).await.expect(200)
    };
    let told = |answer: &Value| -> Vec<Value> {
        let targets = answer["targets"].as_array().expect("targets").iter();
        targets
            .map(|one| {
                json!([
                    one["measure"],
                    one["territory"],
                    one["value"],
                    one["achieved"],
                    one["achievement_rate"]
                ])
            })
            .collect()
    };
    let ministry = service.ministry();
    let answer = read(&ministry, &region).await;
    assert_eq!(
        told(&answer),
        [
            json!(["pupils", null, 200, 80, 0.4]),
            json!(["girls_share", null, 0.5, 0.25, 0.5]),
            json!(["pupils", "academy:10", 40, 20, 0.5]),
        ]
    );
    assert_eq!(
        (
            &answer["values"]["actions"],
            &answer["values"]["reports_validated"]
        ),
        (&json!(4), &json!(2))
    );
    assert_eq!(
        answer["completeness"],
        json!({ "expected": null, "expected_validated": null, "validated": 2 })
    );
    let below = read(&ministry, &academy).await;
    assert_eq!(
        told(&below),
        [
            json!(["actions", null, 4, 2, 0.5]),
            json!(["coverage_rate", null, 1, null, null]),
        ]
    );
    open(&service).await;
    assert_eq!(
        read(&ministry, &region).await["completeness"],
        json!({ "expected": 2, "expected_validated": 2, "validated": 2 })
    );
    // An academy reads what is its own of its region's.
    let lyon = service.academy("academy:10");
    let of_region = read(&lyon, &region).await;
    assert_eq!(told(&of_region)[0][3], json!(null));
    assert_eq!(
        told(&of_region)[2],
        json!(["pupils", "academy:10", 40, 20, 0.5])
    );
    assert_eq!(
        (&of_region["values"]["pupils"], &of_region["completeness"]),
        (&json!(null), &json!(null))
    );
    assert_eq!(told(&read(&lyon, &academy).await), told(&below));
    service
        .partner(&partner)
        .get(&format!(
            "/v1/declinations/{region}/progress?school_year={YEAR}"
        ))
        .await
        .problem(403, "forbidden");
    // In the comparison, and in the summary.
    let comparison = ministry
        .get(&format!("/v1/declinations/{region}/comparison"))
        .await
        .expect(200);
    assert_eq!(told(&comparison), told(&answer));
    let unread = service
        .partner(&partner)
        .get(&format!("/v1/declinations/{region}/comparison"))
        .await
        .expect(200);
    assert!(told(&unread).iter().all(|one| one[3].is_null()));
    let summary = ministry
        .get(&format!(
            "/v1/conventions/{convention}/summary?school_year={YEAR}"
        ))
        .await
        .expect(200);
    let of_declinations: Vec<Value> = summary["targets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            json!([
                one["declination_id"],
                one["measure"],
                one["territory"],
                one["value"],
                one["result"],
                one["achievement_rate"]
            ])
        })
        .collect();
    assert_eq!(
        of_declinations[0],
        json!([region, "pupils", "region:84", 200, 80, 0.4])
    );
    assert_eq!(of_declinations.len(), 5);
    for wrong in ["", "?school_year=2025", "?school_year=2025-2026&x=1"] {
        ministry
            .get(&format!("/v1/declinations/{region}/progress{wrong}"))
            .await
            .problem(422, "validation_failed");
    }
}
