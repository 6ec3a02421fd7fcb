//! What the document says of query parameters: how each of them is read. It is found out by reading a
//! query without any, so that what is documented is what the code does.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use utoipa::openapi::path::{self, ParameterBuilder, ParameterIn, ParameterStyle};
use utoipa::openapi::schema::{ArrayItems, ObjectBuilder, Schema, Type};
use utoipa::openapi::{RefOr, Required};

/// How the parameters of a query are read, by their names.
#[derive(Default)]
pub struct Readings {
    values: BTreeMap<String, RefOr<Schema>>,
    required: BTreeSet<String>,
}

impl std::fmt::Debug for Readings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl Readings {
    /// That a parameter has such a value.
    pub fn note(&mut self, name: &str, schema: RefOr<Schema>) {
        self.values.insert(name.to_owned(), schema);
    }

    /// That the query is none without it.
    pub fn note_required(&mut self, name: &str) {
        self.required.insert(name.to_owned());
    }

    /// The parameter as the document has it; the example as it stands in an address.
    pub fn document(
        &self,
        name: &str,
        description: &str,
        example: Option<&str>,
    ) -> path::Parameter {
        let text = || ObjectBuilder::new().schema_type(Type::String).into();
        let schema = self.values.get(name).cloned().unwrap_or_else(text);
        let required = if self.required.contains(name) {
            Required::True
        } else {
            Required::False
        };
        let example = example.map(|text| value(text, &schema));
        let example = example.or_else(|| own_example(&schema));
        let is_list = matches!(schema, RefOr::T(Schema::Array(_)));
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Query)
            .required(required)
            .description(Some(description))
            .style(is_list.then_some(ParameterStyle::Form))
            .explode(is_list.then_some(false))
            .schema(Some(schema))
            .example(example)
            .build()
    }
}

/// The value that this text stands for in an address.
fn value(text: &str, schema: &RefOr<Schema>) -> Value {
    let of = |kind: Type| matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == kind.into());
    match schema {
        RefOr::T(Schema::Array(_)) => text.split(',').collect(),
        _ if of(Type::String) => text.into(),
        _ => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
    }
}

/// The example that a value's own schema has.
fn own_example(schema: &RefOr<Schema>) -> Option<Value> {
    match schema {
        RefOr::T(Schema::Object(object)) => object.examples.first().cloned(),
        RefOr::T(Schema::Array(list)) => match &list.items {
            ArrayItems::RefOrSchema(item) => Some(Value::Array(vec![own_example(item)?])),
            ArrayItems::False => None,
        },
        _ => None,
    }
}
