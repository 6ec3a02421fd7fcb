//! The search of interventions: how far they are, and how many there are of each kind.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::support::{Caller, Service, id, intervention, uai};

/// Lyon, and points at known distances of it.
const LYON: (f64, f64) = (45.76, 4.84);

/// A partner, and a convention of its that covers everything.
async fn partner(service: &Service) -> (String, String) {
    let partner = id(&service.new_partner("Partenaire").await);
    let convention = service.signed_convention(&partner, json!({})).await;
    (partner, convention)
}

/// Puts one of a partner's.
async fn offer(
    service: &Service,
    (partner, convention): &(String, String),
    name: &str,
    with: Value,
) {
    let path = format!("/v1/partners/{partner}/interventions/{name}");
    let body = intervention(convention, with);
    let own = service.partner(partner);
    own.put(&path, body).await.expect(201);
}

fn place(latitude: f64, longitude: f64, radius_km: Option<f64>) -> Value {
    json!({ "latitude": latitude, "longitude": longitude, "radius_km": radius_km })
}

/// The rows of a list, whose count and other forms say the same.
async fn rows(caller: &Caller, query: &str) -> Vec<Value> {
    let rows = caller.all(&format!("/v1/interventions?{query}")).await;
    let filters: Vec<&str> = query
        .split('&')
        .filter(|one| !["sort=", "limit="].iter().any(|name| one.starts_with(name)))
        .collect();
    let count = format!("/v1/interventions/count?{}", filters.join("&"));
    assert_eq!(
        caller.get(&count).await.expect(200)["count"],
        rows.len(),
        "{query}"
    );
    let streamed = caller
        .request("GET", &format!("/v1/interventions?{query}"))
        .header("accept", "application/x-ndjson");
    let streamed = streamed.send().await;
    let lines = streamed.text().lines();
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines, rows, "{query}");
    rows
}

async fn found(caller: &Caller, query: &str) -> Vec<String> {
    let rows = rows(caller, query).await;
    let names = rows.iter().map(|row| row["external_id"].as_str().unwrap());
    names.map(str::to_owned).collect()
}

#[actix_web::test]
async fn a_point_tells_how_far_each_is_and_leaves_none_out() {
    let service = Service::start().await;
    let own = partner(&service).await;
    for (name, with) in [
        ("north", json!({ "place": place(45.86, 4.84, None) })),
        ("nowhere", json!({})),
        ("lyon", json!({ "place": place(LYON.0, LYON.1, None) })),
    ] {
        offer(&service, &own, name, with).await;
    }
    let reader = service.reader();
    let seen = rows(&reader, "near=45.76,4.84").await;
    let told: Vec<(&Value, &Value)> = seen
        .iter()
        .map(|row| (&row["external_id"], &row["distance_km"]))
        .collect();
    assert_eq!(
        told,
        [
            (&json!("north"), &json!(11.1)),
            (&json!("nowhere"), &Value::Null),
            (&json!("lyon"), &json!(0)),
        ]
    );
    for row in rows(&reader, "q=atelier").await {
        assert_eq!(row["distance_km"], Value::Null, "without a point");
    }
    // It is the service's to say.
    let path = format!("/v1/partners/{}/interventions/lyon", own.0);
    let change = json!({ "distance_km": 3 });
    let refused = service.partner(&own.0).patch(&path, change).await;
    assert_eq!(refused.faults(), ["/distance_km read_only"]);
    let csv = reader
        .request(
            "GET",
            "/v1/interventions?near=45.76,4.84&sort=distance&dialect=excel-fr",
        )
        .header("accept", "text/csv");
    let csv = csv.send().await;
    assert!(csv.text().lines().next().unwrap().contains(";distance_km;"));
    assert!(csv.text().lines().nth(2).unwrap().contains(";\"11,1\";"));
}

#[actix_web::test]
async fn what_is_within_reach_is_near_enough_and_comes_that_far() {
    let service = Service::start().await;
    let own = partner(&service).await;
    for (name, with) in [
        // 11.1 km to the north, each.
        ("anywhere", json!({ "place": place(45.86, 4.84, None) })),
        ("comes", json!({ "place": place(45.86, 4.84, Some(11.2)) })),
        ("stays", json!({ "place": place(45.86, 4.84, Some(11.0)) })),
        ("here", json!({ "place": place(45.76, 4.84, Some(0.0)) })),
        ("nowhere", json!({})),
        ("remote", json!({ "modality": "remote" })),
        (
            "everywhere",
            json!({ "nationwide": true, "territories": [] }),
        ),
    ] {
        offer(&service, &own, name, with).await;
    }
    let reader = service.reader();
    for (km, expected) in [
        ("20000", vec!["anywhere", "comes", "here"]),
        ("11.12", vec!["anywhere", "comes", "here"]),
        ("11.11", vec!["here"]),
        ("0", vec!["here"]),
    ] {
        let query = format!("near=45.76,4.84&within_km={km}");
        assert_eq!(found(&reader, &query).await, expected, "{km}");
    }
    // On the other side of the day line it is near all the same.
    offer(
        &service,
        &own,
        "fiji",
        json!({ "place": place(-17.0, 179.9, None) }),
    )
    .await;
    let query = "near=-17,-179.9&within_km=22";
    assert_eq!(found(&reader, query).await, ["fiji"]);
}

#[actix_web::test]
async fn the_nearest_come_first_page_after_page_and_what_is_nowhere_last() {
    let service = Service::start().await;
    let own = partner(&service).await;
    for number in 0..24_u32 {
        // A few distances, each shared by several; every fourth is nowhere.
        let place =
            (number % 4 > 0).then(|| place(45.76 + f64::from(number % 3) / 10.0, 4.84, None));
        let title = "Robotique ".repeat(if number % 2 == 0 { 1 } else { 2 });
        let level = if number % 2 == 0 { "3e" } else { "4e" };
        let with = json!({ "place": place, "title": title, "levels": [level, "5e"] });
        offer(&service, &own, &format!("n{number:02}"), with).await;
    }
    let reader = service.reader();
    for filters in [
        "near=45.76,4.84",
        "near=45.76,4.84&q=robotiques&level=5e&action_type=company_visit",
        "near=45.76,4.84&q=robotique&level=3e&within_km=12",
    ] {
        for sort in ["distance", "-distance", "created_at", "-updated_at"] {
            let query = format!("{filters}&sort={sort}");
            let whole = rows(&reader, &format!("{query}&limit=200")).await;
            for limit in [1, 5] {
                let paged = rows(&reader, &format!("{query}&limit={limit}")).await;
                assert_eq!(paged, whole, "{query} {limit}");
            }
            if sort.ends_with("distance") {
                let told = whole.iter().map(|row| row["distance_km"].as_f64());
                let told: Vec<Option<f64>> = told.collect();
                let mut sorted = told.clone();
                sorted.sort_by(|one, other| match (one, other) {
                    (Some(one), Some(other)) if sort == "distance" => one.total_cmp(other),
                    (Some(one), Some(other)) => other.total_cmp(one),
                    (one, other) => other.is_some().cmp(&one.is_some()),
                });
                assert_eq!(told, sorted, "{query}");
            }
        }
    }
    let whole = found(&reader, "near=45.76,4.84&sort=distance").await;
    assert_eq!((whole[0].as_str(), whole[23].as_str()), ("n03", "n20"));
}

#[actix_web::test]
async fn a_search_that_cannot_be_is_told_what_was_meant() {
    let service = Service::start().await;
    let reader = service.reader();
    for (query, faults) in [
        ("within_km=10", vec!["within_km only_with"]),
        ("sort=distance", vec!["sort only_with"]),
        (
            "sort=-distance&within_km=1",
            vec!["sort only_with", "within_km only_with"],
        ),
        ("near=45", vec!["near invalid_format"]),
        ("near=", vec!["near invalid_format"]),
        ("near=NaN,0", vec!["near invalid_format"]),
        (
            "near=x,y&sort=distance&within_km=1",
            vec!["near invalid_format"],
        ),
        ("near=90.5,0", vec!["near out_of_range"]),
        ("near=0,-180.5", vec!["near out_of_range"]),
        ("near=45,4&within_km=-1", vec!["within_km out_of_range"]),
        ("near=45,4&within_km=20001", vec!["within_km out_of_range"]),
        ("near=45,4&within_km=1e5", vec!["within_km out_of_range"]),
        ("near=45,4&within_km=1e", vec!["within_km wrong_type"]),
        ("near=45,4&within_km=2,5", vec!["within_km invalid_format"]),
        ("near=45,4&near=46,4", vec!["near repeated"]),
        ("facets=colour", vec!["facets unknown_code"]),
        ("facets=", vec!["facets unknown_code"]),
        ("facets=level,level", vec!["facets repeated_item"]),
    ] {
        let reply = reader.get(&format!("/v1/interventions?{query}")).await;
        reply.problem(422, "validation_failed");
        assert_eq!(reply.faults(), faults, "{query}");
    }
    for (query, language, told) in [
        ("near=48,85,2,35", "fr", "(48.85,2.35)"),
        ("near=48.85,%202.35", "en", "(48.85,2.35)"),
        ("near=45,4&within_km=2,5", "en", "(2.5)"),
        (
            "facets=levels",
            "fr",
            "action_type, level, academy, department, modality",
        ),
    ] {
        let request = reader.request("GET", &format!("/v1/interventions?{query}"));
        let reply = request.header("accept-language", language).send().await;
        let detail = reply.json()["errors"][0]["detail"].take();
        assert!(detail.as_str().unwrap().contains(told), "{detail}");
    }
    let counted = reader.get("/v1/interventions/count?facets=level").await;
    assert_eq!(counted.faults(), ["facets unknown_parameter"]);
}

/// The codes of a facet and how many have each.
fn counts(answer: &Value, facet: &str) -> Vec<(String, u64)> {
    let codes = answer["facets"][facet].as_array().unwrap().iter();
    codes
        .map(|one| {
            let code = one["code"].as_str().unwrap().to_owned();
            (code, one["count"].as_u64().unwrap())
        })
        .collect()
}

/// What an offer may be.
fn offers() -> impl Strategy<Value = Value> {
    let territories = prop::sample::subsequence(
        vec![
            "FR",
            "region:84",
            "academy:10",
            "academy:09",
            "academy:40",
            "department:069",
        ],
        1..=3,
    );
    (
        prop::sample::select(vec!["company_visit", "class_talk", "mentoring"]),
        prop::sample::subsequence(vec!["6e", "4e", "3e", "2de_gt"], 1..=3),
        prop::sample::select(vec!["in_person", "remote", "hybrid"]),
        prop::option::weighted(0.8, territories),
        prop::option::of((45.0..46.5_f64, 4.0..5.5_f64, prop::option::of(0.0..60.0_f64))),
        prop::sample::select(vec!["Robotique", "Cuisine et robotique", "Soudure"]),
    )
        .prop_map(|(action_type, levels, modality, territories, at, title)| {
            json!({ "action_type": action_type, "levels": levels, "modality": modality, "title": title,
                    "nationwide": territories.is_none(), "territories": territories.unwrap_or_default(),
                    "place": at.map(|(latitude, longitude, radius)| place(latitude, longitude, radius)) })
        })
}

/// So many offers of a partner, pushed at once.
async fn push(
    service: &Service,
    (partner, convention): &(String, String),
    number: usize,
) -> Vec<Value> {
    let mut runner = TestRunner::deterministic();
    let items: Vec<Value> = (0..number)
        .map(|number| {
            let offer = offers().new_tree(&mut runner).unwrap().current();
            let mut item = intervention(convention, offer);
            item["external_id"] = json!(format!("n{number}"));
            item
        })
        .collect();
    let path = format!("/v1/partners/{partner}/interventions/batch");
    let pushed = service
        .partner(partner)
        .post(&path, json!({ "items": items }))
        .await;
    assert_eq!(
        pushed.expect(200)["counts"]["created"],
        number,
        "{}",
        pushed.text()
    );
    items
}

/// On a sphere of 6,371 km.
fn haversine((latitude, longitude): (f64, f64), place: &Value) -> Option<f64> {
    let of = |name: &str| place[name].as_f64().map(f64::to_radians);
    let (north, east) = (of("latitude")?, of("longitude")?);
    let (south, west) = (latitude.to_radians(), longitude.to_radians());
    let half = |angle: f64| (angle / 2.0).sin().powi(2);
    let share = half(north - south) + south.cos() * north.cos() * half(east - west);
    Some(2.0 * 6371.0 * share.sqrt().asin())
}

#[actix_web::test]
async fn within_so_many_kilometres_are_those_that_geometry_says() {
    let service = Service::start().await;
    let own = partner(&service).await;
    let items = push(&service, &own, 200).await;
    let reader = service.reader();
    let mut met = 0;
    for (point, km) in [
        (LYON, 12.0),
        (LYON, 35.5),
        (LYON, 90.0),
        ((45.2, 5.4), 40.0),
        ((0.0, 0.0), 500.0),
    ] {
        let query = format!("near={},{}&within_km={km}", point.0, point.1);
        let mut seen = found(&reader, &query).await;
        seen.sort();
        let is_within = |item: &&Value| {
            let place = &item["place"];
            let reach = place["radius_km"]
                .as_f64()
                .map_or(km, |radius| radius.min(km));
            haversine(point, place).is_some_and(|distance| distance <= reach)
        };
        let names = items
            .iter()
            .filter(is_within)
            .map(|item| item["external_id"].as_str().unwrap());
        let mut expected: Vec<&str> = names.collect();
        expected.sort_unstable();
        assert_eq!(seen, expected, "{query}");
        met += expected.len();
    }
    assert!(met > 20, "{met}");
}

#[actix_web::test]
async fn a_facet_counts_what_the_list_filtered_by_its_code_finds() {
    let service = Service::start().await;
    let own = partner(&service).await;
    push(&service, &own, 150).await;
    let reader = service.reader();
    let all = ["action_type", "level", "academy", "department", "modality"];
    let mut told = BTreeMap::new();
    for base in [
        "",
        "q=robotique",
        "q=robotique&near=45.76,4.84&within_km=60&sort=distance",
        "modality=in_person,hybrid&level=4e",
        "territory=academy:10&action_type=class_talk,mentoring",
        "q=couture",
    ] {
        let path = format!("/v1/interventions?{base}&limit=1&facets={}", all.join(","));
        let answer = reader.get(&path).await.expect(200);
        let names: Vec<&String> = answer["facets"].as_object().unwrap().keys().collect();
        assert_eq!(names, all, "in the order asked for");
        for facet in all {
            // A second value of the same filter would widen it.
            let filter = match facet {
                "academy" | "department" => "within",
                other => other,
            };
            let counts = counts(&answer, facet);
            let mut sorted = counts.clone();
            sorted.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
            assert_eq!(counts, sorted, "the most frequent first: {base} {facet}");
            assert!(counts.iter().all(|(_, count)| *count > 0));
            if base.contains(&format!("{filter}=")) {
                continue;
            }
            for (code, count) in counts {
                let filtered = format!("/v1/interventions/count?{base}&{filter}={code}")
                    .replace("&sort=distance", "");
                let found = reader.get(&filtered).await.expect(200)["count"].as_u64();
                assert_eq!(found, Some(count), "{base} {facet} {code}");
                *told.entry(facet).or_insert(0) += 1;
            }
        }
    }
    // The codes that are not told find nothing.
    let missing = reader.get("/v1/interventions/count?level=tle_pro").await;
    assert_eq!(missing.expect(200)["count"], 0);
    assert!(
        told.len() == 5 && told.values().all(|number| *number > 5),
        "{told:?}"
    );
}

#[actix_web::test]
async fn facets_are_counted_over_every_filter_and_an_academy_has_what_is_open_anywhere_in_it() {
    let service = Service::start().await;
    let own = partner(&service).await;
    for (name, with) in [
        (
            "a",
            json!({ "levels": ["3e", "4e"], "territories": ["academy:10"] }),
        ),
        (
            "b",
            json!({ "levels": ["4e"], "territories": ["region:84"], "modality": "remote" }),
        ),
        (
            "c",
            json!({ "levels": ["6e"], "nationwide": true, "territories": [] }),
        ),
        (
            "d",
            json!({ "levels": ["3e"], "territories": ["department:069", "academy:09"] }),
        ),
    ] {
        offer(&service, &own, name, with).await;
    }
    let reader = service.reader();
    let answer = reader
        .get("/v1/interventions?facets=academy,level&level=3e,4e")
        .await
        .expect(200);
    let pair = |code: &str, count| (code.to_owned(), count);
    // Those of 3e or 4e: what each of them is for besides, 6e of none of them.
    assert_eq!(counts(&answer, "level"), [pair("3e", 2), pair("4e", 2)]);
    assert_eq!(
        counts(&answer, "academy"),
        [
            pair("academy:10", 3),
            pair("academy:06", 1),
            pair("academy:08", 1),
            pair("academy:09", 1)
        ]
    );
    assert_eq!(
        answer["facets"].as_object().unwrap().len(),
        2,
        "and no other"
    );
    let whole = reader
        .get("/v1/interventions?facets=academy")
        .await
        .expect(200);
    let whole = counts(&whole, "academy");
    assert_eq!(whole[0], pair("academy:10", 4));
    // What is for the whole country is for each of the 30 academies and 4 services overseas.
    assert_eq!(whole.len(), 34);
    assert!(whole.contains(&pair("academy:40", 1)), "{whole:?}");
}

#[actix_web::test]
async fn facets_count_nothing_that_the_caller_may_not_see() {
    let service = Service::start().await;
    let own = partner(&service).await;
    let other = partner(&service).await;
    let later = service
        .signed_convention(&own.0, json!({ "starts_on": "2999-01-01" }))
        .await;
    let school = uai(690_001);
    service
        .new_school(&school, "department:069", "academy:10")
        .await;
    for (name, with) in [
        ("published", json!({})),
        (
            "expired",
            json!({ "available_to": "2021-01-01", "action_type": "mentoring" }),
        ),
        (
            "withheld",
            json!({ "convention_id": later, "action_type": "contest" }),
        ),
        ("withdrawn", json!({ "action_type": "jury" })),
        ("stale", json!({ "action_type": "class_talk" })),
    ] {
        offer(&service, &own, name, with).await;
    }
    let gone = format!("/v1/partners/{}/interventions/withdrawn", own.0);
    service.partner(&own.0).delete(&gone).await.expect(200);
    let old = "UPDATE interventions SET confirmed_at = '2020-01-01' WHERE external_id = 'stale'";
    service.sql().await.batch_execute(old).await.unwrap();
    let path = "/v1/interventions?facets=action_type,academy";
    let seen = async |caller: Caller, query: &str| {
        let answer = caller.get(&format!("{path}{query}")).await.expect(200);
        let types: Vec<String> = counts(&answer, "action_type")
            .into_iter()
            .map(|one| one.0)
            .collect();
        let rows = answer["data"].as_array().unwrap().len();
        let academy = counts(&answer, "academy").first().map_or(0, |one| one.1);
        assert_eq!(
            (rows, academy),
            (types.len(), u64::try_from(types.len()).unwrap()),
            "{query}"
        );
        types
    };
    for caller in [service.ministry(), service.partner(&own.0)] {
        let all = [
            "class_talk",
            "company_visit",
            "contest",
            "jury",
            "mentoring",
        ];
        assert_eq!(seen(caller.clone(), "").await, all);
        assert_eq!(
            seen(caller, "&status=stale,withheld").await,
            ["class_talk", "contest"]
        );
    }
    for caller in [
        service.reader(),
        service.partner(&other.0),
        service.academy("academy:10"),
        service.school(&school),
    ] {
        assert_eq!(seen(caller.clone(), "").await, ["company_visit"]);
        assert_eq!(
            seen(caller, "&status=stale,withheld,expired,withdrawn").await,
            [""; 0]
        );
    }
}

#[actix_web::test]
async fn facets_stand_beside_a_page_of_json_where_they_are_asked_for() {
    let service = Service::start().await;
    let own = partner(&service).await;
    push(&service, &own, 9).await;
    let reader = service.reader();
    let first = reader
        .get("/v1/interventions?limit=4&facets=modality")
        .await;
    let plain = reader.get("/v1/interventions?limit=4").await;
    assert_eq!(plain.expect(200)["facets"], Value::Null);
    assert_eq!(plain.json()["data"], first.expect(200)["data"]);
    assert_ne!(plain.etag(), first.etag());
    // Counted once: the pages that follow need not ask again, and those that do hear the same.
    let cursor = first.json()["next_cursor"].as_str().unwrap().to_owned();
    let next = reader
        .get(&format!("/v1/interventions?cursor={cursor}&limit=4"))
        .await;
    assert_eq!(next.expect(200)["data"].as_array().unwrap().len(), 4);
    let link = first.header("link").split_once('>').unwrap().0[1..].to_owned();
    let again = reader.get(&link).await.expect(200);
    assert_eq!(again["facets"], first.json()["facets"]);
    assert_eq!(again["data"], next.json()["data"]);
    for form in ["text/csv", "application/x-ndjson"] {
        let request = reader.request("GET", "/v1/interventions?facets=modality");
        let reply = request.header("accept", form).send().await;
        assert_eq!(reply.status, 200);
        assert!(!reply.text().contains("facets"), "{form}");
    }
}
