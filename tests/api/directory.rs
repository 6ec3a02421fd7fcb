//! The reference wing: establishments, territories, nomenclatures, with the example data.

use serde_json::json;

use crate::support::Service;

async fn directory() -> Service {
    let service = Service::start().await;
    ree::integration::demo::load(&service.connector)
        .await
        .unwrap();
    service
}

#[actix_web::test]
async fn a_school_is_read_by_its_uai() {
    let service = directory().await;
    let reply = service.reader().get("/v1/establishments/0690026D").await;
    let school = reply.expect(200);
    assert_eq!(school["department"], "department:069");
    assert_eq!(school["academic_region"], "region:84");
    assert!(
        school["sites"].is_array() && school["vocational"].is_boolean(),
        "{school}"
    );
    assert!(reply.etag().starts_with("\"1."), "{}", reply.etag());
    let again = service
        .reader()
        .request("GET", "/v1/establishments/0690026D");
    assert_eq!(
        again
            .header("if-none-match", reply.etag())
            .send()
            .await
            .status
            .as_u16(),
        304
    );
    for unknown in ["0690026E", "0690001A", "069", "0690026d", "%00", "count%20"] {
        service
            .reader()
            .get(&format!("/v1/establishments/{unknown}"))
            .await
            .problem(404, "not_found");
    }
}

#[actix_web::test]
async fn schools_are_listed_and_counted_by_the_same_filters() {
    let service = directory().await;
    let reader = service.reader();
    for filter in [
        "",
        "?q=LYCEE%20lyon",
        "?q=lyon%20lycee",
        "?academy=academy:10,academy:16",
        "?department=department:02A",
        "?type=Coll%C3%A8ge",
        "?sector=private",
        "?priority_education=REP%2B",
        "?vocational=true",
        "?vocational=false",
        "?state=opening,closing",
        "?updated_since=2000-01-01T00:00:00Z",
    ] {
        let count = reader
            .get(&format!("/v1/establishments/count{filter}"))
            .await
            .expect(200);
        assert!(count["count"].as_u64().unwrap() > 0, "{filter}");
        for sort in ["", "sort=-uai", "sort=updated_at", "sort=-updated_at"] {
            let separator = if filter.is_empty() { "?" } else { "&" };
            let rows = reader
                .all(&format!(
                    "/v1/establishments{filter}{separator}limit=200&{sort}"
                ))
                .await;
            assert_eq!(count, json!({ "count": rows.len() }), "{filter} {sort}");
        }
    }
    let wrong =
        "academy=department:069&department=69&type=Lycee&vocational=oui&state=x&sort=name&near=1";
    assert_eq!(
        reader
            .get(&format!("/v1/establishments?{wrong}"))
            .await
            .faults(),
        [
            "academy invalid_format",
            "department invalid_format",
            "near unknown_parameter",
            "sort unknown_order",
            "state unknown_code",
            "type unknown_code",
            "vocational wrong_type",
        ]
    );
}

#[actix_web::test]
async fn schools_leave_as_csv_and_ndjson_whole() {
    let service = directory().await;
    let whole = |accept| {
        service
            .reader()
            .request("GET", "/v1/establishments")
            .header("accept", accept)
            .send()
    };
    let csv = whole("text/csv").await;
    let mut reader = csv::Reader::from_reader(csv.text().as_bytes());
    let sites = reader
        .headers()
        .unwrap()
        .iter()
        .position(|name| name == "sites")
        .unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 1446);
    let several = rows.iter().find(|row| !row[sites].is_empty()).unwrap();
    assert!(
        serde_json::from_str::<serde_json::Value>(&several[sites]).unwrap()[0]["address"]
            .is_string()
    );
    assert_eq!(
        whole("application/x-ndjson").await.text().lines().count(),
        1446
    );
}

#[actix_web::test]
async fn the_tree_goes_from_the_country_to_the_schools() {
    let service = directory().await;
    let reader = service.reader();
    let mut code = "uai:0690026D".to_owned();
    let mut path = Vec::new();
    loop {
        let territory = reader
            .get(&format!("/v1/territories/{}", code.replace(':', "%3A")))
            .await
            .expect(200);
        assert_eq!(
            territory,
            reader
                .get(&format!("/v1/territories/{code}"))
                .await
                .expect(200)
        );
        path.push(territory["kind"].as_str().unwrap().to_owned());
        let Some(parent) = territory["parent"].as_str() else {
            break;
        };
        code = parent.to_owned();
    }
    assert_eq!(
        path,
        [
            "establishment",
            "department",
            "academy",
            "academic_region",
            "country"
        ]
    );
    for (filter, expected) in [
        ("kind=academy", 30),
        ("kind=academic_region,country", 19),
        ("parent=region:84", 3),
        ("parent=FR", 22),
        ("kind=establishment", 1446),
        ("kind=academy&q=lyon", 1),
    ] {
        let count = reader
            .get(&format!("/v1/territories/count?{filter}"))
            .await
            .expect(200);
        let rows = reader
            .all(&format!("/v1/territories?{filter}&sort=-updated_at"))
            .await;
        assert_eq!(count, json!({ "count": rows.len() }), "{filter}");
        assert_eq!(rows.len(), expected, "{filter}");
    }
    for unknown in ["academy:99", "uai:0690026E", "uai:0690001A", "%00"] {
        reader
            .get(&format!("/v1/territories/{unknown}"))
            .await
            .problem(404, "not_found");
    }
}

#[actix_web::test]
async fn nomenclatures_have_both_labels_and_their_order() {
    let service = Service::start().await;
    let reader = service.reader();
    let levels = reader.get("/v1/nomenclatures/levels").await.expect(200);
    assert_eq!(levels["entries"][0]["code"], "6e");
    assert_eq!(levels["entries"][0]["stage"], "college");
    let all = reader.all("/v1/nomenclatures?limit=7&sort=-name").await;
    assert_eq!(
        reader.get("/v1/nomenclatures/count").await.expect(200),
        json!({ "count": all.len() })
    );
    let since = reader
        .get("/v1/nomenclatures/count?updated_since=2999-01-01T00:00:00Z")
        .await
        .expect(200);
    assert_eq!(since, json!({ "count": 0 }));
    reader
        .get("/v1/nomenclatures/nope")
        .await
        .problem(404, "not_found");
}
