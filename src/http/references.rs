//! Conventions by their references: wherever a request takes the id of a convention, in its path, its query
//! or its body, it takes the reference that people know it by as well. All that a request names so is looked
//! up once, before it is read, and each reference stands for an id from then on: nothing behind knows of it.
//!
//! One that the caller may not see is one that there is not: it stands for the nil UUID, which no object has.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use diesel_async::AsyncPgConnection;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;
use uuid::Uuid;

use super::query::Parameters;
use crate::auth::policy::Scope;
use crate::db::Reading;
use crate::error::Result;

/// The paths whose `{id}` is a convention's.
const PATHS: &str = "/v1/conventions/{id}";

/// The parameters that take ids of conventions.
const PARAMETERS: [&str; 2] = ["convention_id", "convention"];

/// The members of bodies that do.
const MEMBERS: [&str; 3] = ["convention_id", "convention", "predecessor_id"];

/// The longest reference.
const LONGEST: usize = 40;

/// How references are looked up: by who knows of conventions, which is above HTTP.
pub type ReadReferences = for<'a> fn(
    &'a AsyncPgConnection,
    &'a Scope,
    &'a [String],
) -> LocalBoxFuture<'a, Result<HashMap<String, Uuid>>>;

/// The references that a request names, with what they stand for.
#[derive(Debug, Default)]
pub struct References(HashMap<String, Uuid>);

impl References {
    /// Looks up those that a request names, on the connection that it reads on: one statement, and none where
    /// none is named.
    ///
    /// # Errors
    /// `service_unavailable` when the database is away.
    pub async fn read(
        reading: impl AsyncFnOnce() -> Result<Reading>,
        look_up: ReadReferences,
        scope: &Scope,
        named: BTreeSet<String>,
    ) -> Result<Self> {
        if named.is_empty() {
            return Ok(Self::default());
        }
        let named: Vec<String> = named.into_iter().collect();
        look_up(&*reading().await?, scope, &named).await.map(Self)
    }

    /// What a text stands for: of a reference an id, of anything else itself.
    pub fn id<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if !is_reference(text) {
            return Cow::Borrowed(text);
        }
        let id = self.0.get(text).copied().unwrap_or_default();
        Cow::Owned(id.to_string())
    }

    /// The parameters with ids in the place of references.
    pub fn in_parameters(&self, parameters: &Parameters) -> Parameters {
        parameters.with(&PARAMETERS, |value| {
            let ids: Vec<Cow<'_, str>> = value.split(',').map(|text| self.id(text)).collect();
            ids.join(",")
        })
    }

    /// Puts ids in the place of the references of a body.
    pub fn put_into(&self, body: &mut Value) {
        each(body, &mut |text| {
            if let Cow::Owned(id) = self.id(text) {
                *text = id;
            }
        });
    }
}

/// Whether a text has the form of a reference.
fn is_reference(text: &str) -> bool {
    let of_form = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let begins = text.starts_with("CN-") || text.starts_with("CL-");
    begins && text.len() <= LONGEST && text.bytes().all(of_form)
}

/// The references that the path and the query of a request name, with the template of its path.
pub fn named((template, path): (&str, &str), parameters: &Parameters) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut note = |text: &str| {
        if is_reference(text) {
            found.insert(text.to_owned());
        }
    };
    let below = template.strip_prefix(PATHS);
    if below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        // Nothing has matched the path with its handler yet: the segment is found by its place.
        let place = PATHS.split('/').count().saturating_sub(1);
        if let Some(id) = path.split('/').nth(place) {
            note(id);
        }
    }
    for name in PARAMETERS {
        let values = parameters.get(name).unwrap_or_default();
        values.split(',').for_each(&mut note);
    }
    found
}

/// The references that a body names.
pub fn in_body(body: &mut Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    each(body, &mut |text| {
        if is_reference(text) {
            found.insert(text.to_owned());
        }
    });
    found
}

/// Visits the texts of a body that stand where an id of a convention does.
fn each(value: &mut Value, visit: &mut impl FnMut(&mut String)) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                match member {
                    Value::String(text) if MEMBERS.contains(&name.as_str()) => visit(text),
                    Value::Array(items) if MEMBERS.contains(&name.as_str()) => {
                        let texts = items.iter_mut().filter_map(|item| match item {
                            Value::String(text) => Some(text),
                            _ => None,
                        });
                        texts.for_each(&mut *visit);
                    }
                    _ => each(member, visit),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each(item, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_told_from_ids_and_other_texts() {
        for reference in [
            "CN-2025-0014",
            "CL-A09-2016-0001",
            "CL-R11-2016-12345",
            "CL-0690001B-2016-0001",
        ] {
            assert!(is_reference(reference), "{reference}");
        }
        for other in [
            "",
            "cn-2025-0014",
            "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03",
            "CN-2025-0014 ",
            "CN-2025-0014' OR 1=1",
            "XN-2025-0014",
        ] {
            assert!(!is_reference(other), "{other}");
        }
    }

    #[test]
    fn they_are_found_wherever_an_id_of_a_convention_stands_and_nowhere_else() {
        let mut body = json!({
            "title": "CN-2025-0001", "convention_id": "CN-2025-0002",
            "items": [{"convention_id": "CN-2025-0003"}, {"convention_id": null}],
            "filter": {"convention_id": ["CN-2025-0004", "CN-2025-0002"]},
        });
        let parameters = Parameters::parse("convention_id=CN-2025-0005,x&q=CN-2025-0006").unwrap();
        let path = (
            "/v1/conventions/{id}/coverage",
            "/v1/conventions/CN-2025-0007/coverage",
        );
        let mut found = named(path, &parameters);
        found.extend(in_body(&mut body));
        let numbers: Vec<&str> = found.iter().filter_map(|text| text.get(8..)).collect();
        assert_eq!(numbers, ["0002", "0003", "0004", "0005", "0007"]);
        let other = ("/v1/partners/{id}", "/v1/partners/CN-2025-0007");
        let none = named(other, &Parameters::default());
        assert!(none.is_empty());
    }

    #[test]
    fn ids_take_their_places_and_an_unknown_one_is_the_nil_uuid() {
        let id = Uuid::from_u128(7);
        let references = References(HashMap::from([("CN-2025-0002".to_owned(), id)]));
        let mut body = json!({"convention_id": "CN-2025-0002", "predecessor_id": "CN-2025-0009"});
        references.put_into(&mut body);
        let nil = Uuid::nil();
        assert_eq!(body, json!({"convention_id": id, "predecessor_id": nil}));
        let given =
            Parameters::parse("convention_id=CN-2025-0002,CN-2025-0009&q=CN-2025-0002").unwrap();
        let put = references.in_parameters(&given);
        assert_eq!(
            put.get("convention_id"),
            Some(format!("{id},{nil}").as_str())
        );
        assert_eq!(put.get("q"), Some("CN-2025-0002"));
    }
}
