//! The page of a schema: what its fields are.

use maud::{Markup, html};
use serde_json::Value;

use super::kinds::codes;
use super::parts::{choices, example, fields, prose, typed};
use super::spec::{Spec, text};

/// What it says, below its name. None where there is no such schema.
pub fn body(spec: &Spec, name: &str) -> Option<Markup> {
    let schema = spec.schema(name)?;
    let examples = schema
        .get("example")
        .or_else(|| schema.pointer("/examples/0"));
    let is_plain = schema.get("properties").is_none() && schema.get("type") != Some(&Value::Null);
    Some(html! {
        (prose(text(schema, "description")))
        @if is_plain && schema.get("oneOf").is_none() && schema.get("anyOf").is_none() {
            p { (typed(spec, schema)) }
            (choices(&codes(spec, schema)))
        }
        (fields(spec, schema, true))
        @if let Some(value) = examples {
            h2 { "Exemple" }
            (example(value))
        }
        p { a href="/docs/reference" { "Toutes les opérations" } }
    })
}
