//! What the generator leaves out, added to the document as JSON: an example on every body, that
//! the fields of an answer are always there, and one list of properties for what is made of parts.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{examples, headers, shared, sides, variants, wordings};
use crate::pages;

/// Completes the document.
pub fn finish(document: &mut Value) {
    leave_out_pages(document);
    if let Some(schemas) = document.pointer_mut("/components/schemas") {
        shared::refer_to_items(schemas);
        let joined = schemas.as_object_mut().into_iter().flatten();
        joined.for_each(|(_, schema)| shared::join(schema));
        wordings::apply(schemas);
        schemas.as_object_mut().into_iter().for_each(variants::name);
    }
    shared::refer_to_schemas(document);
    sides::separate(document);
    let schemas = document
        .pointer("/components/schemas")
        .cloned()
        .unwrap_or_default();
    let mut taken = HashSet::new();
    for content in bodies(document) {
        if let Some(schemas) = schemas.as_object() {
            sides::references(content.get("schema"), schemas, &mut taken);
        }
        if content.get("example").is_none()
            && let Some(content) = content.as_object_mut()
        {
            let example = examples::of_body(content.get("schema"), &schemas);
            content.insert("example".to_owned(), example);
        }
    }
    require_answers(document, &taken);
    examples::show(document);
    secure_by_default(document);
    headers::describe(document);
    shared::refer_to_parts(document);
}

/// What reading asks for, an operation asks for that does not say otherwise.
fn secure_by_default(document: &mut Value) {
    let default = json!([{"bearer": []}, {"oauth2": ["read"]}]);
    for (_, operation) in shared::operations(document) {
        if operation.get("security") == Some(&default) {
            operation.shift_remove("security");
        }
    }
    if let Some(members) = document.as_object_mut() {
        members.insert("security".to_owned(), default);
    }
}

/// Pages for people, those that show the document among them, are no part of what programs are promised.
fn leave_out_pages(document: &mut Value) {
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        paths.retain(|path, item| {
            let is_page = item.pointer("/get/tags/0") == Some(&json!(pages::TAG));
            !is_page && path != "/docs" && !path.starts_with("/docs/")
        });
    }
}

/// The contents of the request bodies.
fn bodies(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document
        .get_mut("paths")
        .and_then(Value::as_object_mut)
        .into_iter();
    let operations = paths
        .flat_map(|paths| paths.values_mut())
        .filter_map(Value::as_object_mut);
    let contents = operations
        .flat_map(|path| path.values_mut())
        .filter_map(|operation| {
            operation
                .pointer_mut("/requestBody/content")?
                .as_object_mut()
        });
    contents.flat_map(|content| content.values_mut())
}

/// Marks every field of what is only ever answered as always there.
fn require_answers(document: &mut Value, taken: &HashSet<String>) {
    let schemas = document
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut);
    for (name, schema) in schemas.into_iter().flatten() {
        // Of a fault, one of three places is named: the others are absent.
        if !taken.contains(name) && name != "ProblemFault" {
            require(schema);
        }
        // Only the problem of a batch has verdicts, only that of a cursor says how to go on, only a
        // search that asks for facets has them.
        let sometimes: &[&str] = match name.as_str() {
            "Problem" => &[
                "errors_truncated",
                "verdicts",
                "reason",
                "types",
                "territories",
                "cursor",
            ],
            "ListedInterventions" => &["facets"],
            // Of a point that was given nothing was found.
            "InterventionPlace" => &["city_code", "postal_code", "department", "precision"],
            _ => continue,
        };
        if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|field| !sometimes.iter().any(|name| field == name));
        }
    }
}

fn require(schema: &mut Value) {
    if let Some(parts) = schema.get_mut("allOf").and_then(Value::as_array_mut) {
        parts.iter_mut().for_each(require);
    }
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return;
    };
    let names: Vec<Value> = properties.keys().map(|name| json!(name)).collect();
    if let Some(members) = schema.as_object_mut() {
        members.insert("required".to_owned(), names.into());
    }
}
