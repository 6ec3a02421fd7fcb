//! Campaigns: what is expected, what is missing, and that nothing is written once one is closed.

use serde_json::{Value, json};

use crate::support::{Service, id, uai};

const YEAR: &str = "2025-2026";

fn campaign() -> Value {
    json!({ "school_year": YEAR, "opens_on": "2026-05-04", "due_on": "2026-09-30" })
}

/// A national convention in force since 2020, with its partner.
async fn convention(service: &Service) -> String {
    let partner = id(&service.new_partner("Partenaire").await);
    service.signed_convention(&partner, json!({})).await
}

async fn opened(service: &Service) -> String {
    let answer = service.ministry().post("/v1/campaigns", campaign()).await;
    id(&answer.expect(201))
}

fn academies(codes: &[&str]) -> Value {
    json!({ "level": "academy", "territories": codes })
}

/// `territory state` of all that is expected, those of conventions first.
async fn expected(service: &Service, campaign: &str, query: &str) -> Vec<String> {
    let path = format!("/v1/campaigns/{campaign}/expected-reports?{query}");
    let rows = service.ministry().all(&path).await;
    let told = |row: &Value| {
        let of = if row["declination_id"].is_null() {
            "convention"
        } else {
            "declination"
        };
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        format!("{of} {} {}", text("territory"), text("state"))
    };
    rows.iter().map(told).collect()
}

async fn progress(service: &Service, campaign: &str) -> Value {
    let path = format!("/v1/campaigns/{campaign}/progress");
    service.ministry().get(&path).await.expect(200)
}

#[tokio::test]
async fn a_campaign_expects_a_report_of_each_convention_and_declination_in_force_that_year() {
    let service = Service::start().await;
    let convention = convention(&service).await;
    let partner = id(&service.new_partner("Autre").await);
    let over = json!({ "ends_on": "2024-12-31" });
    service.signed_convention(&partner, over).await;
    service
        .active_declination(&convention, academies(&["academy:08", "academy:10"]))
        .await;
    let later =
        json!({ "level": "academy", "territories": ["academy:09"], "starts_on": "2026-09-01" });
    service.active_declination(&convention, later).await;
    let region = json!({ "level": "academic_region", "territories": ["region:32"], "ends_on": "2025-10-15" });
    service.active_declination(&convention, region).await;

    let campaign = opened(&service).await;
    let all = expected(&service, &campaign, "").await;
    let wanted = [
        "convention FR missing",
        "declination academy:08 missing",
        "declination academy:10 missing",
        "declination region:32 missing",
    ];
    assert_eq!(all, wanted);
    let partial = service
        .ministry()
        .all(&format!(
            "/v1/campaigns/{campaign}/expected-reports?territory=region:32"
        ))
        .await;
    assert_eq!(partial[0]["starts_on"], "2025-09-01");
    assert_eq!(partial[0]["ends_on"], "2025-10-15");
}

#[tokio::test]
async fn what_is_activated_or_ends_while_the_campaign_is_open_is_expected_or_no_longer() {
    let service = Service::start().await;
    let convention = convention(&service).await;
    let campaign = opened(&service).await;
    assert_eq!(
        expected(&service, &campaign, "").await,
        ["convention FR missing"]
    );

    service
        .active_declination(&convention, academies(&["academy:10"]))
        .await;
    let both = ["convention FR missing", "declination academy:10 missing"];
    assert_eq!(expected(&service, &campaign, "").await, both);

    let end = json!({ "on": "2026-12-31", "party": "Ministère", "kind": "mutual" });
    let path = format!("/v1/conventions/{convention}/terminate");
    service.ministry().post(&path, end).await.expect(200);
    assert_eq!(
        expected(&service, &campaign, "").await,
        both,
        "in force that year all the same"
    );
    service
        .sql()
        .await
        .execute(
            "UPDATE conventions SET termination = jsonb_set(termination, '{on}', '\"2025-06-30\"')",
            &[],
        )
        .await
        .expect("ended before");
    assert!(expected(&service, &campaign, "").await.is_empty());
}

#[tokio::test]
async fn what_a_closed_campaign_expected_stays_until_it_is_reopened() {
    let service = Service::start().await;
    let convention = convention(&service).await;
    let campaign = opened(&service).await;
    let path = |step: &str| format!("/v1/campaigns/{campaign}/{step}");
    let ministry = service.ministry();
    let closed = ministry.post(&path("close"), json!({})).await.expect(200);
    assert_eq!(closed["status"], "closed");
    assert_eq!(closed["allowed_actions"], json!(["reopen"]));
    service
        .active_declination(&convention, academies(&["academy:10"]))
        .await;
    assert_eq!(
        expected(&service, &campaign, "").await,
        ["convention FR missing"]
    );

    let twice = ministry.post(&path("close"), json!({})).await;
    twice.problem(409, "invalid_transition");
    let mute = ministry.post(&path("reopen"), json!({})).await;
    assert_eq!(mute.faults(), ["/reason required"]);
    let reason = json!({ "reason": "Retard à Lyon" });
    let open = ministry.post(&path("reopen"), reason).await.expect(200);
    assert_eq!(open["reopen_reason"], "Retard à Lyon");
    assert_eq!(expected(&service, &campaign, "").await.len(), 2);
}

#[tokio::test]
async fn progress_counts_where_reports_stand_by_region_academy_and_convention() {
    let service = Service::start().await;
    let convention = convention(&service).await;
    let codes = ["academy:06", "academy:08", "academy:09", "academy:10"];
    let declination = service
        .active_declination(&convention, academies(&codes))
        .await;
    for (code, status) in codes
        .iter()
        .zip(["draft", "returned", "submitted", "validated"])
    {
        let columns = json!({ "declination_id": declination, "status": status });
        service.stored_report(&convention, code, columns).await;
    }
    // Of the same place and year, but on the convention itself: another report.
    service
        .stored_report(&convention, "academy:10", json!({}))
        .await;
    let campaign = opened(&service).await;
    let progress = progress(&service, &campaign).await;
    for (name, count) in [
        ("expected", 5),
        ("missing", 1),
        ("drafted", 2),
        ("returned", 1),
        ("submitted", 1),
        ("validated", 1),
        ("late", 3),
    ] {
        assert_eq!(progress[name], count, "{name}");
    }
    assert_eq!(progress["completeness_rate"], 0.2);
    let named = |list: &str, name: &str| -> Vec<String> {
        let rows = progress[list].as_array().unwrap().iter();
        rows.map(|row| format!("{} {}", row[name].as_str().unwrap(), row["expected"]))
            .collect()
    };
    let each: Vec<String> = codes.iter().map(|code| format!("{code} 1")).collect();
    assert_eq!(named("by_academy", "territory"), each);
    assert_eq!(
        named("by_academic_region", "territory"),
        ["region:32 1", "region:84 3"]
    );
    assert_eq!(
        progress["by_convention"][0]["convention_id"],
        convention.as_str()
    );
    assert_eq!(progress["by_convention"][0]["expected"], 5);

    let late = expected(&service, &campaign, "late=true&territory=region:84").await;
    assert_eq!(
        late,
        [
            "declination academy:06 draft",
            "declination academy:08 returned"
        ]
    );
    let count = format!("/v1/campaigns/{campaign}/expected-reports/count?late=false");
    assert_eq!(service.ministry().get(&count).await.expect(200)["count"], 2);
}

#[tokio::test]
async fn a_validated_report_under_correction_is_not_missing() {
    let service = Service::start().await;
    let convention = convention(&service).await;
    let first = service
        .stored_report(&convention, "FR", json!({ "status": "validated" }))
        .await;
    let correction = json!({ "number": 2, "supersedes_id": first });
    service.stored_report(&convention, "FR", correction).await;
    let campaign = opened(&service).await;
    assert_eq!(
        expected(&service, &campaign, "").await,
        ["convention FR validated"]
    );
}

#[tokio::test]
async fn an_academy_reads_the_progress_of_its_perimeter() {
    let service = Service::start().await;
    let convention = convention(&service).await;
    service
        .active_declination(&convention, academies(&["academy:09", "academy:10"]))
        .await;
    let campaign = opened(&service).await;
    let academy = service.academy("academy:10");
    let progress = academy
        .get(&format!("/v1/campaigns/{campaign}/progress"))
        .await
        .expect(200);
    assert_eq!(progress["expected"], 1);
    let rows = academy
        .all(&format!("/v1/campaigns/{campaign}/expected-reports"))
        .await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["territory"], "academy:10");
    let region = service.academy("region:84");
    let rows = region
        .all(&format!("/v1/campaigns/{campaign}/expected-reports"))
        .await;
    assert_eq!(rows.len(), 1);
}

#[tokio::test]
async fn once_the_campaign_is_closed_no_report_of_its_year_is_written_and_what_was_handed_in_is_validated()
 {
    let service = Service::start().await;
    let convention = convention(&service).await;
    let school = uai(690_001);
    service
        .new_school(&school, "department:069", "academy:10")
        .await;
    let place = format!("uai:{school}");
    let other = uai(690_002);
    service
        .new_school(&other, "department:069", "academy:10")
        .await;
    let submitted = service
        .stored_report(&convention, &place, json!({ "status": "submitted" }))
        .await;
    let draft = service
        .stored_report(&convention, &format!("uai:{other}"), json!({}))
        .await;
    let campaign = opened(&service).await;
    let close = format!("/v1/campaigns/{campaign}/close");
    service.ministry().post(&close, json!({})).await.expect(200);

    let author = service.school(&other);
    let new =
        json!({ "convention_id": convention, "territory": "academy:10", "school_year": YEAR });
    let academy = service.academy("academy:10");
    academy
        .post("/v1/reports", new)
        .await
        .problem(409, "campaign_closed");
    let path = format!("/v1/reports/{draft}");
    let change = json!({ "narrative": { "results": "Trop tard" } });
    author
        .patch(&path, change)
        .await
        .problem(409, "campaign_closed");
    let submit = format!("{path}/submit");
    author
        .post(&submit, json!({}))
        .await
        .problem(409, "campaign_closed");
    let sent_back = academy
        .post(
            &format!("/v1/reports/{submitted}/return"),
            json!({ "reason": "À revoir" }),
        )
        .await;
    sent_back.problem(409, "campaign_closed");
    assert_eq!(
        author.get(&path).await.expect(200)["allowed_actions"],
        json!(["delete"])
    );
    let read = academy
        .get(&format!("/v1/reports/{submitted}"))
        .await
        .expect(200);
    assert_eq!(read["allowed_actions"], json!(["validate"]));
    let validate = format!("/v1/reports/{submitted}/validate");
    academy.post(&validate, json!({})).await.expect(200);
    // Corrections too.
    let correction =
        json!({ "convention_id": convention, "territory": place, "school_year": YEAR });
    let school = service.school(&school);
    school
        .post("/v1/reports", correction.clone())
        .await
        .problem(409, "campaign_closed");

    let reopen = format!("/v1/campaigns/{campaign}/reopen");
    let reason = json!({ "reason": "Correction demandée" });
    service.ministry().post(&reopen, reason).await.expect(200);
    school.post("/v1/reports", correction).await.expect(201);
    let events = service.ministry().all_changes("campaign").await;
    let types: Vec<&str> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        types,
        ["campaign.created", "campaign.closed", "campaign.reopened"]
    );
}

#[tokio::test]
async fn a_year_has_one_campaign_and_its_days_follow_each_other() {
    let service = Service::start().await;
    let campaign = opened(&service).await;
    let ministry = service.ministry();
    let again = ministry
        .post("/v1/campaigns", campaign_of("2025-2026"))
        .await;
    again.problem(409, "duplicate_campaign");
    let disordered = json!({ "school_year": YEAR, "opens_on": "2024-01-01", "due_on": "2023-01-01", "closed_at": null, "nope": 1 });
    let faults = ministry.post("/v1/campaigns", disordered).await.faults();
    assert_eq!(
        faults,
        [
            "/closed_at read_only",
            "/due_on before_start",
            "/nope unknown_field",
            "/opens_on before_start"
        ]
    );

    let path = format!("/v1/campaigns/{campaign}");
    let change = ministry
        .patch(&path, json!({ "due_on": "2026-10-15" }))
        .await;
    assert_eq!(change.expect(200)["due_on"], "2026-10-15");
    let year = ministry
        .patch(&path, json!({ "school_year": "2024-2025" }))
        .await;
    assert_eq!(year.faults(), ["/school_year part_of_the_key"]);
    let same = ministry.patch(&path, json!({ "school_year": YEAR })).await;
    same.expect(200);
}

fn campaign_of(year: &str) -> Value {
    let mut body = campaign();
    body["school_year"] = json!(year);
    body
}

#[tokio::test]
async fn a_campaign_that_opens_beside_an_activation_misses_nothing() {
    let service = Service::start().await;
    let convention = convention(&service).await;
    let ministry = service.ministry();
    for round in 0..8 {
        let code = format!("academy:{:02}", [1, 2, 3, 4, 6, 7, 8, 9][round]);
        let body = json!({ "convention_id": convention, "level": "academy", "territories": [code], "starts_on": "2020-09-01" });
        let declination = id(&ministry.post("/v1/declinations", body).await.expect(201));
        let year = format!("{}-{}", 2030 + round, 2031 + round);
        let new = json!({ "school_year": year, "opens_on": format!("{}-09-01", 2030 + round), "due_on": "2050-01-01" });
        let activate = format!("/v1/declinations/{declination}/activate");
        let (active, opened) = tokio::join!(
            ministry.post(&activate, json!({})),
            ministry.post("/v1/campaigns", new)
        );
        active.expect(200);
        let campaign = id(&opened.expect(201));
        let all = expected(&service, &campaign, "").await;
        assert!(
            all.contains(&format!("declination {code} missing")),
            "{code}: {all:?}"
        );
    }
}
