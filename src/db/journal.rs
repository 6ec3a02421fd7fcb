//! What the journal keeps of a write: the audit row and the change event, made of the object before
//! and after it.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::values::{Members, Written};

/// A type of object that the journal and the feed name.
pub trait ObjectType {
    /// The first word of its actions (`partner`).
    const TYPE: &'static str;
    /// Their last words, by which the feed is filtered (`created`).
    const VERBS: &'static [&'static str];
    /// The collection of the objects whose URLs its own start with.
    const PARENT: Option<&'static str> = None;
}

/// A type that the feed reads: only the list of the feed's types implements it. A type that is
/// journaled but not listed would have changes whose objects cannot be read, and does not compile.
#[diagnostic::on_unimplemented(
    message = "the feed does not read `{Self}`",
    note = "give it a `FeedObject` and add it to the list of `integration::changes::objects`"
)]
pub trait InFeed {}

/// An object whose writes are journaled.
pub trait Journaled: ObjectType + InFeed + Serialize {
    /// The fields with personal data: the journal names them and never has their values.
    const PERSONAL: &'static [&'static str];
    /// Its id.
    fn id(&self) -> Uuid;
    /// Its version.
    fn version(&self) -> i64;
    /// The last part of its URL.
    fn key(&self) -> String {
        self.id().to_string()
    }
    /// The object whose URL its own starts with.
    fn parent(&self) -> Option<Uuid> {
        None
    }
    /// Who may read its changes.
    fn audience(&self) -> Audience {
        Audience::everyone()
    }
}

/// Who may read a change, kept with it: the present state of an object does not show who could read
/// it then.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audience(Vec<String>);

impl Audience {
    /// The ministry alone, which every audience has.
    pub fn ministry() -> Self {
        Self::default()
    }

    /// Every role.
    pub fn everyone() -> Self {
        Self(vec!["everyone".to_owned()])
    }

    /// These partners too.
    #[must_use]
    pub fn and_partners(mut self, partners: impl IntoIterator<Item = Uuid>) -> Self {
        let partners = partners.into_iter().map(|id| format!("partner:{id}"));
        self.0.extend(partners);
        self
    }

    /// The perimeters that hold it too: `ancestors` is its territories and all above them.
    #[must_use]
    pub fn and_within(mut self, ancestors: &[String]) -> Self {
        self.0
            .extend(ancestors.iter().map(|code| format!("within:{code}")));
        self
    }

    /// The schools that these territories cover too.
    #[must_use]
    pub fn and_schools_under<'c>(mut self, covers: impl IntoIterator<Item = &'c str>) -> Self {
        self.0
            .extend(covers.into_iter().map(|code| format!("over:{code}")));
        self
    }

    /// The readers too.
    #[must_use]
    pub fn and_readers(mut self) -> Self {
        self.0.push("readers".to_owned());
        self
    }

    /// This caller too.
    #[must_use]
    pub fn and_caller(mut self, caller: &str) -> Self {
        self.0.push(format!("caller:{caller}"));
        self
    }

    /// The words of both, once each.
    fn or(mut self, other: Self) -> Vec<String> {
        let more: Vec<String> = other
            .0
            .into_iter()
            .filter(|word| !self.0.contains(word))
            .collect();
        self.0.extend(more);
        self.0
    }
}

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
    pub before: Option<Box<RawValue>>,
    pub after: Option<Box<RawValue>>,
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
        let difference = Difference::between(before, after, T::PERSONAL)?;
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

/// What a write changed: the names of the fields, and the values of those that are not personal.
struct Difference {
    fields: Vec<String>,
    before: Option<Box<RawValue>>,
    after: Option<Box<RawValue>>,
}

impl Difference {
    fn between<T: Serialize>(
        before: Option<&T>,
        after: Option<&T>,
        personal: &[&str],
    ) -> Result<Self> {
        let before = before.map(Written::of).transpose()?;
        let after = after.map(Written::of).transpose()?;
        let before = before.as_ref().map(Written::members).transpose()?;
        let after = after.as_ref().map(Written::members).transpose()?;
        let fields: Vec<&str> = match (&before, &after) {
            (Some(before), Some(after)) => {
                let changed = before.differing(after);
                changed.filter(|name| *name != "updated_at").collect()
            }
            (Some(one), None) | (None, Some(one)) => one.names().collect(),
            (None, None) => Vec::new(),
        };
        let is_shown = |name: &&str| !personal.contains(name);
        let shown: Vec<&str> = fields.iter().copied().filter(is_shown).collect();
        let kept = |members: Option<Members<'_>>| {
            let kept = members.map(|members| to_raw_value(&members.only(&shown)));
            kept.transpose().map_err(Error::internal)
        };
        Ok(Self {
            fields: fields.iter().map(|name| (*name).to_owned()).collect(),
            before: kept(before)?,
            after: kept(after)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_change_names_personal_fields_and_never_shows_them() {
        let before = json!({"id": 1, "name": "A", "function": "x", "updated_at": 1});
        let after = json!({"id": 1, "name": "B", "function": "y", "updated_at": 2});
        let difference = Difference::between(Some(&before), Some(&after), &["name"]).unwrap();
        assert_eq!(difference.fields, ["name", "function"]);
        assert_eq!(difference.before.unwrap().get(), r#"{"function":"x"}"#);
        assert_eq!(difference.after.unwrap().get(), r#"{"function":"y"}"#);
    }
}
