//! The limits that the document tells of bodies are those that the service keeps.

use serde_json::{Map, Value, json};

use crate::support::Service;
use crate::support::document::{operations, properties, resolve};
use crate::support::place::Place;

fn size(number: u64) -> usize {
    usize::try_from(number).expect("a size")
}

/// A value that is a step beyond a limit of a schema, and the code of the fault that it is.
fn beyond(schema: &'static Value) -> Vec<(Value, &'static str)> {
    let (own, resolved) = (schema, resolve(schema));
    let limit = |word: &str| {
        own.get(word)
            .or_else(|| resolved.get(word))
            .and_then(Value::as_u64)
    };
    let mut values = Vec::new();
    if let Some(most) = limit("maxLength") {
        values.push((json!("a".repeat(size(most) + 1)), "too_long"));
    }
    if limit("minLength") == Some(1) {
        values.push((json!(" "), "blank"));
    }
    if let Some(most) = limit("maxItems") {
        values.push((json!(vec![Value::Null; size(most) + 1]), "too_many_items"));
    }
    if limit("minItems") == Some(1) {
        values.push((json!([]), "empty_list"));
    }
    if let Some(most) = limit("maximum") {
        values.push((json!(most + 1), "out_of_range"));
    }
    if let Some(least) = limit("minimum") {
        values.push((
            json!(i64::try_from(least).expect("a bound") - 1),
            "out_of_range",
        ));
    }
    values
}

/// Whether a schema tells a limit of its own: a list how many items, a number its bounds.
fn is_bounded(schema: &'static Value) -> bool {
    let resolved = resolve(schema);
    let has = |word: &str| schema.get(word).or_else(|| resolved.get(word)).is_some();
    let is = |kind: &str| {
        resolved["type"] == kind
            || resolved["type"]
                .as_array()
                .is_some_and(|kinds| kinds.contains(&json!(kind)))
    };
    let is_open_text = is("string")
        && !["maxLength", "pattern", "format", "enum"]
            .iter()
            .any(|word| has(word));
    !(is("array") && !has("maxItems")
        || (is("integer") || is("number")) && !(has("minimum") && has("maximum"))
        || is_open_text)
}

/// The objects of a body: itself, and those within it, each where its members stand.
fn objects(schema: &'static Value, at: &str, found: &mut Vec<(String, &'static Value)>) {
    let resolved = resolve(schema);
    if resolved["properties"].is_object() {
        found.push((at.to_owned(), resolved));
    }
    for (name, property) in properties(resolved) {
        let within = resolve(property);
        let items = if within["type"].is_array() || within["type"] == "array" {
            resolve(&within["items"])
        } else {
            &Value::Null
        };
        if within["properties"].is_object() {
            objects(within, &format!("{at}/{name}"), found);
        } else if items["properties"].is_object() {
            objects(items, &format!("{at}/{name}/0"), found);
        }
    }
}

/// A body that has this value at this place, and what is around it.
fn with(example: &Value, at: &str, name: &str, value: &Value) -> Value {
    let mut body = example.clone();
    let mut place = &mut body;
    for step in at.split('/').filter(|step| !step.is_empty()) {
        place = match step.parse::<usize>() {
            Ok(_) => {
                if !place.is_array() || place[0].is_null() {
                    *place = json!([{}]);
                }
                &mut place[0]
            }
            Err(_) => &mut place[step],
        };
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
    }
    place[name] = value.clone();
    body
}

#[actix_web::test]
async fn each_limit_is_where_the_document_says() {
    let service = Service::start().await;
    let place = Place::lyon(&service).await;
    let (mut tried, mut wrong) = (0, Vec::new());
    for operation in operations() {
        let Some(taken) = operation
            .body()
            .filter(|_| !operation.path.starts_with("/oauth2/"))
        else {
            continue;
        };
        // A batch tells the faults of its items in their verdicts.
        let batches = [
            "push_interventions",
            "push_reports",
            "push_declinations",
            "push_contacts",
        ];
        let is_batch = batches.contains(&operation.id);
        place.prepare(&service, &operation).await;
        let mut found = Vec::new();
        objects(taken.schema, "", &mut found);
        for (at, object) in found.iter().filter(|(at, _)| at.is_empty() || !is_batch) {
            for (name, property) in properties(object) {
                let here = format!("{} {at}/{name}", operation.id);
                if !is_bounded(property) {
                    wrong.push(format!("{here} has no limit: {property}"));
                }
                for (value, rule) in beyond(property) {
                    let body = with(&place.example(&taken), at, name, &value);
                    let writer = place.writer(&service, &operation);
                    let request = writer.request(&operation.method, &place.path(&operation));
                    let request = request
                        .header("if-match", "*")
                        .body(taken.media_type, body.to_string());
                    let reply = request.send().await;
                    tried += 1;
                    let told = reply.text();
                    let answer: Value = serde_json::from_str(told).unwrap_or_default();
                    let pointer = format!("{at}/{name}");
                    let is_told = answer["errors"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .any(|fault| fault["pointer"] == *pointer && fault["code"] == rule);
                    if !is_told {
                        wrong.push(format!(
                            "{here} {rule}: {} {}",
                            reply.status,
                            &told[..told.len().min(300)]
                        ));
                    }
                }
            }
        }
    }
    assert!(tried > 300, "{tried}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a schema takes null.
fn is_nullable(schema: &Value) -> bool {
    let is_null = |kind: &Value| {
        kind == "null"
            || kind
                .as_array()
                .is_some_and(|kinds| kinds.contains(&json!("null")))
    };
    let ways = schema["oneOf"].as_array().into_iter().flatten();
    is_null(&schema["type"])
        || ways.into_iter().any(|way| is_null(&way["type"]))
        || schema.get("type").is_none()
            && schema.get("oneOf").is_none()
            && schema.get("$ref").is_none()
}

#[actix_web::test]
async fn null_is_taken_where_the_document_says_so_and_nowhere_else() {
    let service = Service::start().await;
    let place = Place::lyon(&service).await;
    let (mut refused, mut wrong) = (0, Vec::new());
    for operation in operations() {
        let Some(taken) = operation
            .body()
            .filter(|_| !operation.path.starts_with("/oauth2/"))
        else {
            continue;
        };
        place.prepare(&service, &operation).await;
        for (name, property) in properties(resolve(taken.schema)) {
            let body = with(&place.example(&taken), "", name, &Value::Null).to_string();
            let writer = place.writer(&service, &operation);
            let request = writer.request(&operation.method, &place.path(&operation));
            let request = request
                .header("if-match", "\"0.a\"")
                .body(taken.media_type, body);
            let reply = request.send().await;
            let told = reply.text();
            let answer: Value = serde_json::from_str(told).unwrap_or_default();
            let mut faults = answer["errors"].as_array().into_iter().flatten();
            let pointer = format!("/{name}");
            let is_refused = faults.any(|fault| {
                fault["pointer"] == *pointer
                    && ["not_null", "wrong_type"].contains(&fault["code"].as_str().expect("a code"))
            });
            refused += usize::from(is_refused);
            // Where something else decides whether a value is needed, only that can tell.
            let depends =
                ["starts_on", "document_sha256", "territories", "changes"].contains(&name);
            if is_refused == is_nullable(property) && !depends {
                wrong.push(format!("{} {name}: {property} {told:.200}", operation.id));
            }
        }
    }
    assert!(refused > 50, "{refused}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
