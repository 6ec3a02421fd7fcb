//! The object types of the feed, and its objects as a caller may see them now.
//!
//! The list below is the only one: what is read beside a change, the URLs and the known types of
//! changes all come from it. A type whose writes are journaled and that is missing there does not
//! compile.

use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use futures_util::future::{LocalBoxFuture, try_join_all};
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};
use uuid::Uuid;

use super::model::Change;
use crate::agreements::conventions::amendments::model::Filed;
use crate::agreements::conventions::model::Convention;
use crate::agreements::declinations::model::Declination;
use crate::db::journal::InFeed;
use crate::error::{Error, Result, Rule};
use crate::feed::{Changed, FeedObject, Reading, Rows};
use crate::integration::webhooks::model::Webhook;
use crate::offers::interventions::model::Offer;
use crate::offers::interventions::syncs::model::Sync;
use crate::offers::solicitations::model::Solicitation;
use crate::reference::Reference;
use crate::register::clients::model::Client;
use crate::register::contacts::model::Contact;
use crate::register::establishments::model::Establishment;
use crate::register::partners::model::Partner;
use crate::register::partners::representatives::model::Representative;
use crate::results::campaigns::model::Campaign;
use crate::results::publications::model::Publication;
use crate::results::reports::model::FullReport;
use crate::values::{Described, FromText, schemas};

macro_rules! types {
    ($($object:ty),* $(,)?) => {
        $(impl InFeed for $object {})*

        /// Every type of object.
        const TYPES: &[Type] = &[$(Type::of::<$object>()),*];
    };
}

types![
    Partner,
    Representative,
    Convention,
    Filed<'_>,
    Declination,
    Offer,
    Sync,
    Solicitation,
    Campaign,
    Contact,
    Establishment,
    FullReport,
    Publication,
    Client,
    Webhook,
];

/// Objects by their ids; all the changes of one share it.
pub type Objects = HashMap<Uuid, Rc<Value>>;

/// A type of object, and how its objects are read.
#[derive(Debug)]
pub struct Type {
    name: &'static str,
    /// Where its rows are.
    pub rows: Rows,
    verbs: &'static [&'static str],
    parent: Option<&'static str>,
    read: Read,
}

/// How the objects of a type are read.
type Read = for<'a> fn(&'a Reading<'a>, Changed<'a>) -> LocalBoxFuture<'a, Result<Objects>>;

impl Type {
    const fn of<T: FeedObject>() -> Self {
        Self {
            name: T::TYPE,
            rows: T::ROWS,
            verbs: T::VERBS,
            parent: T::PARENT,
            read: read_type::<T>,
        }
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        TYPES.iter()
    }

    /// Those of these objects that the caller may see now, as it may see them.
    ///
    /// # Errors
    /// `service_unavailable` when PostgreSQL is away.
    pub async fn read(&self, reading: &Reading<'_>, objects: Changed<'_>) -> Result<Objects> {
        (self.read)(reading, objects).await
    }

    fn named(name: &str) -> Option<&'static Self> {
        TYPES.iter().find(|one| one.name == name)
    }

    /// Those of these changes' objects that are of the type, each once; none where there are none.
    fn changed<'a>(&self, changes: &'a [Change]) -> Option<Changed<'a>> {
        let own = changes
            .iter()
            .filter(|change| change.object_type == self.name);
        let mut objects: Vec<_> = own
            .map(|change| (change.object_id, change.object_key.as_str()))
            .collect();
        objects.sort_unstable();
        objects.dedup();
        (!objects.is_empty()).then_some(Changed(objects))
    }
}

fn read_type<'a, T: FeedObject>(
    reading: &'a Reading<'a>,
    changed: Changed<'a>,
) -> LocalBoxFuture<'a, Result<Objects>> {
    Box::pin(async move {
        let found = T::read(reading, &changed).await?;
        let written = found.into_iter().map(|(id, object)| {
            let value = serde_json::to_value(object).map_err(Error::internal)?;
            Ok((id, Rc::new(value)))
        });
        written.collect()
    })
}

/// The objects of these changes as the caller may see them now: one reading for each type that is
/// among them, all sent together.
pub async fn read(reading: &Reading<'_>, changes: &[Change]) -> Result<Objects> {
    let readings = TYPES.iter().filter_map(|one| {
        let changed = one.changed(changes)?;
        Some((one.read)(reading, changed))
    });
    let found = try_join_all(readings).await?;
    Ok(found.into_iter().flatten().collect())
}

/// The names of the types of object.
pub fn names() -> impl Iterator<Item = &'static str> {
    TYPES.iter().map(|one| one.name)
}

/// The URL of a change's object.
pub fn url(change: &Change) -> String {
    url_of(&change.object_type, change.parent_id, &change.object_key)
}

/// The URL of the object of a type that is known by this key, below this one.
pub fn url_of(kind: &str, parent_id: Option<Uuid>, key: &str) -> String {
    let parent = Type::named(kind).and_then(|one| one.parent);
    match parent.zip(parent_id) {
        Some((above, id)) => format!("/v1/{above}/{id}/{kind}s/{key}"),
        None => format!("/v1/{kind}s/{key}"),
    }
}

/// The names of the types, as a parameter takes them.
const NAMES: &str = "partner, representative, convention, amendment, declination, intervention, sync, \
                     solicitation, campaign, contact, establishment, report, publication, client, webhook";

/// A type of object, as it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct ObjectKind(pub &'static Type);

impl PartialEq for ObjectKind {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Described for ObjectKind {
    fn described() -> RefOr<Schema> {
        schemas::one_of(names(), None)
    }
}

impl FromText for ObjectKind {
    fn from_text(text: &str) -> Result<Self, Rule> {
        let known = Type::named(text).map(Self);
        known.ok_or(Rule::Format(NAMES))
    }
}

/// The nomenclature of the types of change.
const EVENT_TYPES: &str = "event_types";

/// The type of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeType {
    object: &'static str,
    verb: &'static str,
}

impl fmt::Display for ChangeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.object, self.verb)
    }
}

impl Described for ChangeType {
    fn described() -> RefOr<Schema> {
        let name = |one: &Type, verb: &str| format!("{}.{verb}", one.name);
        let of = |one: &'static Type| one.verbs.iter().map(move |verb| name(one, verb));
        schemas::one_of(TYPES.iter().flat_map(of), None)
    }
}

impl FromText for ChangeType {
    fn from_text(text: &str) -> Result<Self, Rule> {
        let known = text.split_once('.').and_then(|(object, verb)| {
            let kind = Type::named(object)?;
            let verb = kind.verbs.iter().find(|known| **known == verb)?;
            Some(Self {
                object: kind.name,
                verb,
            })
        });
        known.ok_or_else(|| {
            let list = Reference::get().nomenclature(EVENT_TYPES);
            let near = list.and_then(|list| list.meant_by(text));
            Rule::UnknownCode(EVENT_TYPES, near)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nomenclature_has_each_type_of_change_in_order() {
        let list = Reference::get().nomenclature(EVENT_TYPES).unwrap();
        let of = |one: &Type| {
            let name = one.name;
            let verbs = one.verbs.iter();
            verbs
                .map(move |verb| format!("{name}.{verb}"))
                .collect::<Vec<_>>()
        };
        let all: Vec<String> = TYPES.iter().flat_map(of).collect();
        assert_eq!(list.codes(), all);
    }

    #[test]
    fn the_parameter_names_each_type() {
        let all: Vec<&str> = names().collect();
        assert_eq!(NAMES.split(", ").collect::<Vec<_>>(), all);
        assert!(all.iter().all(|name| ObjectKind::from_text(name).is_ok()));
        assert!(ObjectKind::from_text("partners").is_err());
    }

    #[test]
    fn no_type_stands_twice_and_each_verb_is_a_type_of_change() {
        let mut names: Vec<&str> = TYPES.iter().map(|one| one.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TYPES.len());
        for one in TYPES {
            for verb in one.verbs {
                let name = format!("{}.{verb}", one.name);
                assert_eq!(ChangeType::from_text(&name).unwrap().to_string(), name);
            }
        }
        for unknown in ["partner", "partner.", "partner.signed", "nothing.created"] {
            assert!(ChangeType::from_text(unknown).is_err(), "{unknown}");
        }
    }
}
