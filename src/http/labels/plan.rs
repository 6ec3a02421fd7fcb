//! Which members of an answer have labels: found in its schema, so that an answer that names a new code
//! has its label too.

use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, Schema};

use super::names::{Named, Names, Wanted};
use crate::http::formats::Column;
use crate::language::Language;
use crate::values::schemas::{Referred, name_of, referred_by};

/// How deep objects within objects are looked at.
const DEEPEST: u8 = 8;

/// The dimensions of figures, by the names they have in the key of a cell.
const DIMENSIONS: [(&str, Dimension); 10] = [
    ("academic_region", Dimension::Of(Named::Territory)),
    ("academy", Dimension::Of(Named::Territory)),
    ("convention", Dimension::Of(Named::Convention)),
    ("partner", Dimension::Of(Named::Partner)),
    ("sector", Dimension::List("sectors")),
    ("axis", Dimension::List("axes")),
    ("action_type", Dimension::List("action_types")),
    ("level", Dimension::List("levels")),
    ("moment", Dimension::List("moments")),
    ("event", Dimension::List("events")),
];

/// What the values of a dimension are.
enum Dimension {
    Of(Named),
    List(&'static str),
}

/// The labelled members of an object, and the objects in it that have some.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    members: Vec<(String, Named)>,
    below: Vec<(String, Self)>,
}

impl Plan {
    /// That of the answers of a type.
    pub fn of<T: ToSchema>() -> Self {
        Self::of_schema(&T::schema(), &referred_by::<T>(), DEEPEST)
    }

    fn of_schema(schema: &RefOr<Schema>, schemas: &Referred, deep: u8) -> Self {
        let mut plan = Self::default();
        let Some(deep) = deep.checked_sub(1) else {
            return plan;
        };
        match schema {
            RefOr::Ref(reference) => {
                if let Some(referred) = schemas.get(name_of(&reference.ref_location)) {
                    return Self::of_schema(referred, schemas, deep);
                }
            }
            RefOr::T(Schema::Object(object)) => {
                if object.properties.is_empty() && object.additional_properties.is_some() {
                    return Self::of_key(object.additional_properties.as_deref());
                }
                for (name, property) in &object.properties {
                    plan.add(name, property, schemas, deep);
                }
                // What has a name beside its code needs no other.
                if object.properties.contains_key("name") {
                    plan.members
                        .retain(|(name, _)| !["code", "uai"].contains(&name.as_str()));
                }
            }
            RefOr::T(Schema::AllOf(all)) => {
                for item in &all.items {
                    plan.join(Self::of_schema(item, schemas, deep));
                }
            }
            RefOr::T(Schema::OneOf(one)) => {
                for item in &one.items {
                    plan.join(Self::of_schema(item, schemas, deep));
                }
            }
            RefOr::T(Schema::Array(array)) => {
                if let ArrayItems::RefOrSchema(items) = &array.items {
                    return Self::of_schema(items, schemas, deep);
                }
            }
            RefOr::T(_) => {}
        }
        plan
    }

    /// That of the key of a cell, whose members are dimensions.
    fn of_key(values: Option<&AdditionalProperties<Schema>>) -> Self {
        if values.is_none() {
            return Self::default();
        }
        let member = |(name, dimension): (&str, Dimension)| {
            let named = match dimension {
                Dimension::Of(named) => named,
                Dimension::List(list) => Named::Code(list.to_owned()),
            };
            (name.to_owned(), named)
        };
        Self {
            members: DIMENSIONS.into_iter().map(member).collect(),
            below: Vec::new(),
        }
    }

    fn add(&mut self, name: &str, property: &RefOr<Schema>, schemas: &Referred, deep: u8) {
        if name == "id" {
            return;
        }
        match named(property) {
            Some(named) => self.members.push((name.to_owned(), named)),
            None => {
                let below = Self::of_schema(property, schemas, deep);
                if below != Self::default() {
                    self.below.push((name.to_owned(), below));
                }
            }
        }
    }

    fn join(&mut self, other: Self) {
        self.members.extend(other.members);
        self.below.extend(other.below);
    }

    fn member(&self, name: &str) -> Option<&Named> {
        let mut members = self.members.iter();
        members.find(|(one, _)| one == name).map(|(_, named)| named)
    }

    fn object(&self, name: &str) -> Option<&Self> {
        let mut below = self.below.iter();
        below.find(|(one, _)| one == name).map(|(_, plan)| plan)
    }

    /// Adds what a row names, and is to be read.
    pub fn collect(&self, row: &Value, wanted: &mut Wanted) {
        match row {
            Value::Array(items) => items.iter().for_each(|item| self.collect(item, wanted)),
            Value::Object(members) => {
                for (name, value) in members {
                    if let Some(named) = self.member(name) {
                        texts(value).for_each(|text| wanted.add(named, text));
                    } else if let Some(plan) = self.object(name) {
                        plan.collect(value, wanted);
                    }
                }
            }
            _ => {}
        }
    }

    /// Puts the labels of a row beside what they are of.
    pub fn label(&self, row: &mut Value, names: &Names, language: Language) {
        match row {
            Value::Array(items) => {
                for item in items {
                    self.label(item, names, language);
                }
            }
            Value::Object(members) => {
                let mut labelled = Map::new();
                for (name, mut value) in std::mem::take(members) {
                    if let Some(plan) = self.object(&name) {
                        plan.label(&mut value, names, language);
                    }
                    let labels = self.member(&name).map(|named| {
                        let labels = values(&value, |text| names.of(named, text, language));
                        (label_names(&name, named, value.is_array()), labels)
                    });
                    labelled.insert(name, value);
                    if let Some((own, labels)) = labels {
                        let labels = labels.into_iter().chain(std::iter::repeat(Value::Null));
                        labelled.extend(own.into_iter().zip(labels));
                    }
                }
                *members = labelled;
            }
            _ => {}
        }
    }

    /// The columns of a CSV with those of the labels, each beside what it is of.
    pub fn beside(&self, columns: Vec<Column>, is_list: impl Fn(&str) -> bool) -> Vec<Column> {
        let with_labels = |column: Column| {
            let (above, name) = column.pointer().rsplit_once('/').unwrap_or_default();
            let mut path = above.split('/').skip(1);
            let plan = path.try_fold(self, |plan, name| plan.object(name));
            let named = plan.and_then(|plan| plan.member(name));
            let many = is_list(name);
            let labels = named.map(|named| {
                let pointers = label_names(name, named, many);
                let names = label_names(column.name(), named, many);
                let label = |(name, pointer): (String, String)| {
                    let what = match name.trim_end_matches('s').rsplit_once('_') {
                        Some((_, "reference")) => "référence",
                        Some((_, "title")) => "intitulé",
                        Some((_, "name")) => "nom",
                        _ => "en toutes lettres",
                    };
                    let words = format!("{} – {what}", column.label());
                    Column::at(name, format!("{above}/{pointer}")).told(words)
                };
                names.into_iter().zip(pointers).map(label).collect()
            });
            let labels: Vec<Column> = labels.unwrap_or_default();
            std::iter::once(column).chain(labels).collect::<Vec<_>>()
        };
        columns.into_iter().flat_map(with_labels).collect()
    }

    /// The names of the labels of the object itself.
    pub fn own_labels(&self, is_list: impl Fn(&str) -> bool) -> Vec<String> {
        let members = self.members.iter();
        let labels = members.flat_map(|(name, named)| label_names(name, named, is_list(name)));
        labels.collect()
    }
}

/// What the labels of a member are called: `kind_label`, `levels_labels`, `partner_name`,
/// `convention_reference` and `convention_title`.
fn label_names(name: &str, named: &Named, many: bool) -> Vec<String> {
    let base = name
        .strip_suffix("_ids")
        .or(name.strip_suffix("_id"))
        .unwrap_or(name);
    let s = if many { "s" } else { "" };
    match named {
        Named::Convention => vec![format!("{base}_reference{s}"), format!("{base}_title{s}")],
        Named::Partner => vec![format!("{base}_name{s}")],
        Named::Code(_) | Named::Territory | Named::School => vec![format!("{name}_label{s}")],
    }
}

/// The texts of a value: itself, or its items.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let items = value.as_array().into_iter().flatten();
    value
        .as_str()
        .into_iter()
        .chain(items.filter_map(Value::as_str))
}

/// The labels of a value: of a list, a list for each; of none, none. What has no name in a list is told
/// as it is, so that each label stands at the place of what it is of.
fn values(value: &Value, of: impl Fn(&str) -> Vec<Value>) -> Vec<Value> {
    let Value::Array(items) = value else {
        return value.as_str().map(of).unwrap_or_default();
    };
    let mut lists: Vec<Vec<Value>> = vec![Vec::new(); 2];
    for item in items.iter().filter_map(Value::as_str) {
        for (list, label) in lists.iter_mut().zip(of(item)) {
            let label = if label.is_null() { item.into() } else { label };
            list.push(label);
        }
    }
    lists.into_iter().map(Value::Array).collect()
}

/// What the values of a property name, alone, or null, or in a list.
fn named(schema: &RefOr<Schema>) -> Option<Named> {
    match schema {
        RefOr::Ref(reference) => match name_of(&reference.ref_location) {
            "TerritoryCode" | "AcademyCode" => Some(Named::Territory),
            "Uai" => Some(Named::School),
            "ConventionId" => Some(Named::Convention),
            "PartnerId" => Some(Named::Partner),
            name => name
                .strip_prefix("code_")
                .map(|list| Named::Code(list.to_owned())),
        },
        RefOr::T(Schema::OneOf(one)) => one.items.iter().find_map(named),
        RefOr::T(Schema::Array(array)) => match &array.items {
            ArrayItems::RefOrSchema(items) => named(items),
            ArrayItems::False => None,
        },
        RefOr::T(_) => None,
    }
}

/// Which properties of a type are lists.
pub fn lists_of<T: ToSchema>() -> Vec<String> {
    fn lists(schema: &RefOr<Schema>) -> Vec<String> {
        match schema {
            RefOr::T(Schema::Object(object)) => {
                let properties = object.properties.iter();
                let lists = properties.filter(|(_, one)| matches!(one, RefOr::T(Schema::Array(_))));
                lists.map(|(name, _)| name.clone()).collect()
            }
            RefOr::T(Schema::AllOf(all)) => all.items.iter().flat_map(lists).collect(),
            _ => Vec::new(),
        }
    }
    lists(&T::schema())
}
