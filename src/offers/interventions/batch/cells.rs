//! A row of CSV as the item it represents, and what a spreadsheet did to it.
//!
//! The columns are the fields; those of the place and of the host are columns of their own
//! ([`columns_within`]), or one column `place` or `host`, a JSON object, as the register answers it.
//! Lists are separated by `|`, as in the CSV that the register answers.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use utoipa::PartialSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Schema, SchemaType, Type};

use crate::error::{Fault, Place, Rule};
use crate::http::formats::is_formula;
use crate::http::table::damage::{self, ROW_LENGTH};
use crate::offers::interventions::content::NewIntervention;

/// How a column's cells are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    List,
    Number,
    Flag,
}

/// A column that is a member of an object.
struct Within {
    column: &'static str,
    object: &'static str,
    member: &'static str,
    kind: Kind,
}

const fn within(
    column: &'static str,
    object: &'static str,
    member: &'static str,
    kind: Kind,
) -> Within {
    Within {
        column,
        object,
        member,
        kind,
    }
}

/// The columns of the place and of the host.
const WITHIN: [Within; 11] = [
    within("latitude", "place", "latitude", Kind::Number),
    within("longitude", "place", "longitude", Kind::Number),
    within("radius_km", "place", "radius_km", Kind::Number),
    within("place_label", "place", "label", Kind::Text),
    within("place_city_code", "place", "city_code", Kind::Text),
    within("place_postal_code", "place", "postal_code", Kind::Text),
    within("host_name", "host", "name", Kind::Text),
    within("host_siret", "host", "siret", Kind::Text),
    within("host_city", "host", "city", Kind::Text),
    within("host_postal_code", "host", "postal_code", Kind::Text),
    within("host_city_code", "host", "city_code", Kind::Text),
];

/// The objects that have such columns, or one column as JSON.
const OBJECTS: [&str; 2] = ["place", "host"];

/// The columns that are members of the place or of the host.
pub fn columns_within() -> impl Iterator<Item = &'static str> {
    WITHIN.iter().map(|within| within.column)
}

/// The kinds of the columns that are no texts: as the fields are documented.
static KINDS: LazyLock<HashMap<String, Kind>> = LazyLock::new(|| {
    let RefOr::T(Schema::Object(object)) = NewIntervention::schema() else {
        return HashMap::new();
    };
    let kinds = object.properties.into_iter();
    kinds.map(|(name, schema)| (name, kind(&schema))).collect()
});

fn kind(schema: &RefOr<Schema>) -> Kind {
    let of_type = |one: &Type| match one {
        Type::Array => Some(Kind::List),
        Type::Integer | Type::Number => Some(Kind::Number),
        Type::Boolean => Some(Kind::Flag),
        _ => None,
    };
    let of_types = |types: &SchemaType| match types {
        SchemaType::Type(one) => of_type(one),
        SchemaType::Array(several) => several.iter().find_map(of_type),
        SchemaType::AnyValue => None,
    };
    let found = match schema {
        RefOr::T(Schema::Array(_)) => Some(Kind::List),
        RefOr::T(Schema::Object(object)) => of_types(&object.schema_type),
        _ => None,
    };
    found.unwrap_or(Kind::Text)
}

/// A row as the item it represents.
pub struct Row {
    /// The item, without the cells that a spreadsheet damaged.
    pub object: Value,
    /// What a spreadsheet did to it; a fault of the whole row has an empty pointer.
    pub damage: Vec<Fault>,
    /// Where it is unclear which cell is of which column: the cells that may be its external id.
    pub possible_ids: Vec<String>,
}

/// Reads a row of a body.
pub fn item(row: &Value) -> Row {
    let Some(cells) = row.as_object() else {
        return uneven(row);
    };
    let (mut item, mut objects, mut damage) = (Map::new(), Map::new(), Vec::new());
    for (column, cell) in cells {
        let cell = cell.as_str().unwrap_or_default();
        let within = WITHIN.iter().find(|within| within.column == column);
        let pointer = match within {
            Some(Within { object, member, .. }) => Place::Pointer(format!("/{object}/{member}")),
            None => Place::field(column),
        };
        if let Some(rule) = damage::of(cell) {
            damage.push(Fault {
                place: pointer,
                rule,
            });
            continue;
        }
        match within {
            Some(within) => {
                let object = objects.entry(within.object).or_insert_with(|| json!({}));
                if let Some(members) = object.as_object_mut() {
                    members.insert(within.member.to_owned(), value(cell, within.kind));
                }
            }
            // As the register writes it: the columns of its members are for people.
            None if OBJECTS.contains(&column.as_str()) => {
                let object = serde_json::from_str(cell).unwrap_or_else(|_| cell.into());
                item.insert(column.clone(), object);
            }
            None => {
                let kind = KINDS.get(column).copied().unwrap_or(Kind::Text);
                item.insert(column.clone(), value(cell, kind));
            }
        }
    }
    item.extend(objects);
    Row {
        object: Value::Object(item),
        damage,
        possible_ids: Vec::new(),
    }
}

/// A row with more or fewer cells than the header: which cell is of which column is unknown, but for
/// those before the first that can be too many.
fn uneven(row: &Value) -> Row {
    let texts = |index: usize| -> Vec<&str> {
        let list = row.get(index).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    };
    let (header, cells) = (texts(0), texts(1));
    let rule = Rule::About(&ROW_LENGTH, cells.len().to_string());
    let (mut object, mut possible_ids) = (json!({}), Vec::new());
    if let Some(place) = header.iter().position(|name| *name == "external_id") {
        let missing = header.len().saturating_sub(cells.len());
        let too_many = cells.get(header.len()..).unwrap_or_default();
        let is_shifted = !too_many.iter().all(|cell| cell.trim().is_empty());
        let last = place.saturating_add(if is_shifted { too_many.len() } else { 0 });
        let first = place.saturating_sub(missing);
        let possible = cells.iter().take(last.saturating_add(1)).skip(first);
        possible_ids = possible.map(|cell| cell.trim().to_owned()).collect();
        // Nothing stands before the first cell that could have moved it.
        if (place == 0 || first == last)
            && let Some(id) = cells.get(place)
        {
            object = json!({ "external_id": id.trim() });
            possible_ids.clear();
        }
    }
    Row {
        object,
        damage: vec![Fault {
            place: Place::Pointer(String::new()),
            rule,
        }],
        possible_ids,
    }
}

fn value(cell: &str, kind: Kind) -> Value {
    match kind {
        Kind::Text => text(cell),
        Kind::List => {
            let items = cell.split('|').map(str::trim);
            items.filter(|item| !item.is_empty()).collect()
        }
        Kind::Number => number(cell),
        // Spreadsheets write their own in capitals, and in their language.
        Kind::Flag => match cell.trim() {
            "true" | "TRUE" | "VRAI" => Value::Bool(true),
            "false" | "FALSE" | "FAUX" => Value::Bool(false),
            other => other.into(),
        },
    }
}

/// A text, without the apostrophe that keeps a spreadsheet from running it.
fn text(cell: &str) -> Value {
    let kept = cell.strip_prefix('\'').filter(|rest| is_formula(rest));
    kept.unwrap_or(cell).into()
}

/// A number where it is written as JSON writes one; else the text, which the field's reader refuses.
fn number(cell: &str) -> Value {
    let number = serde_json::from_str::<serde_json::Number>(cell.trim());
    let plain = number.ok().filter(|_| !cell.contains(['e', 'E']));
    plain.map_or_else(|| cell.trim().into(), Value::Number)
}
