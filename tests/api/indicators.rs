//! Figures: what they count, for whom, and that nothing counts twice.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::support::{Caller, Service, id, merged};

const COUNTERS: [&str; 10] = [
    "actions",
    "pupils",
    "girls",
    "priority_education_pupils",
    "teachers",
    "professionals",
    "companies",
    "hours",
    "internships_offered",
    "internships_filled",
];

/// The bases of the shares: pupils of the lines that also state a part of them.
const BASES: [(&str, &str); 2] = [
    ("pupils_girls_known", "girls"),
    ("pupils_priority_known", "priority_education_pupils"),
];

/// The measures that add up.
fn additive() -> Vec<&'static str> {
    let bases = BASES.iter().map(|(base, _)| *base);
    COUNTERS.into_iter().chain(bases).collect()
}

/// Two conventions: one of a partner of the metal industry and of energy with one of energy, one of
/// a partner without a sector; schools in Lyon, in Grenoble and in Lille.
struct World {
    service: Service,
    partners: [String; 3],
    conventions: [String; 2],
    schools: [String; 4],
}

impl World {
    async fn new() -> Self {
        let service = Service::start().await;
        let mut partners = Vec::new();
        for (name, sectors) in [
            ("A", json!(["metal_industry", "energy"])),
            ("B", json!(["energy"])),
            ("C", json!([])),
        ] {
            let body = json!({ "legal_name": name, "kind": "company", "sectors": sectors });
            partners.push(id(&service
                .ministry()
                .post("/v1/partners", body)
                .await
                .expect(201)));
        }
        let both = json!({ "partner_ids": [partners[0], partners[1]] });
        let conventions = [
            service.signed_convention(&partners[0], both).await,
            service.signed_convention(&partners[2], json!({})).await,
        ];
        let numbers = [690_001, 690_002, 380_001, 590_001];
        let schools = service.new_schools(numbers).await;
        Self {
            service,
            partners: partners.try_into().expect("three"),
            conventions,
            schools,
        }
    }

    /// A report as it is stored, a draft unless `with` says otherwise.
    async fn report(
        &self,
        convention: usize,
        territory: &str,
        with: Value,
        lines: &[Value],
    ) -> String {
        let (service, of) = (&self.service, &self.conventions[convention]);
        let report = service.stored_report(of, territory, with).await;
        service.stored_lines(&report, json!(lines)).await;
        report
    }

    async fn validated(
        &self,
        convention: usize,
        territory: &str,
        with: Value,
        lines: &[Value],
    ) -> String {
        let usual = json!({ "status": "validated", "validated_at": "2026-07-01T10:00:00Z" });
        let with = merged(usual, with);
        self.report(convention, territory, with, lines).await
    }

    fn school(&self, number: usize) -> String {
        format!("uai:{}", self.schools[number])
    }

    async fn values(&self, query: &str) -> Value {
        values(&self.service.ministry(), query).await
    }

    /// What the tests that count by hand count.
    async fn counted_by_hand(&self) {
        let schools = &self.schools;
        // A school of Lyon: girls are known of the first line only, the second has no pupils.
        self.validated(0, &self.school(0), json!({ "establishments": [schools[0]] }), &[
            json!({ "action_type": "class_talk", "level": "3e", "academy": "academy:10", "axis": "internships",
                    "actions": 2, "pupils": 30, "girls": 12, "teachers": 2, "hours": 4, "companies": 1 }),
            json!({ "action_type": "company_visit", "level": "4e", "academy": "academy:10",
                    "actions": 1, "girls": 5, "teachers": 0 }),
            json!({ "action_type": "internship_offer", "level": "3e", "academy": "academy:10", "moment": "observation_internship_3e",
                    "internships_offered": 8, "internships_filled": 6, "pupils": 10 }),
        ]).await;
        // The region states what its schools do not, in two academies.
        self.validated(0, "region:84", json!({ "establishments": [schools[0], schools[1], schools[2]] }), &[
            json!({ "action_type": "career_forum", "academy": "academy:10", "event": "semaine_industrie",
                    "actions": 1, "pupils": 100, "girls": 50, "priority_education_pupils": 20, "professionals": 15 }),
            json!({ "action_type": "career_forum", "academy": "academy:08", "actions": 1, "pupils": 70, "girls": 40 }),
        ]).await;
        // Another convention and year, in Lille, and national action.
        self.validated(1, &self.school(3), json!({ "establishments": [schools[3]], "school_year": "2024-2025",
                                                   "validated_at": "2026-06-01T08:00:00Z" }), &[
            json!({ "action_type": "class_talk", "academy": "academy:09", "level": "3e", "pupils": 0, "girls": 0, "actions": 0 }),
        ]).await;
        self.validated(
            1,
            "FR",
            json!({ "school_year": "2024-2025" }),
            &[json!({ "action_type": "standards_contribution", "actions": 3, "professionals": 7 })],
        )
        .await;
        // What does not count: a draft, a submitted one, one that was replaced.
        for (number, status) in ["draft", "submitted"].into_iter().enumerate() {
            self.report(
                1,
                &self.school(number),
                json!({ "status": status, "establishments": [schools[number]] }),
                &[json!({ "action_type": "class_talk", "academy": "academy:10", "pupils": 1000 })],
            )
            .await;
        }
        self.validated(1, &self.school(2), json!({ "superseded": true, "establishments": [schools[2]] }), &[
            json!({ "action_type": "class_talk", "academy": "academy:08", "pupils": 1000, "actions": 1000 }),
        ]).await;
    }
}

async fn values(caller: &Caller, query: &str) -> Value {
    caller
        .get(&format!("/v1/indicators/values?{query}"))
        .await
        .expect(200)
}

/// The cells as `(key, values)`, keys in the order of the dimensions.
fn cells(answer: &Value) -> Vec<(Vec<Value>, Value)> {
    let data = answer["data"].as_array().expect("data");
    data.iter()
        .map(|cell| {
            let key = cell["key"].as_object().expect("a key");
            (key.values().cloned().collect(), cell["values"].clone())
        })
        .collect()
}

/// The cells of one dimension and one measure.
fn column(answer: &Value, measure: &str) -> Vec<(Value, Value)> {
    cells(answer)
        .into_iter()
        .map(|(key, values)| (key[0].clone(), values[measure].clone()))
        .collect()
}

fn all_measures() -> String {
    let shares = "pupils_girls_known,girls_share,pupils_priority_known,priority_education_share,\
                  internship_fill_rate,establishments,reports_validated";
    format!("{},{shares}", COUNTERS.join(","))
}

#[actix_web::test]
async fn the_definitions_are_those_of_the_nomenclature() {
    let service = Service::start().await;
    for caller in [service.reader(), service.ministry()] {
        let all = caller.all("/v1/indicators?limit=4").await;
        let codes: Vec<&str> = all
            .iter()
            .map(|one| one["code"].as_str().unwrap())
            .collect();
        let expected = ree::reference::Reference::get()
            .nomenclature("measures")
            .unwrap()
            .codes();
        assert_eq!(codes, expected);
        let count = caller.get("/v1/indicators/count").await.expect(200);
        assert_eq!(count, json!({ "count": all.len() }));
        for definition in &all {
            for field in [
                "label_fr",
                "label_en",
                "unit",
                "kind",
                "definition_fr",
                "definition_en",
            ] {
                assert!(
                    !definition[field].as_str().unwrap().is_empty(),
                    "{definition}"
                );
            }
            assert!(
                ["additive", "distinct", "share"].contains(&definition["kind"].as_str().unwrap())
            );
        }
    }
    let csv = service
        .reader()
        .request("GET", "/v1/indicators")
        .header("accept", "text/csv")
        .send()
        .await;
    assert!(
        csv.text()
            .starts_with("code,label_fr,label_en,unit,kind,definition_fr,definition_en\r\n")
    );
    for (language, label) in [("fr", "Élèves"), ("en", "Pupils")] {
        let reply = service
            .ministry()
            .request("GET", "/v1/indicators/values?measures=pupils")
            .header("accept-language", language)
            .send()
            .await
            .expect(200);
        let expected =
            json!({ "pupils": { "label": label, "unit": "participation", "kind": "additive" } });
        assert_eq!(reply["meta"]["definitions"], expected);
    }
}

#[actix_web::test]
async fn each_measure_is_what_one_counts_by_hand() {
    let world = World::new().await;
    world.counted_by_hand().await;
    let answer = world.values(&format!("measures={}", all_measures())).await;
    assert_eq!(
        answer["totals"],
        json!({
            "values": {
                "actions": 8, "pupils": 210, "girls": 107, "priority_education_pupils": 20, "teachers": 2,
                "professionals": 22, "companies": 1, "hours": 4, "internships_offered": 8, "internships_filled": 6,
                // 12 + 50 + 40 of 30 + 100 + 70: the line with girls and no pupils is left out, and
                // the one with pupils and no girls.
                "pupils_girls_known": 200, "girls_share": 0.51, "pupils_priority_known": 100,
                "priority_education_share": 0.2, "internship_fill_rate": 0.75,
                "establishments": 4, "reports_validated": 4
            },
            "suppressed": [], "carried": {},
            "completeness": { "expected": null, "expected_validated": null, "validated": 4 }
        })
    );
    let cell = &answer["data"][0];
    assert_eq!(cell["key"], json!({}), "without a grouping, one cell");
    assert_eq!(cell["values"], answer["totals"]["values"]);
    assert_eq!(answer["data"][1], Value::Null);
    assert_eq!(answer["meta"]["publication"], json!(null));
    assert_eq!(answer["meta"]["perimeter"], json!(null));
    assert_eq!(answer["meta"]["computed_at"], "2026-07-01T10:00:00Z");
    let measures = "measures=pupils,girls,girls_share,hours,establishments,reports_validated";
    let by_academy = world.values(&format!("{measures}&group_by=academy")).await;
    assert_eq!(
        cells(&by_academy),
        [
            // The region's report names three schools, of which one is in this academy.
            (
                vec![json!("academy:08")],
                json!({ "pupils": 70, "girls": 40, "girls_share": 0.5714, "hours": null,
                                                "establishments": 1, "reports_validated": 1 })
            ),
            // None is known to have come: that is 0 and not unknown; a share of nothing is unknown.
            (
                vec![json!("academy:09")],
                json!({ "pupils": 0, "girls": 0, "girls_share": null, "hours": null,
                                                "establishments": 1, "reports_validated": 1 })
            ),
            (
                vec![json!("academy:10")],
                json!({ "pupils": 140, "girls": 67, "girls_share": 0.4769, "hours": 4,
                                                "establishments": 2, "reports_validated": 2 })
            ),
            (
                vec![json!(null)],
                json!({ "pupils": null, "girls": null, "girls_share": null, "hours": null,
                                        "establishments": 0, "reports_validated": 1 })
            ),
        ]
    );
    // Five reports in the cells, four in all: totals are counted and not added up.
    assert_eq!(by_academy["totals"]["values"]["reports_validated"], 4);
    assert_eq!(
        by_academy["data"][2]["completeness"],
        json!({ "expected": null, "expected_validated": null, "validated": 2 })
    );
    assert_eq!(by_academy["data"][2]["suppressed"], json!([]));
}

#[actix_web::test]
async fn a_line_counts_once_for_each_party_and_sector_and_once_in_the_total() {
    let world = World::new().await;
    world.counted_by_hand().await;
    let [a, b, c] = &world.partners;
    let by_partner = world
        .values("measures=actions,reports_validated&group_by=partner")
        .await;
    let mut expected = vec![
        (json!(a), json!(5)),
        (json!(b), json!(5)),
        (json!(c), json!(3)),
    ];
    expected.sort_by_key(|(partner, _)| partner.to_string());
    assert_eq!(column(&by_partner, "actions"), expected);
    assert_eq!(
        by_partner["totals"]["values"],
        json!({ "actions": 8, "reports_validated": 4 })
    );
    let by_sector = world.values("measures=actions&group_by=sector").await;
    assert_eq!(
        column(&by_sector, "actions"),
        [
            (json!("energy"), json!(5)),
            (json!("metal_industry"), json!(5)),
            (json!(null), json!(3))
        ]
    );
    assert_eq!(by_sector["totals"]["values"]["actions"], 8);
    let of_b = world
        .values(&format!("measures=actions&group_by=partner&partner={b}"))
        .await;
    assert_eq!(column(&of_b, "actions"), [(json!(b), json!(5))]);
    let of_metal = world
        .values("measures=actions&group_by=partner,sector&sector=metal_industry")
        .await;
    assert_eq!(
        cells(&of_metal),
        [(
            vec![json!(a), json!("metal_industry")],
            json!({ "actions": 5 })
        )]
    );
    assert_eq!(of_metal["totals"]["values"]["actions"], 5);
}

#[actix_web::test]
async fn filters_leave_the_lines_that_answer_to_all_of_them() {
    let world = World::new().await;
    world.counted_by_hand().await;
    let [first, second] = &world.conventions;
    for (filter, actions, reports) in [
        ("school_year=2025-2026".to_owned(), json!(5), 2),
        ("school_year=2025-2026,2024-2025".to_owned(), json!(8), 4),
        ("academic_region=region:84".to_owned(), json!(5), 2),
        (
            "academic_region=region:84,region:32".to_owned(),
            json!(5),
            3,
        ),
        ("academy=academy:10".to_owned(), json!(4), 2),
        (
            "academy=academy:10&academic_region=region:32".to_owned(),
            json!(null),
            0,
        ),
        (format!("convention={first}"), json!(5), 2),
        (format!("convention={first},{second}"), json!(8), 4),
        (format!("partner={}", world.partners[2]), json!(3), 2),
        ("sector=trade".to_owned(), json!(null), 0),
        ("sector=energy,metal_industry".to_owned(), json!(5), 2),
        ("axis=internships".to_owned(), json!(2), 1),
        (
            "action_type=career_forum,class_talk".to_owned(),
            json!(4),
            3,
        ),
        ("level=3e".to_owned(), json!(2), 2),
        (
            "moment=observation_internship_3e".to_owned(),
            json!(null),
            1,
        ),
        ("event=semaine_industrie".to_owned(), json!(1), 1),
        (
            "level=3e&school_year=2024-2025&academy=academy:09".to_owned(),
            json!(0),
            1,
        ),
    ] {
        let answer = world
            .values(&format!("measures=actions,reports_validated&{filter}"))
            .await;
        let expected = json!({ "actions": actions, "reports_validated": reports });
        assert_eq!(answer["totals"]["values"], expected, "{filter}");
        // By whatever it is grouped, the total is the same.
        for dimension in [
            "academy",
            "academic_region",
            "partner",
            "sector",
            "level",
            "convention",
        ] {
            let grouped = world
                .values(&format!(
                    "measures=actions,reports_validated&{filter}&group_by={dimension}"
                ))
                .await;
            assert_eq!(grouped["totals"], answer["totals"], "{filter} {dimension}");
        }
    }
    for (filter, expected) in [
        ("academy=academy:08", 1),
        ("academic_region=region:84", 3),
        ("level=3e", 2),
    ] {
        let answer = world
            .values(&format!("measures=establishments&{filter}"))
            .await;
        assert_eq!(
            answer["totals"]["values"]["establishments"], expected,
            "{filter}"
        );
    }
    let nothing = world
        .values("measures=establishments,pupils&school_year=1999-2000&group_by=academy")
        .await;
    assert_eq!(nothing["data"], json!([]));
    assert_eq!(
        nothing["totals"]["values"],
        json!({ "establishments": 0, "pupils": null })
    );
    assert_eq!(nothing["meta"]["computed_at"], json!(null));
}

#[actix_web::test]
async fn pages_add_up_to_the_whole_in_every_form() {
    let world = World::new().await;
    world.counted_by_hand().await;
    let ministry = world.service.ministry();
    for group_by in [
        "academy",
        "level,academy,event",
        "partner,sector,level",
        "moment,axis",
        "academic_region",
    ] {
        let query = format!(
            "/v1/indicators/values?measures=pupils,girls_share,establishments&group_by={group_by}"
        );
        let whole = ministry.get(&query).await.expect(200);
        assert_eq!(whole["next_cursor"], json!(null));
        let paged = ministry.all(&format!("{query}&limit=1")).await;
        assert_eq!(json!(paged), whole["data"], "{group_by}");
        assert_eq!(
            json!(ministry.all(&format!("{query}&limit=3")).await),
            whole["data"],
            "{group_by}"
        );
        let first = ministry.get(&format!("{query}&limit=1")).await;
        assert_eq!(first.expect(200)["totals"], whole["totals"], "of all pages");
        assert!(
            first.header("link").contains("rel=\"next\""),
            "{}",
            first.header("link")
        );
        let form = |accept: &str, dialect: &str| {
            let sending = ministry.request("GET", &format!("{query}{dialect}"));
            sending.header("accept", accept).send()
        };
        let ndjson = form("application/x-ndjson", "").await;
        let lines: Vec<Value> = ndjson
            .text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(json!(lines), whole["data"], "{group_by}");
        let csv = form("text/csv", "").await;
        let mut rows = csv::Reader::from_reader(csv.text().as_bytes());
        let header = format!(
            "{group_by},pupils,girls_share,establishments,expected,expected_validated,validated"
        );
        assert_eq!(
            rows.headers().unwrap().iter().collect::<Vec<_>>().join(","),
            header
        );
        let text = |value: &Value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
                .replace("null", "")
        };
        for (row, cell) in rows.records().map(Result::unwrap).zip(&lines) {
            let parts = ["key", "values"]
                .iter()
                .flat_map(|part| cell[part].as_object().unwrap().values());
            let mut expected: Vec<String> = parts.map(text).collect();
            for name in ["expected", "expected_validated", "validated"] {
                expected.push(text(&cell["completeness"][name]));
            }
            assert_eq!(row.iter().collect::<Vec<_>>(), expected, "{group_by}");
        }
        assert_eq!(csv.text().lines().count(), lines.len() + 1);
        let excel = form("text/csv", "&dialect=excel-fr&labels=none").await;
        assert!(
            excel
                .text()
                .starts_with(&format!("\u{feff}{}", header.replace(',', ";")))
        );
        assert!(excel.text().contains("0,5"), "{}", excel.text());
    }
    let total = ministry
        .request("GET", "/v1/indicators/values?measures=pupils")
        .header("accept", "text/csv")
        .send()
        .await;
    assert_eq!(
        total.text(),
        "pupils,expected,expected_validated,validated\r\n210,,,4\r\n"
    );
}

#[actix_web::test]
async fn an_answer_is_the_same_until_a_validation_changes_it() {
    let world = World::new().await;
    world.counted_by_hand().await;
    let path = "/v1/indicators/values?measures=pupils&group_by=academy";
    let ministry = world.service.ministry();
    let first = ministry.get(path).await;
    let again = ministry
        .request("GET", path)
        .header("if-none-match", first.etag());
    again.send().await.expect(304);
    let with = json!({ "validated_at": "2026-08-01T00:00:00Z", "school_year": "2023-2024" });
    let line = json!({ "action_type": "class_talk", "academy": "academy:10", "actions": 1 });
    world.validated(0, &world.school(0), with, &[line]).await;
    let next = ministry.get(path).await;
    assert_ne!(next.etag(), first.etag());
    assert_eq!(
        next.expect(200)["meta"]["computed_at"],
        "2026-08-01T00:00:00Z"
    );
}

#[actix_web::test]
async fn each_role_reads_the_figures_of_its_perimeter_only() {
    let world = World::new().await;
    world.counted_by_hand().await;
    let service = &world.service;
    let measures = format!("measures={}&group_by=level,action_type", all_measures());
    let same = |one: &Value, other: &Value| {
        assert_eq!(
            (&one["data"], &one["totals"]),
            (&other["data"], &other["totals"])
        );
    };
    for (perimeter, filter) in [
        ("academy:10", "academy=academy:10"),
        ("academy:08", "academy=academy:08"),
        ("region:84", "academic_region=region:84"),
        ("region:84", "academy=academy:10,academy:08,academy:06"),
    ] {
        let own = values(&service.academy(perimeter), &measures).await;
        same(&own, &world.values(&format!("{measures}&{filter}")).await);
        assert_eq!(own["meta"]["perimeter"], json!([perimeter]));
        let asked = values(&service.academy(perimeter), &format!("{measures}&{filter}")).await;
        same(&own, &asked);
    }
    let school = service.school(&world.schools[0]);
    let own = values(
        &school,
        "measures=actions,pupils,establishments&group_by=level",
    )
    .await;
    assert_eq!(
        column(&own, "pupils"),
        [(json!("3e"), json!(40)), (json!("4e"), json!(null))]
    );
    assert_eq!(
        own["totals"]["values"],
        json!({ "actions": 3, "pupils": 40, "establishments": 1 })
    );
    assert_eq!(own["meta"]["perimeter"], json!([world.school(0)]));
    for inside in ["academy=academy:10", "academic_region=region:84"] {
        let asked = values(&school, &format!("measures=actions&{inside}")).await;
        assert_eq!(asked["totals"]["values"]["actions"], 3, "{inside}");
    }
    // Beyond it figures are published ones, and none are yet.
    let lyon = service.academy("academy:10");
    for (caller, filter) in [
        (&lyon, "academy=academy:08"),
        (&lyon, "academy=academy:10,academy:08"),
        (&lyon, "academic_region=region:84"),
        (&school, "academy=academy:08&academic_region=region:32"),
    ] {
        for accept in ["application/json", "text/csv"] {
            let path = format!("/v1/indicators/values?measures=pupils&{filter}");
            let reply = caller
                .request("GET", &path)
                .header("accept", accept)
                .send()
                .await;
            reply.problem(422, "not_published");
            assert_eq!(reply.faults(), ["school_year not_published"], "{filter}");
        }
    }
    // What is wrong is told first.
    lyon.get("/v1/indicators/values?measures=x&academy=academy:08")
        .await
        .problem(422, "validation_failed");
    for caller in [service.partner(&world.partners[0]), service.reader()] {
        caller
            .get("/v1/indicators/values?measures=pupils")
            .await
            .problem(422, "not_published");
        caller.get("/v1/indicators").await.expect(200);
    }
}

#[actix_web::test]
async fn what_is_wrong_with_a_question_is_told_all_at_once() {
    let service = Service::start().await;
    let ministry = service.ministry();
    for (query, expected) in [
        ("", vec!["measures required"]),
        ("measures=", vec!["measures unknown_code"]),
        ("measures=pupil", vec!["measures unknown_code"]),
        ("measures=pupils,pupils", vec!["measures repeated_item"]),
        ("measures=pupils&measures=girls", vec!["measures repeated"]),
        (
            "measures=pupils&group_by=academy,level,axis,event",
            vec!["group_by too_many_items"],
        ),
        (
            "measures=pupils&group_by=academy,academy",
            vec!["group_by repeated_item"],
        ),
        ("measures=pupils&group_by=", vec!["group_by unknown_code"]),
        (
            "measures=pupils&school_year=2025-2027",
            vec!["school_year invalid_format"],
        ),
        (
            "measures=pupils&academy=region:84",
            vec!["academy invalid_format"],
        ),
        (
            "measures=pupils&academy=academy:99",
            vec!["academy unknown_territory"],
        ),
        (
            "measures=pupils&convention=CX-2025-0001",
            vec!["convention invalid_format"],
        ),
        (
            "measures=pupils&sort=pupils",
            vec!["sort unknown_parameter"],
        ),
        (
            "measures=x&group_by=academie&school_year=2025&academic_region=84&level=6&limit=0&dialect=x&declination=1",
            vec![
                "academic_region invalid_format",
                "declination unknown_parameter",
                "dialect invalid_format",
                "group_by unknown_code",
                "level unknown_code",
                "limit out_of_range",
                "measures unknown_code",
                "school_year invalid_format",
            ],
        ),
    ] {
        let reply = ministry
            .get(&format!("/v1/indicators/values?{query}"))
            .await;
        reply.problem(422, "validation_failed");
        assert_eq!(reply.faults(), expected, "{query}");
    }
    let reply = ministry
        .get("/v1/indicators/values?measures=pupil&group_by=acadmy")
        .await;
    for near in ["pupils", "academy"] {
        assert!(
            reply.text().contains(&format!("Le plus proche : {near}.")),
            "{}",
            reply.text()
        );
    }
    let cursor = "/v1/indicators/values?measures=pupils&group_by=academy&cursor=x";
    ministry.get(cursor).await.problem(400, "invalid_cursor");
}

/// A line as the test counts it: its report's keys and its own, and its counters.
#[derive(Clone)]
struct Counted {
    keys: BTreeMap<&'static str, Vec<Value>>,
    counters: Vec<Option<i64>>,
}

/// What one report is, version after version.
struct Tree {
    convention: usize,
    territory: String,
    year: &'static str,
    academies: Vec<&'static str>,
    /// Its versions so far, the last of them open if `open`.
    versions: Vec<(String, Vec<Value>)>,
    open: bool,
}

const DIMENSIONS: [&str; 11] = [
    "school_year",
    "academic_region",
    "academy",
    "convention",
    "partner",
    "sector",
    "axis",
    "action_type",
    "level",
    "moment",
    "event",
];

fn random_line(random: &mut StdRng, academy: Option<&str>, action_type: &str) -> Value {
    let maybe = |random: &mut StdRng, codes: &[&str]| -> Value {
        random
            .random_bool(0.7)
            .then(|| *codes.choose(random).expect("a code"))
            .into()
    };
    let mut line = json!({
        "action_type": action_type, "academy": academy,
        "level": maybe(random, &["3e", "4e"]), "moment": maybe(random, &["pfmp"]),
        "axis": maybe(random, &["internships", "equipment"]), "event": maybe(random, &["other"]),
    });
    for counter in COUNTERS {
        line[counter] = random
            .random_bool(0.7)
            .then(|| random.random_range(0..50))
            .into();
    }
    for (part, whole) in [
        ("girls", "pupils"),
        ("priority_education_pupils", "pupils"),
        ("internships_filled", "internships_offered"),
    ] {
        if let (Some(few), Some(most)) = (line[part].as_i64(), line[whole].as_i64()) {
            line[part] = few.min(most).into();
        }
    }
    line
}

/// Schools under academies under a region, and the country, each under one or two conventions.
fn random_trees(world: &World, random: &mut StdRng) -> Vec<Tree> {
    let places = [
        (
            "FR".to_owned(),
            vec!["academy:08", "academy:09", "academy:10", ""],
        ),
        ("region:84".to_owned(), vec!["academy:08", "academy:10"]),
        ("academy:10".to_owned(), vec!["academy:10"]),
        ("academy:08".to_owned(), vec!["academy:08"]),
        (world.school(0), vec!["academy:10"]),
        (world.school(1), vec!["academy:10"]),
        (world.school(2), vec!["academy:08"]),
        (world.school(3), vec!["academy:09"]),
    ];
    let mut trees = Vec::new();
    for (territory, academies) in places {
        for convention in 0..2 {
            for year in ["2024-2025", "2025-2026"] {
                if random.random_bool(0.5) {
                    let (territory, academies) = (territory.clone(), academies.clone());
                    trees.push(Tree {
                        convention,
                        territory,
                        year,
                        academies,
                        versions: Vec::new(),
                        open: false,
                    });
                }
            }
        }
    }
    trees
}

/// One step of a report: a version begins, or the one under way is validated in the place of the last.
async fn step(world: &World, tree: &mut Tree, random: &mut StdRng) {
    if tree.open {
        let sql = world.service.sql().await;
        const REPLACED: &str = "UPDATE reports SET superseded = true WHERE convention_id = $1::text::uuid AND territory = $2
            AND school_year = $3 AND status = 'validated'";
        const VALIDATED: &str = "UPDATE reports SET status = 'validated', validated_at = now() WHERE id = $1::text::uuid";
        let convention = &world.conventions[tree.convention];
        sql.execute(REPLACED, &[convention, &tree.territory, &tree.year])
            .await
            .expect("the former version");
        let mut versions = tree.versions.iter().rev().map(|(id, _)| id);
        let last = versions.next().expect("a version");
        sql.execute(VALIDATED, &[last]).await.expect("a validation");
        const COUNTED: &str = "SELECT count_report($1::text::uuid, $2::text::uuid, now())";
        sql.execute(COUNTED, &[last, &versions.next()])
            .await
            .expect("figures");
        tree.open = false;
        return;
    }
    let mut keys = BTreeSet::new();
    let mut lines = Vec::new();
    for _ in 0..random.random_range(0..4) {
        let academy = Some(*tree.academies.choose(random).expect("an academy"))
            .filter(|code| !code.is_empty());
        let action_type = ["class_talk", "mentoring"].choose(random).expect("a type");
        let line = random_line(random, academy, action_type);
        let key = ["action_type", "level", "moment", "axis", "academy", "event"]
            .map(|name| line[name].to_string());
        if keys.insert(key) {
            lines.push(line);
        }
    }
    let status = if random.random_bool(0.5) {
        "submitted"
    } else {
        "draft"
    };
    let with =
        json!({ "school_year": tree.year, "number": tree.versions.len() + 1, "status": status });
    let id = world
        .report(tree.convention, &tree.territory, with, &lines)
        .await;
    tree.versions.push((id, lines));
    tree.open = true;
}

/// The lines that count: those of the last validated version of each report.
fn counted(world: &World, trees: &[Tree]) -> Vec<Counted> {
    let region = |academy: &Value| match academy.as_str() {
        Some("academy:09") => json!("region:32"),
        Some(_) => json!("region:84"),
        None => Value::Null,
    };
    let mut all = Vec::new();
    for tree in trees {
        let done = tree.versions.len() - usize::from(tree.open);
        let Some((_, lines)) = done.checked_sub(1).map(|last| &tree.versions[last]) else {
            continue;
        };
        let (parties, sectors) = match tree.convention {
            0 => (
                vec![json!(world.partners[0]), json!(world.partners[1])],
                vec![json!("energy"), json!("metal_industry")],
            ),
            _ => (vec![json!(world.partners[2])], vec![Value::Null]),
        };
        for line in lines {
            let mut keys = BTreeMap::from([
                ("school_year", vec![json!(tree.year)]),
                (
                    "convention",
                    vec![json!(world.conventions[tree.convention])],
                ),
                ("partner", parties.clone()),
                ("sector", sectors.clone()),
                ("academic_region", vec![region(&line["academy"])]),
            ]);
            for own in ["academy", "axis", "action_type", "level", "moment", "event"] {
                keys.insert(own, vec![line[own].clone()]);
            }
            let own = COUNTERS.iter().map(|counter| line[*counter].as_i64());
            let bases = BASES.iter().map(|(_, part)| {
                let is_known = line[*part].is_number();
                line["pupils"].as_i64().filter(|_| is_known)
            });
            let counters = own.chain(bases).collect();
            all.push(Counted { keys, counters });
        }
    }
    all
}

/// The sums of each cell, as `key → counters`.
fn expected(
    world: &World,
    lines: &[Counted],
    group_by: &[&'static str],
) -> BTreeMap<String, Vec<Option<i64>>> {
    let mut cells: BTreeMap<String, Vec<Option<i64>>> = BTreeMap::new();
    for line in lines {
        let mut keys: Vec<Vec<Value>> = vec![Vec::new()];
        for dimension in group_by {
            keys = keys
                .iter()
                .flat_map(|key| {
                    line.keys[dimension]
                        .iter()
                        .map(|value| [key.as_slice(), std::slice::from_ref(value)].concat())
                })
                .collect();
        }
        for key in keys.iter().filter(|key| has_sector(world, group_by, key)) {
            let cell = cells
                .entry(json!(key).to_string())
                .or_insert_with(|| vec![None; additive().len()]);
            for (sum, counter) in cell.iter_mut().zip(&line.counters) {
                *sum = counter.map_or(*sum, |counter| Some(sum.unwrap_or(0) + counter));
            }
        }
    }
    cells
}

/// Of a partner and a sector together, whether the one has the other: only A has the metal industry.
fn has_sector(world: &World, group_by: &[&'static str], key: &[Value]) -> bool {
    let of = |name: &str| {
        group_by
            .iter()
            .position(|one| *one == name)
            .map(|place| &key[place])
    };
    match (of("partner"), of("sector")) {
        (Some(partner), Some(sector)) => {
            *sector != "metal_industry" || *partner == world.partners[0]
        }
        _ => true,
    }
}

#[actix_web::test]
async fn whatever_the_order_of_validations_figures_are_the_sum_of_what_counts() {
    let world = World::new().await;
    let measures = additive().join(",");
    for seed in 0..25 {
        let mut random = StdRng::seed_from_u64(seed);
        world
            .service
            .sql()
            .await
            .batch_execute("TRUNCATE reports, report_lines, indicator_cells")
            .await
            .expect("room");
        let mut trees = random_trees(&world, &mut random);
        for _ in 0..trees.len() * random.random_range(1..5) {
            let tree = random.random_range(0..trees.len());
            step(&world, &mut trees[tree], &mut random).await;
        }
        let lines = counted(&world, &trees);
        for number in 0..5 {
            let group_by: Vec<&'static str> = DIMENSIONS
                .choose_multiple(&mut random, number % 4)
                .copied()
                .collect();
            let query = if group_by.is_empty() {
                String::new()
            } else {
                format!("&group_by={}", group_by.join(","))
            };
            let path = format!("/v1/indicators/values?measures={measures}{query}");
            let rows = world
                .service
                .ministry()
                .all(&format!("{path}&limit=7"))
                .await;
            let found: BTreeMap<String, Vec<Option<i64>>> = cells(&json!({ "data": rows }))
                .into_iter()
                .map(|(key, values)| (json!(key).to_string(), sums(&values)))
                .collect();
            assert_eq!(found.len(), rows.len(), "no cell twice");
            let told = format!("seed {seed}, by {group_by:?}");
            if !group_by.is_empty() {
                assert_eq!(found, expected(&world, &lines, &group_by), "{told}");
            }
            let totals =
                world.values(&format!("measures={measures}{query}")).await["totals"]["values"]
                    .clone();
            let none = vec![None; additive().len()];
            assert_eq!(
                &sums(&totals),
                expected(&world, &lines, &[]).get("[]").unwrap_or(&none),
                "{told}"
            );
        }
    }
}

fn sums(values: &Value) -> Vec<Option<i64>> {
    additive()
        .iter()
        .map(|measure| values[*measure].as_i64())
        .collect()
}
