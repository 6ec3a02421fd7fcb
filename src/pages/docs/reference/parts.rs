//! What pages of operations and of schemas have in common: fields, codes, examples.

use maud::{Markup, PreEscaped, html};
use serde_json::Value;

use super::kinds::{bounds, codes, kind};
use super::spec::{Spec, members, text};
use crate::pages::docs::markdown;

/// The longest list of codes shown open.
const FEW: usize = 12;

/// A text of the document.
pub fn prose(said: &str) -> Markup {
    PreEscaped(markdown::fragment(said))
}

/// The fields of an object; those of its parts where it is made of some.
pub fn fields(spec: &Spec, schema: &Value, says_required: bool) -> Markup {
    let schema = spec.resolve(schema);
    let required: Vec<&str> = required(schema);
    html! {
        @if schema.get("properties").is_some() {
            div class="scroll" tabindex="0" {
                table class="stacked" {
                    thead { tr { th scope="col" { "Champ" } th scope="col" { "Type" } th scope="col" { "Ce qu’il dit" } } }
                    tbody {
                        @for (name, field) in members(schema, "/properties") {
                            tr {
                                th scope="row" {
                                    code { (name) }
                                    @if says_required && required.contains(&name.as_str()) {
                                        " " span class="tag" { "obligatoire" }
                                    }
                                }
                                td { (typed(spec, field)) }
                                td { (prose(described(spec, field))) (choices(&codes(spec, field))) }
                            }
                        }
                    }
                }
            }
        }
        @for several in ["oneOf", "anyOf", "allOf"] {
            @if let Some(parts) = schema.get(several).and_then(Value::as_array) {
                p { @if several == "allOf" { "L’ensemble de :" } @else { "L’un de :" } }
                ul { @for part in parts { li { (kind(spec, part)) } } }
            }
        }
    }
}

fn required(schema: &Value) -> Vec<&str> {
    let names = schema.get("required").and_then(Value::as_array);
    let names = names.into_iter().flatten();
    names.filter_map(Value::as_str).collect()
}

/// Its type, then its bounds.
pub fn typed(spec: &Spec, schema: &Value) -> Markup {
    let bounds = bounds(spec, schema);
    html! {
        (kind(spec, schema))
        @if !bounds.is_empty() { br; small { (bounds.join(" ; ")) } }
    }
}

/// What a field says of itself, or else what its kind says, where that is of its own.
fn described<'a>(spec: &'a Spec, field: &'a Value) -> &'a str {
    let own = text(field, "description");
    if !own.is_empty() {
        return own;
    }
    let parts = field.get("oneOf").and_then(Value::as_array);
    let said = parts
        .into_iter()
        .flatten()
        .map(|part| text(part, "description"));
    said.into_iter()
        .find(|said| !said.is_empty())
        .unwrap_or_else(|| text(spec.resolve(field), "description"))
}

/// The codes that may stand somewhere: folded where they are many.
pub fn choices(codes: &[&str]) -> Markup {
    let list = html! {
        ul class="codes" { @for code in codes { li { code { (code) } } } }
    };
    html! {
        @if codes.len() > FEW {
            details { summary { (codes.len()) " valeurs" } (list) }
        } @else if !codes.is_empty() { (list) }
    }
}

/// An example, as JSON or as it is.
pub fn example(value: &Value) -> Markup {
    let written = match value {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    };
    html! { pre tabindex="0" { code class="language-json" { (written) } } }
}
