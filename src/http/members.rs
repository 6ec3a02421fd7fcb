//! The members of a list's items that are asked for (`fields=`).

use serde::Serialize;
use serde_json::Value;

use crate::error::{Error, Result};

/// Which members of an item are answered.
#[derive(Debug, Clone, Default)]
pub struct Members(Option<Vec<String>>);

impl Members {
    /// These and the key; all where none are named.
    pub fn new(asked: Option<Vec<String>>, key: &str) -> Self {
        Self(asked.map(|mut names| {
            if !names.iter().any(|name| name == key) {
                names.push(key.to_owned());
            }
            names
        }))
    }

    /// Whether all are.
    pub const fn are_all(&self) -> bool {
        self.0.is_none()
    }

    /// Whether this one is.
    pub fn has(&self, name: &str) -> bool {
        let named = |names: &Vec<String>| names.iter().any(|known| known == name);
        self.0.as_ref().is_none_or(named)
    }

    /// An item with no others.
    ///
    /// # Errors
    /// `internal_error` for an item that cannot be written.
    pub fn of(&self, item: &impl Serialize) -> Result<Value> {
        let mut value = serde_json::to_value(item).map_err(Error::internal)?;
        self.keep(&mut value);
        Ok(value)
    }

    /// Leaves no others in the items under `data`.
    ///
    /// # Errors
    /// As [`Members::of`].
    pub fn of_page(&self, page: &impl Serialize) -> Result<Value> {
        let mut value = serde_json::to_value(page).map_err(Error::internal)?;
        if let Some(items) = value.get_mut("data").and_then(Value::as_array_mut) {
            items.iter_mut().for_each(|item| self.keep(item));
        }
        Ok(value)
    }

    fn keep(&self, item: &mut Value) {
        if let Some(members) = item.as_object_mut() {
            members.retain(|name, _| self.has(name));
        }
    }
}
