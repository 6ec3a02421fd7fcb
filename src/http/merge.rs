//! Merge patches (RFC 7396): a change read with the very reading of a creation.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use super::fields::{Body, Fields};
use crate::error::{Error, Faults, Place, Result, Rule};

/// A merge patch (RFC 7396) of the content type `B`. Each member is checked when it arrives; rules
/// between members are checked on the patched object.
#[derive(Debug, Clone)]
pub struct Patch<B> {
    members: Map<String, Value>,
    made: PhantomData<fn() -> B>,
}

impl<B: Body> Body for Patch<B> {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            members: fields.partially::<B>(),
            made: PhantomData,
        })
    }
}

impl<B: Body + Serialize> Patch<B> {
    /// Whether the patch has this member.
    pub fn names(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// The value it gives this member, if it has it.
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    /// The patched object.
    ///
    /// # Errors
    /// `validation_failed` when its members do not go together.
    pub fn apply(&self, present: &B) -> Result<B> {
        let mut faults = Faults::default();
        let made = self.apply_noting(present, &mut faults);
        faults
            .check()
            .and(made)
            .map_err(|error| self.cleared(error))
    }

    /// As [`Patch::apply`], for a workflow that reports further faults with these: members that
    /// contradict each other are noted, and cleared ones are absent.
    ///
    /// # Errors
    /// `validation_failed` when nothing can be made of it.
    pub fn apply_noting(&self, present: &B, faults: &mut Faults) -> Result<B> {
        let present = serde_json::to_value(present).map_err(Error::internal)?;
        let mut merged = present.clone();
        merge(&mut merged, &Value::Object(self.members.clone()));
        let made = Fields::body(&merged, faults);
        // What an import left unknown may stay so: a change need not say it.
        faults.forget(|fault| {
            let is_null = |(name, value): (&String, &Value)| {
                value.is_null() && fault.place == Place::field(name)
            };
            let stays = present
                .as_object()
                .is_some_and(|all| all.iter().any(is_null));
            fault.rule == Rule::NotNull && stays && !self.names_place(&fault.place)
        });
        made.ok_or_else(|| match std::mem::take(faults).check() {
            Ok(()) => Error::internal("a body without a fault and without a value"),
            Err(refused) => refused,
        })
    }
}

impl<B> Patch<B> {
    fn names_place(&self, place: &Place) -> bool {
        self.members.keys().any(|name| *place == Place::field(name))
    }

    /// The refusal, in the patch's terms: what it cleared is not absent, it is null.
    fn cleared(&self, mut error: Error) -> Error {
        let clears = |place: &Place| {
            let mut members = self.members.iter();
            members.any(|(name, value)| value.is_null() && *place == Place::field(name))
        };
        for fault in &mut error.faults {
            if fault.rule == Rule::Required && clears(&fault.place) {
                fault.rule = Rule::NotNull;
            }
        }
        error
    }
}

/// RFC 7396 §2: objects are merged, `null` removes, everything else replaces.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(members) = target else {
        return;
    };
    for (name, change) in changes {
        if change.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}

impl<B: PartialSchema> PartialSchema for Patch<B> {
    /// The fields of a creation, none of them needed.
    fn schema() -> RefOr<Schema> {
        let mut schema = B::schema();
        loosen(&mut schema);
        let description = "Ce qui change (RFC 7396) : un champ absent reste, `null` vide.";
        match &mut schema {
            RefOr::T(Schema::Object(object)) => object.description = Some(description.to_owned()),
            RefOr::T(Schema::AllOf(all)) => all.description = Some(description.to_owned()),
            _ => {}
        }
        schema
    }
}

fn loosen(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => object.required.clear(),
        RefOr::T(Schema::AllOf(all)) => all.items.iter_mut().for_each(loosen),
        _ => {}
    }
}

impl<B: ToSchema> ToSchema for Patch<B> {
    fn name() -> Cow<'static, str> {
        let created = B::name();
        let thing = created.strip_prefix("New").unwrap_or(&created);
        Cow::Owned(format!("{thing}Patch"))
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        B::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn merged(target: &Value, patch: &Value) -> Value {
        let mut merged = target.clone();
        merge(&mut merged, patch);
        merged
    }

    #[test]
    fn the_examples_of_the_rfc() {
        for (target, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": "b"}),
                json!({"b": "c"}),
                json!({"a": "b", "b": "c"}),
            ),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (
                json!({"a": "b", "b": "c"}),
                json!({"a": null}),
                json!({"b": "c"}),
            ),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (
                json!({"a": [{"b": "c"}]}),
                json!({"a": [1]}),
                json!({"a": [1]}),
            ),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a": "b"}), json!(["c"]), json!(["c"])),
            (json!({"a": "foo"}), json!(null), json!(null)),
            (
                json!({"e": null}),
                json!({"a": 1}),
                json!({"e": null, "a": 1}),
            ),
            (
                json!([1, 2]),
                json!({"a": "b", "c": null}),
                json!({"a": "b"}),
            ),
            (
                json!({}),
                json!({"a": {"bb": {"ccc": null}}}),
                json!({"a": {"bb": {}}}),
            ),
        ] {
            assert_eq!(merged(&target, &patch), result, "{target} + {patch}");
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a-c]{0,2}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[a-c]", inner, 0..3)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_patch_made_twice_is_made_once(target in any_json(), patch in any_json()) {
            let once = merged(&target, &patch);
            prop_assert_eq!(merged(&once, &patch), once);
        }

        #[test]
        fn what_a_patch_does_not_name_stays(target in any_json(), patch in any_json()) {
            let after = merged(&target, &patch);
            if let (Value::Object(before), Value::Object(changes)) = (&target, &patch) {
                for (name, value) in before.iter().filter(|(name, _)| !changes.contains_key(*name)) {
                    prop_assert_eq!(after.get(name), Some(value));
                }
                for (name, change) in changes {
                    prop_assert_eq!(after.get(name).is_none(), change.is_null());
                }
            }
        }
    }
}
