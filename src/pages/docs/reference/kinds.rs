//! What a value is, in French: its type, its bounds, and where its codes are listed.

use maud::{Markup, html};
use serde_json::Value;

use super::spec::{Spec, name_of, text};
use crate::reference::Reference;

/// The longest pattern that tells a reader something.
const LEGIBLE: usize = 48;

/// The type of a schema.
pub fn kind(spec: &Spec, schema: &Value) -> Markup {
    if let Some(name) = name_of(schema) {
        return named(spec, name, spec.resolve(schema));
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        if let Some(parts) = schema.get(several).and_then(Value::as_array) {
            return either(spec, parts, several == "allOf");
        }
    }
    match types(schema).as_slice() {
        [one] => single(spec, schema, one),
        [] => html! { "valeur JSON" },
        many => html! {
            @for (place, one) in many.iter().enumerate() {
                @if place > 0 { " ou " }
                (single(spec, schema, one))
            }
        },
    }
}

/// A schema that has a name: a page of its own where it has parts, else what it is.
fn named(spec: &Spec, name: &str, schema: &Value) -> Markup {
    let list = name
        .strip_prefix("code_")
        .or_else(|| name.strip_prefix("accepted_"));
    if let Some(list) = list.filter(|list| Reference::get().nomenclature(list).is_some()) {
        return html! { "code de " a href={ "/docs/nomenclatures/" (list) } { (list) } };
    }
    let is_made_of_parts = [
        "properties",
        "oneOf",
        "anyOf",
        "allOf",
        "enum",
        "x-extensible-enum",
    ]
    .iter()
    .any(|member| schema.get(member).is_some());
    if is_made_of_parts {
        return html! { a href={ "/docs/schemas/" (name) } { (name) } };
    }
    kind(spec, schema)
}

fn either(spec: &Spec, parts: &[Value], is_all: bool) -> Markup {
    let joined = if is_all { " et " } else { " ou " };
    html! {
        @for (place, part) in parts.iter().enumerate() {
            @if place > 0 { (joined) }
            (kind(spec, part))
        }
    }
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn single(spec: &Spec, schema: &Value, kind_name: &str) -> Markup {
    if kind_name == "array" {
        let items = schema.get("items").unwrap_or(&Value::Null);
        return html! { "liste : " (kind(spec, items)) };
    }
    let word = match (kind_name, text(schema, "format")) {
        ("string", "date-time") => "instant",
        ("string", "date") => "jour",
        ("string", "uuid") => "identifiant (UUID)",
        ("string", "uri") => "adresse",
        ("string", "email") => "adresse électronique",
        ("string", "binary") => "fichier",
        ("string", _) => "texte",
        ("integer", _) => "entier",
        ("number", _) => "nombre",
        ("boolean", _) => "booléen",
        ("object", _) => "objet",
        ("null", _) => "null",
        (other, _) => other,
    };
    html! { (word) }
}

/// What bounds a value, in a few words.
pub fn bounds(spec: &Spec, schema: &Value) -> Vec<String> {
    let schema = substance(spec, schema);
    let number = |name: &str| schema.get(name).filter(|value| value.is_number());
    let pairs = [
        ("minLength", "maxLength", "caractères"),
        ("minimum", "maximum", ""),
        ("minItems", "maxItems", "éléments"),
    ];
    let mut said: Vec<String> = pairs
        .iter()
        .filter_map(|(low, high, unit)| between(number(low), number(high), unit))
        .collect();
    if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
        said.push("sans répétition".to_owned());
    }
    if let Some(default) = schema.get("default").filter(|value| !value.is_null()) {
        said.push(format!("par défaut {}", plain(default)));
    }
    let pattern = text(schema, "pattern");
    // One that counts its characters says more than which there may be.
    if pattern.contains('{') && pattern.len() <= LEGIBLE {
        said.push(format!("de la forme {pattern}"));
    }
    said
}

fn between(low: Option<&Value>, high: Option<&Value>, unit: &str) -> Option<String> {
    let is = |value: &Value, number: f64| value.as_f64() == Some(number);
    let said = match (low, high) {
        (Some(low), Some(high)) if low == high => format!("{low} {unit}"),
        (Some(low), Some(high)) => format!("de {low} à {high} {unit}"),
        // That there is something, or no less than nothing, needs no saying.
        (Some(low), None) if is(low, 0.0) || (is(low, 1.0) && !unit.is_empty()) => return None,
        (Some(low), None) => format!("au moins {low} {unit}"),
        (None, Some(high)) => format!("au plus {high} {unit}"),
        (None, None) => return None,
    };
    Some(said.trim_end().to_owned())
}

/// The schema behind a name, and of a value that may be null, the value's.
fn substance<'a>(spec: &'a Spec, schema: &'a Value) -> &'a Value {
    let schema = spec.resolve(schema);
    let parts = schema.get("oneOf").and_then(Value::as_array);
    let is_null = |part: &&Value| text(part, "type") == "null";
    match parts.map(Vec::as_slice) {
        Some([one, other]) if is_null(&other) => spec.resolve(one),
        _ => schema,
    }
}

/// The name of a schema, and of a value that may be null, that of the value's.
fn named_within(schema: &Value) -> Option<&str> {
    let first = schema.pointer("/oneOf/0");
    name_of(schema).or_else(|| name_of(first?))
}

/// The codes that a value is one of, where there is no nomenclature that lists them.
pub fn codes<'a>(spec: &'a Spec, schema: &'a Value) -> Vec<&'a str> {
    let list = named_within(schema).unwrap_or_default();
    let list = list
        .strip_prefix("code_")
        .or_else(|| list.strip_prefix("accepted_"));
    if list.is_some_and(|list| Reference::get().nomenclature(list).is_some()) {
        return Vec::new();
    }
    let mut schema = substance(spec, schema);
    if let Some(items) = schema
        .get("items")
        .filter(|_| text(schema, "type") == "array")
    {
        if name_of(items).is_some() {
            return Vec::new();
        }
        schema = items;
    }
    let codes = schema
        .get("enum")
        .or_else(|| schema.get("x-extensible-enum"));
    let codes = codes.and_then(Value::as_array).into_iter().flatten();
    codes.filter_map(Value::as_str).collect()
}

/// A value as it is written in an address or a sentence.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(many) => many.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
