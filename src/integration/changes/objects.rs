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
use crate::feed::{Changed, FeedObject, Reading};
use crate::integration::webhooks::model::Webhook;
use crate::offers::interventions::model::Offer;
use crate::offers::interventions::syncs::model::Sync;
use crate::offers::solicitations::model::Solicitation;
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
struct Type {
    name: &'static str,
    verbs: &'static [&'static str],
    parent: Option<&'static str>,
    read: for<'a> fn(&'a Reading<'a>, Changed<'a>) -> LocalBoxFuture<'a, Result<Objects>>,
}

impl Type {
    const fn of<T: FeedObject>() -> Self {
        Self {
            name: T::TYPE,
            verbs: T::VERBS,
            parent: T::PARENT,
            read: read_type::<T>,
        }
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

/// The URL of a change's object.
pub fn url(change: &Change) -> String {
    let (kind, key) = (&change.object_type, &change.object_key);
    let parent = Type::named(kind).and_then(|one| one.parent);
    match parent.zip(change.parent_id) {
        Some((above, id)) => format!("/v1/{above}/{id}/{kind}s/{key}"),
        None => format!("/v1/{kind}s/{key}"),
    }
}

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
        known.ok_or(Rule::UnknownCode("types", None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
