//! Publications: what was said of a year, to whom, and what nobody can read in it.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::support::{Caller, Service, absent, id};

const MEASURES: &str = "actions,pupils,girls,priority_education_pupils,teachers,professionals,companies,hours,\
                        internships_offered,internships_filled,girls_share,priority_education_share,\
                        internship_fill_rate,establishments,reports_validated";
const GROUPINGS: [&str; 12] = [
    "",
    "academic_region",
    "academy",
    "convention",
    "action_type",
    "level",
    "moment",
    "axis",
    "event",
    "academy,action_type",
    "academy,level",
    "academy,convention",
];

/// Two conventions, and schools in Lyon, Grenoble and Lille.
pub struct World {
    pub service: Service,
    pub partner: String,
    pub conventions: Vec<String>,
}

impl World {
    pub async fn new() -> Self {
        let service = Service::start().await;
        let (partner, first) = service.signed_partner("Partenaire", json!({})).await;
        let second = service.signed_convention(&partner, json!({})).await;
        for (uai, department, academy) in [
            ("0690001A", "department:069", "academy:10"),
            ("0380001B", "department:038", "academy:08"),
            ("0590001C", "department:059", "academy:09"),
        ] {
            service.new_school(uai, department, academy).await;
        }
        Self {
            service,
            partner,
            conventions: vec![first, second],
        }
    }

    /// A validated report of a convention, of this territory and year.
    pub async fn report(
        &self,
        convention: usize,
        territory: &str,
        year: &str,
        lines: Value,
    ) -> String {
        let with = json!({ "status": "validated", "school_year": year,
                           "establishments": ["0690001A", "0380001B", "0590001C"] });
        let convention = &self.conventions[convention];
        let report = self
            .service
            .stored_report(convention, territory, with)
            .await;
        self.service.stored_lines(&report, lines).await;
        report
    }

    /// A campaign, which expects reports of both conventions, of two academies and of a region.
    pub async fn expect(&self, year: &str) {
        let ministry = self.service.ministry();
        for (level, territories) in [
            ("academy", ["academy:10", "academy:08"].as_slice()),
            ("academic_region", &["region:32"]),
        ] {
            let with =
                json!({ "level": level, "territories": territories, "starts_on": "2025-01-01" });
            let of = &self.conventions[0];
            self.service.active_declination(of, with).await;
        }
        let body = json!({ "school_year": year, "opens_on": "2026-05-04", "due_on": "2026-09-30" });
        ministry.post("/v1/campaigns", body).await.expect(201);
    }

    pub async fn publish(&self, year: &str) -> Value {
        let body = json!({ "school_year": year });
        let ministry = self.service.ministry();
        ministry.post("/v1/publications", body).await.expect(201)
    }

    fn readers(&self) -> [Caller; 2] {
        [self.service.reader(), self.service.partner(&self.partner)]
    }

    /// Two academies, two types of action; one of them has three pupils in Lyon.
    async fn with_a_small_group(&self) {
        let line = |academy: &str, kind: &str, pupils: i64| {
            json!({ "action_type": kind, "academy": academy, "level": "3e", "actions": 1,
                    "pupils": pupils, "girls": pupils / 2 })
        };
        let lines = json!([
            line("academy:10", "class_talk", 3),
            line("academy:10", "company_visit", 40),
            line("academy:08", "class_talk", 50),
            line("academy:08", "company_visit", 60),
            line("academy:09", "class_talk", 70),
            line("academy:09", "company_visit", 80),
        ]);
        self.report(0, "FR", "2025-2026", lines).await;
    }
}

pub async fn values(caller: &Caller, query: &str) -> Value {
    let path = format!("/v1/indicators/values?{query}");
    caller.get(&path).await.expect(200)
}

/// The cells by their keys.
pub fn by_key(answer: &Value) -> BTreeMap<String, Value> {
    let data = answer["data"].as_array().expect("data");
    let cells = data
        .iter()
        .map(|cell| (cell["key"].to_string(), cell.clone()));
    cells.collect()
}

fn random_lines(random: &mut StdRng) -> Value {
    let some = |random: &mut StdRng, of: &[&str]| {
        let drawn = random.random_bool(0.8).then(|| of.choose(random));
        json!(drawn.flatten())
    };
    let mut lines = BTreeMap::new();
    for _ in 0..12 {
        let kind = ["class_talk", "company_visit", "jury"].choose(random);
        let academy = some(random, &["academy:10", "academy:08", "academy:09"]);
        let (level, axis) = (
            some(random, &["3e", "4e", "2de_gt"]),
            some(random, &["internships"]),
        );
        let moment = some(random, &["pfmp", "career_discovery"]);
        let event = some(random, &["semaine_industrie"]);
        let pupils = random.random_bool(0.9).then(|| random.random_range(0..40));
        let most = pupils.unwrap_or(9);
        let girls = random
            .random_bool(0.8)
            .then(|| random.random_range(0..=most));
        let key = format!("{kind:?} {academy} {level} {axis} {moment} {event}");
        let line = json!({
            "action_type": kind, "academy": academy, "level": level, "axis": axis, "moment": moment,
            "event": event, "pupils": pupils, "girls": girls, "actions": 1,
            "priority_education_pupils": random.random_range(0..=most),
            "internships_offered": 7, "internships_filled": random.random_range(0..7),
        });
        lines.insert(key, line);
    }
    json!(lines.into_values().collect::<Vec<_>>())
}

#[actix_web::test]
async fn what_is_published_is_what_the_ministry_reads_live_less_what_is_hidden() {
    let world = World::new().await;
    let random = &mut StdRng::seed_from_u64(7);
    for (convention, territory) in [(0, "FR"), (1, "FR"), (0, "academy:10"), (1, "uai:0380001B")] {
        let lines = random_lines(random);
        world
            .report(convention, territory, "2025-2026", lines)
            .await;
    }
    let lines = random_lines(random);
    world.report(0, "FR", "2024-2025", lines).await;
    world.expect("2025-2026").await;
    let publication = world.publish("2025-2026").await;
    for query in ["", "&group_by=convention"] {
        let asked =
            format!("measures=reports_expected,completeness_rate&school_year=2025-2026{query}");
        let published = values(&world.service.reader(), &asked).await;
        assert_eq!(
            published["totals"]["values"],
            json!({ "reports_expected": 5, "completeness_rate": 0.4 })
        );
        let live = values(&world.service.ministry(), &asked).await;
        assert_eq!(by_key(&live), by_key(&published), "{query}");
    }
    let (mut hidden, mut shown) = (0, 0);
    for (place, grouping) in GROUPINGS.iter().enumerate() {
        let asked =
            format!("measures={MEASURES}&school_year=2025-2026&limit=200&group_by={grouping}");
        let asked = asked.trim_end_matches("&group_by=");
        let live = by_key(&values(&world.service.ministry(), asked).await);
        let answer = values(&world.service.reader(), asked).await;
        let published = by_key(&answer);
        assert_eq!(
            live.keys().collect::<Vec<_>>(),
            published.keys().collect::<Vec<_>>(),
            "{grouping}"
        );
        let mut cells = 0;
        for (key, cell) in &published {
            let suppressed = cell["suppressed"].as_array().expect("a list");
            cells += i64::from(!suppressed.is_empty());
            for (measure, value) in cell["values"].as_object().expect("values") {
                if suppressed.contains(&json!(measure)) {
                    assert!(value.is_null(), "{grouping} {key} {measure}");
                    hidden += 1;
                } else {
                    assert_eq!(
                        *value, live[key]["values"][measure],
                        "{grouping} {key} {measure}"
                    );
                    let count = value.as_i64().unwrap_or_default();
                    let is_protected = ["pupils", "girls", "priority_education_pupils"]
                        .contains(&measure.as_str());
                    assert!(
                        !is_protected || !(1..5).contains(&count),
                        "{grouping} {key} {measure}"
                    );
                    shown += 1;
                }
            }
            assert_eq!(
                cell["completeness"], live[key]["completeness"],
                "{grouping} {key}"
            );
        }
        let table = &publication["tables"][place];
        assert_eq!(table["cells"], published.len(), "{grouping}");
        assert_eq!(table["hidden_cells"], cells, "{grouping}");
        let mut dimensions = vec!["school_year"];
        dimensions.extend(grouping.split(',').filter(|one| !one.is_empty()));
        assert_eq!(table["dimensions"], json!(dimensions));
        assert_eq!(answer["meta"]["publication"], publication["number"]);
        assert_eq!(answer["meta"]["computed_at"], publication["published_at"]);
    }
    assert!(hidden > 20 && shown > 200, "{hidden} hidden, {shown} shown");
}

#[actix_web::test]
async fn the_ministry_alone_publishes_and_everyone_learns_of_it() {
    let world = World::new().await;
    for year in ["2024-2025", "2025-2026"] {
        let line = json!([{ "action_type": "jury", "academy": "academy:10", "pupils": 50 }]);
        world.report(0, "FR", year, line).await;
    }
    let service = &world.service;
    let body = json!({ "school_year": "2025-2026", "note": "Provisoire" });
    for caller in [
        service.academy("academy:10"),
        service.school("0690001A"),
        service.reader(),
    ] {
        caller
            .post("/v1/publications", body.clone())
            .await
            .problem(403, "forbidden");
    }
    let reply = service.ministry().post("/v1/publications", body).await;
    let created = reply.expect(201);
    assert_eq!(created["number"], 1);
    assert_eq!(created["school_year"], "2025-2026");
    assert_eq!(created["note"], "Provisoire");
    let path = format!("/v1/publications/{}", id(&created));
    assert_eq!(reply.header("location"), path);
    world.publish("2024-2025").await;
    for caller in world.readers() {
        assert_eq!(caller.get(&path).await.expect(200), created);
        let all = caller.all("/v1/publications?limit=1").await;
        assert_eq!(
            all.iter().map(|one| &one["number"]).collect::<Vec<_>>(),
            [1, 2]
        );
        let of_year = caller
            .get("/v1/publications?school_year=2024-2025")
            .await
            .expect(200);
        assert_eq!(of_year["data"][0]["number"], 2);
        let count = caller
            .get("/v1/publications/count?school_year=2024-2025")
            .await
            .expect(200);
        assert_eq!(count, json!({ "count": 1 }));
        let events = caller.all_changes("publication").await;
        assert_eq!(events[0]["type"], "publication.created");
        assert_eq!(events[0]["data"], created);
        assert_eq!(events[0]["object"]["url"], path);
        caller
            .get(&format!("/v1/publications/{}", absent()))
            .await
            .problem(404, "not_found");
    }
    let audited = "SELECT count(*) FROM audit_events WHERE action = 'publication.created'";
    assert_eq!(service.number(audited).await, 2);
}

#[actix_web::test]
async fn what_is_wrong_with_a_publication_is_told_all_at_once() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let reply = ministry
        .post(
            "/v1/publications",
            json!({ "number": 3, "tables": [], "note": 5, "year": 1 }),
        )
        .await;
    reply.problem(422, "validation_failed");
    assert_eq!(
        reply.faults(),
        [
            "/note wrong_type",
            "/number read_only",
            "/school_year required",
            "/tables read_only",
            "/year unknown_field"
        ]
    );
    for method in ["PATCH", "DELETE", "PUT"] {
        let path = format!("/v1/publications/{}", absent());
        let reply = ministry.request(method, &path).send().await;
        reply.problem(405, "method_not_allowed");
    }
}

#[actix_web::test]
async fn a_small_group_is_read_in_no_form_and_no_sum_gives_it_back() {
    let world = World::new().await;
    world.with_a_small_group().await;
    world.publish("2025-2026").await;
    for caller in world.readers() {
        let asked = "measures=pupils,girls,girls_share,actions&group_by=academy,action_type";
        let answer = values(&caller, asked).await;
        let cells = by_key(&answer);
        let of = |academy: &str, kind: &str| {
            &cells[&format!(r#"{{"academy":"academy:{academy}","action_type":"{kind}"}}"#)]
        };
        let small = of("10", "class_talk");
        assert_eq!(
            small["values"],
            json!({ "pupils": null, "girls": null, "girls_share": null, "actions": 1 })
        );
        assert_eq!(
            small["suppressed"],
            json!(["pupils", "girls", "girls_share"])
        );
        // Its row, its column, and what would give these back.
        for measure in ["pupils", "girls"] {
            let is_hidden = |cell: &Value| {
                cell["suppressed"]
                    .as_array()
                    .unwrap()
                    .contains(&json!(measure))
            };
            let hidden: Vec<&String> = cells
                .iter()
                .filter(|(_, cell)| is_hidden(cell))
                .map(|(key, _)| key)
                .collect();
            assert_eq!(hidden.len(), 4, "{hidden:?}");
            assert!(is_hidden(of("10", "company_visit")), "{measure}");
        }
        assert_eq!(answer["totals"]["values"]["pupils"], 303);
        let by_academy = values(&caller, "measures=pupils&group_by=academy").await;
        assert_eq!(
            by_key(&by_academy)[r#"{"academy":"academy:10"}"#]["values"]["pupils"],
            43
        );
        for (accept, more) in [
            ("text/csv", ""),
            ("text/csv", "&dialect=excel-fr"),
            ("application/x-ndjson", ""),
        ] {
            let path = format!(
                "/v1/indicators/values?{asked}{more}&academy=academy:10&action_type=class_talk"
            );
            let reply = caller
                .request("GET", &path)
                .header("accept", accept)
                .send()
                .await;
            assert_eq!(reply.status, 200);
            let line = reply.text().trim().lines().last().unwrap().to_owned();
            let expected = match (accept, more) {
                ("text/csv", "") => "academy:10,class_talk,,,,1,0,0,1,pupils|girls|girls_share",
                ("text/csv", _) => {
                    "academy:10;Lyon;class_talk;Intervention en classe;;;;1;0;0;1;pupils|girls|girls_share"
                }
                _ => r#""pupils":null"#,
            };
            assert!(line.contains(expected), "{line}");
        }
        // The total of one cell is that cell.
        let one = values(
            &caller,
            &format!("{asked}&academy=academy:10&action_type=class_talk"),
        )
        .await;
        assert_eq!(one["totals"]["values"]["pupils"], json!(null));
        assert_eq!(
            one["totals"]["suppressed"],
            json!(["pupils", "girls", "girls_share"])
        );
        // No published cell is the total of two.
        let two = values(&caller, &format!("{asked}&academy=academy:10,academy:08")).await;
        assert_eq!(two["totals"], json!(null));
        assert_eq!(two["data"].as_array().unwrap().len(), 4);
    }
}

#[actix_web::test]
async fn a_group_of_four_is_small_and_one_of_five_is_not() {
    let world = World::new().await;
    let line = |academy: &str, pupils: i64, girls: i64| json!({ "action_type": "class_talk", "academy": academy, "level": "3e", "actions": 1, "pupils": pupils, "girls": girls });
    // Girls and boys are groups too: of the second, four are boys.
    let lines = json!([
        line("academy:10", 4, 2),
        line("academy:08", 40, 36),
        line("academy:09", 5, 5)
    ]);
    world.report(0, "FR", "2025-2026", lines).await;
    let lines = json!([
        line("academy:10", 5, 0),
        line("academy:08", 10, 5),
        line("academy:09", 50, 25)
    ]);
    world.report(0, "FR", "2024-2025", lines).await;
    // Girls of lines that do not know their pupils are in the count and not in the share: beside a share
    // and its count stand four of them, or five.
    let girls = |academy: &str, girls: i64| json!({ "action_type": "class_talk", "academy": academy, "level": "3e", "moment": "career_discovery", "actions": 1, "girls": girls });
    let lines = json!([
        line("academy:10", 40, 20),
        girls("academy:10", 4),
        line("academy:08", 60, 30),
        girls("academy:08", 5),
        line("academy:09", 80, 60)
    ]);
    world.report(0, "FR", "2023-2024", lines).await;
    for year in ["2023-2024", "2024-2025", "2025-2026"] {
        world.publish(year).await;
    }
    let [reader, _] = world.readers();
    let read = async |year: &str| {
        let asked =
            format!("measures=pupils,girls,girls_share&group_by=academy&school_year={year}");
        by_key(&values(&reader, &asked).await)
    };
    let value = |cells: &BTreeMap<String, Value>, academy: &str, measure: &str| {
        cells[&format!(r#"{{"academy":"academy:{academy}"}}"#)]["values"][measure].clone()
    };
    let small = read("2025-2026").await;
    assert_eq!(value(&small, "10", "pupils"), json!(null), "four pupils");
    // Ninety percent of forty would tell of four boys.
    assert_eq!(
        value(&small, "08", "pupils"),
        json!(null),
        "all but four: {small:?}"
    );
    assert_eq!(
        value(&small, "08", "girls_share"),
        json!(null),
        "all but four"
    );
    let large = read("2024-2025").await;
    assert_eq!(value(&large, "10", "pupils"), 5);
    assert_eq!(value(&large, "08", "girls"), 5);
    assert_eq!(value(&large, "08", "girls_share"), 0.5);
    let beside = read("2023-2024").await;
    assert_eq!(value(&beside, "10", "girls"), 24);
    assert_eq!(value(&beside, "10", "girls_share"), json!(null));
    assert_eq!(value(&beside, "08", "girls"), 35);
    assert_eq!(value(&beside, "08", "girls_share"), 0.5);
}

#[actix_web::test]
async fn the_size_of_a_small_group_is_kept_with_the_publication() {
    let world = World::new().await;
    world.with_a_small_group().await;
    world.publish("2025-2026").await;
    let kept = "SELECT count(*) FROM publications WHERE small_group = 5";
    assert_eq!(world.service.number(kept).await, 1);
}

#[actix_web::test]
async fn what_was_said_stays_said_whatever_is_validated_since() {
    let world = World::new().await;
    let service = &world.service;
    let line = |pupils: i64| json!([{ "action_type": "class_talk", "academy": "academy:10", "pupils": pupils }]);
    let first = world.report(0, "FR", "2025-2026", line(100)).await;
    let said = world.publish("2025-2026").await;
    let day = |publication: &Value| publication["published_at"].as_str().unwrap()[..10].to_owned();
    let asked = "/v1/indicators/values?measures=pupils&group_by=academy";
    let reader = service.reader();
    let before = reader.get(asked).await;
    assert_eq!(before.expect(200)["totals"]["values"]["pupils"], 100);
    // Replaced by a correction, and another report validated: nothing moves before it is published.
    let superseded = format!(
        "UPDATE reports SET superseded = true WHERE id = '{first}'; SELECT rebuild_indicator_cells('2025-2026')"
    );
    service
        .sql()
        .await
        .batch_execute(&superseded)
        .await
        .unwrap();
    world.report(1, "FR", "2025-2026", line(250)).await;
    assert_eq!(
        values(&service.ministry(), "measures=pupils").await["totals"]["values"]["pupils"],
        250
    );
    let since = reader.get(asked).await;
    assert_eq!((since.text(), since.etag()), (before.text(), before.etag()));
    service.shared.clock.travel(TimeDelta::days(3));
    let reader = service.reader();
    let corrected = world.publish("2025-2026").await;
    assert_eq!(corrected["number"], 2);
    let pupils = async |caller: &Caller, more: &str| {
        let answer = values(caller, &format!("measures=pupils&group_by=academy{more}")).await;
        (
            answer["meta"]["publication"].clone(),
            answer["totals"]["values"]["pupils"].clone(),
        )
    };
    let (old, new) = ((json!(1), json!(100)), (json!(2), json!(250)));
    for caller in [
        service.ministry(),
        service.academy("academy:08"),
        service.reader(),
    ] {
        for more in [
            "&publication=1",
            &format!("&publication={}", id(&said)),
            &format!("&as_of={}", day(&said)),
        ] {
            assert_eq!(pupils(&caller, more).await, old, "{more}");
        }
        let moment = corrected["published_at"].as_str().unwrap();
        for more in [
            "&publication=2",
            &format!("&as_of={moment}"),
            "&as_of=2999-01-01",
        ] {
            assert_eq!(pupils(&caller, more).await, new, "{more}");
        }
    }
    assert_eq!(pupils(&reader, "").await, new);
    assert_eq!(pupils(&service.ministry(), "").await.0, json!(null), "live");
    let again = reader
        .get(&format!("{asked}&publication=1"))
        .await
        .expect(200);
    assert_eq!(again["data"], before.json()["data"]);
    for table in ["publications", "publication_cells", "publication_secrets"] {
        let sql = service.sql().await;
        for change in [
            format!("DELETE FROM {table}"),
            format!("UPDATE {table} SET ctid = ctid"),
        ] {
            assert!(sql.execute(&change, &[]).await.is_err(), "{change}");
        }
    }
}

#[actix_web::test]
async fn an_academy_and_a_school_read_live_within_their_perimeter_and_published_beyond() {
    let world = World::new().await;
    world.with_a_small_group().await;
    world.publish("2025-2026").await;
    let service = &world.service;
    let lyon = service.academy("academy:10");
    // Its own small group, live.
    let own = values(
        &lyon,
        "measures=pupils&group_by=academy,action_type&academy=academy:10",
    )
    .await;
    assert_eq!(own["meta"]["publication"], json!(null));
    assert_eq!(own["data"][0]["values"]["pupils"], 3);
    for caller in [lyon, service.school("0690001A")] {
        for beyond in ["academy=academy:09", "academy=academy:10,academy:09"] {
            let asked = format!("measures=pupils&group_by=academy,action_type&{beyond}");
            let answer = values(&caller, &asked).await;
            assert_eq!(answer["meta"]["publication"], 1, "{beyond}");
            assert_eq!(answer["meta"]["perimeter"], json!(null));
            let is_shown = |cell: &Value| cell["values"]["pupils"] == 3;
            assert!(!answer["data"].as_array().unwrap().iter().any(is_shown));
        }
        let region = "measures=pupils&group_by=academic_region&academic_region=region:32";
        assert_eq!(
            values(&caller, region).await["data"][0]["values"]["pupils"],
            150
        );
        // The whole country, by its number.
        let all = values(&caller, "measures=pupils&publication=1").await;
        assert_eq!(all["totals"]["values"]["pupils"], 303);
    }
}

#[actix_web::test]
async fn what_a_publication_does_not_have_is_refused_and_what_it_has_is_named() {
    let world = World::new().await;
    world.with_a_small_group().await;
    let reader = world.service.reader();
    let ask = async |query: &str| {
        let path = format!("/v1/indicators/values?measures=pupils{query}");
        reader.get(&path).await
    };
    ask("&group_by=academy").await.problem(422, "not_published");
    world.publish("2025-2026").await;
    let line = json!([{ "action_type": "jury", "academy": "academy:10", "pupils": 50 }]);
    world.report(0, "FR", "2024-2025", line).await;
    world.publish("2024-2025").await;
    for (query, code, faults) in [
        (
            "&group_by=partner",
            "grouping_not_published",
            vec!["group_by grouping_not_published"],
        ),
        (
            "&group_by=academy,level,event",
            "grouping_not_published",
            vec!["group_by grouping_not_published"],
        ),
        (
            "&group_by=academy,axis",
            "grouping_not_published",
            vec!["group_by grouping_not_published"],
        ),
        (
            "&group_by=academy&level=3e&sector=energy",
            "grouping_not_published",
            vec![
                "level grouping_not_published",
                "sector grouping_not_published",
            ],
        ),
        (
            "&academy=academy:10",
            "grouping_not_published",
            vec!["academy grouping_not_published"],
        ),
        (
            "&school_year=2025-2026,2024-2025",
            "validation_failed",
            vec!["school_year years_apart"],
        ),
        (
            "&school_year=2019-2020",
            "not_published",
            vec!["school_year not_published"],
        ),
        (
            "&publication=9",
            "not_published",
            vec!["publication not_published"],
        ),
        (
            "&publication=1&school_year=2024-2025",
            "not_published",
            vec!["publication not_published"],
        ),
        (
            "&as_of=2001-01-01",
            "not_published",
            vec!["as_of not_published"],
        ),
        (
            "&as_of=2001-02-30",
            "validation_failed",
            vec!["as_of invalid_date"],
        ),
        (
            "&publication=x",
            "validation_failed",
            vec!["publication invalid_format"],
        ),
        (
            "&publication=1&as_of=2030-01-01",
            "validation_failed",
            vec!["as_of one_or_the_other"],
        ),
    ] {
        let reply = ask(query).await;
        reply.problem(422, code);
        assert_eq!(reply.faults(), faults, "{query}");
    }
    let named = ask("&group_by=partner").await.json()["errors"][0]["detail"].to_string();
    assert!(named.contains("school_year,academy,action_type"), "{named}");
    for accept in ["text/csv", "application/x-ndjson"] {
        let path = "/v1/indicators/values?measures=pupils&group_by=partner";
        let reply = reader
            .request("GET", path)
            .header("accept", accept)
            .send()
            .await;
        reply.problem(422, "grouping_not_published");
    }
}

#[actix_web::test]
async fn pages_of_several_years_go_on_in_the_publications_they_began_in() {
    let world = World::new().await;
    let lines = |pupils: i64| {
        let line =
            |academy: &str| json!({ "action_type": "jury", "academy": academy, "pupils": pupils });
        json!([line("academy:08"), line("academy:09"), line("academy:10")])
    };
    world.report(0, "FR", "2024-2025", lines(10)).await;
    world.report(0, "FR", "2025-2026", lines(20)).await;
    world.publish("2024-2025").await;
    world.publish("2025-2026").await;
    let asked = "/v1/indicators/values?measures=pupils&group_by=academy,school_year\
                 &school_year=2024-2025,2025-2026";
    let reader = world.service.reader();
    let whole = reader.get(asked).await.expect(200);
    let cells: Vec<&Value> = whole["data"].as_array().unwrap().iter().collect();
    assert_eq!(cells.len(), 6);
    let of = |cell: &Value| cell["values"]["pupils"].as_i64().unwrap();
    assert_eq!(
        cells.iter().map(|cell| of(cell)).collect::<Vec<_>>(),
        [10, 20, 10, 20, 10, 20]
    );
    assert_eq!(whole["totals"], json!(null), "no table has two years");
    assert_eq!(whole["meta"]["publication"], 2);
    let mut read = Vec::new();
    let mut next = format!("{asked}&limit=4");
    loop {
        let page = reader.get(&next).await.expect(200);
        assert_eq!(page["meta"]["publication"], 2);
        read.extend(page["data"].as_array().unwrap().iter().map(of));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        next = format!("{asked}&limit=4&cursor={cursor}");
        world.report(1, "FR", "2025-2026", lines(500)).await;
        assert_eq!(world.publish("2025-2026").await["number"], 3);
    }
    assert_eq!(read, [10, 20, 10, 20, 10, 20]);
    let now = reader.get(asked).await.expect(200);
    assert_eq!(of(&now["data"][1]), 520);
}

#[actix_web::test]
async fn what_was_hidden_stays_hidden_and_a_later_total_does_not_tell_what_came() {
    let world = World::new().await;
    world.with_a_small_group().await;
    world.publish("2025-2026").await;
    let late = json!([{ "action_type": "class_talk", "academy": "academy:09", "level": "3e", "pupils": 2 }]);
    world.report(1, "FR", "2025-2026", late).await;
    world.publish("2025-2026").await;
    let reader = world.service.reader();
    let asked = "measures=pupils&group_by=academy,action_type";
    let hidden = |answer: &Value| -> Vec<String> {
        let cells = by_key(answer).into_iter();
        cells
            .filter(|(_, cell)| cell["values"]["pupils"].is_null())
            .map(|(key, _)| key)
            .collect()
    };
    let before = hidden(&values(&reader, &format!("{asked}&publication=1")).await);
    let after = values(&reader, asked).await;
    assert_eq!(before, hidden(&after), "a published figure is never hidden");
    let touched = &by_key(&after)[r#"{"academy":"academy:09","action_type":"class_talk"}"#];
    let was_hidden = before
        .iter()
        .any(|key| key.contains("09") && key.contains("class_talk"));
    if !was_hidden {
        assert_eq!(touched["values"]["pupils"], 70);
        assert_eq!(touched["carried"], json!({ "pupils": 1 }));
    }
    // 303 before, 305 now: the difference is two pupils.
    let total = values(&reader, "measures=pupils").await;
    assert_eq!(total["totals"]["values"]["pupils"], 303);
    assert_eq!(total["totals"]["suppressed"], json!([]));
    assert_eq!(total["totals"]["carried"], json!({ "pupils": 1 }));
}

#[actix_web::test]
async fn two_publications_at_once_get_two_numbers() {
    let world = World::new().await;
    world.with_a_small_group().await;
    let ministry = world.service.ministry();
    let publish = || ministry.post("/v1/publications", json!({ "school_year": "2025-2026" }));
    let (one, two, three) = tokio::join!(publish(), publish(), publish());
    let mut numbers: Vec<i64> = [one, two, three]
        .iter()
        .map(|reply| reply.expect(201)["number"].as_i64().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3]);
    let ordered = "SELECT count(*) FROM publications a JOIN publications b
                   ON a.number < b.number AND a.published_at > b.published_at";
    assert_eq!(world.service.number(ordered).await, 0);
}
