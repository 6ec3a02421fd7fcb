//! Schemas of values, as the document has them.

use serde_json::Value;
use utoipa::Number;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type};

/// A value that describes itself in the document.
pub trait Described {
    /// Its schema, written in place.
    fn described() -> RefOr<Schema>;
}

/// A list of values, one at least.
pub fn several(item: RefOr<Schema>) -> ArrayBuilder {
    ArrayBuilder::new().items(item).min_items(Some(1))
}

/// One of these words; this one where there is none.
pub fn one_of<W: Into<String>>(
    words: impl IntoIterator<Item = W>,
    otherwise: Option<String>,
) -> RefOr<Schema> {
    let words = words.into_iter().map(Into::into);
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(words.collect::<Vec<String>>()))
        .default(otherwise.map(Value::from))
        .into()
}

/// A number between bounds, included.
pub fn between(kind: Type, low: impl Into<Number>, high: impl Into<Number>) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(kind)
        .minimum(Some(low))
        .maximum(Some(high))
}
