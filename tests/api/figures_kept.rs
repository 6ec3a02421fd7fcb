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
    let mut sql = world.service.sql().await;
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
                drift.expected.expect("a figure"),
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
    let rebuilt = rollup_check::rebuild(&mut sql, YEAR).await;
    rebuilt
        .expect("a rebuild")
        .expect("nothing sealed is broken");
    assert!(world.drifts().await.is_empty());
}

/// What is told of each drift: the table, the place, the measure, what it is and what it should be.
fn named(drifts: &[rollup_check::Drift]) -> Vec<String> {
    let one = |drift: &rollup_check::Drift| {
        let (kept, place, measure) = (drift.kept, &drift.place, drift.measure);
        format!(
            "{kept} {place} {measure} {} {:?}",
            drift.found, drift.expected
        )
    };
    drifts.iter().map(one).collect()
}

#[actix_web::test]
async fn what_a_campaign_expects_is_verified_and_rebuilt_with_the_figures() {
    let world = World::new(1).await;
    let declination =
        json!({ "level": "academy", "territories": ["academy:10"], "starts_on": "2025-09-01" });
    let declination = world
        .service
        .active_declination(&world.convention, declination)
        .await;
    let campaign = json!({ "school_year": YEAR, "opens_on": "2026-05-04", "due_on": "2026-09-30" });
    let ministry = world.service.ministry();
    let campaign = id(&ministry.post("/v1/campaigns", campaign).await.expect(201));
    let report = world
        .submitted(0, json!([line("class_talk", "3e", 30, 15)]))
        .await;
    world.validate(&report).await;
    assert!(world.drifts().await.is_empty());
    let mut sql = world.service.sql().await;
    for (planted, expected) in [
        (
            "UPDATE expected_counts SET expected = expected + 2 WHERE academy = 'academy:10'",
            vec!["expected_counts academy:10 expected 3 Some(1)"],
        ),
        (
            "UPDATE expected_counts SET validated = 1 WHERE academy = ''",
            vec!["expected_counts FR validated 1 Some(0)"],
        ),
        (
            "DELETE FROM expected_counts WHERE academy = ''",
            vec!["expected_counts FR expected 0 Some(1)"],
        ),
        (
            "DELETE FROM expected_reports WHERE territory = 'academy:10'",
            vec![
                "expected_counts academy:10 expected 1 Some(0)",
                "expected_reports academy:10 expected 0 Some(1)",
            ],
        ),
    ] {
        sql.execute(planted, &[]).await.expect("a drift");
        let drifts = world.drifts().await;
        assert_eq!(named(&drifts), expected, "{planted}");
        let of_declination = drifts
            .iter()
            .filter(|drift| drift.kept == "expected_reports");
        assert!(
            of_declination
                .into_iter()
                .all(|drift| drift.value == declination)
        );
        let rebuilt = rollup_check::rebuild(&mut sql, YEAR).await;
        rebuilt
            .expect("a rebuild")
            .expect("nothing sealed is broken");
        assert_eq!(named(&world.drifts().await), [""; 0], "{planted}");
    }
    // What a closed campaign expected stays as it was: only the counts are added up anew.
    let close = format!("/v1/campaigns/{campaign}/close");
    ministry.post(&close, json!({})).await.expect(200);
    sql.execute(
        "DELETE FROM expected_reports WHERE territory = 'academy:10'",
        &[],
    )
    .await
    .expect("a drift");
    assert_eq!(named(&world.drifts().await).len(), 1);
    let rebuilt = rollup_check::rebuild(&mut sql, YEAR).await;
    rebuilt
        .expect("a rebuild")
        .expect("nothing sealed is broken");
    assert!(world.drifts().await.is_empty());
}

#[actix_web::test]
async fn what_was_validated_or_published_is_sealed_and_no_rebuild_blesses_a_change_of_it() {
    let world = World::new(2).await;
    let mut reports = Vec::new();
    for school in 0..2 {
        let report = world
            .submitted(school, json!([line("class_talk", "3e", 30, 15)]))
            .await;
        world.validate(&report).await;
        reports.push(report);
    }
    let ministry = world.service.ministry();
    let publication = json!({ "school_year": YEAR });
    ministry
        .post("/v1/publications", publication)
        .await
        .expect(201);
    assert!(world.drifts().await.is_empty());
    let mut sql = world.service.sql().await;
    let of = |field: &str| format!("WHERE report_id = '{}' AND {field}", reports[0]);
    for (planted, undone) in [
        (
            format!("UPDATE report_lines SET pupils = 31 {}", of("true")),
            format!("UPDATE report_lines SET pupils = 30 {}", of("true")),
        ),
        (
            format!("UPDATE report_lines SET level = '4e' {}", of("true")),
            format!("UPDATE report_lines SET level = '3e' {}", of("true")),
        ),
        (
            format!(
                "UPDATE reports SET establishments = '{{}}' WHERE id = '{}'",
                reports[0]
            ),
            format!(
                "UPDATE reports SET establishments = ARRAY['{}'] WHERE id = '{}'",
                world.schools[0], reports[0]
            ),
        ),
        (
            format!("UPDATE reports SET seal = NULL WHERE id = '{}'", reports[0]),
            format!(
                "UPDATE reports SET seal = report_seal(reports) WHERE id = '{}'",
                reports[0]
            ),
        ),
    ] {
        sql.batch_execute(&planted).await.expect("a change");
        let drifts = world.drifts().await;
        let broken: Vec<_> = drifts.iter().filter(|drift| drift.is_sealed()).collect();
        assert_eq!(broken.len(), 1, "{planted}");
        assert_eq!(
            (broken[0].kept, broken[0].value.as_str()),
            ("report_lines", reports[0].as_str())
        );
        let before = world.values("group_by=level").await;
        let refused = rollup_check::rebuild(&mut sql, YEAR)
            .await
            .expect("an answer");
        let named = refused.expect_err("it is not blessed");
        assert_eq!(named[0].value, reports[0]);
        assert_eq!(
            world.values("group_by=level").await,
            before,
            "nothing is written"
        );
        sql.batch_execute(&undone).await.expect("undone");
        assert!(world.drifts().await.is_empty(), "{undone}");
    }
    sql.batch_execute(
        "ALTER TABLE publication_cells DISABLE TRIGGER USER;
         UPDATE publication_cells SET figures = figures || '{\"actions\": 7}' WHERE place = (SELECT min(place) FROM publication_cells)",
    )
    .await
    .expect("a change");
    let drifts = world.drifts().await;
    assert_eq!(drifts.len(), 1);
    assert_eq!(
        (drifts[0].kept, drifts[0].value.as_str()),
        ("publication_cells", "1")
    );
    // A correction is sealed as its first version was, and both are verified.
    let second = world
        .submitted(1, json!([line("class_talk", "3e", 29, 15)]))
        .await;
    world.validate(&second).await;
    assert_eq!(world.drifts().await.len(), 1);
    sql.execute(
        "UPDATE report_lines SET pupils = 28 WHERE report_id = $1::text::uuid",
        &[&reports[1]],
    )
    .await
    .expect("a change of the version before");
    let drifts = world.drifts().await;
    assert!(
        drifts.iter().any(|drift| drift.value == reports[1]),
        "{drifts:?}"
    );
}
