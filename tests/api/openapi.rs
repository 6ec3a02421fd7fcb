//! The document: complete, in French, true.

use std::collections::HashSet;

use serde_json::Value;

use crate::support::Service;
use crate::support::document::{DOCUMENT, Operation, in_address, operations};
use crate::support::place::Place;

#[test]
fn the_committed_document_is_the_one_served() {
    let committed = std::fs::read_to_string("openapi/openapi.json").expect("openapi/openapi.json");
    assert!(
        committed == ree::openapi::text().unwrap(),
        "regenerate it: cargo run -- openapi > openapi/openapi.json"
    );
}

#[actix_web::test]
async fn anyone_may_read_it() {
    let service = Service::start().await;
    let served = service.anon().get("/openapi.json").await;
    assert_eq!(served.expect(200)["openapi"], "3.1.0");
    assert!(served.text() == ree::openapi::text().unwrap());
}

fn text<'a>(value: &'a Value, what: &str) -> &'a str {
    value
        .as_str()
        .filter(|text| !text.trim().is_empty())
        .unwrap_or_else(|| panic!("{what}: {value}"))
}

/// Words that English has and French has not.
fn is_french(text: &str) -> bool {
    let english = [
        "the", "of", "is", "and", "with", "this", "returns", "to", "when", "given", "list", "its",
    ];
    !text
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric() && c != '`' && c != '_')
        .any(|word| english.contains(&word))
}

#[test]
fn every_operation_says_in_french_what_it_does_takes_and_answers() {
    let tags: Vec<&str> = DOCUMENT["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| text(&tag["name"], "a tag"))
        .collect();
    let mut ids = HashSet::new();
    for operation in operations() {
        let (id, item) = (operation.id, operation.item);
        assert!(ids.insert(id), "{id} twice");
        for name in ["summary", "description"] {
            let said = text(&item[name], id);
            assert!(is_french(said), "{id} {name}: {said}");
        }
        assert!(
            item["tags"]
                .as_array()
                .unwrap()
                .iter()
                .all(|tag| tags.contains(&tag.as_str().unwrap())),
            "{id}"
        );
        for parameter in item["parameters"].as_array().into_iter().flatten() {
            let name = text(&parameter["name"], id);
            assert!(
                is_french(text(&parameter["description"], &format!("{id} {name}"))),
                "{id} {name}"
            );
            assert!(
                parameter.get("schema").is_some() || parameter.get("example").is_some(),
                "{id} {name}"
            );
        }
        for part in operation
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        {
            assert!(
                operation
                    .parameters("path")
                    .iter()
                    .any(|parameter| parameter["name"] == part),
                "{id} {part}"
            );
        }
        for (status, response) in item["responses"].as_object().unwrap() {
            assert!(
                is_french(text(&response["description"], &format!("{id} {status}"))),
                "{id} {status}"
            );
            let content = response["content"].as_object();
            if status.as_str() >= "400" {
                // OAuth has an error document of its own (RFC 6749 §5.2).
                let is_problem = |content: &serde_json::Map<String, Value>| {
                    content.contains_key("application/problem+json")
                        || operation.path.starts_with("/oauth2/")
                };
                assert!(content.is_some_and(is_problem), "{id} {status}");
            }
            for (media_type, body) in content.into_iter().flatten() {
                assert!(body["schema"].is_object(), "{id} {status} {media_type}");
            }
        }
        assert_secured(&operation);
    }
}

fn assert_secured(operation: &Operation) {
    let statuses = operation.statuses();
    // Of what is public, only a token's request has credentials of its own: a client's.
    let own = operation.item.get("security");
    let schemes = own.unwrap_or(&DOCUMENT["security"]).as_array().unwrap();
    let has_security = !schemes.is_empty();
    assert!(
        has_security != operation.is_public() || operation.path.starts_with("/oauth2/"),
        "{}",
        operation.id
    );
    assert!(
        operation.is_public() || (statuses.contains(&401) && statuses.contains(&403)),
        "{}",
        operation.id
    );
    assert!(
        statuses.iter().any(|status| *status < 400) && statuses.contains(&500),
        "{}",
        operation.id
    );
    assert!(
        !operation.path.contains('{') || statuses.contains(&404),
        "{}",
        operation.id
    );
}

#[test]
fn every_post_takes_an_idempotency_key_and_every_change_a_version() {
    for operation in operations()
        .iter()
        .filter(|operation| !operation.is_public())
    {
        assert_eq!(
            operation.method == "POST",
            operation.has_header("Idempotency-Key"),
            "{}",
            operation.id
        );
        assert!(
            !["PATCH", "DELETE"].contains(&operation.method.as_str())
                || operation.has_header("If-Match")
                // There is one, which has no versions.
                || operation.id == "delete_calendar",
            "{}",
            operation.id
        );
    }
}

#[test]
fn everything_referred_to_is_there_and_every_field_is_described() {
    fn walk(value: &Value) {
        if let Some(name) = value["$ref"].as_str() {
            let pointer = name.strip_prefix('#').expect("inside the document");
            assert!(
                DOCUMENT.pointer(pointer).is_some_and(Value::is_object),
                "{name}"
            );
        }
        match value {
            Value::Array(items) => items.iter().for_each(walk),
            Value::Object(members) => members.values().for_each(walk),
            _ => {}
        }
    }
    walk(&DOCUMENT);
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().unwrap() {
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            let told = property
                .get("description")
                .or_else(|| property["oneOf"].get(0)?.get("description"));
            assert!(
                told.and_then(Value::as_str).is_some_and(is_french),
                "{name}.{field}: {property}"
            );
        }
    }
}

#[test]
fn the_codes_of_answers_are_open_and_those_of_bodies_closed() {
    fn reached<'a>(part: &'a Value, found: &mut Vec<&'a Value>) {
        if let Some(reference) = part["$ref"].as_str() {
            let schema = DOCUMENT.pointer(&reference[1..]).expect(reference);
            if !found.iter().any(|known| std::ptr::eq(*known, schema)) {
                found.push(schema);
                reached(schema, found);
            }
        }
        match part {
            Value::Array(items) => items.iter().for_each(|item| reached(item, found)),
            Value::Object(members) => members.values().for_each(|item| reached(item, found)),
            _ => {}
        }
    }
    let (mut sent, mut told) = (Vec::new(), Vec::new());
    for operation in operations() {
        reached(&operation.item["requestBody"], &mut sent);
        reached(&operation.item["responses"], &mut told);
    }
    let several = |schema: &Value, word: &str| schema[word].as_array().is_some_and(|v| v.len() > 1);
    assert!(sent.iter().any(|schema| several(schema, "enum")));
    assert!(
        told.iter()
            .any(|schema| several(schema, "x-extensible-enum"))
    );
    assert!(
        sent.iter()
            .all(|schema| schema.get("x-extensible-enum").is_none())
    );
    assert!(told.iter().all(|schema| !several(schema, "enum")));
    let closed = |schema: &Value| schema["additionalProperties"] == false;
    assert!(!told.iter().any(|schema| closed(schema)));
    assert!(closed(&DOCUMENT["components"]["schemas"]["NewPartner"]));
}

#[actix_web::test]
async fn the_example_of_each_body_works() {
    let service = Service::start().await;
    let place = Place::lyon(&service).await;
    for operation in operations() {
        let Some(taken) = operation.body() else {
            continue;
        };
        let content = &operation.item["requestBody"]["content"][taken.media_type];
        let written = content.get("example").or_else(|| content.get("examples"));
        assert!(written.is_some(), "{} has no example", operation.id);
        place.prepare(&service, &operation).await;
        let example = place.example(&taken);
        let request = place
            .writer(&service, &operation)
            .request(&operation.method, &place.path(&operation))
            .header("if-match", "*");
        let reply = request
            .body(taken.media_type, example.to_string())
            .send()
            .await;
        assert!(
            reply.status.is_success(),
            "{}: {} {}",
            operation.id,
            taken.example,
            reply.text()
        );
    }
}

#[actix_web::test]
async fn the_example_of_each_parameter_works() {
    let service = Service::start().await;
    let place = Place::lyon(&service).await;
    for operation in operations()
        .into_iter()
        .filter(|operation| !operation.writes())
    {
        for parameter in operation.parameters("query") {
            let Some(example) = parameter.get("example") else {
                continue;
            };
            let example = in_address(example);
            let name = parameter["name"].as_str().unwrap();
            // Of what is published there is nothing here, see `examples.rs`; a secret address is not shown.
            if ["get_public_indicator_values", "get_calendar_feed"].contains(&operation.id) {
                continue;
            }
            let mut query = operation.required_query();
            if parameter["required"] != true {
                query = url::form_urlencoded::Serializer::new(query)
                    .append_pair(name, &example)
                    .finish();
            }
            let path = format!("{}?{query}", place.path(&operation));
            let reply = service.ministry().get(&path).await;
            assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        }
    }
}
