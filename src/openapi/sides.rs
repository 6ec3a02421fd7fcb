//! What clients send and what they are answered are two sides: a body is closed, so that a mistake is
//! noticed; an answer is open, so that a code of next year breaks no program of today. A schema that
//! stands on both is written twice.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::shared::operations;
use crate::http::fields::MAX_ITEMS;
use crate::values::KNOWN_YEARS;
use crate::values::ids::BY_REFERENCE;

/// What is said of an id where a reference is taken too.
const OR_REFERENCE: &str = "Son identifiant (UUIDv7), ou sa référence.";

const SCHEMAS: &str = "#/components/schemas/";

/// Schemas whose unknown members are passed over: RFC 6749 §3.2, and what a portal sends back as it
/// was answered.
const PASSES_OVER: [&str; 5] = [
    "TokenRequest",
    "RevocationRequest",
    "NewIntervention",
    "PushedIntervention",
    "PushedInterventions",
];

/// What a place is always answered with, and need not be sent with: it is found by a commune.
const FOUND: [&str; 2] = ["latitude", "longitude"];

/// Separates them.
pub fn separate(document: &mut Value) {
    let (mut asked, mut told) = (HashSet::new(), HashSet::new());
    let schemas = schemas_of(document).clone();
    for (_, operation) in operations(document) {
        for part in ["requestBody", "parameters"] {
            references(operation.get(part), &schemas, &mut asked);
        }
        references(operation.get("responses"), &schemas, &mut told);
    }
    let both: HashSet<&String> = asked.intersection(&told).collect();
    let copied: HashMap<&str, String> = schemas
        .iter()
        .filter(|(name, schema)| both.contains(name) && differs(schema, &schemas))
        .map(|(name, _)| (name.as_str(), sent_name(name, &schemas)))
        .collect();
    for (_, operation) in operations(document) {
        for part in ["requestBody", "parameters"] {
            if let Some(part) = operation.get_mut(part) {
                rename(part, &copied);
                take_references(part);
            }
        }
    }
    let mut separated = Map::new();
    for (name, schema) in &schemas {
        if let Some(sent) = copied.get(name.as_str()) {
            separated.insert(sent.clone(), sent_schema(sent, schema, &schemas, &copied));
        }
        let mut schema = schema.clone();
        if told.contains(name) {
            open(&mut schema);
        } else if asked.contains(name) {
            schema = sent_schema(name, &schema, &schemas, &copied);
        }
        separated.insert(name.clone(), schema);
    }
    separated.sort_keys();
    if let Some(place) = document.pointer_mut("/components/schemas") {
        *place = Value::Object(separated);
    }
}

/// A schema as clients send it: closed, and made of others as they send them.
fn sent_schema(
    name: &str,
    schema: &Value,
    schemas: &Map<String, Value>,
    copied: &HashMap<&str, String>,
) -> Value {
    let mut schema = schema.clone();
    if name == "NewInterventionPlace"
        && let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut)
    {
        required.retain(|field| !FOUND.iter().any(|name| field == name));
    }
    // A change clears what its creation does not need.
    let created = name.strip_suffix("Patch").map(|of| format!("New{of}"));
    let created = created.and_then(|created| schemas.get(&created));
    let needed = |name: &String| {
        [Some(&schema), created]
            .into_iter()
            .flatten()
            .any(|one| needs(one, name))
    };
    let nullable: Vec<String> = names(&schema)
        .filter(|name| !needed(name))
        .cloned()
        .collect();
    allow_null(&mut schema, &nullable);
    rename(&mut schema, copied);
    take_references(&mut schema);
    bound(&mut schema);
    if !PASSES_OVER.contains(&name) {
        close(&mut schema);
    }
    schema
}

fn names(schema: &Value) -> impl Iterator<Item = &String> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flat_map(Map::keys)
}

fn needs(schema: &Value, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|required| required.contains(&json!(name)))
}

/// These properties may be null, which says as much as leaving them out.
fn allow_null(schema: &mut Value, names: &[String]) {
    for name in names {
        let property = schema
            .get_mut("properties")
            .and_then(|all| all.get_mut(name));
        let Some(Value::Object(members)) = property else {
            continue;
        };
        if let Some(kind) = members.get("type").filter(|kind| kind.is_string()).cloned() {
            members.insert("type".to_owned(), json!([kind, "null"]));
        } else if let Some(reference) = members.shift_remove("$ref") {
            members.insert(
                "oneOf".to_owned(),
                json!([{"$ref": reference}, {"type": "null"}]),
            );
        }
    }
}

fn schemas_of(document: &Value) -> &Map<String, Value> {
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    document
        .pointer("/components/schemas")
        .and_then(Value::as_object)
        .unwrap_or(&NONE)
}

/// What a schema is called as clients send it.
fn sent_name(name: &str, schemas: &Map<String, Value>) -> String {
    if let Some(nomenclature) = name.strip_prefix("code_") {
        return format!("accepted_{nomenclature}");
    }
    if schemas
        .get(name)
        .is_some_and(|schema| schema.get("enum").is_some())
    {
        return format!("Accepted{name}");
    }
    if let Some(kind) = name.strip_suffix("Id")
        && schemas
            .get(name)
            .is_some_and(|schema| schema.get(BY_REFERENCE).is_some())
    {
        return format!("{kind}Key");
    }
    let new = format!("New{name}");
    if schemas.contains_key(&new) {
        format!("Sent{name}")
    } else {
        new
    }
}

/// Whether a schema is not the same on both sides: codes or members are in it.
fn differs(schema: &Value, schemas: &Map<String, Value>) -> bool {
    let mut reached = HashSet::new();
    references(Some(schema), schemas, &mut reached);
    let below = reached.iter().filter_map(|name| schemas.get(name));
    std::iter::once(schema).chain(below).any(|schema| {
        ["enum", "properties", "oneOf", BY_REFERENCE]
            .iter()
            .any(|word| schema.get(word).is_some())
    })
}

/// The names of the schemas reached from one.
pub fn references(
    schema: Option<&Value>,
    schemas: &Map<String, Value>,
    found: &mut HashSet<String>,
) {
    match schema {
        Some(Value::Object(members)) => {
            let reference = members.get("$ref").and_then(Value::as_str);
            if let Some(name) = reference.and_then(|reference| reference.strip_prefix(SCHEMAS))
                && found.insert(name.to_owned())
            {
                references(schemas.get(name), schemas, found);
            }
            members
                .values()
                .for_each(|member| references(Some(member), schemas, found));
        }
        Some(Value::Array(items)) => items
            .iter()
            .for_each(|item| references(Some(item), schemas, found)),
        _ => {}
    }
}

fn rename(schema: &mut Value, names: &HashMap<&str, String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref")
                && let Some(name) = reference.strip_prefix(SCHEMAS)
                && let Some(name) = names.get(name)
            {
                *reference = format!("{SCHEMAS}{name}");
            }
            members
                .values_mut()
                .for_each(|member| rename(member, names));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, names)),
        _ => {}
    }
}

/// A code is a text whose values are told. A word that tells alternatives apart is none: it is the
/// only one there can be.
fn open(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let several = members
                .get("enum")
                .and_then(Value::as_array)
                .is_some_and(|values| values.len() > 1 && values.iter().all(Value::is_string));
            if several && let Some(values) = members.shift_remove("enum") {
                members.insert("x-extensible-enum".to_owned(), values);
            }
            members.shift_remove(BY_REFERENCE);
            members.values_mut().for_each(open);
        }
        Value::Array(items) => items.iter_mut().for_each(open),
        _ => {}
    }
}

/// Where an id is asked for, a reference is taken too, of what has references.
fn take_references(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(form)) = members.shift_remove(BY_REFERENCE) {
                members.shift_remove("format");
                let either = json!([
                    {"type": "string", "format": "uuid"}, {"type": "string", "pattern": format!("^{form}$")}
                ]);
                members.insert("anyOf".to_owned(), either);
                members.insert("description".to_owned(), OR_REFERENCE.into());
            }
            members.values_mut().for_each(take_references);
        }
        Value::Array(items) => items.iter_mut().for_each(take_references),
        _ => {}
    }
}

/// A list has no item twice, and so many at most, where nothing else is told: what a field that is a
/// list takes ([`MAX_ITEMS`]). Those of objects tell it themselves. Dates are of known years.
fn bound(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let kind = members.get("type").cloned().unwrap_or_default();
            let is_list = kind == "array"
                || kind
                    .as_array()
                    .is_some_and(|kinds| kinds.contains(&json!("array")));
            if is_list && !members.contains_key("maxItems") {
                members.insert("maxItems".to_owned(), MAX_ITEMS.into());
                members.insert("uniqueItems".to_owned(), true.into());
            }
            if members.get("format") == Some(&json!("date")) {
                members.insert("pattern".to_owned(), KNOWN_YEARS.into());
            }
            members
                .iter_mut()
                .filter(|(word, _)| !["example", "examples"].contains(&word.as_str()))
                .for_each(|(_, member)| bound(member));
        }
        Value::Array(items) => items.iter_mut().for_each(bound),
        _ => {}
    }
}

/// No member but those that are told.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let is_object = members.get("properties").is_some_and(Value::is_object)
                && members.get("type") == Some(&json!("object"));
            if is_object {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
            members
                .iter_mut()
                .filter(|(word, _)| !["example", "examples"].contains(&word.as_str()))
                .for_each(|(_, member)| close(member));
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}
