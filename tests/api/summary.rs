//! The summary of a convention: what was reported in a year, held against what was agreed, as JSON and
//! as a page.

use serde_json::{Value, json};

use crate::support::{Caller, Reply, Service, merged};

/// The day of stories that the years to come would end.
const STORY: &str = "2026-11-30";

/// A convention with targets, two academies that decline it, their reports and a school's.
struct World {
    service: Service,
    partner: String,
    convention: String,
    lyon: String,
    grenoble: String,
}

const TARGETS: &str = r#"[
    { "measure": "pupils", "school_year": "2025-2026", "value": 2000, "territory": null },
    { "measure": "girls_share", "school_year": "2025-2026", "value": 0.5, "territory": "FR" },
    { "measure": "pupils", "school_year": "2025-2026", "value": 50, "territory": "academy:10" },
    { "measure": "pupils", "school_year": "2025-2026", "value": 3000, "territory": "region:84" },
    { "measure": "actions", "school_year": "2025-2026", "value": 0, "territory": "academy:09" },
    { "measure": "pupils", "school_year": "2024-2025", "value": 1, "territory": null }]"#;

fn line(academy: &str, pupils: i64, with: Value) -> Value {
    merged(
        json!({ "action_type": "company_visit", "level": "3e", "academy": academy, "actions": 2, "pupils": pupils }),
        with,
    )
}

impl World {
    async fn new() -> Self {
        let service = Service::on(STORY).await;
        let targets: Value = serde_json::from_str(TARGETS).unwrap();
        let follow_up = json!({ "periodicity": "yearly", "committee": null, "targets": targets });
        let with = json!({ "title": "Industrie <script>alert(1)</script>", "terms": { "follow_up": follow_up }, "ends_on": "2027-08-31" });
        let (partner, convention) = service
            .signed_partner("Partenaire <b>& fils</b>", with)
            .await;
        let [lyon, grenoble] = service.new_schools([690_001, 380_001]).await;
        let world = Self {
            service,
            partner,
            convention,
            lyon,
            grenoble,
        };
        world.report().await;
        world
    }

    /// What the two academies and a school of the first said.
    async fn report(&self) {
        for (academy, pupils, girls) in
            [("academy:10", 1000, Some(450)), ("academy:08", 1234, None)]
        {
            let declination = self.declination(academy).await;
            let columns = json!({ "status": "validated", "declination_id": declination,
                "narrative": { "results": format!("Bilan de {academy} <script>alert(2)</script>") } });
            let report = self
                .service
                .stored_report(&self.convention, academy, columns)
                .await;
            let lines = json!([line(academy, pupils, json!({ "girls": girls })), { "action_type": "class_talk", "academy": academy, "actions": 1 }]);
            self.service.stored_lines(&report, lines).await;
        }
        let long = "é".repeat(700);
        let columns = json!({ "status": "validated", "establishments": [self.lyon], "narrative": { "difficulties": long } });
        let report = self
            .service
            .stored_report(&self.convention, &format!("uai:{}", self.lyon), columns)
            .await;
        self.service
            .stored_lines(
                &report,
                json!([line("academy:10", 30, json!({ "girls": 12 }))]),
            )
            .await;
    }

    async fn declination(&self, academy: &str) -> String {
        let of = &self.convention;
        self.service
            .stored_declination(of, &[academy], json!({}))
            .await
    }

    async fn open(&self) {
        let body =
            json!({ "school_year": "2025-2026", "opens_on": "2026-05-04", "due_on": "2026-09-30" });
        self.service
            .ministry()
            .post("/v1/campaigns", body)
            .await
            .expect(201);
    }

    fn path(&self, year: &str) -> String {
        format!(
            "/v1/conventions/{}/summary?school_year={year}",
            self.convention
        )
    }

    async fn read(&self, caller: &Caller) -> Value {
        caller.get(&self.path("2025-2026")).await.expect(200)
    }

    async fn page(&self, caller: &Caller) -> Reply {
        let path = self.path("2025-2026");
        let request = caller
            .request("GET", &path)
            .header("accept", "text/html,*/*;q=0.8");
        request.header("accept-language", "en").send().await
    }

    /// What the indicators say of the same convention and year.
    async fn values(&self, caller: &Caller, group_by: &str) -> Value {
        let measures = "actions,pupils,girls,priority_education_pupils,teachers,professionals,companies,hours,\
                        internships_offered,internships_filled,pupils_girls_known,girls_share,pupils_priority_known,\
                        priority_education_share,internship_fill_rate,\
                        establishments,reports_validated";
        let path = format!(
            "/v1/indicators/values?measures={measures}&convention={}&school_year=2025-2026{group_by}",
            self.convention
        );
        caller.get(&path).await.expect(200)
    }
}

/// Each target: what, where, the result, the share of what was aimed at.
fn targets(summary: &Value) -> Vec<Value> {
    let targets = summary["targets"].as_array().unwrap().iter();
    targets
        .map(|one| {
            json!([
                one["measure"],
                one["territory"],
                one["result"],
                one["achievement_rate"]
            ])
        })
        .collect()
}

fn told(summary: &Value) -> Vec<&str> {
    let narratives = summary["narratives"].as_array().unwrap().iter();
    narratives
        .map(|one| one["territory"].as_str().unwrap())
        .collect()
}

#[actix_web::test]
async fn its_figures_are_those_of_the_indicators_for_everyone_who_is_told_any() {
    let world = World::new().await;
    let callers = [
        world.service.ministry(),
        world.service.academy("academy:10"),
        world.service.academy("region:84"),
        world.service.academy("academy:09"),
        world.service.school(&world.lyon),
    ];
    for caller in callers {
        let figures = world.read(&caller).await["figures"].clone();
        let totals = world.values(&caller, "").await;
        assert_eq!(figures["totals"], totals["totals"]["values"]);
        assert_eq!(figures["computed_at"], totals["meta"]["computed_at"]);
        for (rows, dimension) in [
            ("by_academy", "academy"),
            ("by_action_type", "action_type"),
            ("by_level", "level"),
        ] {
            let cells = world
                .values(&caller, &format!("&group_by={dimension}"))
                .await;
            let mut cells: Vec<Value> = cells["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|cell| json!([cell["key"][dimension], cell["values"]]))
                .collect();
            let mut rows: Vec<Value> = figures[rows]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| json!([row["code"], row["values"]]))
                .collect();
            cells.sort_by_key(Value::to_string);
            rows.sort_by_key(Value::to_string);
            assert_eq!(rows, cells, "{dimension}");
        }
    }
}

#[actix_web::test]
async fn targets_are_held_against_what_was_counted_in_their_own_territory() {
    let world = World::new().await;
    let summary = world.read(&world.service.ministry()).await;
    assert_eq!(
        targets(&summary),
        [
            json!(["pupils", "FR", 2264, 1.132]),
            json!(["girls_share", "FR", 0.4485, 0.897]),
            json!(["pupils", "academy:10", 1030, 20.6]),
            json!(["pupils", "region:84", 2264, 0.7547]),
            json!(["actions", "academy:09", null, null]),
        ]
    );
    assert_eq!(summary["targets"][2]["territory_name"], "Lyon");
    let lyon = world.read(&world.service.academy("academy:10")).await;
    let of_lyon: Vec<Value> = targets(&lyon).iter().map(|one| one[2].clone()).collect();
    assert_eq!(
        of_lyon,
        [
            json!(null),
            json!(null),
            json!(1030),
            json!(null),
            json!(null)
        ],
        "only what is all its own"
    );
    assert_eq!(
        (&lyon["perimeter"], &lyon["notes"][0]["code"]),
        (&json!(["academy:10"]), &json!("limited_to_perimeter"))
    );
    let region = world.read(&world.service.academy("region:84")).await;
    assert_eq!(
        targets(&region)[3],
        json!(["pupils", "region:84", 2264, 0.7547])
    );
}

#[actix_web::test]
async fn partners_and_readers_are_told_no_figure_no_narrative_and_why() {
    let world = World::new().await;
    for caller in [
        world.service.partner(&world.partner),
        world.service.reader(),
    ] {
        let summary = world.read(&caller).await;
        assert_eq!(
            (&summary["figures"], &summary["narratives"]),
            (&Value::Null, &json!([]))
        );
        assert_eq!(summary["notes"][0]["code"], "published_figures_only");
        assert!(
            targets(&summary)
                .iter()
                .all(|one| one[2].is_null() && one[3].is_null())
        );
        assert_eq!(
            summary["coverage"]["academies_covered"], 2,
            "anyone may read where it is declined"
        );
        let page = world.page(&caller).await;
        assert!(page.text().contains("ceux qui sont publiés"));
        for secret in ["1 030", "1030", "1\u{202f}030", "Bilan de", &world.lyon] {
            assert!(!page.text().contains(secret), "{secret}");
        }
    }
}

#[actix_web::test]
async fn completeness_counts_the_reports_that_are_expected_in_the_perimeter() {
    let world = World::new().await;
    let completeness = |summary: &Value| {
        let told = &summary["figures"]["completeness"];
        json!([
            told["expected"],
            told["expected_validated"],
            told["validated"],
            told["rate"]
        ])
    };
    let ministry = world.service.ministry();
    assert_eq!(
        completeness(&world.read(&ministry).await),
        json!([null, null, 3, null]),
        "nothing is expected without a campaign"
    );
    world.open().await;
    // Two academies, and the country's own; the school's was not expected.
    assert_eq!(
        completeness(&world.read(&ministry).await),
        json!([3, 2, 3, 0.6667])
    );
    let lyon = world.service.academy("academy:10");
    assert_eq!(
        completeness(&world.read(&lyon).await),
        json!([1, 1, 2, 1.0])
    );
    assert_eq!(
        completeness(&world.read(&world.service.school(&world.lyon)).await),
        json!([0, 0, 1, null])
    );
    let national = json!({ "status": "validated" });
    world
        .service
        .stored_report(&world.convention, "FR", national)
        .await;
    let closed = world.declination("academy:09").await;
    let close = |day: &'static str| {
        format!(
            "UPDATE declinations SET status = 'active' WHERE id = '{closed}';
             UPDATE declinations SET status = 'closed', updated_at = '{day}' WHERE id = '{closed}'"
        )
    };
    let sql = world.service.sql().await;
    sql.batch_execute(&close("2025-08-30T12:00:00Z"))
        .await
        .unwrap();
    assert_eq!(
        completeness(&world.read(&ministry).await),
        json!([3, 3, 3, 1.0]),
        "closed before the year"
    );
    sql.batch_execute(&close("2026-01-10T12:00:00Z"))
        .await
        .unwrap();
    assert_eq!(
        completeness(&world.read(&ministry).await),
        json!([4, 3, 3, 0.75]),
        "closed during it"
    );
}

#[actix_web::test]
async fn narratives_are_told_to_those_who_may_read_their_reports_and_only_their_beginning() {
    let world = World::new().await;
    let own = format!("uai:{}", world.lyon);
    let summary = world.read(&world.service.ministry()).await;
    assert_eq!(
        told(&summary),
        ["academy:08", "academy:10", &own],
        "the widest first"
    );
    assert_eq!(
        summary["narratives"][2]["territory_name"],
        format!("Lycée {}", world.lyon)
    );
    let long = summary["narratives"][2]["difficulties"].as_str().unwrap();
    assert_eq!(long, format!("{}…", "é".repeat(600)));
    assert_eq!(
        told(&world.read(&world.service.academy("academy:10")).await),
        ["academy:10", &own]
    );
    assert_eq!(
        told(&world.read(&world.service.school(&world.lyon)).await),
        [own.as_str()]
    );
    assert_eq!(
        told(&world.read(&world.service.school(&world.grenoble)).await),
        [""; 0]
    );
    let report = summary["narratives"][0]["report_id"].as_str().unwrap();
    world
        .service
        .ministry()
        .get(&format!("/v1/reports/{report}"))
        .await
        .expect(200);
    let more = "INSERT INTO reports (id, convention_id, territory, reach, school_year, number, status, establishments, narrative,
                                     authors, validated_at, created_at, updated_at)
                SELECT gen_random_uuid(), convention_id, 'uai:' || lpad(n::text, 7, '0') || 'A', reach, school_year, 1, status, '{}', narrative, '{}',
                       validated_at, now(), now()
                  FROM reports, generate_series(1, 70) AS n WHERE territory = 'academy:10'";
    world.service.sql().await.batch_execute(more).await.unwrap();
    let summary = world.read(&world.service.ministry()).await;
    assert_eq!(
        (told(&summary).len(), &summary["narratives_left_out"]),
        (60, &json!(13))
    );
}

#[actix_web::test]
async fn its_head_is_the_text_of_the_end_of_the_year() {
    let world = World::new().await;
    let summary = world.read(&world.service.ministry()).await;
    let path = format!("/v1/conventions/{}?at=2026-08-31", world.convention);
    let convention = world.service.ministry().get(&path).await.expect(200);
    for name in [
        "id",
        "reference",
        "title",
        "kind",
        "scope",
        "starts_on",
        "content_hash",
    ] {
        assert_eq!(summary["convention"][name], convention[name], "{name}");
    }
    assert_eq!(
        summary["convention"]["partners"],
        json!([{ "id": world.partner, "name": "Partenaire <b>& fils</b>" }])
    );
    assert_eq!(
        (
            &summary["convention"]["effective_status"],
            &summary["convention"]["effective_ends_on"]
        ),
        (&json!("in_force"), &json!("2027-08-31"))
    );
    let coverage = &summary["coverage"];
    assert_eq!(
        (
            &coverage["on"],
            &coverage["academies"],
            &coverage["academies_covered"]
        ),
        (&json!("2026-08-31"), &json!(30), &json!(2))
    );
    assert_eq!(
        coverage["academies_not_covered"].as_array().unwrap().len(),
        28
    );
    let amendment = json!([{ "id": world.service.shared.clock.new_id(), "number": 1, "title": "Avenant", "effective_on": "2026-09-01",
        "signed_on": "2026-06-01", "ends_on": "2027-08-31",
        "changes": [{ "op": "set_follow_up", "follow_up": { "periodicity": "none", "committee": null, "targets": [] } }] }]);
    let sql = world.service.sql().await;
    sql.execute("UPDATE conventions SET amendments = $1", &[&amendment])
        .await
        .unwrap();
    let later = world
        .service
        .ministry()
        .get(&world.path("2026-2027"))
        .await
        .expect(200);
    assert_eq!(
        (
            &later["targets"],
            &later["figures"]["completeness"]["expected"]
        ),
        (&json!([]), &json!(null)),
        "no target any more"
    );
    assert_eq!(
        targets(&world.read(&world.service.ministry()).await).len(),
        5,
        "what comes later changes nothing of a year before"
    );
}

#[actix_web::test]
async fn the_page_tells_the_same_figures_in_french_and_runs_nothing() {
    let world = World::new().await;
    world.open().await;
    let page = world.page(&world.service.ministry()).await;
    assert_eq!(
        (page.status.as_u16(), page.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    assert_eq!(page.header("content-language"), "fr");
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'unsafe-inline'"),
        "{policy}"
    );
    let text = page.text();
    assert!(text.starts_with("<!DOCTYPE html><html lang=\"fr\">"));
    for told in [
        "2\u{202f}264",
        "44,9\u{202f}% de filles, sur 1\u{202f}030 dont elles sont connues",
        "113,2\u{202f}%",
        "non connu",
        "du 1er\u{a0}janvier 2020 au 31\u{a0}août 2027",
        "En vigueur",
        "Lyon",
        "Grenoble",
        "Visite d&#39;entreprise",
        "2 sur 3",
        "et un bilan non attendu",
        "2 sur 30",
    ] {
        let told_otherwise = told.replace("&#39;", "'");
        assert!(
            text.contains(told) || text.contains(&told_otherwise),
            "{told}"
        );
    }
    for escaped in [
        "Industrie &lt;script&gt;alert(1)&lt;/script&gt;",
        "&lt;script&gt;alert(2)&lt;/script&gt;",
        "&lt;b&gt;&amp; fils&lt;/b&gt;",
    ] {
        assert!(text.contains(escaped), "{escaped}");
    }
    for forbidden in [
        "<script", "<b>", "<link", "<img", "<iframe", "src=", "href=", "url(", "@import", " on",
    ] {
        let tags = text
            .split('<')
            .filter_map(|part| part.split_once('>'))
            .map(|(tag, _)| format!("<{tag}>"));
        let found = tags
            .filter(|tag| tag.contains(forbidden))
            .collect::<Vec<_>>();
        assert!(found.is_empty(), "{forbidden}: {found:?}");
    }
    // Each bar says its figure to those who do not see it; each table its columns and rows.
    assert_eq!(
        text.matches("<svg").count(),
        text.matches("role=\"img\" aria-label=").count()
    );
    assert_eq!(
        text.matches("<svg").count(),
        text.matches("<title>").count() - 1
    );
    assert_eq!(
        text.matches("<table").count(),
        text.matches("<caption").count()
    );
    assert!(!text.contains("<th>"), "every header has its scope");
}

#[actix_web::test]
async fn what_was_read_once_is_not_sent_again() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    for accept in ["application/json", "text/html"] {
        let path = world.path("2025-2026");
        let ask = |tag: String| {
            ministry
                .request("GET", &path)
                .header("accept", accept)
                .header("if-none-match", &tag)
                .send()
        };
        let first = ask("\"\"".to_owned()).await;
        assert_eq!(first.status, 200);
        assert_eq!(ask(first.etag().to_owned()).await.status, 304, "{accept}");
        let sql = world.service.sql().await;
        sql.batch_execute("UPDATE report_lines SET pupils = pupils + 1 WHERE level IS NOT NULL")
            .await
            .unwrap();
        assert_eq!(ask(first.etag().to_owned()).await.status, 200, "{accept}");
    }
}

#[actix_web::test]
async fn a_year_the_convention_has_nothing_to_do_with_is_refused_and_so_is_another_form() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    for (year, fault) in [
        ("2018-2019", "school_year not_in_force_that_year"),
        ("2028-2029", "school_year not_in_force_that_year"),
        ("2025-2027", "school_year invalid_format"),
    ] {
        let reply = ministry.get(&world.path(year)).await;
        reply.problem(422, "validation_failed");
        assert!(
            reply.faults().contains(&fault.to_owned()),
            "{year}: {:?}",
            reply.faults()
        );
    }
    let reply = ministry
        .get(&format!(
            "/v1/conventions/{}/summary?year=2025",
            world.convention
        ))
        .await;
    assert_eq!(
        reply.faults(),
        ["school_year required", "year unknown_parameter"]
    );
    let draft = json!({ "status": "draft", "signed_on": null });
    let draft = world.service.signed_convention(&world.partner, draft).await;
    let path = format!("/v1/conventions/{draft}/summary?school_year=2025-2026");
    assert_eq!(
        ministry.get(&path).await.faults(),
        ["school_year not_in_force_that_year"]
    );
    world
        .service
        .reader()
        .get(&path)
        .await
        .problem(404, "not_found");
    for accept in ["text/csv", "application/x-ndjson", "image/png"] {
        let request = ministry
            .request("GET", &world.path("2025-2026"))
            .header("accept", accept);
        request.send().await.problem(406, "not_acceptable");
    }
}

/// A convention of a year reported on by every academy, with two years of figures, targets of its own and
/// of its declinations, and a narrative each.
async fn thirty_academies() -> (Service, String) {
    let service = Service::start().await;
    let target = |measure: &str, value: f64, territory: Option<&str>| json!({ "measure": measure, "school_year": "2025-2026", "value": value, "territory": territory });
    let targets = json!([
        target("pupils", 40_000.0, None),
        target("girls_share", 0.5, None),
        target("pupils", 3_000.0, Some("region:84")),
        target("pupils", 1_200.0, Some("academy:10")),
        target("internships_filled", 900.0, Some("region:32")),
    ]);
    let with = json!({ "title": "Convention-cadre de coopération pour la découverte des métiers de la métallurgie et de ses industries",
        "terms": { "follow_up": { "periodicity": "yearly", "committee": null, "targets": targets } } });
    let (_, convention) = service
        .signed_partner("Union des industries et métiers de la métallurgie", with)
        .await;
    let nomenclature = |name: &str| {
        ree::reference::Reference::get()
            .nomenclature(name)
            .expect("a list")
            .codes()
    };
    let (types, levels) = (nomenclature("action_types"), nomenclature("levels"));
    let academies: Vec<&str> = ree::reference::Reference::get()
        .territories()
        .iter()
        .filter(|one| one.kind == "academy")
        .map(|one| one.code.as_str())
        .collect();
    for (number, academy) in academies.iter().enumerate() {
        let own = json!({ "targets": [target("pupils", 1_500.0, None)] });
        let declination = service
            .stored_declination(&convention, &[academy], own)
            .await;
        for year in ["2024-2025", "2025-2026"] {
            let narrative = json!({ "results": "Des visites d’ateliers et des interventions en classe, bien suivies.",
                                    "difficulties": "Les transports." });
            let columns = json!({ "status": "validated", "school_year": year, "declination_id": declination,
                                  "narrative": narrative });
            let report = service.stored_report(&convention, academy, columns).await;
            let mut lines = Vec::new();
            for place in 0..levels.len() {
                let pupils = 37 * (number + 1) + place;
                let girls = (place % 3 > 0).then_some(pupils / 2);
                lines.push(json!({ "action_type": types[place % types.len()], "level": levels[place], "academy": academy,
                    "actions": place + 1, "pupils": pupils, "girls": girls, "priority_education_pupils": pupils / 5,
                    "professionals": 12, "hours": 20, "companies": 3, "teachers": 4,
                    "internships_offered": 30, "internships_filled": 21 }));
            }
            service.stored_lines(&report, json!(lines)).await;
        }
    }
    let body =
        json!({ "school_year": "2025-2026", "opens_on": "2026-05-04", "due_on": "2026-09-30" });
    service
        .ministry()
        .post("/v1/campaigns", body)
        .await
        .expect(201);
    (service, convention)
}

#[actix_web::test]
async fn the_page_of_a_year_of_thirty_academies_says_what_each_thing_is_and_folds_what_is_long() {
    let (service, convention) = thirty_academies().await;
    let path = format!("/v1/conventions/{convention}/summary?school_year=2025-2026");
    let ministry = service.ministry();
    let page = ministry
        .request("GET", &path)
        .header("accept", "text/html")
        .send()
        .await;
    let text = page.text();
    if let Some(place) = std::env::var_os("SUMMARY_PAGE") {
        std::fs::write(place, text).expect("a file");
    }
    let head = text.split("</header>").next().expect("its head");
    assert!(head.contains("Chiffres en direct"), "live or published");
    for told in [
        "Auvergne-Rhône-Alpes (région académique)",
        "Lyon (académie)",
        "<th class=\"figure\" scope=\"col\">2024-2025</th>",
        "Évolution",
        "sur 30",
    ] {
        assert!(
            text.contains(told)
                || text.contains(&told.replace(
                    "class=\"figure\" scope=\"col\"",
                    "scope=\"col\" class=\"figure\""
                )),
            "{told}"
        );
    }
    // The narratives and the targets of declinations are after everything else, folded.
    let (body, annex) = text.split_once("class=\"annex\"").expect("an annex");
    assert!(!body.contains("Des visites d’ateliers") && !body.contains("<details"));
    assert_eq!(annex.matches("<details").count(), 2);
    assert_eq!(annex.matches("<article>").count(), 30);
    let summary = ministry.get(&path).await.expect(200);
    let figures = &summary["figures"];
    assert_eq!(figures["last_year"]["school_year"], "2024-2025");
    assert_eq!(
        figures["last_year"]["totals"]["pupils"],
        figures["totals"]["pupils"]
    );
    assert_eq!(
        figures["last_year"]["completeness"]["expected"],
        json!(null)
    );
    assert_eq!(figures["completeness"]["expected"], 31);
    assert_eq!(summary["targets"].as_array().unwrap().len(), 35);
}
