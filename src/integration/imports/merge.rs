//! Who may replace a value. A list completes what nobody said; it changes what an earlier edition of
//! the same list said, and nothing else: neither what a person wrote, nor what was sent for signature
//! or signed, nor what another list or a newer edition says.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::List;

/// Who said a value last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Nobody: no value was ever given.
    #[default]
    Nobody,
    /// A person, or a program in the name of one.
    Person,
    /// A list.
    List(List),
}

/// Why a stored value stays although a list says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A person wrote it.
    WrittenByPeople,
    /// It was sent for signature, or signed.
    Signed,
    /// Another list says so.
    OtherList,
    /// A newer edition says so.
    NewerEdition,
}

impl Reason {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::WrittenByPeople => "people wrote it since",
            Self::Signed => "it was sent for signature, signed or given up",
            Self::OtherList => "another list says so",
            Self::NewerEdition => "a newer edition says so",
        }
    }
}

/// A stored value that stays although the file says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// The line of the file where the record starts.
    pub line: u64,
    /// The object.
    pub id: Uuid,
    /// The field, as the API calls it.
    pub field: String,
    /// What is stored, and stays.
    pub stored: Value,
    /// What the file says.
    pub stated: Value,
    /// What keeps it.
    pub reason: Reason,
}

/// Who said each field of each object last.
#[derive(Debug, Default)]
pub struct Provenance {
    origins: HashMap<(Uuid, String), Origin>,
}

impl FromIterator<((Uuid, String), Origin)> for Provenance {
    fn from_iter<I: IntoIterator<Item = ((Uuid, String), Origin)>>(origins: I) -> Self {
        Self {
            origins: origins.into_iter().collect(),
        }
    }
}

impl Provenance {
    /// Who said this field of this object last.
    pub fn of(&self, id: Uuid, field: &str) -> Origin {
        let key = (id, field.to_owned());
        self.origins.get(&key).cloned().unwrap_or_default()
    }
}

/// An object that a line names.
pub struct Stored<'a> {
    /// Its id.
    pub id: Uuid,
    /// Its fields, as the API calls them.
    pub fields: &'a Map<String, Value>,
    /// Those that were sent for signature, or signed.
    pub signed: &'a [&'a str],
}

/// What a line says of an object: a field that it does not speak of is absent.
pub struct Stated {
    /// The line of the file.
    pub line: u64,
    /// The fields, as the API calls them.
    pub fields: Map<String, Value>,
}

/// The fields as they shall be, and what stays against the line.
pub fn merge(
    stored: &Stored<'_>,
    stated: Stated,
    provenance: &Provenance,
    list: &List,
) -> (Map<String, Value>, Vec<Kept>) {
    let (mut fields, mut kept) = (stored.fields.clone(), Vec::new());
    for (field, value) in stated.fields {
        let present = stored.fields.get(&field).unwrap_or(&Value::Null);
        if is_same(present, &value) {
            continue;
        }
        let origin = provenance.of(stored.id, &field);
        let is_signed = stored.signed.contains(&field.as_str());
        match obstacle(present, &origin, is_signed, list) {
            None => {
                fields.insert(field, value);
            }
            Some(reason) => kept.push(Kept {
                line: stated.line,
                id: stored.id,
                stored: present.clone(),
                stated: value,
                field,
                reason,
            }),
        }
    }
    (fields, kept)
}

fn obstacle(present: &Value, origin: &Origin, is_signed: bool, list: &List) -> Option<Reason> {
    if is_signed {
        return Some(Reason::Signed);
    }
    match origin {
        // A value that nobody is known to have said was not said by a list.
        Origin::Nobody => (!is_blank(present)).then_some(Reason::WrittenByPeople),
        Origin::Person => Some(Reason::WrittenByPeople),
        Origin::List(_) if is_blank(present) => None,
        Origin::List(earlier) if earlier.source != list.source => Some(Reason::OtherList),
        Origin::List(earlier) => {
            let is_older = earlier
                .edition
                .zip(list.edition)
                .is_some_and(|(e, l)| l < e);
            is_older.then_some(Reason::NewerEdition)
        }
    }
}

/// No value: null, or an empty list.
pub fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// The order of a list of codes says nothing.
pub fn is_same(left: &Value, right: &Value) -> bool {
    match (left.as_array(), right.as_array()) {
        (Some(left), Some(right)) => {
            left.len() == right.len() && left.iter().all(|item| right.contains(item))
        }
        _ => left == right || (is_blank(left) && is_blank(right)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;
    use serde_json::json;

    fn list(source: &str, day: Option<u32>) -> List {
        let edition = day.and_then(|day| NaiveDate::from_ymd_opt(2026, 1, day));
        List {
            source: source.to_owned(),
            edition,
        }
    }

    #[test]
    fn only_what_the_same_list_said_before_or_nobody_did_is_replaced() {
        use Reason::{NewerEdition, OtherList, Signed, WrittenByPeople};
        let a = |day| list("a", day);
        for (present, origin, is_signed, new, expected) in [
            (json!(null), Origin::Nobody, false, a(None), None),
            (json!([]), Origin::Nobody, false, a(None), None),
            (
                json!("x"),
                Origin::Nobody,
                false,
                a(None),
                Some(WrittenByPeople),
            ),
            (
                json!(null),
                Origin::Person,
                false,
                a(None),
                Some(WrittenByPeople),
            ),
            (
                json!("x"),
                Origin::Person,
                false,
                a(None),
                Some(WrittenByPeople),
            ),
            (
                json!(null),
                Origin::List(list("b", None)),
                false,
                a(None),
                None,
            ),
            (
                json!("x"),
                Origin::List(list("b", None)),
                false,
                a(None),
                Some(OtherList),
            ),
            (json!("x"), Origin::List(a(None)), false, a(None), None),
            (
                json!("x"),
                Origin::List(a(Some(2))),
                false,
                a(Some(2)),
                None,
            ),
            (
                json!("x"),
                Origin::List(a(Some(2))),
                false,
                a(Some(3)),
                None,
            ),
            (
                json!("x"),
                Origin::List(a(Some(2))),
                false,
                a(Some(1)),
                Some(NewerEdition),
            ),
            (json!("x"), Origin::List(a(Some(2))), false, a(None), None),
            (json!(null), Origin::Nobody, true, a(None), Some(Signed)),
            (
                json!("x"),
                Origin::List(a(None)),
                true,
                a(None),
                Some(Signed),
            ),
        ] {
            let found = obstacle(&present, &origin, is_signed, &new);
            assert_eq!(found, expected, "{present} {origin:?} {is_signed} {new:?}");
        }
    }

    #[test]
    fn the_same_codes_in_another_order_are_no_change() {
        assert!(is_same(&json!(["a", "b"]), &json!(["b", "a"])));
        assert!(!is_same(&json!(["a", "b"]), &json!(["a"])));
        assert!(is_same(&json!(null), &json!([])));
        assert!(!is_same(&json!(null), &json!("a")));
    }
}
