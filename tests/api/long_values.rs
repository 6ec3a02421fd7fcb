//! Values in long form: the figures of the wide one, one by one, each with what it is.

use serde_json::{Value, json};

use crate::publications::World;
use crate::support::Caller;

const MEASURES: [&str; 5] = [
    "actions",
    "pupils",
    "girls",
    "girls_share",
    "completeness_rate",
];

/// A year whose second publication carries some figures, and hides others.
async fn published() -> World {
    let world = World::new().await;
    let line = |academy: &str, kind: &str, pupils: i64| json!({ "action_type": kind, "academy": academy, "level": "3e", "actions": 1, "pupils": pupils, "girls": pupils / 2 });
    let lines = json!([
        line("academy:10", "class_talk", 3),
        line("academy:10", "company_visit", 40),
        line("academy:08", "class_talk", 50),
        line("academy:08", "company_visit", 60),
        line("academy:09", "class_talk", 70),
    ]);
    world.report(0, "FR", "2025-2026", lines).await;
    world.publish("2025-2026").await;
    // Three pupils more: what they touch stays as it was told.
    let more = json!([line("academy:08", "company_visit", 3)]);
    world.report(1, "FR", "2025-2026", more).await;
    world.publish("2025-2026").await;
    world
}

fn path(of: &str, query: &str) -> String {
    format!(
        "{of}/indicators/values?measures={}{query}",
        MEASURES.join(",")
    )
}

/// What the long form of cells is.
fn long(wide: &Value) -> Vec<Value> {
    let cells = wide["data"].as_array().expect("data");
    let of_cell = |cell: &Value| {
        let figure = |measure: &&str| {
            let value = cell["values"][measure].clone();
            let is_hidden = cell["suppressed"]
                .as_array()
                .unwrap()
                .contains(&json!(measure));
            let carried = cell["carried"][measure].clone();
            let obs_status = match (is_hidden, carried.is_null(), value.is_null()) {
                (true, ..) => "hidden",
                (_, false, _) => "carried",
                (.., true) => "not_applicable",
                _ => "shown",
            };
            let publication = [&carried, &cell["publication"], &wide["meta"]["publication"]];
            let publication = publication.into_iter().find(|one| !one.is_null());
            let unit = wide["meta"]["definitions"][measure]["unit"].clone();
            json!({ "key": cell["key"], "measure": measure, "value": value, "unit": unit,
                    "obs_status": obs_status, "publication": publication })
        };
        MEASURES.iter().map(figure).collect::<Vec<_>>()
    };
    cells.iter().flat_map(of_cell).collect()
}

async fn same(caller: &Caller, of: &str, query: &str) -> Vec<Value> {
    let wide = caller.get(&path(of, query)).await.expect(200);
    let asked = path(of, &format!("{query}&shape=long"));
    let told = caller.get(&asked).await.expect(200);
    let expected = long(&wide);
    assert_eq!(told["data"], json!(expected), "{asked}");
    assert_eq!(
        (&told["totals"], &told["meta"]),
        (&wide["totals"], &wide["meta"])
    );
    for limit in [1, 2, 3, 7] {
        let pages = caller.all(&format!("{asked}&limit={limit}")).await;
        assert_eq!(pages, expected, "{asked} {limit}");
    }
    let lines = caller.get(&format!("{asked}&format=ndjson")).await;
    let lines = lines
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    assert_eq!(lines.collect::<Vec<Value>>(), expected, "{asked}");
    expected
}

#[actix_web::test]
async fn the_long_form_has_each_figure_of_the_wide_one_with_what_it_is() {
    let world = published().await;
    let anyone = world.service.anon();
    let mut statuses = Vec::new();
    for query in [
        "&group_by=academy,action_type",
        "&group_by=academy",
        "&group_by=school_year,convention",
        "&group_by=academy,action_type&publication=1",
        "&group_by=academy,action_type&academy=academy:10",
        "",
    ] {
        statuses.extend(same(&anyone, "/public", query).await);
    }
    for status in ["shown", "carried", "hidden", "not_applicable"] {
        let mut all = statuses.iter();
        assert!(all.any(|one| one["obs_status"] == status), "{status}");
    }
    let hidden = statuses.iter().filter(|one| one["obs_status"] == "hidden");
    assert!(hidden.clone().all(|one| one["value"].is_null()));
    // Live figures are of no publication.
    let live = same(&world.service.ministry(), "/v1", "&group_by=academy").await;
    assert!(live.iter().all(|one| one["publication"].is_null()));
}

#[actix_web::test]
async fn in_csv_a_figure_is_a_row_with_its_keys_and_its_labels_where_they_are_asked_for() {
    let world = published().await;
    let anyone = world.service.anon();
    let asked = path("/public", "&group_by=academy&shape=long&format=csv");
    let csv = anyone.get(&asked).await;
    let mut lines = csv.text().lines();
    assert_eq!(
        lines.next(),
        Some("academy,measure,value,unit,obs_status,publication")
    );
    assert_eq!(lines.count(), 3 * MEASURES.len());
    let labelled = anyone.get(&format!("{asked}&labels=fr")).await;
    let mut lines = labelled.text().lines();
    assert_eq!(
        lines.next(),
        Some("academy,academy_label,measure,measure_label,value,unit,obs_status,publication")
    );
    assert!(
        labelled
            .text()
            .contains("academy:10,Lyon,actions,Actions,2,count,shown,")
    );
}

#[actix_web::test]
async fn the_unit_of_a_target_is_that_of_what_it_aims_at() {
    let world = published().await;
    let asked = "/v1/indicators/values?measures=hours,target,achieved,achievement_rate&shape=long";
    let told = world.service.ministry().get(asked).await.expect(200);
    let units: Vec<&str> = told["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["unit"].as_str().unwrap())
        .collect();
    assert_eq!(units, ["hour", "hour", "hour", "ratio"]);
}

#[actix_web::test]
async fn a_shape_that_there_is_not_is_refused_and_a_page_of_the_other_too() {
    let world = published().await;
    let anyone = world.service.anon();
    let reply = anyone.get(&path("/public", "&shape=tall")).await;
    let problem = reply.problem(422, "validation_failed");
    assert_eq!(reply.faults(), ["shape invalid_format"]);
    assert_eq!(problem["errors"][0]["accepted"], json!(["wide", "long"]));
    let wide = anyone
        .get(&path("/public", "&group_by=academy&limit=1"))
        .await;
    let cursor = wide.expect(200)["next_cursor"].as_str().unwrap().to_owned();
    let other = path(
        "/public",
        &format!("&group_by=academy&limit=1&shape=long&cursor={cursor}"),
    );
    anyone.get(&other).await.problem(400, "invalid_cursor");
    // What is not published is not told in any shape.
    let reply = anyone
        .get(&path("/public", "&group_by=partner&shape=long"))
        .await;
    reply.problem(422, "grouping_not_published");
}
