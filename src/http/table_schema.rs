//! The Table Schema of a list's CSV (Data Package, <https://datapackage.org/standard/table-schema/>): the
//! name, the type and the meaning of each column, for programs that check a file or load it into a table.
//!
//! It is found in the schema of a row, as the columns are: what a list answers anew has its description
//! too.

use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayItems, KnownFormat, Schema, SchemaFormat, SchemaType, Type,
};

use super::formats::{Column, Dialect};
use crate::values::schemas::{Referred, name_of, referred_by};

/// What is known of the values of a column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Described {
    kind: Kind,
    /// Whether every row has one.
    is_required: bool,
    /// The only values there are, if they are told.
    values: Vec<String>,
}

/// The type of a column, as Table Schema names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Kind {
    #[default]
    Text,
    Id,
    Day,
    Moment,
    Integer,
    Number,
    Boolean,
    Object,
    List,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Text | Self::Id => "string",
            Self::Day => "date",
            Self::Moment => "datetime",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Object => "object",
            Self::List => "array",
        }
    }

    fn format(self) -> Option<&'static str> {
        (self == Self::Id).then_some("uuid")
    }
}

/// The Table Schema of these columns of rows of a `T`; `key` is the column that names a row, where there
/// is one.
pub fn of<T: ToSchema>(columns: &[Column], dialect: Dialect, key: &str) -> Value {
    let schemas = referred_by::<T>();
    let row = T::schema();
    let field = |column: &Column| field(column, &described(column, &row, &schemas), dialect);
    let fields: Vec<Value> = columns.iter().map(field).collect();
    let mut schema = json!({ "fields": fields, "missingValues": [""] });
    if columns.iter().any(|column| column.name() == key)
        && let Some(schema) = schema.as_object_mut()
    {
        schema.insert("primaryKey".to_owned(), json!([key]));
    }
    schema
}

/// A column as Table Schema describes it.
fn field(column: &Column, described: &Described, dialect: Dialect) -> Value {
    let Described {
        kind,
        is_required,
        values,
    } = described;
    let mut field = Map::new();
    let mut set = |name: &str, value: Value| field.insert(name.to_owned(), value);
    set("name", column.name().into());
    set("type", kind.name().into());
    if let Some(format) = kind.format() {
        set("format", format.into());
    }
    // What a French spreadsheet opens has decimal commas.
    if *kind == Kind::Number && dialect == Dialect::ExcelFr {
        set("decimalChar", ",".into());
    }
    set("title", column.label().into());
    if !column.words().is_empty() {
        set("description", column.words().into());
    }
    let mut constraints = Map::new();
    if *is_required {
        constraints.insert("required".to_owned(), true.into());
    }
    if !values.is_empty() {
        constraints.insert("enum".to_owned(), values.clone().into());
    }
    if !constraints.is_empty() {
        set("constraints", constraints.into());
    }
    Value::Object(field)
}

/// What the schema of a row says of a column. Of what it does not say, a label for one, nothing is
/// known but that it is a text.
fn described(column: &Column, row: &RefOr<Schema>, schemas: &Referred) -> Described {
    let mut here = row.clone();
    let mut is_required = true;
    for member in column.path() {
        let Some((below, is_there)) = property(&here, &member, schemas) else {
            return Described::default();
        };
        is_required = is_required && is_there && !may_be_null(&here);
        here = below;
    }
    let mut found = values_of(&here, schemas);
    found.is_required = is_required && found.is_required;
    if column.is_listing() {
        found.kind = Kind::Text;
    }
    found
}

/// The schema of a member of an object, and whether every such object has it.
fn property(
    schema: &RefOr<Schema>,
    name: &str,
    schemas: &Referred,
) -> Option<(RefOr<Schema>, bool)> {
    match schema {
        RefOr::Ref(reference) => property(
            schemas.get(name_of(&reference.ref_location))?,
            name,
            schemas,
        ),
        RefOr::T(Schema::Object(object)) => match object.properties.get(name) {
            Some(found) => {
                let is_there = object.required.iter().any(|one| one == name);
                Some((found.clone(), is_there))
            }
            None => match object.additional_properties.as_deref() {
                Some(AdditionalProperties::RefOr(values)) => Some((values.clone(), false)),
                _ => None,
            },
        },
        RefOr::T(Schema::AllOf(all)) => {
            let mut items = all.items.iter();
            items.find_map(|item| property(item, name, schemas))
        }
        RefOr::T(Schema::OneOf(one)) => {
            let mut items = one.items.iter();
            items.find_map(|item| property(item, name, schemas))
        }
        RefOr::T(_) => None,
    }
}

/// Whether a value may be null instead.
fn may_be_null(schema: &RefOr<Schema>) -> bool {
    let is_null = |one: &RefOr<Schema>| match one {
        RefOr::T(Schema::Object(object)) => types_of(&object.schema_type).contains(&Type::Null),
        _ => false,
    };
    match schema {
        RefOr::T(Schema::OneOf(one)) => one.items.iter().any(is_null),
        other => is_null(other),
    }
}

/// What a schema says of its values.
fn values_of(schema: &RefOr<Schema>, schemas: &Referred) -> Described {
    let text = Described::default();
    match schema {
        RefOr::Ref(reference) => match schemas.get(name_of(&reference.ref_location)) {
            Some(referred) => values_of(referred, schemas),
            None => text,
        },
        RefOr::T(Schema::Object(object)) => {
            let types = types_of(&object.schema_type);
            let kind = kind_of(&types, object.format.as_ref());
            let words = object.enum_values.iter().flatten();
            let words = words.filter_map(|word| word.as_str().map(str::to_owned));
            let values = match kind {
                Kind::Text => words.collect(),
                _ => Vec::new(),
            };
            Described {
                // An empty text and one that is not there are written alike.
                is_required: !types.contains(&Type::Null)
                    && (kind != Kind::Text || !values.is_empty()),
                kind,
                values,
            }
        }
        // Texts are joined in one cell; a list of anything else is written as JSON.
        RefOr::T(Schema::Array(array)) => {
            let kind = match &array.items {
                ArrayItems::RefOrSchema(items) => match values_of(items, schemas).kind {
                    Kind::Object | Kind::Integer | Kind::Number | Kind::List => Kind::List,
                    _ => Kind::Text,
                },
                ArrayItems::False => Kind::List,
            };
            Described { kind, ..text }
        }
        RefOr::T(Schema::OneOf(one)) => {
            let others = one.items.iter().filter(|item| !is_only_null(item));
            let mut others = others.map(|item| values_of(item, schemas));
            let mut found = others.next().unwrap_or_default();
            if others.any(|other| other.kind != found.kind) {
                return text;
            }
            found.is_required = found.is_required && !may_be_null(schema);
            found
        }
        RefOr::T(Schema::AllOf(all)) => match all.items.as_slice() {
            [one] => values_of(one, schemas),
            _ => Described {
                kind: Kind::Object,
                is_required: true,
                values: Vec::new(),
            },
        },
        RefOr::T(_) => text,
    }
}

fn is_only_null(schema: &RefOr<Schema>) -> bool {
    match schema {
        RefOr::T(Schema::Object(object)) => types_of(&object.schema_type) == [Type::Null],
        _ => false,
    }
}

fn types_of(schema_type: &SchemaType) -> Vec<Type> {
    match schema_type {
        SchemaType::Type(one) => vec![one.clone()],
        SchemaType::Array(several) => several.clone(),
        SchemaType::AnyValue => Vec::new(),
    }
}

fn kind_of(types: &[Type], format: Option<&SchemaFormat>) -> Kind {
    let mut known = types.iter().filter(|one| **one != Type::Null);
    match (known.next(), format) {
        (Some(Type::String), Some(SchemaFormat::KnownFormat(KnownFormat::Date))) => Kind::Day,
        (Some(Type::String), Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))) => {
            Kind::Moment
        }
        (Some(Type::String), Some(SchemaFormat::KnownFormat(KnownFormat::Uuid))) => Kind::Id,
        (Some(Type::Integer), _) => Kind::Integer,
        (Some(Type::Number), _) => Kind::Number,
        (Some(Type::Boolean), _) => Kind::Boolean,
        (Some(Type::Object), _) => Kind::Object,
        _ => Kind::Text,
    }
}
