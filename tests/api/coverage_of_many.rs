//! The coverage of many conventions in one call: what the coverage of each says, in a row.

use serde_json::{Value, json};

use crate::conventions::national;
use crate::support::{Service, id, merged};

/// Three conventions in force, of two sectors, and one that is over; the first is declined in an academy, a
/// region and overseas.
struct World {
    service: Service,
    partners: [String; 2],
    conventions: [String; 4],
}

impl World {
    async fn new() -> Self {
        let service = Service::on("2026-11-30").await;
        let mut partners = Vec::new();
        for (name, sector) in [("UIMM", "metal_industry"), ("GRDF", "energy")] {
            let partner = id(&service.new_partner(name).await);
            let path = format!("/v1/partners/{partner}");
            let sectors = json!({ "sectors": [sector] });
            service.ministry().patch(&path, sectors).await.expect(200);
            partners.push(partner);
        }
        let [metal, energy] = [&partners[0], &partners[1]];
        let numbered = |number: u32, with: Value| {
            let reference = format!("CN-2020-{number:04}");
            merged(
                json!({ "reference": reference, "title": format!("Convention {number}") }),
                with,
            )
        };
        let local = json!({
            "scope": "local", "territory": "academy:10", "reach": service.reach_of(&["academy:10"]).await,
        });
        let over = json!({ "ends_on": "2022-12-31" });
        let conventions = [
            service
                .signed_convention(metal, numbered(1, json!({})))
                .await,
            service
                .signed_convention(energy, numbered(2, json!({})))
                .await,
            service.signed_convention(metal, numbered(3, local)).await,
            service.signed_convention(metal, numbered(4, over)).await,
        ];
        for (level, territory, with) in [
            (
                "academy",
                "academy:10",
                json!({ "starts_on": "2024-09-01" }),
            ),
            ("academic_region", "region:32", json!({})),
            ("academy", "academy:40", json!({})),
            ("academy", "academy:09", json!({ "status": "draft" })),
            ("academy", "academy:08", json!({ "ends_on": "2023-08-31" })),
        ] {
            let with = merged(json!({ "level": level }), with);
            service
                .stored_declination(&conventions[0], &[territory], with)
                .await;
        }
        Self {
            service,
            partners: partners.try_into().unwrap(),
            conventions,
        }
    }
}

/// The cells of a row, as the coverage of the convention itself tells them.
fn cells(coverage: &Value) -> Vec<Value> {
    let regions = coverage["regions"].as_array().unwrap().iter();
    let academies = regions.flat_map(|one| one["academies"].as_array().unwrap());
    let overseas = coverage["overseas"].as_array().unwrap();
    let mut cells: Vec<Value> = academies.chain(overseas).cloned().collect();
    cells.sort_by_key(|cell| cell["code"].as_str().unwrap().to_owned());
    cells
}

#[actix_web::test]
async fn each_row_says_what_the_coverage_of_its_convention_says_on_any_day() {
    let world = World::new().await;
    let reader = world.service.reader();
    for day in ["2021-03-01", "2023-01-01", "2026-11-30", "2030-01-01"] {
        let rows = reader.all(&format!("/v1/coverage?in_force_on={day}")).await;
        let expected = if day < "2023" { 4 } else { 3 };
        assert_eq!(rows.len(), expected, "{day}");
        for row in &rows {
            let convention = row["convention_id"].as_str().unwrap();
            let path = format!("/v1/conventions/{convention}/coverage?at={day}");
            let own = reader.get(&path).await.expect(200);
            assert_eq!(row["on"], json!(day));
            assert_eq!(row["academies_total"], own["totals"]["academies"]);
            assert_eq!(
                row["academies_declined"],
                own["totals"]["academies_declined"]
            );
            let all = row["academies"].as_array().unwrap().iter();
            let all = all.chain(row["overseas"].as_array().unwrap());
            assert_eq!(all.clone().count(), 34);
            let mut told: Vec<&Value> = all.filter(|cell| !cell["declined"].is_null()).collect();
            told.sort_by_key(|cell| cell["code"].as_str().unwrap());
            let own = cells(&own);
            assert_eq!(told.len(), own.len(), "{row}");
            for (told, own) in told.iter().zip(&own) {
                for name in ["code", "name", "declined", "via", "declination_id", "since"] {
                    assert_eq!(told[name], own[name], "{day} {name}");
                }
            }
        }
    }
}

#[actix_web::test]
async fn the_conventions_of_a_sector_and_where_they_are_declined_take_one_call() {
    let world = World::new().await;
    let reader = world.service.reader();
    let rows = reader
        .get("/v1/coverage?sector=metal_industry&scope=national")
        .await
        .expect(200);
    let rows = rows["data"].as_array().unwrap();
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!(row["convention_id"], json!(world.conventions[0]));
    assert_eq!(row["reference"], "CN-2020-0001");
    assert_eq!(row["title"], "Convention 1");
    assert_eq!(row["partner_ids"], json!([world.partners[0]]));
    assert_eq!(
        (&row["academies_total"], &row["academies_declined"]),
        (&json!(30), &json!(3))
    );
    let cell = |code: &str| {
        let all = row["academies"].as_array().unwrap().iter();
        all.clone()
            .find(|cell| cell["code"] == json!(code))
            .unwrap()
            .clone()
    };
    assert_eq!(
        (
            &cell("academy:10")["declined"],
            &cell("academy:10")["since"]
        ),
        (&json!(true), &json!("2024-09-01"))
    );
    assert_eq!(cell("academy:09")["via"], "academic_region");
    assert_eq!(cell("academy:08")["declined"], json!(false));
    for (query, count) in [
        ("", 3),
        ("?sector=metal_industry", 2),
        ("?sector=metal_industry,energy", 3),
        ("?scope=local", 1),
        ("?not_declined_in=academy:10", 2),
        ("?q=cn-2020-0002", 1),
        ("?in_force_on=2021-03-01", 4),
    ] {
        let rows = reader.all(&format!("/v1/coverage{query}")).await;
        assert_eq!(rows.len(), count, "{query}");
        let counted = reader
            .get(&format!("/v1/coverage/count{query}"))
            .await
            .expect(200);
        assert_eq!(counted["count"], json!(count), "{query}");
    }
    let energy = format!("/v1/coverage?partner_id={}", world.partners[1]);
    assert_eq!(
        reader.all(&energy).await[0]["convention_id"],
        json!(world.conventions[1])
    );
}

#[actix_web::test]
async fn a_spreadsheet_has_a_line_for_each_convention_and_a_column_for_each_academy() {
    let world = World::new().await;
    let csv = world.service.reader().get("/v1/coverage?format=csv").await;
    let mut lines = csv
        .text()
        .lines()
        .map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let column = |name: &str| header.iter().position(|one| *one == name).unwrap();
    let rows: Vec<_> = lines.collect();
    assert_eq!(rows.len(), 3);
    let references: Vec<&str> = rows.iter().map(|row| row[column("reference")]).collect();
    assert_eq!(references, ["CN-2020-0001", "CN-2020-0002", "CN-2020-0003"]);
    assert_eq!(
        header
            .iter()
            .filter(|name| name.starts_with("academy:"))
            .count(),
        34
    );
    let of = |name: &str| rows.iter().map(|row| row[column(name)]).collect::<Vec<_>>();
    assert_eq!(of("academy:10"), ["true", "false", "false"]);
    assert_eq!(of("academy:08"), ["false", "false", ""]);
    assert_eq!(of("academies_declined"), ["3", "0", "0"]);
    let pages = world
        .service
        .reader()
        .all("/v1/coverage?limit=1&sort=-reference")
        .await;
    let pages: Vec<&Value> = pages.iter().map(|row| &row["reference"]).collect();
    assert_eq!(pages, ["CN-2020-0003", "CN-2020-0002", "CN-2020-0001"]);
}

#[actix_web::test]
async fn what_a_caller_may_not_read_is_in_no_row() {
    let world = World::new().await;
    let draft = national(&world.partners[0]);
    world
        .service
        .ministry()
        .post("/v1/conventions", draft)
        .await
        .expect(201);
    for caller in [
        world.service.ministry(),
        world.service.reader(),
        world.service.academy("academy:09"),
    ] {
        assert_eq!(caller.all("/v1/coverage").await.len(), 3);
    }
    let refused = world
        .service
        .reader()
        .get("/v1/coverage?in_force_on=hier&sector=metal")
        .await;
    refused.problem(422, "validation_failed");
    assert_eq!(refused.faults().len(), 2);
    world
        .service
        .anon()
        .get("/v1/coverage")
        .await
        .problem(401, "unauthorized");
}
