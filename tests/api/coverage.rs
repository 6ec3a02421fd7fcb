//! Coverage: where a convention is declined on a day, and which schools it reaches.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Caller, Service, absent, id, merged, uai};

/// The day of stories that the years to come would end.
const STORY: &str = "2026-11-30";

/// A convention, and schools in three academies of two regions and overseas.
struct World {
    service: Service,
    partner: String,
    convention: String,
}

/// Three of Lyon and one of Grenoble in one region, one of Lille, one of New Caledonia.
const SCHOOLS: [(u32, &str, &str, &[&str]); 6] = [
    (690_001, "department:069", "academy:10", &["3e", "4e"]),
    (690_002, "department:069", "academy:10", &["2de_gt"]),
    (10_001, "department:001", "academy:10", &["3e", "2de_gt"]),
    (380_001, "department:038", "academy:08", &["3e"]),
    (590_001, "department:059", "academy:09", &["cap_1"]),
    (9_880_001, "department:988", "academy:40", &["3e"]),
];

impl World {
    async fn with(columns: Value) -> Self {
        let service = Service::on(STORY).await;
        let (partner, convention) = service.signed_partner("UIMM", columns).await;
        let world = Self {
            service,
            partner,
            convention,
        };
        for (number, department, academy, levels) in SCHOOLS {
            world
                .school(number, department, academy, "open", levels)
                .await;
        }
        world
    }

    async fn new() -> Self {
        Self::with(json!({})).await
    }

    async fn school(
        &self,
        number: u32,
        department: &str,
        academy: &str,
        state: &str,
        levels: &[&str],
    ) {
        let uai = uai(number);
        self.service.new_school(&uai, department, academy).await;
        let set = "UPDATE establishments SET levels = $2, state = $3 WHERE uai = $1";
        let sql = self.service.sql().await;
        sql.execute(set, &[&uai, &levels, &state]).await.unwrap();
    }

    fn path(&self) -> String {
        format!("/v1/conventions/{}/coverage", self.convention)
    }

    async fn read(&self, query: &str) -> Value {
        self.service
            .reader()
            .get(&format!("{}?{query}", self.path()))
            .await
            .expect(200)
    }

    async fn draft(&self, level: &str, territories: &[&str], with: Value) -> String {
        let body = merged(
            json!({ "convention_id": self.convention, "level": level, "territories": territories,
                               "starts_on": "2021-09-01" }),
            with,
        );
        id(&self
            .service
            .ministry()
            .post("/v1/declinations", body)
            .await
            .expect(201))
    }

    async fn active(&self, level: &str, territories: &[&str], with: Value) -> String {
        let draft = self.draft(level, territories, with).await;
        step(&self.service.ministry(), &draft, "activate").await;
        draft
    }
}

async fn step(caller: &Caller, declination: &str, verb: &str) {
    let path = format!("/v1/declinations/{declination}/{verb}");
    caller.post(&path, json!({})).await.expect(200);
}

/// A region, an academy or a service of the answer.
fn place<'a>(coverage: &'a Value, code: &str) -> &'a Value {
    let list = |value: &'a Value| value.as_array().into_iter().flatten();
    let regions = list(&coverage["regions"]);
    let all = regions.flat_map(|region| list(&region["academies"]).chain([region]));
    let mut all = all.chain(list(&coverage["overseas"]));
    all.find(|place| place["code"] == code)
        .unwrap_or_else(|| panic!("{code}: {coverage}"))
}

/// Declined or not, by which way, declination and since when.
fn declined(coverage: &Value, code: &str) -> Value {
    let place = place(coverage, code);
    json!([
        place["declined"],
        place["via"],
        place["declination_id"],
        place["since"]
    ])
}

/// Schools counted, reached, their share.
fn schools(coverage: &Value, code: &str) -> Value {
    let of = if code == "totals" {
        &coverage["totals"]
    } else {
        place(coverage, code)
    };
    json!([
        of["establishments"],
        of["establishments_reached"],
        of["reached_share"]
    ])
}

#[actix_web::test]
async fn every_region_and_academy_is_there_declined_or_not_and_the_services_apart() {
    let world = World::new().await;
    let coverage = world.read("at=2026-03-01").await;
    assert_eq!(
        (&coverage["convention_id"], &coverage["on"]),
        (&json!(world.convention), &json!("2026-03-01"))
    );
    let regions = coverage["regions"].as_array().unwrap();
    let academies: usize = regions
        .iter()
        .map(|region| region["academies"].as_array().unwrap().len())
        .sum();
    assert_eq!(
        (
            regions.len(),
            academies,
            coverage["overseas"].as_array().unwrap().len()
        ),
        (18, 30, 4)
    );
    assert_eq!(
        coverage["totals"],
        json!({ "regions": 18, "regions_declined": 0, "academies": 30, "academies_declined": 0,
                "establishments": 5, "establishments_reached": 0, "reached_share": 0.0 })
    );
    assert_eq!(
        place(&coverage, "academy:10"),
        &json!({ "code": "academy:10", "name": "Lyon", "declined": false, "via": null, "declination_id": null,
                 "since": null, "establishments": 3, "establishments_reached": 0, "reached_share": 0.0,
                 "schools_declined": 0 })
    );
    assert_eq!(
        schools(&coverage, "academy:01"),
        json!([0, 0, null]),
        "nothing to share"
    );
    assert_eq!(schools(&coverage, "academy:40"), json!([1, 0, 0.0]));
}

#[actix_web::test]
async fn an_academy_is_declined_by_its_own_declination_or_through_its_region() {
    let world = World::new().await;
    let own = world
        .active("academy", &["academy:10", "academy:09"], json!({}))
        .await;
    let region = world
        .active(
            "academic_region",
            &["region:84"],
            json!({ "starts_on": "2019-09-01" }),
        )
        .await;
    let service = world.active("academy", &["academy:40"], json!({})).await;
    let coverage = world.read("").await;
    // Not before the convention itself.
    assert_eq!(
        declined(&coverage, "region:84"),
        json!([true, null, region, "2020-01-01"])
    );
    assert_eq!(
        declined(&coverage, "academy:10"),
        json!([true, "academy", own, "2021-09-01"])
    );
    assert_eq!(
        declined(&coverage, "academy:08"),
        json!([true, "academic_region", region, "2020-01-01"])
    );
    assert_eq!(
        declined(&coverage, "academy:09"),
        json!([true, "academy", own, "2021-09-01"])
    );
    assert_eq!(
        declined(&coverage, "region:32"),
        json!([false, null, null, null]),
        "by its own alone"
    );
    assert_eq!(
        declined(&coverage, "academy:40"),
        json!([true, "academy", service, "2021-09-01"])
    );
    assert_eq!(schools(&coverage, "region:84"), json!([4, 4, 1.0]));
    assert_eq!(schools(&coverage, "academy:40"), json!([1, 1, 1.0]));
    // Lyon, Grenoble, Lille, and Clermont-Ferrand through its region; overseas is apart.
    assert_eq!(
        coverage["totals"],
        json!({ "regions": 18, "regions_declined": 1, "academies": 30, "academies_declined": 4,
                "establishments": 5, "establishments_reached": 5, "reached_share": 1.0 })
    );
}

#[actix_web::test]
async fn a_school_counts_when_it_is_open_and_teaches_what_is_covered_and_is_reached_for_that() {
    let world = World::with(json!({ "levels": ["3e", "2de_gt"] })).await;
    for (number, state, levels) in [
        (690_003, "closed", &["3e"][..]),
        (690_004, "opening", &["3e"]),
        (690_005, "closing", &["3e"]),
        (690_006, "open", &["bts_1"]),
        (690_007, "open", &[]),
    ] {
        world
            .school(number, "department:069", "academy:10", state, levels)
            .await;
    }
    let nowhere = uai(690_008);
    world
        .school(690_008, "department:069", "academy:10", "open", &["3e"])
        .await;
    let lost = "UPDATE establishments SET academy = NULL WHERE uai = $1";
    world
        .service
        .sql()
        .await
        .execute(lost, &[&nowhere])
        .await
        .unwrap();
    let coverage = world.read("").await;
    assert_eq!(schools(&coverage, "academy:10"), json!([3, 0, 0.0]));
    assert_eq!(
        schools(&coverage, "academy:09"),
        json!([0, 0, null]),
        "of no level of the convention"
    );

    // The academy only for the third year; a school for what it teaches, another for what it does not.
    let academy = world
        .active("academy", &["academy:10"], json!({ "levels": ["3e"] }))
        .await;
    let two = [
        format!("uai:{}", uai(690_002)),
        format!("uai:{}", uai(380_001)),
    ];
    let own = json!({ "levels": ["2de_gt"] });
    world
        .active("establishment", &[&two[0], &two[1]], own)
        .await;
    let coverage = world.read("").await;
    assert_eq!(schools(&coverage, "academy:10"), json!([3, 3, 1.0]));
    assert_eq!(place(&coverage, "academy:10")["schools_declined"], 1);
    assert_eq!(schools(&coverage, "academy:08"), json!([1, 0, 0.0]));
    assert_eq!(place(&coverage, "academy:08")["schools_declined"], 1);
    assert_eq!(
        declined(&coverage, "academy:08"),
        json!([false, null, null, null]),
        "a school is not its academy"
    );
    assert_eq!(schools(&coverage, "region:84"), json!([4, 3, 0.75]));
    assert_eq!(schools(&coverage, "totals"), json!([4, 3, 0.75]));

    // What says nothing of levels has its parent's.
    step(&world.service.ministry(), &academy, "close").await;
    let region = world
        .active(
            "academic_region",
            &["region:84"],
            json!({ "levels": ["2de_gt"] }),
        )
        .await;
    world
        .active("academy", &["academy:08"], json!({ "parent_id": region }))
        .await;
    let coverage = world.read("").await;
    assert_eq!(schools(&coverage, "academy:08"), json!([1, 0, 0.0]));
    assert_eq!(schools(&coverage, "academy:10"), json!([3, 2, 0.6667]));
}

#[actix_web::test]
async fn a_declination_counts_on_the_days_it_and_its_convention_are_in_force() {
    let world = World::with(json!({ "ends_on": "2030-12-31" })).await;
    let dates = json!({ "starts_on": "2022-09-01", "ends_on": "2031-08-31" });
    world.active("academy", &["academy:10"], dates).await;
    world.draft("academy", &["academy:08"], json!({})).await;
    let abandoned = world.draft("academy", &["academy:09"], json!({})).await;
    step(&world.service.ministry(), &abandoned, "abandon").await;
    for (day, counts) in [
        ("2019-12-31", false),
        ("2022-08-31", false),
        ("2022-09-01", true),
        ("2030-12-31", true),
        ("2031-01-01", false),
    ] {
        let coverage = world.read(&format!("at={day}")).await;
        assert_eq!(place(&coverage, "academy:10")["declined"], counts, "{day}");
        assert_eq!(
            coverage["totals"]["establishments_reached"],
            if counts { 3 } else { 0 },
            "{day}"
        );
        assert_eq!(
            coverage["totals"]["academies_declined"],
            i32::from(counts),
            "{day}"
        );
    }
}

#[actix_web::test]
async fn a_closed_declination_counts_until_the_eve_of_its_closing() {
    let world = World::new().await;
    let service = &world.service;
    let own = format!("uai:{}", uai(380_001));
    let (first, school) = (
        world.active("academy", &["academy:10"], json!({})).await,
        world.active("establishment", &[&own], json!({})).await,
    );
    let today = ree::values::today(service.shared.clock.now());
    for declination in [&first, &school] {
        step(&service.ministry(), declination, "close").await;
    }
    let second = world
        .active(
            "academy",
            &["academy:10"],
            json!({ "starts_on": "2023-09-01" }),
        )
        .await;
    let eve = world
        .read(&format!("at={}", today - TimeDelta::days(1)))
        .await;
    let after = world.read("").await;
    // Both hold on the eve: the older one is told.
    assert_eq!(
        declined(&eve, "academy:10"),
        json!([true, "academy", first, "2021-09-01"])
    );
    assert_eq!(
        declined(&after, "academy:10"),
        json!([true, "academy", second, "2023-09-01"])
    );
    assert_eq!(
        (schools(&eve, "academy:08"), schools(&after, "academy:08")),
        (json!([1, 1, 1.0]), json!([1, 0, 0.0]))
    );
}

#[actix_web::test]
async fn a_local_convention_is_for_its_territory_alone() {
    for (territory, reach, academies, counted) in [
        ("region:84", vec!["region:84", "FR"], 3, 4),
        ("academy:10", vec!["academy:10", "region:84", "FR"], 1, 3),
        (
            "department:069",
            vec!["department:069", "academy:10", "region:84", "FR"],
            1,
            2,
        ),
        (
            "uai:",
            vec!["department:069", "academy:10", "region:84", "FR"],
            1,
            1,
        ),
    ] {
        let school = format!("uai:{}", uai(690_001));
        let territory = if territory == "uai:" {
            school.as_str()
        } else {
            territory
        };
        let mut reach = reach;
        reach.push(territory);
        let columns = json!({ "scope": "local", "territory": territory, "reach": reach });
        let world = World::with(columns).await;
        world.active("establishment", &[&school], json!({})).await;
        let coverage = world.read("").await;
        assert_eq!(coverage["overseas"], json!([]), "{territory}");
        let share = (1.0_f64 / f64::from(counted) * 10_000.0).round() / 10_000.0;
        assert_eq!(
            coverage["totals"],
            json!({ "regions": 1, "regions_declined": 0, "academies": academies, "academies_declined": 0,
                    "establishments": counted, "establishments_reached": 1, "reached_share": share }),
            "{territory}"
        );
        assert_eq!(coverage["regions"][0]["code"], "region:84");
    }
    let columns =
        json!({ "scope": "local", "territory": "academy:40", "reach": ["academy:40", "FR"] });
    let overseas = World::with(columns).await.read("").await;
    assert_eq!(
        (
            &overseas["regions"],
            overseas["overseas"].as_array().unwrap().len()
        ),
        (&json!([]), 1)
    );
    assert_eq!(schools(&overseas, "totals"), json!([0, 0, null]));
}

#[actix_web::test]
async fn whoever_sees_the_convention_reads_its_coverage_and_nobody_else_does() {
    let world = World::new().await;
    let service = &world.service;
    let unsigned = json!({ "status": "negotiation", "signed_on": null });
    let unsigned = service.signed_convention(&world.partner, unsigned).await;
    let unsigned = format!("/v1/conventions/{unsigned}/coverage");
    for (caller, status) in [
        (service.ministry(), 200),
        (service.partner(&world.partner), 200),
        (service.partner(&absent()), 404),
        (service.academy("academy:10"), 404),
        (service.school(&uai(690_001)), 404),
        (service.reader(), 404),
    ] {
        caller.get(&world.path()).await.expect(200);
        assert_eq!(caller.get(&unsigned).await.status, status);
    }
    // What was never signed is in force on no day.
    let nothing = service.ministry().get(&unsigned).await.expect(200);
    assert_eq!(nothing["totals"]["academies_declined"], 0);
    let reply = service
        .reader()
        .get(&format!("{}?at=2026-02-30&dialect=x&limit=1", world.path()))
        .await;
    reply.problem(422, "validation_failed");
    assert_eq!(
        reply.faults(),
        [
            "at invalid_date",
            "dialect invalid_format",
            "limit unknown_parameter"
        ]
    );
    let tag = service.reader().get(&world.path()).await.etag().to_owned();
    let again = service
        .reader()
        .request("GET", &world.path())
        .header("if-none-match", &tag);
    assert_eq!(again.send().await.status, 304);
}

#[actix_web::test]
async fn as_csv_it_has_an_academy_a_line() {
    let world = World::new().await;
    let region = world
        .active("academic_region", &["region:84"], json!({}))
        .await;
    let read = |query: &str, form: &str| {
        let path = format!("{}?at=2026-03-01{query}", world.path());
        world
            .service
            .reader()
            .request("GET", &path)
            .header("accept", form)
            .send()
    };
    let csv = read("", "text/csv").await;
    assert_eq!(csv.status, 200);
    let lines: Vec<&str> = csv.text().lines().collect();
    assert_eq!(lines.len(), 1 + 30 + 4);
    assert_eq!(
        lines[0],
        "region_code,region_name,region_declined,code,name,declined,via,declination_id,since,\
         establishments,establishments_reached,reached_share,schools_declined"
    );
    let lyon = format!(
        "region:84,Auvergne-Rhône-Alpes,true,academy:10,Lyon,true,academic_region,{region},2021-09-01,3,3,1.0,0"
    );
    assert!(lines.contains(&lyon.as_str()), "{}", csv.text());
    assert!(lines.contains(&",,,academy:40,Nouvelle-Calédonie,false,,,,1,0,0.0,0"));
    let excel = read("&dialect=excel-fr", "text/csv").await;
    assert!(excel.text().starts_with("\u{feff}region_code;"));
    assert!(excel.text().contains(";3;3;\"1,0\";0"));
    read("", "application/x-ndjson")
        .await
        .problem(406, "not_acceptable");
}
