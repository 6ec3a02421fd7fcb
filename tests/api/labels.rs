//! Names beside codes and ids: what a person reads of a list without another request.

use serde_json::{Value, json};

use crate::support::document::{Operation, in_address, operations};
use crate::support::{Service, fill, id};

/// The lists that can name their codes, at an address of the example data.
pub fn lists() -> Vec<String> {
    let has_labels = |operation: &Operation| {
        let parameters = operation.parameters("query");
        parameters.iter().any(|one| one["name"] == "labels")
    };
    let address = |operation: Operation| {
        let path = operation.parameters("path");
        let parts = path.iter().map(|one| {
            let name = one["name"].as_str().expect("a name");
            (name, in_address(&one["example"]))
        });
        let parts: Vec<(&str, String)> = parts.collect();
        let parts: Vec<(&str, &str)> = parts
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        let path = fill(operation.path, &parts);
        format!("{path}?{}&", operation.required_query())
    };
    operations()
        .into_iter()
        .filter(has_labels)
        .map(address)
        .collect()
}

pub async fn example_data() -> Service {
    let service = Service::start().await;
    ree::integration::demo::load(&service.connector)
        .await
        .expect("the example data");
    service
}

/// A value without the members that another one has not: what remains must be that one.
fn without_labels(labelled: &Value, plain: &Value, added: &mut Vec<String>) -> Value {
    match (labelled, plain) {
        (Value::Object(labelled), Value::Object(plain)) => {
            let mut kept = serde_json::Map::new();
            for (name, value) in labelled {
                match plain.get(name) {
                    Some(plain) => {
                        kept.insert(name.clone(), without_labels(value, plain, added));
                    }
                    None => added.push(name.clone()),
                }
            }
            Value::Object(kept)
        }
        (Value::Array(labelled), Value::Array(plain)) if labelled.len() == plain.len() => {
            let items = labelled.iter().zip(plain);
            items
                .map(|(one, other)| without_labels(one, other, added))
                .collect()
        }
        _ => labelled.clone(),
    }
}

#[actix_web::test]
async fn labels_are_added_beside_what_they_are_of_and_change_nothing_else() {
    let service = example_data().await;
    let ministry = service.ministry();
    let mut all = Vec::new();
    for address in lists() {
        let plain = ministry.get(&address).await;
        let none = ministry.get(&format!("{address}labels=none")).await;
        assert_eq!(none.text(), plain.text(), "{address}");
        let labelled = ministry.get(&format!("{address}labels=fr")).await;
        let mut added = Vec::new();
        let rest = without_labels(&labelled.expect(200), &plain.expect(200), &mut added);
        assert_eq!(rest.to_string(), plain.text(), "{address}");
        let is_label = |name: &String| {
            [
                "_label",
                "_labels",
                "_name",
                "_names",
                "_reference",
                "_title",
            ]
            .iter()
            .any(|end| name.ends_with(end))
        };
        assert!(added.iter().all(is_label), "{address}: {added:?}");
        all.extend(added);
        for form in ["csv", "ndjson"] {
            let reply = ministry.get(&format!("{address}format={form}")).await;
            let none = ministry
                .get(&format!("{address}format={form}&labels=none"))
                .await;
            assert_eq!(none.text(), reply.text(), "{address} {form}");
        }
    }
    for name in [
        "kind_label",
        "levels_labels",
        "territories_labels",
        "partner_name",
        "partner_names",
        "convention_reference",
        "convention_title",
        "uai_label",
        "academy_label",
        "status_label",
    ] {
        assert!(all.iter().any(|one| one == name), "{name}: {all:?}");
    }
}

#[actix_web::test]
async fn each_code_each_territory_each_convention_and_each_partner_is_called_by_its_name() {
    let service = Service::start().await;
    let partner = json!({ "legal_name": "Union des industries", "usual_name": "UIMM", "kind": "professional_branch",
                          "sectors": ["metal_industry", "energy"] });
    let partner = id(&service
        .ministry()
        .post("/v1/partners", partner)
        .await
        .expect(201));
    let [school] = service.new_schools([690_001]).await;
    let columns = json!({ "reference": "CN-2024-0001", "title": "Convention-cadre", "axes": ["internships"] });
    let convention = service.signed_convention(&partner, columns).await;
    let with = json!({ "level": "academic_region", "territories": ["region:84"], "levels": ["3e", "2de_gt"] });
    service.active_declination(&convention, with).await;
    service
        .stored_report(&convention, &format!("uai:{school}"), json!({}))
        .await;
    let ministry = service.ministry();
    let first = async |path: &str| ministry.get(path).await.expect(200)["data"][0].clone();

    let read = first("/v1/partners?labels=fr").await;
    assert_eq!(
        read["kind_label"],
        "Branche ou organisation professionnelle"
    );
    assert_eq!(read["sectors_labels"], json!(["Métallurgie", "Énergie"]));
    let names: Vec<&String> = read.as_object().unwrap().keys().collect();
    let kind = names.iter().position(|name| *name == "kind").unwrap();
    assert_eq!(names[kind + 1], "kind_label");
    let read = first("/v1/partners?labels=en").await;
    assert_eq!(read["sectors_labels"][1], "Energy");

    let read = first("/v1/conventions?labels=fr").await;
    assert_eq!(read["partner_ids"], json!([partner]));
    assert_eq!(read["partner_names"], json!(["UIMM"]));
    assert_eq!(read["territory_label"], Value::Null);

    let read = first("/v1/declinations?labels=fr").await;
    assert_eq!(read["convention_reference"], "CN-2024-0001");
    assert_eq!(read["convention_title"], "Convention-cadre");
    assert_eq!(read["territories_labels"], json!(["Auvergne-Rhône-Alpes"]));
    assert_eq!(
        read["levels_labels"],
        json!(["Troisième", "Seconde générale et technologique"])
    );

    let read = first("/v1/reports?labels=fr").await;
    let school = service
        .reader()
        .get(&format!("/v1/establishments/{school}"))
        .await;
    assert_eq!(read["territory_label"], school.expect(200)["name"]);

    let values = "/v1/indicators/values?measures=actions&group_by=convention&school_year=2025-2026&labels=fr";
    let values = ministry.get(values).await.expect(200);
    for cell in values["data"].as_array().unwrap() {
        assert_eq!(cell["key"]["convention_reference"], "CN-2024-0001");
    }
    let csv = ministry.get("/v1/declinations?labels=fr&format=csv").await;
    let mut lines = csv.text().lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let place = header
        .iter()
        .position(|name| *name == "convention_id")
        .unwrap();
    assert_eq!(
        header[place + 1..place + 3],
        ["convention_reference", "convention_title"]
    );
    assert!(
        lines
            .next()
            .unwrap()
            .contains("CN-2024-0001,Convention-cadre,")
    );
}

#[actix_web::test]
async fn a_spreadsheet_has_them_without_being_asked_and_can_do_without() {
    let service = example_data().await;
    let reader = service.reader();
    let header = async |query: &str| {
        let reply = reader.get(&format!("/v1/partners?format=csv{query}")).await;
        let text = reply.text().trim_start_matches('\u{feff}');
        text.lines().next().unwrap_or_default().replace(';', ",")
    };
    let plain = header("").await;
    assert!(!plain.contains("_label"));
    assert!(
        header("&dialect=excel-fr")
            .await
            .contains("kind,kind_label,")
    );
    assert_eq!(header("&dialect=excel-fr&labels=none").await, plain);
    let english = reader
        .get("/v1/partners?format=csv&dialect=excel-fr&labels=en")
        .await;
    assert!(english.text().contains("Professional branch"));
}

#[actix_web::test]
async fn a_convention_that_the_caller_may_not_see_is_not_named() {
    let service = Service::start().await;
    let (partner, _) = service.signed_partner("A", json!({})).await;
    let draft = json!({ "reference": "CN-2024-0009", "status": "draft", "signed_on": null });
    let draft = service.signed_convention(&partner, draft).await;
    let successor = json!({ "reference": "CN-2024-0010", "predecessor_id": draft });
    service.signed_convention(&partner, successor).await;
    let path = "/v1/conventions?labels=fr&q=CN-2024-0010";
    let of = |read: &Value| read["data"][0]["predecessor_reference"].clone();
    let ministry = service.ministry().get(path).await.expect(200);
    assert_eq!(of(&ministry), "CN-2024-0009");
    let reader = service.reader().get(path).await.expect(200);
    assert_eq!(reader["data"][0]["predecessor_id"], json!(draft));
    assert_eq!(of(&reader), Value::Null);
}

#[actix_web::test]
async fn a_language_that_there_is_not_is_refused_with_those_that_there_are() {
    let service = Service::start().await;
    for address in lists() {
        let parts = address
            .split(['/', '?'])
            .any(|part| part.starts_with("0193"));
        if parts {
            continue;
        }
        let reply = service.ministry().get(&format!("{address}labels=de")).await;
        let problem = reply.problem(422, "validation_failed");
        assert_eq!(reply.faults(), ["labels invalid_format"], "{address}");
        assert_eq!(
            problem["errors"][0]["accepted"],
            json!(["fr", "en", "none"])
        );
    }
}

#[test]
fn the_labels_of_an_intervention_are_those_that_a_batch_passes_over() {
    use ree::http::labels::plan::{Plan, lists_of};
    use ree::offers::interventions::content::LABELS;
    use ree::offers::interventions::model::InterventionAnswer;
    let lists = lists_of::<InterventionAnswer>();
    let is_list = |name: &str| lists.iter().any(|list| list == name);
    let mut own = Plan::of::<InterventionAnswer>().own_labels(is_list);
    let mut passed_over: Vec<&str> = LABELS.to_vec();
    own.sort();
    passed_over.sort_unstable();
    assert_eq!(own, passed_over);
}
