//! What figures are measured against: reports expected, declinations, targets.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Caller, Service};

const YEAR: &str = "2025-2026";

struct World {
    service: Service,
    convention: String,
    partner: String,
}

impl World {
    /// A convention with targets; two of its academies have declined it, one region too.
    async fn new() -> Self {
        let service = Service::start().await;
        let targets = json!([
            { "measure": "pupils", "school_year": YEAR, "value": 400, "territory": null },
            { "measure": "pupils", "school_year": YEAR, "value": 50, "territory": "academy:10" },
            { "measure": "girls_share", "school_year": YEAR, "value": 0.5, "territory": null },
            { "measure": "pupils", "school_year": "2024-2025", "value": 1, "territory": null },
        ]);
        let terms = json!({ "terms": { "follow_up": { "targets": targets } } });
        let (partner, convention) = service.signed_partner("Partenaire", terms).await;
        let world = Self {
            service,
            convention,
            partner,
        };
        world
            .declined("academy", &["academy:08", "academy:10"])
            .await;
        world.declined("academic_region", &["region:32"]).await;
        world
    }

    async fn declined(&self, level: &str, territories: &[&str]) -> String {
        let with = json!({ "level": level, "territories": territories, "starts_on": "2025-01-01" });
        self.service
            .active_declination(&self.convention, with)
            .await
    }

    /// A validated report of Lyon on its declination, and one on nothing that is expected.
    async fn reported(&self, declination: &str) {
        let line = json!([{ "action_type": "class_talk", "academy": "academy:10", "pupils": 30, "girls": 12 }]);
        let columns = json!({ "status": "validated", "declination_id": declination });
        let report = self
            .service
            .stored_report(&self.convention, "academy:10", columns)
            .await;
        self.service.stored_lines(&report, line.clone()).await;
        let columns = json!({ "status": "validated" });
        let other = self
            .service
            .stored_report(&self.convention, "academy:10", columns)
            .await;
        self.service.stored_lines(&other, line).await;
    }

    async fn open(&self) {
        let body = json!({ "school_year": YEAR, "opens_on": "2026-05-04", "due_on": "2026-09-30" });
        self.service
            .ministry()
            .post("/v1/campaigns", body)
            .await
            .expect(201);
    }
}

async fn values(caller: &Caller, query: &str) -> Value {
    let path = format!("/v1/indicators/values?school_year={YEAR}&{query}");
    caller.get(&path).await.expect(200)
}

fn by(answer: &Value, name: &str) -> BTreeMap<String, Value> {
    let rows = answer["data"].as_array().expect("cells").iter();
    rows.map(|row| {
        (
            row["key"][name].as_str().unwrap_or("-").to_owned(),
            row.clone(),
        )
    })
    .collect()
}

#[actix_web::test]
async fn beside_every_figure_stand_the_reports_expected_and_validated() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    let declination = world.declined("academy", &["academy:09"]).await;
    let before = values(&ministry, "measures=pupils&group_by=academy").await;
    assert_eq!(
        before["totals"]["completeness"],
        json!({ "expected": null, "expected_validated": null, "validated": 0 })
    );
    world.open().await;
    world.reported(&declination).await;
    let answer = values(
        &ministry,
        "measures=pupils,reports_expected&group_by=academy",
    )
    .await;
    let cells = by(&answer, "academy");
    assert_eq!(
        cells["academy:10"]["completeness"],
        json!({ "expected": 1, "expected_validated": 0, "validated": 2 }),
        "neither of the two is the one expected"
    );
    // What nobody reported on shows, with nothing known of it.
    assert_eq!(
        cells["academy:08"]["values"],
        json!({ "pupils": null, "reports_expected": 1 })
    );
    assert_eq!(
        cells["academy:08"]["completeness"],
        json!({ "expected": 1, "expected_validated": 0, "validated": 0 })
    );
    // Of the country and of the region.
    assert_eq!(cells["-"]["values"]["reports_expected"], 2);
    assert_eq!(
        answer["totals"]["completeness"],
        json!({ "expected": 5, "expected_validated": 0, "validated": 2 })
    );
    // A type of action is measured by what holds for all.
    let types = by(
        &values(&ministry, "measures=pupils&group_by=action_type").await,
        "action_type",
    );
    assert_eq!(
        types["class_talk"]["completeness"],
        json!({ "expected": 5, "expected_validated": 0, "validated": 2 })
    );
    let regions = values(
        &ministry,
        "measures=reports_expected&group_by=academic_region",
    )
    .await;
    let regions = by(&regions, "academic_region");
    assert_eq!(regions["region:32"]["values"]["reports_expected"], 2);
    assert_eq!(regions["region:84"]["values"]["reports_expected"], 2);
}

#[actix_web::test]
async fn completeness_is_the_share_of_the_expected_reports_that_are_validated() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    let declination = world.declined("academy", &["academy:06"]).await;
    world.open().await;
    let columns = json!({ "status": "validated", "declination_id": declination });
    world
        .service
        .stored_report(&world.convention, "academy:06", columns)
        .await;
    // Not expected: on the convention itself.
    let columns = json!({ "status": "validated" });
    world
        .service
        .stored_report(&world.convention, "academy:08", columns)
        .await;
    let query = "measures=completeness_rate&group_by=academy";
    let answer = values(&ministry, query).await;
    assert_eq!(answer["totals"]["values"]["completeness_rate"], 0.2);
    let cells = by(&answer, "academy");
    assert_eq!(cells["academy:06"]["values"]["completeness_rate"], 1.0);
    assert_eq!(cells["academy:08"]["values"]["completeness_rate"], 0.0);
    let lyon = values(&world.service.academy("academy:10"), query).await;
    assert_eq!(lyon["totals"]["completeness"]["expected"], 1);
    let partner = format!("{query}&partner={}", world.partner);
    assert_eq!(
        values(&ministry, &partner).await["totals"]["values"]["completeness_rate"],
        0.2
    );
}

#[actix_web::test]
async fn declinations_cover_their_academies_and_those_of_their_regions() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    let measures = "measures=declinations_active,academies_covered,coverage_rate";
    let answer = values(&ministry, measures).await;
    // Lyon and Grenoble, Lille and Amiens.
    let total =
        json!({ "declinations_active": 2, "academies_covered": 4, "coverage_rate": 0.1333 });
    assert_eq!(answer["totals"]["values"], total);
    let cells = by(
        &values(&ministry, &format!("{measures}&group_by=academy")).await,
        "academy",
    );
    let one = json!({ "declinations_active": 1, "academies_covered": 1, "coverage_rate": 1.0 });
    assert_eq!(cells["academy:10"]["values"], one);
    assert_eq!(cells["academy:09"]["values"], one, "by its region");
    let regions = values(&ministry, &format!("{measures}&group_by=academic_region")).await;
    let region = &by(&regions, "academic_region")["region:84"];
    assert_eq!(region["values"]["coverage_rate"], 0.6667);
    let before = ministry
        .get(&format!(
            "/v1/indicators/values?{measures}&school_year=2023-2024"
        ))
        .await
        .expect(200);
    assert_eq!(before["totals"]["values"]["academies_covered"], 0);
    let today = ministry
        .get(&format!("/v1/indicators/values?{measures}"))
        .await
        .expect(200);
    assert_eq!(today["totals"]["values"]["declinations_active"], 2);
}

#[actix_web::test]
async fn a_figure_is_told_against_the_target_that_the_convention_sets() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    let declination = world.declined("academy", &["academy:06"]).await;
    world.reported(&declination).await;
    let answer = values(
        &ministry,
        "measures=pupils,target,achievement_rate&group_by=convention",
    )
    .await;
    let cell = &by(&answer, "convention")[&world.convention];
    assert_eq!(
        cell["values"],
        json!({ "pupils": 60, "target": 400, "achievement_rate": 0.15 })
    );
    assert_eq!(answer["totals"]["values"]["target"], 400);
    let academies = values(
        &ministry,
        "measures=target,achievement_rate&group_by=academy",
    )
    .await;
    let lyon = &by(&academies, "academy")["academy:10"];
    assert_eq!(
        lyon["values"],
        json!({ "target": 50, "achievement_rate": 1.2 }),
        "of pupils"
    );
    let shares = values(&ministry, "measures=girls_share,target,achievement_rate").await;
    let share = json!({ "girls_share": 0.4, "target": 0.5, "achievement_rate": 0.8 });
    assert_eq!(shares["totals"]["values"], share);
    // None is set for what was taught at each level.
    let levels = values(&ministry, "measures=pupils,target&group_by=level").await;
    assert_eq!(levels["data"][0]["values"]["target"], Value::Null);
}
