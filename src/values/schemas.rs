//! Schemas of values, as the document has them.

use std::collections::HashMap;

use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::{Number, ToSchema};

/// A value that describes itself in the document.
pub trait Described {
    /// Its schema, written in place.
    fn described() -> RefOr<Schema>;
}

/// The schemas that others refer to, by their names.
pub type Referred = HashMap<String, RefOr<Schema>>;

/// Those that a type refers to.
pub fn referred_by<T: ToSchema>() -> Referred {
    let mut referred = Vec::new();
    T::schemas(&mut referred);
    referred.into_iter().collect()
}

/// The name of the schema that a reference is to.
pub fn name_of(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
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
