//! The digest of what the parties agree on: equal if and only if the contractual content is.
//!
//! The canonical form is the JSON object of the members below as the API answers them, written as
//! RFC 8785 has it (members sorted by name, no blanks, UTF-8), each list of codes and of partners
//! sorted, absent values as `null`. `content_hash` is the SHA-256 of its bytes, in hexadecimal:
//! anyone can make it again from an answer (docs/API.md shows how).

use serde_json::{Map, Value};

use super::acts::Article;
use super::content::Content;
use crate::error::{Error, Result};
use crate::values::Sha256Hex;

/// The members of the canonical form.
pub const CONTRACTUAL: &[&str] = &[
    "title",
    "kind",
    "scope",
    "territory",
    "partner_ids",
    "purpose",
    "axes",
    "action_types",
    "levels",
    "moments",
    "follow_up",
    "starts_on",
    "ends_on",
    "renewal",
    "notice_months",
    "board_decision",
    "articles",
];

/// The digest of a text; `articles` is a member of it once an amendment has written one.
///
/// # Errors
/// `internal_error` when it cannot be serialised.
pub fn content_hash(content: &Content, articles: &[Article]) -> Result<Sha256Hex> {
    let mut value = serde_json::to_value(content).map_err(Error::internal)?;
    let mut names = CONTRACTUAL.to_vec();
    if articles.is_empty() {
        names.retain(|name| *name != "articles");
    } else if let Some(members) = value.as_object_mut() {
        let articles = serde_json::to_value(articles).map_err(Error::internal)?;
        members.insert("articles".to_owned(), articles);
    }
    Ok(digest(&value, &names))
}

/// The digest of these members of an object, in their canonical form.
pub fn digest(object: &Value, names: &[&str]) -> Sha256Hex {
    let members = names.iter().map(|name| {
        let member = object.get(*name).cloned().unwrap_or_default();
        ((*name).to_owned(), canonical(member))
    });
    let form = canonical(Value::Object(members.collect()));
    Sha256Hex::of(form.to_string().as_bytes())
}

/// Members sorted by name, lists of texts sorted.
fn canonical(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> = members
                .into_iter()
                .map(|(name, member)| (name, canonical(member)))
                .collect();
            members.sort_by(|(left, _), (right, _)| left.cmp(right));
            Value::Object(Map::from_iter(members))
        }
        Value::Array(items) => {
            let mut items: Vec<Value> = items.into_iter().map(canonical).collect();
            if items.iter().all(Value::is_string) {
                items.sort_by(|left, right| left.as_str().cmp(&right.as_str()));
            }
            Value::Array(items)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_digest_is_that_of_the_sorted_form_with_absent_values_as_null() {
        let text = json!({ "title": "Été", "axes": ["internships", "events"], "status": "signed" });
        let form = r#"{"axes":["events","internships"],"ends_on":null,"title":"Été"}"#;
        let names = ["title", "ends_on", "axes"];
        assert_eq!(digest(&text, &names), Sha256Hex::of(form.as_bytes()));
    }

    #[test]
    fn the_order_of_codes_says_nothing_and_that_of_articles_does() {
        let of = |value: Value| digest(&json!({ "follow_up": value }), &["follow_up"]);
        assert_eq!(
            of(json!({ "levels": ["3e", "4e"], "months": 6 })),
            of(json!({ "months": 6, "levels": ["4e", "3e"] }))
        );
        assert_ne!(of(json!(["3e"])), of(json!(["3e", "4e"])));
        let (first, second) = (json!({ "number": 1 }), json!({ "number": 2 }));
        assert_ne!(of(json!([first, second])), of(json!([second, first])));
    }
}
