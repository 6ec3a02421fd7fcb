//! An item that is an object of its own: which one it names, and what it says of it.

use serde_json::{Map, Value};

use super::layout::{ID, Layout, is_label};
use super::request::Item;
use crate::error::{Code, Error, Faults, Notice, Place, Result, Rule, notice};
use crate::http::bulk::FaultBudget;
use crate::http::fields::{Body, Fields};
use crate::http::merge::Patch;
use crate::http::slices::Slices;
use crate::values::ids::{Id, Kind};

/// A second item of one object.
static REPEATED_ROW: Notice = notice(
    "repeated_row",
    "Une ligne précédente est déjà celle de cet objet : gardez l'une des deux.",
    "An earlier row is of this object already: keep one of the two.",
);

/// The refusal of a second item of one object.
pub fn repeated_row() -> Error {
    let place = Place::Pointer(String::new());
    Error::at(Code::ValidationFailed, place, Rule::Own(&REPEATED_ROW))
}

/// What an item says.
#[derive(Debug)]
pub struct Said<K: 'static, B> {
    /// The object that it names by its id.
    pub id: Option<Id<K>>,
    /// What it says, as a change of an object that is there: what it leaves out stays.
    pub patch: Patch<B>,
    /// What it says, as a whole, where it names none.
    pub new: Option<B>,
}

/// The id in an item.
struct Named<K: 'static>(Option<Id<K>>);

impl<K: Kind> Body for Named<K> {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.leave_the_rest();
        Some(Self(fields.optional(ID)))
    }
}

impl<K: Kind, B: Body> Said<K, B> {
    /// Reads the items of a batch; what the register writes beside their fields is passed over. Of each
    /// fault what was meant is searched for: once as many are found as are told, one more of each item is.
    pub async fn read_all(items: &[Item], layout: &Layout) -> Vec<Result<Self>> {
        let (mut slices, mut budget) = (Slices::default(), FaultBudget::default());
        let mut read = Vec::with_capacity(items.len());
        for item in items {
            slices.pause().await;
            let said = Self::read(item, layout, budget.of_item());
            budget.spend(said.as_ref().err().map_or(0, |error| error.faults.len()));
            read.push(said);
        }
        read
    }

    /// Reads an item.
    ///
    /// # Errors
    /// `validation_failed`, with what is wrong with it, so much at most, and with its cells.
    fn read(item: &Item, layout: &Layout, most: usize) -> Result<Self> {
        let mut faults = Faults::at_most(most);
        let named = Fields::body::<Named<K>>(&item.object, &mut faults);
        let nothing = Map::new();
        let members = item.object.as_object().unwrap_or(&nothing);
        let gives_id = members.get(ID).is_some_and(|id| !id.is_null());
        let said = members
            .iter()
            .filter(|(name, _)| *name != ID && !layout.passes_over_member(name));
        let said = said.map(|(name, value)| (name.clone(), without_labels(value)));
        let said = Value::Object(said.collect());
        let new = match (&named, gives_id) {
            (Some(_), false) => Fields::body::<B>(&said, &mut faults),
            _ => None,
        };
        // Of an item that names no object, what is wrong was found as of a whole.
        let mut aside = Faults::at_most(1);
        let into = if gives_id { &mut faults } else { &mut aside };
        let patch = Fields::body::<Patch<B>>(&said, into);
        item.must_be_sound(faults)?;
        match (named, patch) {
            (Some(Named(id)), Some(patch)) => Ok(Self { id, patch, new }),
            _ => Err(Error::internal(
                "an item without a fault and without a value",
            )),
        }
    }
}

/// A value without the names that the register writes beside the codes in it.
fn without_labels(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let others = members.iter().filter(|(name, _)| !is_label(name));
            let others = others.map(|(name, value)| (name.clone(), without_labels(value)));
            Value::Object(others.collect())
        }
        Value::Array(items) => items.iter().map(without_labels).collect(),
        other => other.clone(),
    }
}

impl Item {
    /// Refuses what is wrong with it: with its cells, and with the rest. What a damaged cell lacks, it
    /// lacks for its damage.
    ///
    /// # Errors
    /// `validation_failed`.
    fn must_be_sound(&self, mut faults: Faults) -> Result<()> {
        faults.forget(|fault| match &fault.place {
            Place::Pointer(pointer) => self.explains(pointer),
            Place::Parameter(_) | Place::Header(_) => false,
        });
        let is_cut = faults.is_cut();
        let mut list = faults.into_list();
        list.extend(self.damage.iter().cloned());
        if list.is_empty() {
            return Ok(());
        }
        let mut error = Error::validation(list);
        error.is_cut = is_cut;
        Err(error)
    }

    /// Whether what is wrong at a place is wrong for its damaged cell, or for the whole row's.
    pub fn explains(&self, pointer: &str) -> bool {
        self.damage.iter().any(|damage| match &damage.place {
            Place::Pointer(damaged) => damaged.is_empty() || damaged == pointer,
            Place::Parameter(_) | Place::Header(_) => false,
        })
    }
}
