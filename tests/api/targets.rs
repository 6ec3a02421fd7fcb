//! Targets: told beside what was done in the very place they are set for, and never made up of others.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Caller, Service};

const YEAR: &str = "2025-2026";

fn target(measure: &str, value: f64, territory: Option<&str>) -> Value {
    json!({ "measure": measure, "school_year": YEAR, "value": value, "territory": territory })
}

struct World {
    service: Service,
}

impl World {
    async fn new() -> Self {
        Self {
            service: Service::start().await,
        }
    }

    async fn convention(&self, name: &str, targets: Value) -> String {
        let with = json!({ "terms": { "follow_up": { "targets": targets } } });
        self.service.signed_partner(name, with).await.1
    }

    /// A validated report of an academy, with one line of so many pupils and girls.
    async fn reported(&self, convention: &str, academy: &str, pupils: u32, girls: u32) {
        let columns = json!({ "status": "validated" });
        let report = self
            .service
            .stored_report(convention, academy, columns)
            .await;
        let line = json!([{ "action_type": "class_talk", "academy": academy, "pupils": pupils, "girls": girls }]);
        self.service.stored_lines(&report, line).await;
    }

    async fn values(&self, query: &str) -> Value {
        values(&self.service.ministry(), query).await
    }
}

async fn values(caller: &Caller, query: &str) -> Value {
    let path = format!("/v1/indicators/values?school_year={YEAR}&{query}");
    caller.get(&path).await.expect(200)
}

/// The values of each cell, in the order of the measures asked for.
fn by(answer: &Value, name: &str) -> BTreeMap<String, Vec<Value>> {
    let rows = answer["data"].as_array().expect("cells").iter();
    rows.map(|row| {
        let key = row["key"][name].as_str().unwrap_or("-").to_owned();
        let values = row["values"].as_object().expect("values");
        (key, values.values().cloned().collect())
    })
    .collect()
}

fn totals(answer: &Value) -> Vec<Value> {
    let values = answer["totals"]["values"].as_object().expect("totals");
    values.values().cloned().collect()
}

const MEASURES: &str = "measures=pupils,target,achieved,achievement_rate";

#[actix_web::test]
async fn an_academy_is_held_against_what_its_conventions_with_a_target_did_there() {
    let world = World::new().await;
    let with = world
        .convention("Avec", json!([target("pupils", 800.0, Some("academy:10"))]))
        .await;
    let without = world
        .convention("Sans", json!([target("pupils", 20_000.0, None)]))
        .await;
    world.reported(&with, "academy:10", 42, 20).await;
    world.reported(&with, "academy:08", 8, 4).await;
    world.reported(&without, "academy:10", 3_092, 1_500).await;
    let answer = world.values(&format!("{MEASURES}&group_by=academy")).await;
    let cells = by(&answer, "academy");
    // 3,134 pupils in all, of which 42 under the convention that aims at 800 there.
    assert_eq!(
        cells["academy:10"],
        [json!(3_134), json!(800), json!(42), json!(0.0525)]
    );
    assert_eq!(
        cells["academy:08"],
        [json!(8), json!(null), json!(null), json!(null)],
        "a missing target is not zero"
    );
    // The whole agreement of the other one, and what was done under it everywhere.
    let whole = [json!(3_142), json!(20_000), json!(3_092), json!(0.1546)];
    assert_eq!(totals(&answer), whole);
    for group_by in [
        "academic_region",
        "convention",
        "level",
        "school_year,academy",
    ] {
        let grouped = world
            .values(&format!("{MEASURES}&group_by={group_by}"))
            .await;
        assert_eq!(totals(&grouped), whole, "{group_by}");
    }
    let regions = world
        .values(&format!("{MEASURES}&group_by=academic_region"))
        .await;
    assert_eq!(
        by(&regions, "academic_region")["region:84"],
        [json!(3_142), json!(null), json!(null), json!(null)],
        "the target of an academy is not its region's"
    );
    let conventions = by(
        &world
            .values(&format!("{MEASURES}&group_by=convention"))
            .await,
        "convention",
    );
    assert_eq!(
        conventions[&with][1..],
        [json!(null), json!(null), json!(null)]
    );
    assert_eq!(conventions[&without][1..], whole[1..]);
}

#[actix_web::test]
async fn a_place_in_a_filter_or_a_perimeter_takes_the_targets_of_that_place() {
    let world = World::new().await;
    let targets = json!([
        target("pupils", 900.0, None),
        target("pupils", 100.0, Some("academy:10")),
        target("pupils", 60.0, Some("academy:08")),
        target("pupils", 250.0, Some("region:84")),
    ]);
    let convention = world.convention("Partenaire", targets).await;
    world.reported(&convention, "academy:10", 40, 20).await;
    world.reported(&convention, "academy:08", 30, 10).await;
    world.reported(&convention, "academy:09", 30, 10).await;
    let rectorat = world.service.academy("academy:10");
    let region = world.service.academy("region:84");
    let ministry = world.service.ministry();
    for (caller, filter, expected) in [
        (&ministry, "", json!([100, 900, 100, 0.1111])),
        (&ministry, "&academy=academy:10", json!([40, 100, 40, 0.4])),
        (&rectorat, "", json!([40, 100, 40, 0.4])),
        (
            &ministry,
            "&academic_region=region:84",
            json!([70, 250, 70, 0.28]),
        ),
        (&region, "", json!([70, 250, 70, 0.28])),
        (&region, "&academy=academy:08", json!([30, 60, 30, 0.5])),
        // Of two places at once there is none, and none is made of the two.
        (
            &ministry,
            "&academy=academy:08,academy:10",
            json!([70, null, null, null]),
        ),
    ] {
        let alone = values(caller, &format!("{MEASURES}{filter}")).await;
        assert_eq!(json!(totals(&alone)), expected, "{filter}");
        assert_eq!(alone["data"][0]["values"], alone["totals"]["values"]);
        for group_by in ["academy", "academic_region", "convention", "action_type"] {
            let query = format!("{MEASURES}{filter}&group_by={group_by}");
            let grouped = values(caller, &query).await;
            assert_eq!(grouped["totals"], alone["totals"], "{filter} {group_by}");
        }
    }
    // A part of a region is not the region; the only academy that is left is its own place.
    let query = format!("{MEASURES}&academy=academy:10,academy:09&group_by=academic_region");
    let answer = world.values(&query).await;
    let regions = by(&answer, "academic_region");
    assert_eq!(json!(regions["region:84"]), json!([40, 100, 40, 0.4]));
    assert_eq!(json!(regions["region:32"]), json!([30, null, null, null]));
}

#[actix_web::test]
async fn where_a_convention_sets_no_target_that_of_its_declination_in_force_there_holds() {
    let world = World::new().await;
    let convention = world
        .convention(
            "Partenaire",
            json!([target("pupils", 70.0, Some("academy:08"))]),
        )
        .await;
    let declined = async |territories: &[&str], with: Value| {
        let service = &world.service;
        service
            .stored_declination(&convention, territories, with)
            .await
    };
    let aimed = |value: f64| json!({ "targets": [target("pupils", value, None)] });
    declined(&["academy:10"], aimed(50.0)).await;
    declined(&["academy:08"], aimed(1.0)).await;
    declined(&["academy:09", "academy:20"], aimed(5.0)).await;
    let mut ended = aimed(6.0);
    ended["ends_on"] = json!("2024-08-31");
    declined(&["academy:06"], ended).await;
    let mut drafted = aimed(7.0);
    drafted["status"] = json!("draft");
    declined(&["academy:01"], drafted).await;
    world.reported(&convention, "academy:10", 25, 10).await;
    let cells = by(
        &world.values(&format!("{MEASURES}&group_by=academy")).await,
        "academy",
    );
    assert_eq!(json!(cells["academy:10"]), json!([25, 50, 25, 0.5]));
    assert_eq!(
        json!(cells["academy:08"]),
        json!([null, 70, null, null]),
        "the convention's goes first"
    );
    for elsewhere in ["academy:09", "academy:20", "academy:06", "academy:01"] {
        let target = cells.get(elsewhere).map(|cell| cell[1].clone());
        assert!(target.is_none_or(|target| target.is_null()), "{elsewhere}");
    }
    let total = world.values(MEASURES).await;
    assert_eq!(
        json!(totals(&total)),
        json!([25, null, null, null]),
        "of the whole agreement there is none"
    );
    // What a school aims at is told to the school.
    let [uai] = world.service.new_schools([690_001]).await;
    let place = format!("uai:{uai}");
    let mut own = aimed(10.0);
    own["level"] = json!("establishment");
    declined(&[&place], own).await;
    let columns = json!({ "status": "validated", "establishments": [uai] });
    let report = world
        .service
        .stored_report(&convention, &place, columns)
        .await;
    let line = json!([{ "action_type": "class_talk", "academy": "academy:10", "pupils": 4 }]);
    world.service.stored_lines(&report, line).await;
    let school = values(&world.service.school(&uai), MEASURES).await;
    assert_eq!(json!(totals(&school)), json!([4, 10, 4, 0.4]));
}

#[actix_web::test]
async fn targets_of_shares_and_distinct_counts_are_told_of_one_convention_and_never_added() {
    let world = World::new().await;
    let mut conventions = Vec::new();
    for name in ["A", "B", "C"] {
        let targets = json!([
            target("girls_share", 0.5, None),
            target("establishments", 10.0, None),
            target("reports_validated", 4.0, None),
            target("pupils", 100.0, None),
        ]);
        let convention = world.convention(name, targets).await;
        world.reported(&convention, "academy:10", 40, 10).await;
        conventions.push(convention);
    }
    for (measure, own, rate) in [
        ("girls_share", json!(0.25), json!(0.5)),
        ("establishments", json!(0), json!(0.0)),
        ("reports_validated", json!(1), json!(0.25)),
    ] {
        let measures = format!("measures={measure},target,achieved,achievement_rate");
        let answer = world
            .values(&format!("{measures}&group_by=convention"))
            .await;
        assert_eq!(
            totals(&answer)[1..],
            [json!(null), json!(null), json!(null)]
        );
        for cell in by(&answer, "convention").values() {
            assert_eq!((&cell[2], &cell[3]), (&own, &rate), "{measure}");
        }
        let one = world
            .values(&format!("{measures}&convention={}", conventions[0]))
            .await;
        assert_eq!((&totals(&one)[2], &totals(&one)[3]), (&own, &rate));
        let sectors = world.values(&format!("{measures}&group_by=academy")).await;
        assert_eq!(by(&sectors, "academy")["academy:10"][1], json!(null));
    }
    let added = world.values(MEASURES).await;
    assert_eq!(json!(totals(&added)), json!([120, 300, 120, 0.4]));
    // A target for another measure is none of this one.
    let girls = world.values("measures=girls,target,achieved").await;
    assert_eq!(json!(totals(&girls)), json!([30, null, null]));
    let first = world.values("measures=target,girls_share,pupils").await;
    assert_eq!(totals(&first)[0], json!(null), "of the first other measure");
    let alone = world.values("measures=achieved").await;
    assert_eq!(json!(totals(&alone)), json!([120]), "of pupils");
}
