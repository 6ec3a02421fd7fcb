//! What is offered here: within a territory, near a commune, by a host, with sessions left.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use ree::reference::Reference;
use serde_json::{Value, json};

use crate::support::portal::Portal;
use crate::support::{Caller, Service, id, uai};

/// The external ids of what a filter finds, sorted; the count says the same.
async fn found(caller: &Caller, query: &str) -> Vec<String> {
    let rows = caller.all(&format!("/v1/interventions?{query}")).await;
    let count = format!("/v1/interventions/count?{query}");
    let count = caller.get(&count).await.expect(200)["count"].clone();
    assert_eq!(count, rows.len(), "{query}");
    let names = rows.iter().map(|row| row["external_id"].as_str().unwrap());
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names
}

/// Puts a school where it is.
async fn locate(service: &Service, school: &str, codes: [&str; 2], at: [f64; 2]) {
    const WHERE: &str = "UPDATE establishments SET city_code = $2, postal_code = $3, latitude = $4, longitude = $5 WHERE uai = $1";
    let sql = service.sql().await;
    let values: &[&(dyn tokio_postgres::types::ToSql + Sync)] =
        &[&school, &codes[0], &codes[1], &at[0], &at[1]];
    assert_eq!(sql.execute(WHERE, values).await.expect("a place"), 1);
}

/// The id that the register gives an intervention.
async fn id_of(portal: &Portal, name: &str) -> String {
    id(&portal.caller.get(&path(portal, name)).await.expect(200))
}

fn path(portal: &Portal, name: &str) -> String {
    format!("/v1/partners/{}/interventions/{name}", portal.partner)
}

#[actix_web::test]
async fn what_is_within_a_territory_covers_it_or_is_offered_or_takes_place_in_a_part_of_it() {
    let portal = Portal::new().await;
    let service = &portal.service;
    let [lyon, _] = service.new_schools([690_001, 590_001]).await;
    let own = format!("uai:{lyon}");
    let offers = [
        ("country", json!({ "nationwide": true, "territories": [] })),
        ("region", json!({ "territories": ["region:84"] })),
        ("academy", json!({ "territories": ["academy:10"] })),
        (
            "department",
            json!({ "territories": ["department:069", "academy:09"] }),
        ),
        ("school", json!({ "territories": [own] })),
        ("elsewhere", json!({ "territories": ["academy:09"] })),
        // Offered to Lille, and takes place in Lyon.
        (
            "visited",
            json!({ "territories": ["academy:09"], "place": { "postal_code": "69003" } }),
        ),
    ];
    let items = offers.map(|(name, with)| portal.item(name, with));
    portal.push("?mode=atomic", &items).await.expect(200);
    let reader = service.reader();
    let in_it = [
        "academy",
        "country",
        "department",
        "region",
        "school",
        "visited",
    ];
    let over_it = ["country", "region"];
    for (within, expected) in [
        ("academy:10", in_it.to_vec()),
        ("department:069", in_it.to_vec()),
        ("region:84", in_it.to_vec()),
        (
            own.as_str(),
            vec!["academy", "country", "department", "region", "school"],
        ),
        ("department:001", vec!["academy", "country", "region"]),
        ("academy:08", over_it.to_vec()),
        ("department:038", over_it.to_vec()),
        ("academy:11", vec!["country"]),
        ("academy:11,academy:08", over_it.to_vec()),
        (&format!("uai:{}", uai(10_001)), vec![]),
    ] {
        assert_eq!(
            found(&reader, &format!("within={within}")).await,
            expected,
            "{within}"
        );
    }
    assert_eq!(found(&reader, "within=FR").await.len(), 7);
    // `territory` keeps its meaning: open to the whole of it.
    let whole = ["academy", "country", "region"];
    assert_eq!(found(&reader, "territory=academy:10").await, whole);
    let refused = reader.get("/v1/interventions?within=academy:99").await;
    assert_eq!(refused.faults(), ["within unknown_territory"]);

    // A school that moves takes along what is offered to it alone.
    service
        .move_school(&lyon, "academy:08", "department:038")
        .await;
    assert_eq!(
        found(&reader, "within=department:038").await,
        ["country", "region", "school"]
    );
    assert!(
        !found(&reader, "within=academy:10")
            .await
            .contains(&"school".to_owned())
    );
    // A change of where it is offered is found at once.
    let moved = json!({ "territories": ["department:034"], "place": { "city_code": "69383" } });
    portal
        .caller
        .patch(&path(&portal, "school"), moved)
        .await
        .expect(200);
    assert_eq!(
        found(&reader, "within=academy:11").await,
        ["country", "school"]
    );
    assert!(
        found(&reader, "within=department:069")
            .await
            .contains(&"school".to_owned())
    );
}

/// What an offer may be: anywhere, and take place anywhere.
fn offers(schools: Vec<String>) -> impl Strategy<Value = Value> {
    let mut codes: Vec<String> = [
        "FR",
        "region:84",
        "region:76",
        "academy:10",
        "academy:11",
        "academy:16",
        "academy:40",
    ]
    .map(str::to_owned)
    .to_vec();
    codes.extend(
        [
            "001", "042", "069", "011", "030", "034", "048", "066", "031", "975",
        ]
        .map(|one| format!("department:{one}")),
    );
    codes.extend(schools);
    let territories = prop::sample::subsequence(codes, 1..=2);
    let place = prop::option::of(prop::sample::select(vec![
        "69003", "34000", "31000", "42000", "48000",
    ]));
    (prop::option::weighted(0.95, territories), place).prop_map(|(territories, postal_code)| {
        json!({ "nationwide": territories.is_none(), "territories": territories.unwrap_or_default(),
                "place": postal_code.map(|code| json!({ "postal_code": code })) })
    })
}

#[actix_web::test]
async fn an_academy_has_what_its_departments_have_together_and_its_facet_says_as_much() {
    let portal = Portal::new().await;
    let schools = portal
        .service
        .new_schools([690_001, 10_001, 340_001, 660_001, 310_001])
        .await;
    let schools = schools.map(|school| format!("uai:{school}")).to_vec();
    let mut runner = TestRunner::deterministic();
    let items: Vec<Value> = (0..150)
        .map(|number| {
            let offer = offers(schools.clone())
                .new_tree(&mut runner)
                .unwrap()
                .current();
            portal.item(&format!("n{number}"), offer)
        })
        .collect();
    portal.push("?mode=atomic", &items).await.expect(200);
    let reader = portal.service.reader();
    let facets = reader
        .get("/v1/interventions?limit=1&facets=academy,department")
        .await
        .expect(200);
    let told = |facet: &str, code: &str| {
        let counts = facets["facets"][facet].as_array().unwrap();
        let found = counts.iter().find(|one| one["code"] == code);
        found.map_or(0, |one| {
            usize::try_from(one["count"].as_u64().unwrap()).unwrap()
        })
    };
    let territories = Reference::get().territories();
    let mut distinct = BTreeSet::new();
    for academy in [
        "academy:10",
        "academy:11",
        "academy:16",
        "academy:40",
        "academy:09",
    ] {
        let whole: BTreeSet<String> = found(&reader, &format!("within={academy}"))
            .await
            .into_iter()
            .collect();
        let mut together = BTreeSet::new();
        let departments = territories
            .iter()
            .filter(|one| one.parent.as_deref() == Some(academy));
        for department in departments {
            let part = found(&reader, &format!("within={}", department.code)).await;
            assert_eq!(
                told("department", &department.code),
                part.len(),
                "{}",
                department.code
            );
            together.extend(part);
        }
        assert_eq!(whole, together, "{academy}");
        assert_eq!(told("academy", academy), whole.len(), "{academy}");
        distinct.insert(whole.len());
    }
    assert!(distinct.len() > 2, "{distinct:?}");
}

#[actix_web::test]
async fn what_a_former_version_of_the_service_writes_is_found_too() {
    let portal = Portal::new().await;
    portal
        .push("", &[portal.item("a", json!({}))])
        .await
        .expect(200);
    let sql = portal.service.sql().await;
    let older = "INSERT INTO interventions (id, partner_id, external_id, convention_id, title, action_type, levels, moments,
                        axes, modality, nationwide, territories, held_by, languages, confirmed_at, created_at, updated_at)
                 SELECT gen_random_uuid(), partner_id, 'b', convention_id, title, action_type, levels, moments, axes, modality,
                        nationwide, '{department:034}', held_by, languages, confirmed_at, created_at, updated_at
                   FROM interventions";
    sql.execute(older, &[]).await.expect("a row");
    let reader = portal.service.reader();
    assert_eq!(found(&reader, "within=academy:11").await, ["b"]);
    let moved = "UPDATE interventions SET territories = '{department:069}' WHERE external_id = 'b'";
    sql.execute(moved, &[]).await.expect("a change");
    assert_eq!(found(&reader, "within=academy:11").await, [""; 0]);
    assert_eq!(found(&reader, "within=academy:10").await, ["a", "b"]);
}

#[actix_web::test]
async fn a_place_told_by_a_commune_or_a_postal_code_is_the_middle_of_its_schools() {
    let portal = Portal::new().await;
    let service = &portal.service;
    let [one, two, three, far] = service
        .new_schools([690_001, 690_002, 690_003, 340_001])
        .await;
    locate(service, &one, ["69383", "69003"], [45.75, 4.85]).await;
    locate(service, &two, ["69383", "69433"], [45.77, 4.87]).await;
    locate(service, &three, ["69385", "69005"], [45.76, 4.82]).await;
    locate(service, &far, ["34172", "34090"], [43.64, 3.85]).await;
    for (name, place, point, precision) in [
        // Both schools of the district; the one with the postal code; the one of a large receiver.
        (
            "commune",
            json!({ "city_code": "69383" }),
            [45.76, 4.86],
            "city",
        ),
        (
            "postal",
            json!({ "postal_code": "69003" }),
            [45.75, 4.85],
            "city",
        ),
        (
            "cedex",
            json!({ "postal_code": "69433" }),
            [45.77, 4.87],
            "city",
        ),
        // Those of the commune that the postal code is of; those of all districts of a city.
        (
            "of_commune",
            json!({ "postal_code": "34000" }),
            [43.64, 3.85],
            "city",
        ),
        (
            "divided",
            json!({ "city_code": "69123" }),
            [45.76, 4.8467],
            "city",
        ),
        // No school there: the middle of the department's; none in the directory: that of the whole country's.
        (
            "around",
            json!({ "city_code": "69259" }),
            [45.76, 4.8467],
            "department",
        ),
        (
            "receiver",
            json!({ "postal_code": "69999" }),
            [45.76, 4.8467],
            "department",
        ),
        (
            "shipped",
            json!({ "postal_code": "01000" }),
            [46.1088, 5.3755],
            "department",
        ),
    ] {
        let body = crate::support::intervention(&portal.convention, json!({ "place": place }));
        let created = portal.caller.put(&path(&portal, name), body.clone()).await;
        let answer = created.expect(201);
        let told = &answer["place"];
        assert_eq!(
            (&told["latitude"], &told["longitude"]),
            (&json!(point[0]), &json!(point[1])),
            "{name}"
        );
        assert_eq!(told["precision"], precision, "{name}");
        for (member, code) in place.as_object().unwrap() {
            assert_eq!(&told[member], code, "{name}");
        }
        assert!(
            told["department"]
                .as_str()
                .unwrap()
                .starts_with("department:")
        );
        let again = portal.caller.put(&path(&portal, name), body).await;
        assert_eq!(
            (again.expect(200), again.etag()),
            (answer, created.etag()),
            "{name}"
        );
    }
    let near = found(&service.reader(), "near=45.75,4.85&within_km=5").await;
    assert_eq!(
        near,
        [
            "around", "cedex", "commune", "divided", "postal", "receiver"
        ]
    );

    // What was found is found anew after a change, and a point that is given stands.
    let patch = async |change: Value| portal.caller.patch(&path(&portal, "postal"), change).await;
    let moved = patch(json!({ "place": { "postal_code": "34000", "radius_km": 20 } }))
        .await
        .expect(200);
    assert_eq!(
        moved["place"],
        json!({ "latitude": 43.64, "longitude": 3.85, "radius_km": 20, "label": null,
        "postal_code": "34000", "department": "department:034", "precision": "city" })
    );
    let given = patch(json!({ "place": { "latitude": 43.6, "longitude": 3.9 } }))
        .await
        .expect(200);
    assert_eq!(
        given["place"],
        json!({ "latitude": 43.6, "longitude": 3.9, "radius_km": 20, "label": null,
        "postal_code": "34000", "department": "department:034" })
    );
    let alone = patch(json!({ "place": { "postal_code": null } }))
        .await
        .expect(200);
    assert_eq!(
        alone["place"],
        json!({ "latitude": 43.6, "longitude": 3.9, "radius_km": 20, "label": null })
    );
}

#[actix_web::test]
async fn a_batch_finds_all_its_places_and_takes_back_what_it_answered() {
    let portal = Portal::new().await;
    let service = &portal.service;
    let [lyon] = service.new_schools([690_001]).await;
    locate(service, &lyon, ["69383", "69003"], [45.75, 4.85]).await;
    let host =
        json!({ "name": "Ateliers du Rhône", "siret": "77684512500058", "postal_code": "69003" });
    let mut items: Vec<Value> = (0..40)
        .map(|number| {
            let place =
                json!({ "postal_code": format!("69{:03}", number % 4 + 1), "radius_km": 300 });
            portal.item(
                &format!("n{number:02}"),
                json!({ "place": place, "host": host }),
            )
        })
        .collect();
    items.push(portal.item("lost", json!({ "place": { "postal_code": "98800" } })));
    let verdict = portal.push("", &items).await.expect(200);
    assert_eq!(
        (
            &verdict["counts"]["created"],
            &verdict["counts"]["rejected"]
        ),
        (&json!(40), &json!(1))
    );
    let lost = &verdict["items"][40]["errors"][0];
    assert_eq!(
        (&lost["pointer"], &lost["code"]),
        (&json!("/place"), &json!("unlocated"))
    );
    let reader = service.reader();
    assert_eq!(
        found(&reader, "near=45.75,4.85&within_km=1").await.len(),
        40
    );
    let before = service.everything_but("pushes").await;
    let page = portal.caller.get("/v1/interventions?limit=200").await;
    let sent = portal.caller.request("POST", &portal.batch_path(""));
    let sent = sent.json(&page.expect(200)).send().await.expect(200);
    assert_eq!(sent["counts"]["unchanged"], 40, "{sent}");
    assert_eq!(service.everything_but("pushes").await, before);
    // As the columns of a spreadsheet.
    let header = "external_id,convention_id,title,action_type,levels,modality,territories,radius_km,place_postal_code,host_name,host_siret,host_postal_code";
    let row = format!(
        "n00,{},Visite d'un atelier,company_visit,3e,in_person,academy:10,300,69001,Ateliers du Rhône,77684512500058,69003",
        portal.convention
    );
    let csv = portal
        .caller
        .request("POST", &portal.batch_path(""))
        .body("text/csv", format!("{header}\n{row}\n"));
    assert_eq!(csv.send().await.expect(200)["counts"]["unchanged"], 1);
    assert_eq!(service.everything_but("pushes").await, before);
}

#[actix_web::test]
async fn a_host_is_read_back_checked_and_found_by_its_number_or_its_name() {
    let portal = Portal::new().await;
    let put = async |name: &str, host: Value| {
        let body = crate::support::intervention(&portal.convention, json!({ "host": host }));
        portal.caller.put(&path(&portal, name), body).await
    };
    let host = json!({ "name": "Société Éléonore & fils", "siret": "77684512500058", "city": "Vénissieux",
                       "postal_code": "69200", "city_code": "69259" });
    assert_eq!(put("a", host.clone()).await.expect(201)["host"], host);
    let part = json!({ "name": "Boulangerie Martin" });
    let told = put("b", part).await.expect(201)["host"].clone();
    assert_eq!(
        (&told["name"], &told["siret"]),
        (&json!("Boulangerie Martin"), &Value::Null)
    );
    assert_eq!(put("c", json!({})).await.expect(201)["host"], Value::Null);

    for (host, fault) in [
        (
            json!({ "siret": "77684512500059" }),
            "/host/siret invalid_checksum",
        ),
        (
            json!({ "siret": "776 845 125 00058" }),
            "/host/siret invalid_format",
        ),
        (
            json!({ "postal_code": "00100" }),
            "/host/postal_code unknown_code",
        ),
        (
            json!({ "postal_code": "1400" }),
            "/host/postal_code invalid_format",
        ),
        (
            json!({ "city_code": "34000" }),
            "/host/city_code unknown_code",
        ),
        (
            json!({ "city_code": "2a004" }),
            "/host/city_code invalid_format",
        ),
        (json!({ "town": "Lyon" }), "/host/town unknown_field"),
        (json!("Ateliers"), "/host wrong_type"),
    ] {
        let refused = put("d", host).await;
        refused.problem(422, "validation_failed");
        assert_eq!(refused.faults(), [fault]);
    }
    let items = [
        ("77 68 45 12 50 00 58", "siret"),
        ("1400", "postal_code"),
        ("2a004", "city_code"),
    ]
    .map(|(text, member)| {
        portal.item(
            &member.replace('_', "-"),
            json!({ "host": { member: text } }),
        )
    });
    let verdict = portal.push("", &items).await.expect(200);
    for (place, meant) in ["77684512500058", "01400", "2A004"].into_iter().enumerate() {
        assert_eq!(verdict["items"][place]["errors"][0]["nearest"], meant);
    }

    let reader = portal.service.reader();
    for (query, expected) in [
        ("host=77684512500058", vec!["a"]),
        ("host=776845125", vec!["a"]),
        ("host=eleonore", vec!["a"]),
        ("host=MARTIN", vec!["b"]),
        ("host=100%25", vec![]),
        ("host=552049447", vec![]),
    ] {
        assert_eq!(found(&reader, query).await, expected, "{query}");
    }
    let changed = json!({ "host": { "city": null, "name": "Éléonore" } });
    let changed = portal
        .caller
        .patch(&path(&portal, "a"), changed)
        .await
        .expect(200);
    assert_eq!(
        (&changed["host"]["city"], &changed["host"]["siret"]),
        (&Value::Null, &host["siret"])
    );
    let gone = portal
        .caller
        .patch(&path(&portal, "a"), json!({ "host": null }))
        .await;
    assert_eq!(gone.expect(200)["host"], Value::Null);
    assert_eq!(found(&reader, "host=eleonore").await, [""; 0]);
}

#[actix_web::test]
async fn what_is_free_has_sessions_left_and_a_sector_is_that_of_the_partner() {
    let portal = Portal::new().await;
    let service = &portal.service;
    let [school] = service.new_schools([690_001]).await;
    let sessions = |count: Value| json!({ "sessions": count });
    let items = [
        portal.item("none", sessions(json!(0))),
        portal.item("one", sessions(json!(1))),
        portal.item("two", sessions(json!(2))),
        portal.item("unlimited", sessions(Value::Null)),
    ];
    portal.push("?mode=atomic", &items).await.expect(200);
    let reader = service.reader();
    assert_eq!(
        found(&reader, "free=true").await,
        ["one", "two", "unlimited"]
    );
    assert_eq!(found(&reader, "free=false").await, ["none"]);
    for name in ["one", "two"] {
        let id = id_of(&portal, name).await;
        let asked = json!({ "uai": school, "intervention_id": id, "levels": ["3e"] });
        let asked = service.ministry().post("/v1/solicitations", asked).await;
        asked.expect(201);
        let accept = format!("{}/accept", asked.header("location"));
        let day = json!({ "scheduled_on": ree::values::today(service.shared.clock.now()) });
        service
            .partner(&portal.partner)
            .post(&accept, day)
            .await
            .expect(200);
    }
    assert_eq!(found(&reader, "free=true").await, ["two", "unlimited"]);
    assert_eq!(found(&reader, "free=false").await, ["none", "one"]);
    let refused = reader.get("/v1/interventions?free=oui").await;
    assert_eq!(refused.faults(), ["free wrong_type"]);

    assert_eq!(found(&reader, "sector=metal_industry").await, [""; 0]);
    let partner = format!("/v1/partners/{}", portal.partner);
    let change = json!({ "sectors": ["metal_industry"] });
    service.ministry().patch(&partner, change).await.expect(200);
    assert_eq!(
        found(
            &reader,
            "sector=metal_industry,banking_insurance&within=academy:10"
        )
        .await
        .len(),
        4
    );
}

/// $1: an intervention. Its like in each department, 40,000 times; one in a thousand has a host.
const MANY: &str = "
    INSERT INTO interventions (id, partner_id, external_id, convention_id, title, action_type, levels, moments, axes, modality,
                               nationwide, territories, held_by, reach, host, languages, confirmed_at, created_at, updated_at)
    SELECT gen_random_uuid(), i.partner_id, 'm' || n, i.convention_id, i.title, i.action_type, i.levels, i.moments, i.axes,
           i.modality, false, ARRAY[d.code], i.held_by, ARRAY[d.code, d.parent, a.parent, 'FR'],
           CASE WHEN n % 1000 = 0 THEN jsonb_build_object('name', 'Atelier ' || n, 'siret', '77684512500058') END,
           i.languages, i.confirmed_at, i.created_at, i.updated_at
      FROM interventions i, generate_series(1, 40000) AS n
      JOIN (SELECT code, parent, row_number() OVER (ORDER BY code) AS place FROM territories WHERE kind = 'department') AS d
        ON d.place = 1 + n % 107
      JOIN territories a ON a.code = d.parent
     WHERE i.id = $1::text::uuid";

#[actix_web::test]
async fn at_size_what_is_offered_here_walks_indexes() {
    let portal = Portal::new().await;
    let service = &portal.service;
    portal
        .push("", &[portal.item("a", json!({}))])
        .await
        .expect(200);
    let id = id_of(&portal, "a").await;
    let sql = service.sql().await;
    sql.execute(MANY, &[&id]).await.expect("interventions");
    sql.batch_execute("VACUUM ANALYZE interventions")
        .await
        .expect("statistics");
    let reader = service.reader();
    let walked = async || {
        // A server tells what it did at the end of a second.
        tokio::time::sleep(Duration::from_millis(1100)).await;
        reader.get("/v1/interventions?limit=1").await.expect(200);
        tokio::time::sleep(Duration::from_millis(100)).await;
        service
            .number("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'interventions'")
            .await
    };
    for query in [
        "?within=department:034",
        "?within=academy:11",
        "/count?within=department:034,department:069",
        "/count?host=77684512500058",
        "?host=atelier",
        "?free=true&within=department:066",
    ] {
        let path = format!("/v1/interventions{query}");
        let before = walked().await;
        reader.get(&path).await.expect(200);
        assert_eq!(walked().await, before, "{query}");
    }
}
