//! The members of an object, each as it is written: what is only compared, chosen and kept need not
//! be understood.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::error::{Error, Result};

/// An object as it is written.
#[derive(Debug)]
pub struct Written(String);

impl Written {
    /// Of anything that is written as an object.
    ///
    /// # Errors
    /// `internal_error` for what cannot be written.
    pub fn of<T: Serialize>(object: &T) -> Result<Self> {
        serde_json::to_string(object)
            .map(Self)
            .map_err(Error::internal)
    }

    /// Its members, in their order.
    ///
    /// # Errors
    /// `internal_error` for what is no object.
    pub fn members(&self) -> Result<Members<'_>> {
        serde_json::from_str(&self.0).map_err(Error::internal)
    }
}

/// The names of the members that two objects of a kind differ in.
///
/// # Errors
/// `internal_error` for what cannot be written as an object.
pub fn differing<T: Serialize>(before: &T, after: &T) -> Result<Vec<String>> {
    let (before, after) = (Written::of(before)?, Written::of(after)?);
    let (before, after) = (before.members()?, after.members()?);
    let names = before.differing(&after).map(str::to_owned);
    Ok(names.collect())
}

/// The members of an object, in their order.
#[derive(Debug, Default)]
pub struct Members<'a>(Vec<(&'a str, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Each with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a RawValue)> {
        self.0.iter().copied()
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.iter().map(|(name, _)| name)
    }

    /// Those that another object does not have, or has otherwise, by name.
    pub fn differing<'s>(&'s self, other: &'s Self) -> impl Iterator<Item = &'a str> + 's {
        let differs = |(name, value): &(&str, &RawValue)| {
            let found = other.iter().find(|(own, _)| own == name);
            found.is_none_or(|(_, other)| other.get() != value.get())
        };
        self.iter().filter(differs).map(|(name, _)| name)
    }

    /// Those of these names.
    #[must_use]
    pub fn only(&self, names: &[&str]) -> Self {
        let kept = self.iter().filter(|(name, _)| names.contains(name));
        Self(kept.collect())
    }
}

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(Self::default())
    }
}

impl<'de> Visitor<'de> for Members<'de> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(
        mut self,
        mut members: A,
    ) -> std::result::Result<Self, A::Error> {
        while let Some(member) = members.next_entry()? {
            self.0.push(member);
        }
        Ok(self)
    }
}
