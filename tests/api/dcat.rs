//! The catalogue of what is open, and the description of each list's columns.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::labels::{example_data, lists};
use crate::open_data::published;
use crate::support::{Caller, Service, id};

const DESCRIPTION: &str = "application/vnd.tableschema";

async fn header(caller: &Caller, address: &str, separator: char) -> Vec<String> {
    let csv = caller.get(address).await;
    assert_eq!(csv.status, 200, "{address}: {}", csv.text());
    let text = csv.text();
    let first = text.trim_start_matches('\u{feff}').lines().next();
    let names = first.unwrap_or_default().split(separator);
    names.map(str::to_owned).collect()
}

async fn described(caller: &Caller, address: &str) -> Value {
    let told = caller.get(address).await;
    assert_eq!(
        told.header("content-type"),
        DESCRIPTION,
        "{address}: {}",
        told.text()
    );
    assert!(!told.header("etag").is_empty(), "{address}");
    told.expect(200)
}

fn names(schema: &Value) -> Vec<String> {
    let fields = schema["fields"].as_array().expect("fields").iter();
    let name = |field: &Value| field["name"].as_str().expect("a name").to_owned();
    fields.map(name).collect()
}

fn field<'a>(schema: &'a Value, name: &str) -> &'a Value {
    let mut fields = schema["fields"].as_array().expect("fields").iter();
    fields
        .find(|field| field["name"] == name)
        .unwrap_or_else(|| panic!("no field {name}"))
}

#[actix_web::test]
async fn every_list_describes_the_columns_of_its_csv_in_each_way_of_writing_it() {
    let service = example_data().await;
    let ministry = service.ministry();
    let addresses = lists();
    assert!(addresses.len() > 25, "{}", addresses.len());
    for address in addresses {
        for how in ["", "&labels=en", "&dialect=excel-fr"] {
            let separator = if how.contains("excel") { ';' } else { ',' };
            let csv = header(&ministry, &format!("{address}format=csv{how}"), separator).await;
            let schema = format!("{address}format=table-schema{how}");
            let schema = described(&ministry, &schema).await;
            assert_eq!(names(&schema), csv, "{address}{how}");
            for field in schema["fields"].as_array().unwrap() {
                assert!(!field["title"].as_str().unwrap().is_empty(), "{field}");
            }
        }
    }
}

#[actix_web::test]
async fn a_column_is_described_by_its_type_its_meaning_and_what_it_may_be() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let conventions = described(&ministry, "/v1/conventions?format=table-schema").await;
    assert_eq!(conventions["primaryKey"], serde_json::json!(["id"]));
    assert_eq!(conventions["missingValues"], serde_json::json!([""]));
    let id = field(&conventions, "id");
    assert_eq!(
        (&id["type"], &id["format"]),
        (&"string".into(), &"uuid".into())
    );
    assert_eq!(id["constraints"]["required"], true);
    assert_eq!(field(&conventions, "starts_on")["type"], "date");
    assert_eq!(field(&conventions, "updated_at")["type"], "datetime");
    assert_eq!(field(&conventions, "axes")["type"], "string");
    assert!(field(&conventions, "ends_on").get("constraints").is_none());
    let title = field(&conventions, "title");
    assert_eq!(
        (&title["type"], &title["title"]),
        (&"string".into(), &"Intitulé".into())
    );
    let values =
        "/v1/indicators/values?format=table-schema&group_by=academy&measures=pupils,girls_share";
    let values = described(&ministry, values).await;
    assert_eq!(field(&values, "academy")["type"], "string");
    assert_eq!(field(&values, "pupils")["type"], "number");
    assert!(field(&values, "girls_share").get("decimalChar").is_none());
    assert_eq!(field(&values, "validated")["type"], "integer");
    let french = "/v1/indicators/values?format=table-schema&dialect=excel-fr&measures=girls_share";
    let french = described(&ministry, french).await;
    assert_eq!(field(&french, "girls_share")["decimalChar"], ",");
    let few = "/v1/partners?format=table-schema&fields=legal_name";
    assert_eq!(
        names(&described(&ministry, few).await),
        ["id", "legal_name"]
    );
}

#[actix_web::test]
async fn a_description_is_refused_as_its_list_is_and_asked_for_by_its_media_type_too() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let by_type = ministry.request("GET", "/v1/partners");
    let by_type = by_type.header("accept", DESCRIPTION).send().await;
    let by_format = ministry.get("/v1/partners?format=table-schema").await;
    assert_eq!(by_type.text(), by_format.text());
    let wrong = ministry
        .get("/v1/partners?format=table-schema&nothing=1")
        .await;
    wrong.problem(422, "validation_failed");
    let foreign = service
        .reader()
        .get("/v1/clients?format=table-schema")
        .await;
    foreign.problem(403, "forbidden");
    let stranger = service.anon().get("/v1/partners?format=table-schema").await;
    stranger.problem(401, "unauthorized");
}

/// The path and query of an address of the catalogue.
fn path(address: &Value) -> String {
    let address = address["@id"].as_str().expect("an address");
    let at = address.find("/public/").expect("an open address");
    address[at..].to_owned()
}

#[actix_web::test]
async fn the_catalogue_names_each_publication_and_every_address_in_it_answers_anyone() {
    let world = published().await;
    let (anyone, ministry) = (world.service.anon(), world.service.ministry());
    let answer = anyone.get("/public/catalog.jsonld").await;
    assert_eq!(answer.header("content-type"), "application/ld+json");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let catalogue = answer.expect(200);
    let datasets = catalogue["dcat:dataset"].as_array().expect("datasets");
    let identifiers = |datasets: &[Value]| -> BTreeSet<String> {
        let each = datasets.iter().map(|one| one["dct:identifier"].as_str());
        each.map(|one| one.expect("an identifier").to_owned())
            .collect()
    };
    let expected = [
        "conventions",
        "publications",
        "publication-1",
        "publication-2",
        "publication-3",
    ];
    assert_eq!(identifiers(datasets), expected.map(str::to_owned).into());
    let mut read = 0;
    for distribution in datasets
        .iter()
        .flat_map(|one| one["dcat:distribution"].as_array().unwrap())
    {
        let file = path(&distribution["dcat:downloadURL"]);
        assert_eq!(anyone.get(&file).await.status, 200, "{file}");
        if !distribution["dct:conformsTo"].is_null() {
            let schema = described(&anyone, &path(&distribution["dct:conformsTo"])).await;
            assert_eq!(names(&schema), header(&anyone, &file, ',').await, "{file}");
        }
        read += 1;
    }
    assert_eq!(read, 2 * 4 + 3 * 12);
    let second = datasets
        .iter()
        .find(|one| one["dct:identifier"] == "publication-2");
    let revised = second.expect("the second")["dct:replaces"]["@id"].as_str();
    assert!(revised.unwrap().ends_with("#publication-1"));

    let all = ministry.all("/v1/publications").await;
    let last = all
        .iter()
        .find(|one| one["number"] == 3)
        .expect("the third");
    let withdraw = format!("/v1/publications/{}/withdraw", id(last));
    let reason = serde_json::json!({ "reason": "Comptée deux fois." });
    ministry.post(&withdraw, reason).await.expect(200);
    let catalogue = anyone.get("/public/catalog.jsonld").await.expect(200);
    let left = catalogue["dcat:dataset"].as_array().expect("datasets");
    assert!(!identifiers(left).contains("publication-3"));
}
