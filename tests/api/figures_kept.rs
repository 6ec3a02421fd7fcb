//! Figures that are kept added up: always what the lines of validated reports say, whoever validates
//! at the same time.

use std::collections::BTreeMap;

use ree::auth::{Perimeter, Role};
use ree::results::indicators::store::rollup_check;
use serde_json::{Value, json};

use crate::support::{Caller, Service, id};

const YEAR: &str = "2025-2026";

struct World {
    service: Service,
    convention: String,
    schools: Vec<String>,
}

impl World {
    /// Schools of Lyon, and a convention in force.
    async fn new(schools: u32) -> Self {
        let service = Service::start().await;
        let (_, convention) = service.signed_partner("Partenaire", json!({})).await;
        let mut uais = Vec::new();
        for number in 0..schools {
            uais.extend(service.new_schools([690_001 + number]).await);
        }
        Self {
            service,
            convention,
            schools: uais,
        }
    }

    /// A report of a school, submitted: the first one, or a correction.
    async fn submitted(&self, school: usize, lines: Value) -> String {
        let uai = &self.schools[school];
        let author = self.service.school(uai);
        let body = json!({
            "convention_id": self.convention, "territory": format!("uai:{uai}"), "school_year": YEAR,
            "lines": lines, "establishments": [uai],
        });
        let report = id(&author.post("/v1/reports", body).await.expect(201));
        let path = format!("/v1/reports/{report}/submit");
        author.post(&path, json!({})).await.expect(200);
        report
    }

    fn validator(&self) -> Caller {
        let lyon = Perimeter {
            territories: Some(vec!["academy:10".to_owned()]),
            ..Perimeter::default()
        };
        self.service.somebody("validator", Role::Academy, lyon)
    }

    async fn validate(&self, report: &str) {
        let path = format!("/v1/reports/{report}/validate");
        self.validator().post(&path, json!({})).await.expect(200);
    }

    async fn values(&self, query: &str) -> Value {
        let path = format!(
            "/v1/indicators/values?measures=pupils,girls,girls_share,pupils_girls_known,reports_validated&{query}"
        );
        self.service.ministry().get(&path).await.expect(200)
    }

    async fn drifts(&self) -> Vec<rollup_check::Drift> {
        let mut sql = self.service.sql().await;
        let verified = rollup_check::verify(&mut sql, |_| ())
            .await
            .expect("a comparison");
        assert!(verified.cells > 0);
        verified.drifts
    }
}

fn line(action_type: &str, level: &str, pupils: u32, girls: u32) -> Value {
    json!({ "action_type": action_type, "level": level, "actions": 1, "pupils": pupils, "girls": girls })
}

fn by(answer: &Value, name: &str) -> BTreeMap<String, Value> {
    let rows = answer["data"].as_array().expect("cells").iter();
    rows.map(|row| (row["key"][name].to_string(), row["values"].clone()))
        .collect()
}

#[actix_web::test]
async fn a_correction_takes_out_what_it_replaces_cell_by_cell() {
    let world = World::new(2).await;
    let first = world
        .submitted(
            0,
            json!([
                line("class_talk", "3e", 30, 15),
                line("company_visit", "4e", 20, 9)
            ]),
        )
        .await;
    world.validate(&first).await;
    let other = world
        .submitted(1, json!([line("class_talk", "3e", 8, 4)]))
        .await;
    world.validate(&other).await;
    let levels = by(&world.values("group_by=level").await, "level");
    assert_eq!(levels["\"3e\""]["pupils"], 38);
    assert_eq!(levels["\"4e\""]["reports_validated"], 1);

    // The correction has no line of 4e, and knows no girls.
    let correction =
        json!([{ "action_type": "class_talk", "level": "3e", "actions": 1, "pupils": 31 }]);
    let second = world.submitted(0, correction).await;
    world.validate(&second).await;
    let levels = by(&world.values("group_by=level").await, "level");
    assert_eq!(levels.len(), 1, "the cell of 4e is gone: {levels:?}");
    assert_eq!(levels["\"3e\""]["pupils"], 39);
    assert_eq!(levels["\"3e\""]["girls"], 4);
    assert_eq!(
        levels["\"3e\""]["girls_share"], 0.5,
        "of the lines that know both"
    );
    assert_eq!(
        levels["\"3e\""]["pupils_girls_known"], 8,
        "the base of the share, kept with it"
    );
    let total = &world.values("academy=academy:10").await["totals"];
    assert_eq!(total["values"]["reports_validated"], 2);
    assert!(world.drifts().await.is_empty());
}

#[actix_web::test]
async fn sixty_four_validations_and_corrections_at_once_end_in_the_right_figures() {
    let world = World::new(64).await;
    let mut first = Vec::new();
    for school in 0..64 {
        let level = ["3e", "4e", "6e"][school % 3];
        first.push(
            world
                .submitted(school, json!([line("class_talk", level, 10, 5)]))
                .await,
        );
    }
    let (corrected, late) = first.split_at(32);
    for report in corrected {
        world.validate(report).await;
    }
    let mut waiting = late.to_vec();
    for school in 0..32 {
        let types = [
            line("mentoring", "3e", 7, 3),
            line("class_talk", "5e", 2, 1),
        ];
        waiting.push(world.submitted(school, json!(types)).await);
    }
    let all = waiting.iter().map(|report| world.validate(report));
    futures_util::future::join_all(all).await;

    let values = world.values("group_by=action_type").await;
    let types = by(&values, "action_type");
    assert_eq!(types["\"mentoring\""]["pupils"], 32 * 7);
    assert_eq!(types["\"class_talk\""]["pupils"], 32 * 10 + 32 * 2);
    assert_eq!(values["totals"]["values"]["reports_validated"], 64);
    assert!(world.drifts().await.is_empty());
}

#[actix_web::test]
async fn a_planted_drift_is_found_and_a_rebuild_mends_it() {
    let world = World::new(1).await;
    let report = world
        .submitted(0, json!([line("class_talk", "3e", 30, 15)]))
        .await;
    world.validate(&report).await;
    let sql = world.service.sql().await;
    sql.execute("UPDATE indicator_cells SET sums[2] = sums[2] + 1 WHERE dimension = 'level' AND place = 'FR'", &[])
        .await
        .expect("one pupil more");
    sql.execute(
        "DELETE FROM indicator_cells WHERE dimension = 'action_type' AND place = 'FR'",
        &[],
    )
    .await
    .expect("one cell less");
    let drifts = world.drifts().await;
    let told: Vec<(&str, &str, i64, i64)> = drifts
        .iter()
        .filter(|drift| drift.measure == "pupils")
        .map(|drift| {
            (
                drift.dimension.as_str(),
                drift.value.as_str(),
                drift.found,
                drift.expected,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("action_type", "class_talk", 0, 30),
            ("level", "3e", 31, 30)
        ]
    );
    assert_eq!(rollup_check::years(&sql).await.expect("years"), [YEAR]);
    rollup_check::rebuild(&sql, YEAR).await.expect("a rebuild");
    assert!(world.drifts().await.is_empty());
}
