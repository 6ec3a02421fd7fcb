//! Deadlines: what falls due, when, for whom, as a list and as a calendar.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, Months, NaiveDate};
use ree::agreements::conventions::content::{Renewal, RenewalMode};
use ree::agreements::conventions::term::renewed_until;
use ree::values::{SchoolYear, today};
use serde_json::{Value, json};

use crate::support::{Caller, Service, id, merged, uai};

/// A service, a partner, and the day it is.
struct Place {
    service: Service,
    partner: String,
    today: NaiveDate,
}

impl Place {
    async fn new() -> Self {
        let service = Service::start().await;
        let partner = id(&service.new_partner("Partenaire").await);
        let today = today(service.shared.clock.now());
        Self {
            service,
            partner,
            today,
        }
    }

    fn day(&self, days: i64) -> NaiveDate {
        self.today + chrono::TimeDelta::days(days)
    }

    /// A signed convention that ends in some days.
    async fn ending(&self, days: i64, with: Value) -> String {
        let columns = merged(json!({ "ends_on": self.day(days) }), with);
        self.service.signed_convention(&self.partner, columns).await
    }

    /// A signed convention of this territory that ends in ten days.
    async fn local(&self, territory: &str) -> String {
        let reach = self.service.reach_of(&[territory]).await;
        self.ending(
            10,
            json!({ "scope": "local", "territory": territory, "reach": reach }),
        )
        .await
    }

    /// An active declination of these territories since 2020, but for what `with` says.
    async fn declination(&self, convention: &str, territories: &[&str], with: Value) -> String {
        let level = match territories[0].split(':').next() {
            Some("uai") => "establishment",
            Some("academy") => "academy",
            _ => "academic_region",
        };
        let columns = merged(json!({ "level": level }), with);
        let declination = self
            .service
            .stored_declination(convention, territories, columns);
        declination.await
    }

    /// What this caller is told, each as `kind days_left object`.
    async fn told(&self, caller: &Caller, query: &str) -> Vec<String> {
        let rows = caller
            .all(&format!("/v1/deadlines?limit=200&{query}"))
            .await;
        rows.iter()
            .map(|row| {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                format!(
                    "{} {} {}",
                    text(&row["kind"]),
                    row["days_left"],
                    text(&row["object"]["id"])
                )
            })
            .collect()
    }

    async fn ministry(&self, query: &str) -> Vec<String> {
        self.told(&self.service.ministry(), query).await
    }

    /// The school year that ended last, and the days until its reports are due.
    fn last_year(&self) -> (SchoolYear, i64) {
        let under_way = SchoolYear::of(self.today).first_day();
        let year = SchoolYear::of(under_way - Days::new(1));
        let due = NaiveDate::from_ymd_opt(under_way.year(), 10, 31).expect("a day");
        (year, (due - self.today).num_days())
    }
}

fn tacit(months: i32, most: Option<i32>, notice: Option<i32>) -> Value {
    json!({ "renewal": { "mode": "tacit", "months": months, "max_times": most }, "notice_months": notice })
}

#[actix_web::test]
async fn an_end_is_told_on_its_last_day_and_within_the_days_asked_for() {
    let place = Place::new().await;
    let last = place.ending(0, json!({})).await;
    let near = place.ending(90, json!({})).await;
    let far = place.ending(91, json!({})).await;
    place.ending(-1, json!({})).await;
    place
        .service
        .signed_convention(&place.partner, json!({}))
        .await;
    let (last, near, far) = (
        format!("convention_end 0 {last}"),
        format!("convention_end 90 {near}"),
        format!("convention_end 91 {far}"),
    );
    assert_eq!(place.ministry("").await, [last.clone(), near.clone()]);
    assert_eq!(
        place.ministry("within_days=1").await,
        std::slice::from_ref(&last)
    );
    assert_eq!(place.ministry("within_days=91").await, [last, near, far]);
}

#[actix_web::test]
async fn a_termination_and_a_successor_end_a_convention_before_its_agreed_end() {
    let place = Place::new().await;
    let successor = place
        .service
        .signed_convention(&place.partner, json!({}))
        .await;
    let termination = json!({ "on": place.day(5), "party": "A", "kind": "notice", "reason": null });
    let terminated = place
        .ending(
            40,
            json!({ "status": "terminated", "termination": termination }),
        )
        .await;
    let replaced = place
        .ending(
            40,
            json!({ "status": "replaced", "replaced_on": place.day(9), "successor_id": successor,
                    "terms": tacit(12, None, None) }),
        )
        .await;
    assert_eq!(
        place.ministry("").await,
        [
            format!("convention_end 5 {terminated}"),
            format!("convention_end 8 {replaced}"),
        ]
    );
}

#[actix_web::test]
async fn a_convention_that_renews_itself_has_a_last_day_for_notice_and_no_end() {
    let place = Place::new().await;
    let end = place.day(70);
    let renewed = place
        .ending(70, json!({ "terms": tacit(12, Some(2), Some(1)) }))
        .await;
    let notice = (end - Months::new(1) - place.today).num_days();
    assert_eq!(
        place.ministry("").await,
        [
            format!("notice {notice} {renewed}"),
            format!("tacit_renewal 71 {renewed}"),
        ]
    );
    let rows = place
        .service
        .ministry()
        .get("/v1/deadlines?kind=tacit_renewal,notice")
        .await
        .expect(200);
    let details = [&rows["data"][0]["detail"], &rows["data"][1]["detail"]];
    assert!(details[0].as_str().unwrap().contains("préavis de 1 mois"));
    assert!(
        details[1]
            .as_str()
            .unwrap()
            .contains("12 mois ; reconductions encore possibles ensuite : 1")
    );
}

#[actix_web::test]
async fn once_its_renewals_are_used_up_a_convention_ends() {
    let place = Place::new().await;
    // Agreed until a year ago, renewed once, and not again.
    let agreed = place.day(20) - Months::new(12);
    let end = agreed + Months::new(12);
    let columns = json!({ "ends_on": agreed, "terms": tacit(12, Some(1), Some(0)) });
    let over = place
        .service
        .signed_convention(&place.partner, columns)
        .await;
    let left = (end - place.today).num_days();
    assert_eq!(
        place.ministry("").await,
        [format!("convention_end {left} {over}")]
    );
}

#[actix_web::test]
async fn a_notice_that_can_no_longer_be_given_is_not_told() {
    let place = Place::new().await;
    let late = place
        .ending(20, json!({ "terms": tacit(12, None, Some(6)) }))
        .await;
    let silent = place
        .ending(21, json!({ "terms": tacit(12, None, None) }))
        .await;
    assert_eq!(
        place.ministry("").await,
        [
            format!("tacit_renewal 21 {late}"),
            format!("tacit_renewal 22 {silent}"),
        ]
    );
}

#[actix_web::test]
async fn a_declination_that_its_convention_outlives_has_an_end_of_its_own() {
    let place = Place::new().await;
    let convention = place.ending(30, json!({})).await;
    let before = place
        .declination(
            &convention,
            &["academy:10"],
            json!({ "ends_on": place.day(29) }),
        )
        .await;
    for (days, status) in [
        (30, "active"),
        (31, "active"),
        (12, "closed"),
        (13, "draft"),
    ] {
        let columns = json!({ "ends_on": place.day(days), "status": status });
        place
            .declination(&convention, &["academy:11"], columns)
            .await;
    }
    place
        .declination(&convention, &["academy:12"], json!({}))
        .await;
    assert_eq!(
        place.ministry("kind=convention_end,declination_end").await,
        [
            format!("declination_end 29 {before}"),
            format!("convention_end 30 {convention}"),
        ]
    );
}

/// A convention sent for signature so many days ago, as its own steps send it.
async fn sent(place: &Place, days: i64, territory: Option<&str>) -> String {
    let scope = if territory.is_some() {
        "local"
    } else {
        "national"
    };
    let body = json!({
        "title": "À signer", "kind": "partnership", "scope": scope, "territory": territory,
        "partner_ids": [place.partner], "starts_on": "2026-01-01",
        "signatories": [
            { "side": "ministry", "name": "A", "function": "Ministre", "organisation": "Ministère" },
            { "side": "partner", "partner_id": place.partner, "name": "B", "function": "Présidente", "organisation": "B" },
        ],
    });
    let ministry = place.service.ministry();
    let convention = id(&ministry.post("/v1/conventions", body).await.expect(201));
    for step in ["open-negotiation", "send-for-signature"] {
        let path = format!("/v1/conventions/{convention}/{step}");
        ministry.post(&path, json!({})).await.expect(200);
    }
    let moved = format!(
        "UPDATE audit_events SET occurred_at = (occurred_at AT TIME ZONE 'Europe/Paris' - interval '{days} days')
            AT TIME ZONE 'Europe/Paris' WHERE object_id = '{convention}'"
    );
    place
        .service
        .sql()
        .await
        .batch_execute(&moved)
        .await
        .unwrap();
    convention
}

#[actix_web::test]
async fn signatures_are_overdue_sixty_days_after_they_were_asked_for() {
    let place = Place::new().await;
    let late = sent(&place, 75, None).await;
    let recent = sent(&place, 10, None).await;
    assert_eq!(
        place.ministry("").await,
        [
            format!("signature_overdue -15 {late}"),
            format!("signature_overdue 50 {recent}"),
        ]
    );
    assert_eq!(place.ministry("within_days=49").await.len(), 1);
    // Its text changed and it was sent again: the days are counted anew.
    let ministry = place.service.ministry();
    let path = format!("/v1/conventions/{late}");
    ministry
        .patch(&path, json!({ "title": "Autre" }))
        .await
        .expect(200);
    assert_eq!(place.ministry("within_days=49").await, [""; 0]);
    let send = format!("{path}/send-for-signature");
    ministry.post(&send, json!({})).await.expect(200);
    assert_eq!(
        place.ministry("").await,
        [
            format!("signature_overdue 50 {recent}"),
            format!("signature_overdue 60 {late}"),
        ]
    );
}

#[actix_web::test]
async fn a_report_is_due_until_it_is_submitted_from_each_territory_of_a_declination() {
    let place = Place::new().await;
    let (year, left) = place.last_year();
    let convention = place
        .service
        .signed_convention(&place.partner, json!({}))
        .await;
    let two = place
        .declination(&convention, &["academy:10", "academy:08"], json!({}))
        .await;
    let ended = json!({ "ends_on": year.first_day() - Days::new(1) });
    place.declination(&convention, &["academy:11"], ended).await;
    let begun = json!({ "starts_on": year.last_day() + Days::new(1) });
    place.declination(&convention, &["academy:12"], begun).await;
    let due = async || {
        let rows = place
            .service
            .ministry()
            .all("/v1/deadlines?kind=report_due")
            .await;
        let last = rows
            .into_iter()
            .filter(|row| row["school_year"] == year.to_string());
        last.map(|row| {
            assert_eq!(
                (&row["object"]["id"], &row["days_left"]),
                (&json!(two), &json!(left))
            );
            row["territories"].clone()
        })
        .collect::<Vec<Value>>()
    };
    assert_eq!(due().await, [json!(["academy:08", "academy:10"])]);
    let report = async |territory: &str, status: &str| {
        let columns = json!({ "declination_id": two, "status": status, "school_year": year });
        place
            .service
            .stored_report(&convention, territory, columns)
            .await
    };
    report("academy:08", "submitted").await;
    let draft = report("academy:10", "draft").await;
    assert_eq!(due().await, [json!(["academy:10"])]);
    let submitted = format!("UPDATE reports SET status = 'submitted' WHERE id = '{draft}'");
    place
        .service
        .sql()
        .await
        .batch_execute(&submitted)
        .await
        .unwrap();
    assert_eq!(due().await, [json!(null); 0]);
}

#[actix_web::test]
async fn a_convention_that_is_followed_up_has_a_report_of_its_own() {
    let place = Place::new().await;
    let (year, left) = place.last_year();
    let mut expected = Vec::new();
    for (periodicity, is_due) in [("yearly", true), ("half_yearly", true), ("none", false)] {
        let follow_up = json!({ "periodicity": periodicity, "committee": null, "targets": [] });
        let terms = json!({ "terms": { "follow_up": follow_up } });
        let convention = place.service.signed_convention(&place.partner, terms).await;
        if is_due {
            expected.push(format!("report_due {left} {convention}"));
        }
    }
    let due = || place.ministry("kind=report_due&within_days=1");
    let mut told = due().await;
    told.retain(|one| one.starts_with(&format!("report_due {left} ")));
    assert_eq!(told.len(), 2);
    assert!(expected.iter().all(|one| told.contains(one)), "{told:?}");
    let first = expected[0].rsplit(' ').next().unwrap();
    let columns = json!({ "status": "validated", "school_year": year });
    place.service.stored_report(first, "FR", columns).await;
    let mut told = due().await;
    told.retain(|one| one.starts_with(&format!("report_due {left} ")));
    assert_eq!(told, [expected[1].clone()]);
}

#[actix_web::test]
async fn a_campaign_says_when_reports_are_due_and_closed_that_none_is() {
    let place = Place::new().await;
    let (year, _) = place.last_year();
    let convention = place
        .service
        .signed_convention(&place.partner, json!({}))
        .await;
    let ministry = place.service.ministry();
    let due = async || {
        let path = "/v1/deadlines?kind=report_due&within_days=3660";
        let rows = ministry.all(path).await;
        let of_year = rows
            .into_iter()
            .filter(|row| row["school_year"] == year.to_string());
        of_year
            .map(|row| {
                format!(
                    "{} {}",
                    row["due_on"].as_str().unwrap(),
                    row["object"]["id"].as_str().unwrap()
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(due().await, [""; 0], "nothing says that it is followed up");
    let first = &year.to_string()[..4];
    let body = json!({ "school_year": year, "opens_on": format!("{first}-09-01"), "due_on": "2031-01-15" });
    let campaign = ministry.post("/v1/campaigns", body).await.expect(201);
    assert_eq!(due().await, [format!("2031-01-15 {convention}")]);
    let close = format!("/v1/campaigns/{}/close", campaign["id"].as_str().unwrap());
    ministry.post(&close, json!({})).await.expect(200);
    assert_eq!(due().await, [""; 0]);
}

/// Each role is told of what concerns it: the kinds that a query of this convention finds.
async fn kinds(caller: &Caller, convention: &str) -> String {
    let path = format!("/v1/deadlines?convention_id={convention}&limit=200");
    let rows = caller.all(&path).await;
    let mut kinds: Vec<&str> = rows
        .iter()
        .map(|row| row["kind"].as_str().unwrap())
        .collect();
    kinds.dedup();
    let count = caller
        .get(&format!("/v1/deadlines/count?convention_id={convention}"))
        .await;
    assert_eq!(count.expect(200)["count"], json!(rows.len()));
    assert!(rows.iter().all(|row| row["convention_id"] == convention));
    // What is told of can be read.
    for row in &rows {
        let url = row["object"]["url"].as_str().unwrap();
        caller.get(url).await.expect(200);
    }
    kinds.join(" ")
}

#[actix_web::test]
async fn a_national_convention_concerns_everyone_and_a_local_one_those_of_its_place() {
    let place = Place::new().await;
    let service = &place.service;
    let other = id(&service.new_partner("Autre").await);
    let (here, there) = (uai(690_001), uai(590_001));
    service
        .new_school(&here, "department:069", "academy:10")
        .await;
    service
        .new_school(&there, "department:059", "academy:09")
        .await;
    let national = place.ending(10, json!({})).await;
    let academy = place.local("academy:10").await;
    let region = place.local("region:84").await;
    let school = place.local(&format!("uai:{here}")).await;
    let callers = [
        (service.ministry(), [true, true, true, true]),
        (service.academy("academy:10"), [true, true, true, true]),
        (service.academy("region:84"), [true, true, true, true]),
        (service.academy("academy:09"), [true, false, false, false]),
        (service.school(&here), [true, true, true, true]),
        (service.school(&there), [true, false, false, false]),
        (service.partner(&place.partner), [true, true, true, true]),
        (service.partner(&other), [true, false, false, false]),
        (service.reader(), [true, false, false, false]),
    ];
    for (place_of, (caller, sees)) in callers.iter().enumerate() {
        for (convention, seen) in [&national, &academy, &region, &school]
            .into_iter()
            .zip(sees)
        {
            let expected = if *seen { "convention_end" } else { "" };
            let told = kinds(caller, convention).await;
            assert_eq!(told, expected, "caller {place_of}");
        }
    }
}

#[actix_web::test]
async fn what_is_to_be_signed_is_told_to_its_keepers_and_its_parties_alone() {
    let place = Place::new().await;
    let service = &place.service;
    let other = id(&service.new_partner("Autre").await);
    let school = uai(690_001);
    service
        .new_school(&school, "department:069", "academy:10")
        .await;
    let national = sent(&place, 70, None).await;
    let local = sent(&place, 70, Some("academy:10")).await;
    for (caller, sees) in [
        (service.ministry(), [true, true]),
        (service.academy("academy:10"), [false, true]),
        (service.academy("academy:08"), [false, false]),
        (service.school(&school), [false, false]),
        (service.partner(&place.partner), [true, true]),
        (service.partner(&other), [false, false]),
        (service.reader(), [false, false]),
    ] {
        for (convention, seen) in [&national, &local].into_iter().zip(sees) {
            let expected = if seen { "signature_overdue" } else { "" };
            assert_eq!(kinds(&caller, convention).await, expected);
        }
    }
}

#[actix_web::test]
async fn a_declination_and_its_reports_are_told_where_it_is_carried() {
    let place = Place::new().await;
    let service = &place.service;
    let other = id(&service.new_partner("Autre").await);
    let (one, two, third) = (uai(690_001), uai(690_002), uai(590_001));
    for (school, department, academy) in [
        (&one, "department:069", "academy:10"),
        (&two, "department:038", "academy:08"),
        (&third, "department:059", "academy:09"),
    ] {
        service.new_school(school, department, academy).await;
    }
    let convention = service.signed_convention(&place.partner, json!({})).await;
    let (one_code, two_code) = (format!("uai:{one}"), format!("uai:{two}"));
    let ends = json!({ "ends_on": place.day(8) });
    let (both, both_codes) = (
        [one_code.as_str(), two_code.as_str()],
        json!([one_code, two_code]),
    );
    place.declination(&convention, &both, ends.clone()).await;
    let nobody: Option<Value> = None;
    for (caller, end, reports) in [
        (service.ministry(), true, Some(both_codes.clone())),
        (service.academy("region:84"), true, Some(both_codes)),
        (service.academy("academy:10"), true, Some(json!([one_code]))),
        (service.academy("academy:08"), true, Some(json!([two_code]))),
        (service.academy("academy:09"), false, nobody.clone()),
        (service.school(&one), true, Some(json!([one_code]))),
        (service.school(&third), false, nobody.clone()),
        (service.partner(&place.partner), true, nobody.clone()),
        (service.partner(&other), false, nobody.clone()),
        (service.reader(), false, nobody.clone()),
    ] {
        let told = kinds(&caller, &convention).await;
        assert_eq!(told.contains("declination_end"), end, "{told}");
        let rows = caller.all("/v1/deadlines?kind=report_due").await;
        let (year, _) = place.last_year();
        let mut last = rows
            .iter()
            .filter(|row| row["school_year"] == year.to_string());
        assert_eq!(last.next().map(|row| row["territories"].clone()), reports);
        assert!(last.next().is_none());
    }
    // A school is told of the end of what covers it, and reports on what is its own.
    place.declination(&convention, &["academy:09"], ends).await;
    let told = place.told(&service.school(&third), "").await;
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("declination_end 8 "));
}

#[actix_web::test]
async fn filters_name_kinds_conventions_territories_and_changes() {
    let place = Place::new().await;
    let service = &place.service;
    let national = place.ending(10, json!({})).await;
    let local = place.local("academy:10").await;
    let elsewhere = place.local("academy:09").await;
    let carried = place
        .declination(
            &national,
            &["region:84"],
            json!({ "ends_on": place.day(3), "updated_at": "2025-01-01T00:00:00Z" }),
        )
        .await;
    let told = async |query: &str| {
        let mut ids: Vec<String> = place
            .ministry(&format!("kind=convention_end,declination_end&{query}"))
            .await
            .iter()
            .map(|one| one.rsplit(' ').next().unwrap().to_owned())
            .collect();
        ids.sort();
        ids
    };
    let sorted = |mut ids: Vec<&String>| {
        ids.sort();
        ids.into_iter().cloned().collect::<Vec<String>>()
    };
    // What lies there and what covers it; a national convention where it is declined.
    for there in ["academy:10", "department:069", "region:84"] {
        let query = format!("territory={there}");
        assert_eq!(
            told(&query).await,
            sorted(vec![&national, &local, &carried]),
            "{there}"
        );
    }
    assert_eq!(told("territory=academy:09").await, sorted(vec![&elsewhere]));
    assert_eq!(
        told(&format!("convention_id={national}")).await,
        sorted(vec![&national, &carried])
    );
    assert_eq!(
        told("updated_since=2024-12-31T00:00:00Z").await,
        sorted(vec![&carried])
    );
    assert_eq!(
        place.ministry("kind=declination_end").await,
        [format!("declination_end 3 {carried}")]
    );
    for (query, fault) in [
        ("within_days=0", "within_days out_of_range"),
        ("within_days=3661", "within_days out_of_range"),
        ("within_days=soon", "within_days wrong_type"),
        ("kind=end", "kind unknown_code"),
        ("convention_id=x", "convention_id invalid_format"),
        ("territory=academy:99", "territory unknown_territory"),
    ] {
        let refused = service
            .ministry()
            .get(&format!("/v1/deadlines?{query}"))
            .await;
        refused.problem(422, "validation_failed");
        assert_eq!(refused.faults(), [fault]);
    }
}

/// Deadlines of all kinds, many on the same day.
async fn many(place: &Place) {
    for number in 0..6 {
        let convention = place.ending(5 + number % 2, json!({})).await;
        place
            .ending(7, json!({ "terms": tacit(12, None, Some(0)) }))
            .await;
        for academy in ["academy:10", "academy:09"] {
            let columns = json!({ "ends_on": place.day(3) });
            place.declination(&convention, &[academy], columns).await;
        }
        sent(place, 57, None).await;
    }
}

#[actix_web::test]
async fn pages_of_any_size_make_the_same_list_in_both_directions() {
    let place = Place::new().await;
    many(&place).await;
    let ministry = place.service.ministry();
    let whole = ministry.all("/v1/deadlines?limit=200").await;
    assert!(whole.len() >= 42, "{}", whole.len());
    let key = |row: &Value| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (
            text(&row["due_on"]),
            text(&row["kind"]),
            text(&row["object"]["id"]),
        )
    };
    assert!(whole.windows(2).all(|pair| key(&pair[0]) < key(&pair[1])));
    for limit in [1, 2, 5, 7, 41] {
        let paged = ministry.all(&format!("/v1/deadlines?limit={limit}")).await;
        assert_eq!(paged, whole, "{limit}");
        let mut backwards = ministry
            .all(&format!("/v1/deadlines?limit={limit}&sort=-due_on"))
            .await;
        backwards.reverse();
        assert_eq!(backwards, whole, "{limit} backwards");
    }
    let count = ministry.get("/v1/deadlines/count").await.expect(200);
    assert_eq!(count["count"], json!(whole.len()));
    let csv = ministry
        .request("GET", "/v1/deadlines?limit=1")
        .header("accept", "text/csv");
    let csv = csv.send().await;
    let mut rows = csv::Reader::from_reader(csv.text().as_bytes());
    let header = rows.headers().unwrap().iter().collect::<Vec<_>>().join(",");
    assert_eq!(
        header,
        "kind,due_on,days_left,object_type,object_id,object_url,convention_id,reference,title,territories,school_year,detail"
    );
    assert_eq!(rows.records().count(), whole.len());
}

#[actix_web::test]
async fn a_deadline_leads_to_its_object_and_speaks_the_language_asked_for() {
    let place = Place::new().await;
    let convention = place.ending(10, json!({})).await;
    let ministry = place.service.ministry();
    let french = ministry.get("/v1/deadlines").await.expect(200)["data"][0].clone();
    let english = ministry
        .request("GET", "/v1/deadlines")
        .header("accept-language", "en")
        .send()
        .await
        .expect(200)["data"][0]
        .clone();
    assert_eq!(french["object"]["type"], "convention");
    let object = ministry
        .get(french["object"]["url"].as_str().unwrap())
        .await
        .expect(200);
    assert_eq!(
        (&object["id"], &object["reference"], &object["title"]),
        (&json!(convention), &french["reference"], &french["title"])
    );
    let reference = object["reference"].as_str().unwrap();
    assert_eq!(french["detail"], format!("Dernier jour de {reference}."));
    assert_eq!(english["detail"], format!("Last day of {reference}."));
}

/// One component of a calendar: its properties with their parameters, by name.
type Properties = BTreeMap<String, (String, String)>;

/// Reads a calendar as strictly as RFC 5545 writes it: lines of at most 75 octets ending in CRLF,
/// folded between characters, texts escaped.
fn read_calendar(text: &str) -> (Properties, Vec<Properties>) {
    let body = text.strip_suffix("\r\n").expect("the last line ends");
    for line in body.split("\r\n") {
        assert!(line.len() <= 75, "{} octets: {line}", line.len());
        assert!(!line.contains(['\r', '\n']), "{line:?}");
    }
    let unfolded = body.replace("\r\n ", "");
    let mut lines = unfolded.split("\r\n");
    assert_eq!(lines.next(), Some("BEGIN:VCALENDAR"));
    let (mut head, mut events, mut event) = (Properties::new(), Vec::new(), None::<Properties>);
    let mut is_over = false;
    for line in lines {
        assert!(!is_over, "nothing stands after the end");
        match line {
            "BEGIN:VEVENT" => assert!(event.replace(Properties::new()).is_none()),
            "END:VEVENT" => events.push(event.take().expect("an event")),
            "END:VCALENDAR" => is_over = true,
            _ => {
                let (name, value) = line.split_once(':').expect(line);
                let (name, parameters) = name.split_once(';').unwrap_or((name, ""));
                let value = if ["SUMMARY", "DESCRIPTION", "X-WR-CALNAME"].contains(&name) {
                    unescaped(value)
                } else {
                    value.to_owned()
                };
                let properties = event.as_mut().unwrap_or(&mut head);
                let known = properties.insert(name.to_owned(), (parameters.to_owned(), value));
                assert!(known.is_none(), "{name} twice");
            }
        }
    }
    assert!(is_over && event.is_none());
    (head, events)
}

/// A TEXT value (§3.3.11).
fn unescaped(value: &str) -> String {
    let mut text = String::new();
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        assert!(!matches!(character, ',' | ';'), "unescaped: {value}");
        assert!(!character.is_control(), "a control character: {value:?}");
        text.push(match character {
            '\\' => match characters.next() {
                Some('n' | 'N') => '\n',
                Some(escaped @ ('\\' | ',' | ';')) => escaped,
                other => panic!("{other:?} escaped in {value}"),
            },
            other => other,
        });
    }
    text
}

async fn calendar(caller: &Caller, query: &str) -> crate::support::Reply {
    let path = format!("/v1/deadlines?{query}");
    caller
        .request("GET", &path)
        .header("accept", "text/calendar")
        .send()
        .await
}

#[actix_web::test]
async fn the_whole_list_comes_as_a_calendar_whatever_the_texts() {
    let place = Place::new().await;
    let titles = [
        "Accueillir, former ; et \\ recruter: l'été à l'œuvre",
        "Première ligne\nseconde, ligne\r\ntroisième; ligne",
        &"Échéances élevées à l'extrême, œuvrées ; ".repeat(7),
        "a\"quoted\" 😀 title",
        &"é".repeat(300),
    ];
    for title in titles {
        place.ending(10, json!({ "title": title })).await;
    }
    many(&place).await;
    let ministry = place.service.ministry();
    let rows = ministry.all("/v1/deadlines?limit=200").await;
    let reply = calendar(&ministry, "limit=1").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "text/calendar; charset=utf-8");
    assert_eq!(
        reply.header("content-disposition"),
        "attachment; filename=\"ree-deadlines.ics\""
    );
    let (head, events) = read_calendar(reply.text());
    assert_eq!(head["VERSION"].1, "2.0");
    assert!(head.contains_key("PRODID") && !head.contains_key("METHOD"));
    assert_eq!(events.len(), rows.len());
    let url = &place.service.shared.config.public_url;
    for (event, row) in events.iter().zip(&rows) {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let day = text(&row["due_on"]).replace('-', "");
        assert_eq!(event["DTSTART"], ("VALUE=DATE".to_owned(), day.clone()));
        let uid = format!(
            "{}-{}-{day}@ree",
            text(&row["kind"]),
            text(&row["object"]["id"])
        );
        assert_eq!(event["UID"].1, uid);
        let title = text(&row["title"]).replace("\r\n", "\n");
        assert!(event["SUMMARY"].1.ends_with(&title), "{event:?}");
        assert!(event["DESCRIPTION"].1.starts_with(&text(&row["detail"])));
        assert_eq!(
            event["URL"].1,
            format!("{url}{}", text(&row["object"]["url"]))
        );
        assert_eq!(event["TRANSP"].1, "TRANSPARENT");
        let stamp = &event["DTSTAMP"].1;
        assert!(stamp.len() == 16 && stamp.ends_with('Z'), "{stamp}");
    }
    if let Ok(file) = std::env::var("REE_TEST_CALENDAR") {
        std::fs::write(file, reply.text()).unwrap();
    }
    let again = calendar(&ministry, "").await;
    assert_eq!(
        again.text(),
        reply.text(),
        "the same deadlines, the same file"
    );
}

#[actix_web::test]
async fn a_calendar_has_what_its_filters_and_its_reader_may_have_and_may_be_empty() {
    let place = Place::new().await;
    let national = place.ending(10, json!({})).await;
    place.local("academy:10").await;
    let reader = place.service.reader();
    let (_, events) = read_calendar(calendar(&reader, "").await.text());
    assert_eq!(events.len(), 1);
    assert!(events[0]["UID"].1.contains(&national));
    let (_, none) = read_calendar(calendar(&reader, "within_days=9").await.text());
    assert!(none.is_empty());
    let refused = calendar(&reader, "within_days=0").await;
    refused.problem(422, "validation_failed");
    // Other lists are not calendars.
    let partners = reader
        .request("GET", "/v1/partners")
        .header("accept", "text/calendar");
    partners.send().await.problem(406, "not_acceptable");
}

#[actix_web::test]
async fn what_ends_and_what_goes_on_is_what_the_conventions_themselves_say() {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};
    let place = Place::new().await;
    let successor = place
        .service
        .signed_convention(&place.partner, json!({ "starts_on": place.day(4000) }))
        .await;
    let mut random = StdRng::seed_from_u64(77);
    for _ in 0..100 {
        let begins = place.day(random.random_range(-1500..100));
        let ends = random
            .random_bool(0.9)
            .then(|| begins + Days::new(random.random_range(1..900)));
        let most = random.random_bool(0.6).then(|| random.random_range(1..4));
        let terms = match random.random_range(0..3) {
            0 => json!({}),
            _ => tacit(random.random_range(1..15), most, None),
        };
        let after = begins + Days::new(random.random_range(1..1800));
        let mut columns = json!({ "starts_on": begins, "ends_on": ends, "terms": terms });
        match random.random_range(0..6) {
            0 => {
                columns["status"] = json!("terminated");
                columns["termination"] =
                    json!({ "on": after, "party": "A", "kind": "notice", "reason": null });
            }
            1 => {
                columns["status"] = json!("replaced");
                columns["replaced_on"] = json!(after);
                columns["successor_id"] = json!(successor);
            }
            _ => {}
        }
        place
            .service
            .signed_convention(&place.partner, columns)
            .await;
    }
    let ministry = place.service.ministry();
    let mut expected = Vec::new();
    for convention in ministry
        .all("/v1/conventions?effective_status=in_force,upcoming")
        .await
    {
        let Some(last) = convention["effective_ends_on"].as_str() else {
            continue;
        };
        let last: NaiveDate = last.parse().unwrap();
        let next = last + Days::new(1);
        let path = format!("/v1/conventions/{}?at={next}", id(&convention));
        let then = ministry.get(&path).await.expect(200);
        let (kind, due) = if then["effective_status"] == "in_force" {
            ("tacit_renewal", next)
        } else {
            ("convention_end", last)
        };
        let days = (due - place.today).num_days();
        if days <= 300 {
            expected.push(format!("{kind} {days} {}", id(&convention)));
        }
    }
    let query = "within_days=300&kind=convention_end,tacit_renewal";
    let mut told = place.ministry(query).await;
    expected.sort();
    told.sort();
    assert_eq!(told, expected);
    for kind in ["tacit_renewal", "convention_end"] {
        let some = told.iter().filter(|one| one.starts_with(kind));
        assert!(some.count() > 5, "{kind}: {told:?}");
    }
}

#[actix_web::test]
async fn the_database_knows_the_end_of_a_period_as_the_program_does() {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};
    let service = Service::start().await;
    let mut random = StdRng::seed_from_u64(31);
    let start = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap();
    let (mut ends, mut days, mut renewals, mut expected) = (vec![], vec![], vec![], vec![]);
    for _ in 0..5000 {
        let end = start + Days::new(random.random_range(0..2000));
        let day = start + Days::new(random.random_range(0..6000));
        let mode = [RenewalMode::Tacit, RenewalMode::Tacit, RenewalMode::Express]
            [random.random_range(0..3)];
        let renewal = random.random_bool(0.95).then(|| Renewal {
            mode,
            months: random.random_bool(0.95).then(|| random.random_range(1..30)),
            max_times: random.random_bool(0.7).then(|| random.random_range(1..9)),
        });
        expected.push(renewed_until(end, renewal.as_ref(), day));
        renewals.push(serde_json::to_value(&renewal).unwrap());
        ends.push(end);
        days.push(day);
    }
    const ENDS: &str = "SELECT convention_period_end(e, r, d)
        FROM unnest($1::date[], $2::jsonb[], $3::date[]) WITH ORDINALITY AS u (e, r, d, n) ORDER BY n";
    let sql = service.sql().await;
    let rows = sql.query(ENDS, &[&ends, &renewals, &days]).await.unwrap();
    for (place, row) in rows.iter().enumerate() {
        let found: NaiveDate = row.get(0);
        assert_eq!(
            found, expected[place],
            "{} {} on {}",
            ends[place], renewals[place], days[place]
        );
    }
    assert_eq!(rows.len(), 5000);
}

#[actix_web::test]
async fn where_no_report_falls_due_so_soon_the_list_of_reports_is_empty() {
    let service = Service::start().await;
    for _ in 0..13 {
        for path in ["/v1/deadlines", "/v1/deadlines/count"] {
            let asked = format!("{path}?kind=report_due&within_days=1");
            service.ministry().get(&asked).await.expect(200);
        }
        service.shared.clock.travel(chrono::TimeDelta::days(30));
    }
}

#[actix_web::test]
async fn places_have_their_names_beside_their_codes_in_every_form() {
    let place = Place::new().await;
    let school = uai(690_001);
    place
        .service
        .new_school(&school, "department:069", "academy:10")
        .await;
    let convention = place
        .service
        .signed_convention(&place.partner, json!({}))
        .await;
    let ends = json!({ "ends_on": place.day(10) });
    place
        .declination(&convention, &["academy:10"], ends.clone())
        .await;
    let of_school = format!("uai:{school}");
    place.declination(&convention, &[&of_school], ends).await;
    let ministry = place.service.ministry();
    let path = "/v1/deadlines?kind=declination_end";
    let named = [
        "Lyon (academy:10)".to_owned(),
        format!("Lycée {school} (uai:{school})"),
    ];
    let rows = ministry.all(path).await;
    let details: Vec<&str> = rows
        .iter()
        .map(|row| row["detail"].as_str().unwrap())
        .collect();
    for form in ["csv", "ndjson", "ics"] {
        let whole = ministry.get(&format!("{path}&format={form}")).await;
        let text = whole.text().replace("\r\n ", "");
        for name in &named {
            assert!(
                details.iter().any(|detail| detail.contains(name)),
                "{details:?}"
            );
            assert!(text.contains(name), "{name} in {text}");
        }
    }
}
