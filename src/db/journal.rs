//! What the journal keeps of a write: the audit row and the change event, made of the object before
//! and after it.

use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::write::Journaled;
use crate::error::{Error, Result};

/// A write to journal: the verb of its step, the object before it and after it.
pub struct Step<'a, T> {
    /// `created`, `updated`…
    pub verb: &'a str,
    /// None when it was created.
    pub before: Option<&'a T>,
    /// None when it was removed.
    pub after: Option<&'a T>,
}

/// The two rows of a write, but for what all of a transaction's have: the author and the moment.
#[derive(Debug, Serialize)]
pub(super) struct Entry {
    pub audit_id: Uuid,
    pub action: String,
    pub object_id: Uuid,
    pub fields: Vec<String>,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub object_key: String,
    pub parent_id: Option<Uuid>,
    pub version: i64,
    pub audience: Vec<String>,
}

impl Entry {
    /// The rows of a step.
    ///
    /// # Errors
    /// `internal_error` for an object that cannot be written as one.
    pub fn of<T: Journaled>(
        audit_id: Uuid,
        verb: &str,
        before: Option<&T>,
        after: Option<&T>,
    ) -> Result<Self> {
        let subject = after
            .or(before)
            .ok_or_else(|| Error::internal("nothing to journal"))?;
        let difference = Difference::between(snapshot(before)?, snapshot(after)?, T::PERSONAL);
        let removed = i64::from(after.is_none());
        // Those who could read it and those who can: the first must learn that they no longer do.
        let audience_of = |object: Option<&T>| object.map(T::audience).unwrap_or_default();
        Ok(Self {
            audit_id,
            action: format!("{}.{verb}", T::TYPE),
            object_id: subject.id(),
            fields: difference.fields,
            before: difference.before,
            after: difference.after,
            object_key: subject.key(),
            parent_id: subject.parent(),
            version: subject.version() + removed,
            audience: audience_of(before).or(audience_of(after)),
        })
    }
}

fn snapshot<T: Journaled>(object: Option<&T>) -> Result<Option<Map<String, Value>>> {
    let Some(object) = object else {
        return Ok(None);
    };
    match serde_json::to_value(object).map_err(Error::internal)? {
        Value::Object(members) => Ok(Some(members)),
        _ => Err(Error::internal("only objects are journaled")),
    }
}

/// What a write changed: the names of the fields, and the values of those that are not personal.
struct Difference {
    fields: Vec<String>,
    before: Option<Value>,
    after: Option<Value>,
}

impl Difference {
    fn between(
        before: Option<Map<String, Value>>,
        after: Option<Map<String, Value>>,
        personal: &[&str],
    ) -> Self {
        let members = before.as_ref().or(after.as_ref());
        let changed = |name: &&String| match (&before, &after) {
            (Some(before), Some(after)) => {
                name.as_str() != "updated_at" && before.get(*name) != after.get(*name)
            }
            _ => true,
        };
        let fields: Vec<String> = members
            .into_iter()
            .flat_map(Map::keys)
            .filter(changed)
            .cloned()
            .collect();
        let shown = |members: &Option<Map<String, Value>>| {
            let members = members.as_ref()?;
            let kept = members
                .iter()
                .filter(|(name, _)| fields.contains(name) && !personal.contains(&name.as_str()));
            Some(Value::Object(
                kept.map(|(name, value)| (name.clone(), value.clone()))
                    .collect(),
            ))
        };
        let (before, after) = (shown(&before), shown(&after));
        Self {
            fields,
            before,
            after,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn members(value: Value) -> Option<Map<String, Value>> {
        value.as_object().cloned()
    }

    #[test]
    fn a_change_names_personal_fields_and_never_shows_them() {
        let before = members(json!({"id": 1, "name": "A", "function": "x", "updated_at": 1}));
        let after = members(json!({"id": 1, "name": "B", "function": "y", "updated_at": 2}));
        let difference = Difference::between(before, after, &["name"]);
        assert_eq!(difference.fields, ["name", "function"]);
        assert_eq!(difference.before, Some(json!({"function": "x"})));
        assert_eq!(difference.after, Some(json!({"function": "y"})));
    }
}
