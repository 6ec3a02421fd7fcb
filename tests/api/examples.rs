//! The examples of the document: they are what the schemas say, and work on the example data.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::answers::unlike;
use crate::support::document::{DOCUMENT, Operation, in_address, operations};
use crate::support::{Service, fill};

/// What values are grouped and filtered by, beside the school year.
const DIMENSIONS: [&str; 10] = [
    "academic_region",
    "academy",
    "convention",
    "partner",
    "sector",
    "axis",
    "action_type",
    "level",
    "moment",
    "event",
];

/// Whose columns are those that the query asks for.
const COLUMNS_OF_THE_QUESTION: [&str; 2] = ["get_indicator_values", "get_public_indicator_values"];

/// Addresses of an operation: with what it cannot do without, and with each other parameter that has
/// an example.
fn addresses(operation: &Operation) -> Vec<String> {
    let path = operation.parameters("path");
    let parts: Vec<(&str, String)> = path
        .iter()
        .map(|one| {
            (
                one["name"].as_str().expect("a name"),
                in_address(&one["example"]),
            )
        })
        .collect();
    let parts: Vec<(&str, &str)> = parts
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    let path = fill(operation.path, &parts);
    let needed = operation.required_query();
    let mut addresses = vec![format!("{path}?{needed}")];
    let mut all = url::form_urlencoded::Serializer::new(needed.clone());
    for parameter in operation.parameters("query") {
        let (name, example) = (
            parameter["name"].as_str().expect("a name"),
            &parameter["example"],
        );
        if parameter["required"] == true || example.is_null() {
            continue;
        }
        // A published table takes filters on its own dimensions: they are no question alone.
        if operation.id == "get_public_indicator_values" && DIMENSIONS.contains(&name) {
            continue;
        }
        all.append_pair(name, &in_address(example));
        let mut query = url::form_urlencoded::Serializer::new(needed.clone());
        query.append_pair(name, &in_address(example));
        addresses.push(format!("{path}?{}", query.finish()));
    }
    addresses.push(format!("{path}?{}", all.finish()));
    addresses
}

#[actix_web::test]
async fn whatever_the_document_shows_to_read_is_there_in_the_example_data() {
    let service = Service::start().await;
    ree::integration::demo::load(&service.connector)
        .await
        .expect("the example data");
    let mut asked = 0;
    let mut refused = Vec::new();
    // A secret address is not shown.
    let is_shown =
        |operation: &&Operation| !operation.writes() && operation.id != "get_calendar_feed";
    for operation in operations().iter().filter(is_shown) {
        for address in addresses(operation) {
            asked += 1;
            let reply = service.ministry().get(&address).await;
            if reply.status.as_u16() != 200 {
                refused.push(format!("{} {address}: {}", reply.status, reply.text()));
            }
        }
    }
    assert!(asked > 300, "{asked}");
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// The example that a form of an answer has: its own, or the one it refers to.
fn example(content: &Value) -> Option<&Value> {
    let referred = content["examples"]["demo"]["$ref"].as_str();
    let shown = referred.map(|reference| {
        let pointer = reference.strip_prefix('#').expect("inside the document");
        &DOCUMENT.pointer(pointer).expect(pointer)["value"]
    });
    shown.or_else(|| content.get("example"))
}

#[actix_web::test]
async fn a_list_as_csv_and_ndjson_is_shown_with_the_columns_and_members_that_it_has() {
    let service = Service::start().await;
    ree::integration::demo::load(&service.connector)
        .await
        .expect("the example data");
    let mut wrong = Vec::new();
    let mut seen = 0;
    // A template is a table to fill in.
    let is_list = |one: &&Operation| !one.writes() && !one.path.ends_with("/template");
    for operation in operations().iter().filter(is_list) {
        let contents = &operation.item["responses"]["200"]["content"];
        for (form, media_type) in [("csv", "text/csv"), ("ndjson", "application/x-ndjson")] {
            let Some(content) = contents.get(media_type) else {
                continue;
            };
            let place = format!("{} as {form}", operation.id);
            let Some(Value::String(shown)) = example(content) else {
                wrong.push(format!("{place} has no example"));
                continue;
            };
            seen += 1;
            // What is asked for is in the columns: an example is of one question.
            if COLUMNS_OF_THE_QUESTION.contains(&operation.id) {
                continue;
            }
            let first = addresses(operation).swap_remove(0);
            let parameters = operation.parameters("query");
            let is_asked_for = parameters.iter().any(|one| one["name"] == "format");
            let of_form = if is_asked_for {
                format!("&format={form}")
            } else {
                String::new()
            };
            let path = format!("{first}{of_form}");
            let reply = service.ministry().get(&path).await;
            let line = reply.text().lines().next().unwrap_or_default().to_owned();
            let is_same = match form {
                "csv" => shown.lines().next() == Some(&*line) && shown.lines().count() > 1,
                _ => line.is_empty() || members(shown) == members(&line),
            };
            if !is_same {
                wrong.push(format!("{place}:\n  {shown}\n  {line}"));
            }
        }
    }
    assert!(seen >= 70, "{seen}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The names in an object that the first line is.
fn members(text: &str) -> BTreeSet<String> {
    let line = text.lines().next().unwrap_or_default();
    let object: Value = serde_json::from_str(line).expect(line);
    object.as_object().expect(line).keys().cloned().collect()
}

#[test]
fn every_success_has_an_example_and_every_example_is_what_its_schema_says() {
    let mut wrong = Vec::new();
    for operation in operations() {
        let answers = operation.item["responses"].as_object().expect("responses");
        for (status, answer) in answers.iter().filter(|(status, _)| status.starts_with('2')) {
            let Some(content) = answer["content"].get("application/json") else {
                continue;
            };
            let place = format!("{} {status}", operation.id);
            let Some(example) = example(content) else {
                wrong.push(format!("{place} has none"));
                continue;
            };
            wrong.extend(
                unlike(&content["schema"], example)
                    .iter()
                    .map(|fault| format!("{place} {fault}")),
            );
        }
        for parameter in operation.item["parameters"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let place = format!("{} {}", operation.id, parameter["name"]);
            if let Some(example) = parameter.get("example") {
                wrong.extend(
                    unlike(&parameter["schema"], example)
                        .iter()
                        .map(|fault| format!("{place} {fault}")),
                );
            } else if parameter["in"] == "path" {
                wrong.push(format!("{place} has none"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_parameter_of_a_query_has_the_type_it_is_read_as() {
    let says_something = |schema: &Value| {
        let words = ["$ref", "format", "enum", "pattern", "maxLength", "oneOf"];
        schema["type"] != "string" || words.iter().any(|word| schema.get(word).is_some())
    };
    for operation in operations() {
        for parameter in operation.parameters("query") {
            let (name, schema) = (&parameter["name"], &parameter["schema"]);
            let is_list = schema["type"] == "array";
            let place = format!("{} {name}: {schema}", operation.id);
            // A cursor is opaque.
            assert!(
                says_something(schema) || name == "cursor" || name == "after",
                "{place}"
            );
            assert!(!is_list || says_something(&schema["items"]), "{place}");
            assert_eq!(is_list, parameter["explode"] == false, "{place}");
        }
    }
}
