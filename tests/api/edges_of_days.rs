//! The day before, the day, the day after: what begins, ends or is late does so on its very day, in the
//! database's rules and in what is answered.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use crate::support::{Caller, Service, id, intervention};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

/// What an SQL expression is on the day before, the day and the day after, as text.
async fn around(service: &Service, expression: &str, on: &str) -> [Option<String>; 3] {
    let sql = service.sql().await;
    let query = expression.replace("{day}", "$1::text::date");
    let query = format!("SELECT ({query})::text");
    let mut found = [const { None }; 3];
    for (place, found) in found.iter_mut().enumerate() {
        let asked = day(on) + Days::new(u64::try_from(place).unwrap()) - Days::new(1);
        let row = sql.query_one(&query, &[&asked.to_string()]).await;
        *found = row.expect(&query).get(0);
    }
    found
}

/// Moves the service's clock to noon of a day.
fn travel_to(service: &Service, day: NaiveDate) {
    let noon = day.and_hms_opt(12, 0, 0).unwrap().and_utc();
    let clock = &service.shared.clock;
    clock.travel(noon - clock.now());
}

fn today(service: &Service) -> NaiveDate {
    service.shared.clock.now().date_naive()
}

#[actix_web::test]
async fn the_databases_rules_change_on_their_very_day() {
    let service = Service::start().await;
    let effective = |status: &str, last: &str, termination: &str, replaced: &str| {
        format!(
            "convention_effective_status('{status}', '2024-09-01', {last}, {termination}, {replaced}, {{day}})"
        )
    };
    let terminated = effective(
        "terminated",
        "'2025-06-30'",
        "'{\"on\": \"2025-06-30\"}'::jsonb",
        "NULL",
    );
    let replaced = effective("replaced", "'2025-08-31'", "NULL", "'2025-09-01'::date");
    let expired = effective("signed", "'2026-08-31'::date", "NULL", "NULL");
    let endless = effective("signed", "NULL", "NULL", "NULL");
    let offer = |ends: &str, from: &str, until: &str| {
        format!("intervention_status(NULL, {ends}, {from}, {until}, '{{}}', false, {{day}})")
    };
    let carried = |status: &str| {
        format!(
            "declination_in_force('{status}', '2025-01-10', '2025-06-30', '2025-05-01T00:30:00+02:00', {{day}})"
        )
    };
    let tacit = "'{\"mode\": \"tacit\", \"months\": 12, \"max_times\": 2}'::jsonb";
    let renewals = format!("convention_renewals('2025-12-31', {tacit}, {{day}})");
    let period = format!("convention_period_end('2025-12-31', {tacit}, {{day}})");
    for (expression, on, expected) in [
        (&endless, "2024-09-01", ["upcoming", "in_force", "in_force"]),
        (
            &terminated,
            "2025-06-30",
            ["in_force", "in_force", "terminated"],
        ),
        (
            &replaced,
            "2025-09-01",
            ["in_force", "replaced", "replaced"],
        ),
        (&expired, "2026-08-31", ["in_force", "in_force", "expired"]),
        (
            &offer("'2026-01-31'::date", "'2020-01-01'::date", "NULL"),
            "2026-01-31",
            ["published", "published", "expired"],
        ),
        (
            &offer("NULL", "'2026-01-31'::date", "NULL"),
            "2026-01-31",
            ["withheld", "published", "published"],
        ),
        (
            &offer("NULL", "'2020-01-01'::date", "'2026-01-31'::date"),
            "2026-01-31",
            ["published", "published", "withheld"],
        ),
        (&carried("active"), "2025-01-10", ["false", "true", "true"]),
        (&carried("active"), "2025-06-30", ["true", "true", "false"]),
        (&carried("closed"), "2025-05-01", ["true", "false", "false"]),
        (&carried("draft"), "2025-03-01", ["false", "false", "false"]),
        (
            &carried("abandoned"),
            "2025-03-01",
            ["false", "false", "false"],
        ),
        (&renewals, "2025-12-31", ["0", "0", "1"]),
        (&renewals, "2026-12-31", ["1", "1", "2"]),
        (&renewals, "2027-12-31", ["2", "2", "2"]),
        (
            &period,
            "2025-12-31",
            ["2025-12-31", "2025-12-31", "2026-12-31"],
        ),
        (
            &period,
            "2026-12-31",
            ["2026-12-31", "2026-12-31", "2027-12-31"],
        ),
        (
            &period,
            "2027-12-31",
            ["2027-12-31", "2027-12-31", "2027-12-31"],
        ),
    ] {
        let found = around(&service, expression, on).await;
        let expected = expected.map(|text| Some(text.to_owned()));
        assert_eq!(found, expected, "{expression} around {on}");
    }
}

#[actix_web::test]
async fn a_conventions_answer_changes_on_the_very_day_also_after_its_last_renewal() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let renewal = json!({ "mode": "tacit", "months": 12, "max_times": 2 });
    let with =
        json!({ "ends_on": "2025-12-31", "terms": { "renewal": renewal, "notice_months": 3 } });
    let tacit = service.signed_convention(&partner, with).await;
    let ministry = service.ministry();
    for (on, status, end) in [
        ("2025-12-31", "in_force", "2025-12-31"),
        ("2026-01-01", "in_force", "2026-12-31"),
        ("2026-12-31", "in_force", "2026-12-31"),
        ("2027-01-01", "in_force", "2027-12-31"),
        ("2027-12-31", "in_force", "2027-12-31"),
        ("2028-01-01", "expired", "2027-12-31"),
    ] {
        let path = format!("/v1/conventions/{tacit}?at={on}");
        let told = ministry.get(&path).await.expect(200);
        let told = (&told["effective_status"], &told["effective_ends_on"]);
        assert_eq!(told, (&json!(status), &json!(end)), "{on}");
        let list = format!("/v1/conventions?in_force_on={on}");
        let is_listed = !ministry.all(&list).await.is_empty();
        assert_eq!(is_listed, status == "in_force", "{on}");
    }
}

/// A convention whose text covers third forms until tomorrow, and from then on final years alone.
async fn with_a_text_from_tomorrow(service: &Service, partner: &str) -> String {
    let with = json!({ "levels": ["3e"] });
    let convention = service.signed_convention(partner, with).await;
    let tomorrow = (today(service) + Days::new(1)).to_string();
    const AMENDED: &str = "SELECT set_convention_texts($1::text::uuid, jsonb_build_array(jsonb_build_object(
        'from', $2::text, 'partner_ids', jsonb_build_array($3::text), 'axes', '[]'::jsonb, 'action_types', '[]'::jsonb,
        'levels', '[\"tle_pro\"]'::jsonb, 'moments', '[]'::jsonb)))";
    let sql = service.sql().await;
    sql.execute(AMENDED, &[&convention, &tomorrow, &partner])
        .await
        .expect("a text");
    convention
}

#[actix_web::test]
async fn what_is_agreed_from_tomorrow_on_is_read_tomorrow_by_lists_offers_and_opportunities() {
    let service = Service::start().await;
    let [school, _] = service.new_schools([690_001, 590_001]).await;
    let levels = "UPDATE establishments SET levels = '{3e}'";
    service.sql().await.execute(levels, &[]).await.unwrap();
    travel_to(&service, today(&service));
    let partner = id(&service.new_partner("A").await);
    let convention = with_a_text_from_tomorrow(&service, &partner).await;
    let path = format!("/v1/partners/{partner}/interventions/a");
    let body = intervention(&convention, json!({}));
    service.partner(&partner).put(&path, body).await.expect(201);
    for (days, status, published, partners) in [(0, "published", 1, 1), (1, "withheld", 0, 0)] {
        service.shared.clock.travel(chrono::TimeDelta::days(days));
        let ministry = service.ministry();
        assert_eq!(ministry.get(&path).await.expect(200)["status"], status);
        let list = format!("/v1/interventions?status=published&partner_id={partner}");
        assert_eq!(ministry.all(&list).await.len(), published);
        let opportunities = format!("/v1/establishments/{school}/opportunities");
        let told = ministry.get(&opportunities).await.expect(200);
        assert_eq!(told["partners"], partners, "{told}");
        let offered = told["data"][0]["interventions_count"].as_i64();
        assert_eq!(offered.unwrap_or_default(), partners, "{told}");
    }
}

#[actix_web::test]
async fn a_school_is_told_of_declinations_that_are_active_and_of_its_levels_alone() {
    let service = Service::start().await;
    let [school, _] = service.new_schools([690_001, 590_001]).await;
    let levels = "UPDATE establishments SET levels = '{3e}'";
    service.sql().await.execute(levels, &[]).await.unwrap();
    let partner = id(&service.new_partner("A").await);
    let convention = service.signed_convention(&partner, json!({})).await;
    let (today, days) = (today(&service), Days::new);
    let opportunities = format!("/v1/establishments/{school}/opportunities");
    let ministry = service.ministry();
    for (with, is_told) in [
        (json!({ "status": "draft" }), false),
        (json!({ "status": "abandoned" }), false),
        (json!({ "status": "closed" }), false),
        (json!({ "levels": ["tle_pro"] }), false),
        (json!({ "starts_on": today + days(2) }), false),
        (json!({ "ends_on": today - days(2) }), false),
        (json!({ "levels": ["tle_pro", "3e"] }), true),
    ] {
        let declination = service
            .stored_declination(&convention, &["academy:10"], with.clone())
            .await;
        let told = ministry.get(&opportunities).await.expect(200);
        let carried = &told["data"][0]["conventions"][0];
        let reason = &carried["reasons"][0]["code"];
        if is_told {
            assert_eq!(carried["declination_id"], declination.as_str());
            assert_eq!(reason, "declined_in_academy", "{with}");
        } else {
            assert_eq!(carried["declination_id"], json!(null), "{with}");
            assert_ne!(reason, "declined_in_academy", "{with}");
        }
    }
}

#[actix_web::test]
async fn what_is_planned_is_of_the_conventions_levels() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let with = json!({ "levels": ["3e", "2de_gt"] });
    let convention = service.signed_convention(&partner, with).await;
    let planned = |levels: Value| {
        json!({ "convention_id": convention, "level": "academy", "territories": ["academy:10"], "starts_on": "2026-01-01",
                "planned_actions": [{ "title": "Visites", "action_type": "company_visit", "levels": levels }] })
    };
    let ministry = service.ministry();
    let refused = ministry
        .post("/v1/declinations", planned(json!(["3e", "tle_pro"])))
        .await;
    assert_eq!(
        refused.faults(),
        ["/planned_actions/0/levels/1 not_in_convention"]
    );
    let taken = ministry
        .post("/v1/declinations", planned(json!(["3e", "2de_gt"])))
        .await;
    taken.expect(201);
}

/// How many reports a campaign says are late, in its progress and in its list.
async fn late(ministry: &Caller, campaign: &str) -> (Value, usize) {
    let path = format!("/v1/campaigns/{campaign}");
    let progress = ministry.get(&format!("{path}/progress")).await.expect(200);
    let list = format!("{path}/expected-reports?late=true");
    let expected = ministry.all(&list).await;
    (progress["late"].clone(), expected.len())
}

#[actix_web::test]
async fn a_report_is_late_from_the_day_after_it_was_due() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let convention = service.signed_convention(&partner, json!({})).await;
    let with = json!({ "level": "academy", "territories": ["academy:10"] });
    service.active_declination(&convention, with).await;
    let due = today(&service) + Days::new(1);
    let body = json!({ "school_year": "2025-2026", "opens_on": "2026-05-04", "due_on": due });
    let opened = service.ministry().post("/v1/campaigns", body).await;
    let campaign = id(&opened.expect(201));
    let mut told = Vec::new();
    for place in 0..3 {
        travel_to(&service, due + Days::new(place) - Days::new(1));
        told.push(late(&service.ministry(), &campaign).await);
    }
    // The convention's own and its declination's.
    assert_eq!(told, [(json!(0), 0), (json!(0), 0), (json!(2), 2)]);
}
