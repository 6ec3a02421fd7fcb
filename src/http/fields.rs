//! Reading a JSON object into a typed value, noting every fault on the way.
//!
//! A resource lists its fields once, for creation and for change; each field's type carries its
//! own rules ([`Field`]). [`Fields`] hands them out, remembers what was asked for, and at the end
//! refuses what nobody asked for.

use serde_json::{Map, Value};

use super::pointer::Pointer;
use crate::error::{Faults, Place, Rule};
use crate::values::FromText;

/// A type that can be read from a JSON value, or names the rule that the value breaks.
pub trait Field: Sized {
    /// Reads the value at this position; faults are of this position, or of one below it.
    fn read(value: &Value, at: Pointer<'_>, faults: &mut Faults) -> Option<Self>;
}

impl<T: FromText> Field for T {
    fn read(value: &Value, at: Pointer<'_>, faults: &mut Faults) -> Option<Self> {
        // To find out what was meant by a code costs more than all else: not where it is not told.
        if faults.is_full() {
            return None;
        }
        let parsed = value
            .as_str()
            .ok_or(Rule::WrongType("string"))
            .and_then(T::from_text);
        parsed.map_err(|rule| faults.add(at.place(), rule)).ok()
    }
}

/// The longest list a field accepts by default.
pub const MAX_ITEMS: usize = 200;

/// A list without repeats.
impl<T: FromText + PartialEq> Field for Vec<T> {
    fn read(value: &Value, at: Pointer<'_>, faults: &mut Faults) -> Option<Self> {
        let Some(items) = value.as_array() else {
            faults.add(at.place(), Rule::WrongType("array"));
            return None;
        };
        if items.len() > MAX_ITEMS {
            faults.add(at.place(), Rule::TooManyItems(MAX_ITEMS));
            return None;
        }
        let mut list = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            if faults.is_full() {
                break;
            }
            let at = at.item(index);
            match T::read(item, at, faults) {
                Some(item) if list.contains(&item) => faults.add(at.place(), Rule::RepeatedItem),
                Some(item) => list.push(item),
                None => {}
            }
        }
        Some(list)
    }
}

/// A body that can be read: what creates or changes a resource.
pub trait Body: Sized {
    /// Reads every field, noting the faults; the value is whole when there were none.
    fn read(fields: &mut Fields<'_>) -> Option<Self>;
}

/// The members of the object that is read, and the faults found so far.
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    /// The position of the object.
    at: Pointer<'a>,
    /// Whether what is absent is no fault: the object is a change.
    partial: bool,
    known: Vec<&'static str>,
    /// Whether members that nobody asked for are left alone.
    open: bool,
    faults: &'a mut Faults,
}

impl<'a> Fields<'a> {
    /// Reads a whole body; anything but an object is a fault of the body itself.
    pub fn body<T: Body>(value: &Value, faults: &'a mut Faults) -> Option<T> {
        read_at(value, Pointer::Body, false, faults)
    }

    /// Reads the object as a change of a `T`: its members are checked, none is needed. Returns them,
    /// where nothing is wrong with them.
    pub fn partially<T: Body>(&mut self) -> Map<String, Value> {
        self.partial = true;
        let _ = T::read(self);
        match self.faults.is_empty() {
            true => self.object.clone(),
            false => Map::new(),
        }
    }

    fn take(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        self.object.get(name)
    }

    /// Notes a fault of a field.
    pub fn fault(&mut self, name: &str, rule: Rule) {
        self.faults.add(self.at.member(name).place(), rule);
    }

    /// Notes a fault of an item of a list, or of a member of an object, below a field: `lines`, `/2/girls`.
    pub fn fault_below(&mut self, name: &str, below: &str, rule: Rule) {
        let pointer = format!("{}{below}", self.at.member(name));
        self.faults.add(Place::Pointer(pointer), rule);
    }

    /// Notes that a field, already read as optional, is needed after all; a change need not name it.
    pub fn needs(&mut self, name: &str) {
        match self.object.get(name) {
            _ if self.partial => {}
            None => self.fault(name, Rule::Required),
            Some(Value::Null) => self.fault(name, Rule::NotNull),
            Some(_) => {}
        }
    }

    /// Notes that a list, already read, needs an item after all; a change need not name it.
    pub fn needs_item(&mut self, name: &str) {
        if !self.partial && self.gives_empty_list(name) {
            self.fault(name, Rule::EmptyList);
        }
        self.needs(name);
    }

    /// A field that creation needs.
    pub fn required<T: Field>(&mut self, name: &'static str) -> Option<T> {
        match self.take(name) {
            None => {
                if !self.partial {
                    self.fault(name, Rule::Required);
                }
                None
            }
            Some(Value::Null) => {
                self.fault(name, Rule::NotNull);
                None
            }
            Some(value) => T::read(value, self.at.member(name), self.faults),
        }
    }

    /// A field as it was sent, unless it is absent or null, left for its reader.
    pub fn raw(&mut self, name: &'static str) -> Option<&'a Value> {
        self.take(name).filter(|value| !value.is_null())
    }

    /// A field that may be absent or null.
    pub fn optional<T: Field>(&mut self, name: &'static str) -> Option<T> {
        let value = self.take(name).filter(|value| !value.is_null())?;
        T::read(value, self.at.member(name), self.faults)
    }

    /// An object, which may be absent or null. In a change its members are optional as well.
    pub fn object<T: Body>(&mut self, name: &'static str) -> Option<T> {
        let value = self.take(name).filter(|value| !value.is_null())?;
        read_at(value, self.at.member(name), self.partial, self.faults)
    }

    /// A list of objects, empty when absent or null. A change replaces it whole.
    pub fn objects<T: Body>(&mut self, name: &'static str, most: usize) -> Vec<T> {
        let items = self.objects_in_place(name, most);
        items.into_iter().flatten().collect()
    }

    /// As [`Fields::objects`], with a gap for each that could not be read: what is compared between
    /// them keeps its place.
    pub fn objects_in_place<T: Body>(&mut self, name: &'static str, most: usize) -> Vec<Option<T>> {
        let Some(value) = self.take(name).filter(|value| !value.is_null()) else {
            return Vec::new();
        };
        let Some(items) = value.as_array() else {
            self.fault(name, Rule::WrongType("array"));
            return Vec::new();
        };
        if items.len() > most {
            self.fault(name, Rule::TooManyItems(most));
            return Vec::new();
        }
        let at = self.at.member(name);
        let items = items.iter().enumerate();
        items
            .map(|(index, item)| read_at(item, at.item(index), false, self.faults))
            .collect()
    }

    /// A whole number between bounds, included, which may be absent or null.
    pub fn integer(&mut self, name: &'static str, low: i32, high: i32) -> Option<i32> {
        let value = self.take(name).filter(|value| !value.is_null())?;
        let Some(number) = value.as_i64().or_else(|| whole(value)) else {
            let kind = if value.is_number() && !value.is_f64() {
                Rule::OutOfRange(low.into(), high.into())
            } else {
                Rule::WrongType("integer")
            };
            self.fault(name, kind);
            return None;
        };
        match i32::try_from(number) {
            Ok(number) if (low..=high).contains(&number) => Some(number),
            _ => {
                self.fault(name, Rule::OutOfRange(low.into(), high.into()));
                None
            }
        }
    }

    /// A number between bounds, included, that creation needs.
    pub fn required_number(&mut self, name: &'static str, low: i32, high: i32) -> Option<f64> {
        let number = self.number(name, low, high);
        self.needs(name);
        number
    }

    /// A number between bounds, included, which may be absent or null.
    pub fn number(&mut self, name: &'static str, low: i32, high: i32) -> Option<f64> {
        let value = self.take(name).filter(|value| !value.is_null())?;
        let Some(number) = value.as_f64() else {
            self.fault(name, Rule::WrongType("number"));
            return None;
        };
        if (f64::from(low)..=f64::from(high)).contains(&number) {
            return Some(number);
        }
        self.fault(name, Rule::OutOfRange(low.into(), high.into()));
        None
    }

    /// A list of whatever there is, of one item at least and `most` at most, left for its reader.
    pub fn values(&mut self, name: &'static str, most: usize) -> Option<&'a [Value]> {
        self.needs(name);
        let value = self.take(name).filter(|value| !value.is_null())?;
        let Some(items) = value.as_array() else {
            self.fault(name, Rule::WrongType("array"));
            return None;
        };
        if items.is_empty() {
            self.fault(name, Rule::EmptyList);
        } else if items.len() > most {
            self.fault(name, Rule::TooManyItems(most));
        }
        Some(items)
    }

    /// An item of such a list.
    pub fn item<T: Field>(&mut self, name: &str, place: usize, value: &Value) -> Option<T> {
        T::read(value, self.at.member(name).item(place), self.faults)
    }

    /// A list that is empty when absent or null.
    pub fn list<T>(&mut self, name: &'static str) -> Vec<T>
    where
        Vec<T>: Field,
    {
        self.optional(name).unwrap_or_default()
    }

    /// A list that needs an item.
    pub fn required_list<T>(&mut self, name: &'static str) -> Option<Vec<T>>
    where
        Vec<T>: Field,
    {
        let list: Option<Vec<T>> = self.required(name);
        if self.gives_empty_list(name) {
            self.fault(name, Rule::EmptyList);
        }
        list
    }

    /// Fields the service sets: answered by reading, refused in input.
    pub fn read_only(&mut self, names: &[&'static str]) {
        for name in names {
            if self.take(name).is_some() {
                self.fault(name, Rule::ReadOnly);
            }
        }
    }

    /// Fields the service sets, which may be sent back where the answer says that they were passed
    /// over: those that the object has.
    pub fn passed_over(&mut self, names: &[&'static str]) -> Vec<&'static str> {
        let is_given = |name: &&'static str| self.take(name).is_some();
        names.iter().copied().filter(is_given).collect()
    }

    /// A field the service sets, which may be sent back as long as it is not set.
    pub fn read_only_unless_null(&mut self, name: &'static str) {
        if self.take(name).is_some_and(|value| !value.is_null()) {
            self.fault(name, Rule::ReadOnly);
        }
    }

    /// Whether the object names this field.
    pub fn names(&self, name: &str) -> bool {
        self.object.contains_key(name)
    }

    /// Whether the object gives this field a value.
    pub fn gives(&self, name: &str) -> bool {
        self.object.get(name).is_some_and(|value| !value.is_null())
    }

    /// Whether it gives a value that is no empty list.
    pub fn gives_something(&self, name: &str) -> bool {
        self.gives(name) && !self.gives_empty_list(name)
    }

    fn gives_empty_list(&self, name: &str) -> bool {
        let list = self.object.get(name).and_then(Value::as_array);
        list.is_some_and(Vec::is_empty)
    }

    /// Whether the object is a change, whose members are judged one by one.
    pub fn is_change(&self) -> bool {
        self.partial
    }

    /// Leaves the other members alone: which ones there may be is not known here.
    pub fn leave_the_rest(&mut self) {
        self.open = true;
    }

    fn finish(self) {
        if self.open {
            return;
        }
        for name in self
            .object
            .keys()
            .filter(|name| !self.known.contains(&name.as_str()))
        {
            if self.faults.is_full() {
                return;
            }
            let place = self.at.member(name).place();
            let rule = Rule::UnknownField(self.known.clone());
            self.faults.add(place, rule);
        }
    }
}

/// Reads the object at a pointer; anything but an object is a fault of that place.
fn read_at<T: Body>(
    value: &Value,
    at: Pointer<'_>,
    partial: bool,
    faults: &mut Faults,
) -> Option<T> {
    let Some(object) = value.as_object() else {
        faults.add(at.place(), Rule::WrongType("object"));
        return None;
    };
    let mut fields = Fields {
        object,
        at,
        partial,
        known: Vec::new(),
        open: false,
        faults,
    };
    let read = T::read(&mut fields);
    fields.finish();
    read
}

/// `3.0` is a whole number too (RFC 8259 makes no difference).
fn whole(value: &Value) -> Option<i64> {
    let number = value.as_f64()?;
    let text = format!("{number}");
    text.parse().ok()
}

/// No body, or an empty object: what a workflow step without fields takes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nothing;

impl Body for Nothing {
    fn read(_fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self)
    }
}

impl Field for bool {
    fn read(value: &Value, at: Pointer<'_>, faults: &mut Faults) -> Option<Self> {
        let flag = value.as_bool();
        if flag.is_none() {
            faults.add(at.place(), Rule::WrongType("boolean"));
        }
        flag
    }
}
