//! Examples of what is sent and answered: a schema's own, or made of those of its fields. The ids in
//! them are those of the objects of `ree serve --demo`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::shared::operations;
use crate::http::formats::{Column, Dialect, Form, Writer, Writing};
use crate::values::ids::PartnerId;

/// Schemas within schemas, at most: an object may have others of its own kind.
const DEEPEST: usize = 24;

/// A text of which nothing more is known.
const TEXT: &str = "…";

/// What texts say that many objects have.
const TEXTS: [(&str, &str); 13] = [
    ("acronym", "UIMM"),
    ("article", "Article 4"),
    (
        "content_hash",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ),
    ("cursor", "eyJ2YWx1ZSI6eyJQbGFjZSI6WzEyMyw0XX19"),
    ("function", "Directrice"),
    ("label", "Bureau des entreprises"),
    (
        "legal_name",
        "Union des industries et métiers de la métallurgie",
    ),
    ("name", "Camille Exemple"),
    ("organisation", "Ministère de l'Éducation nationale"),
    ("party", "Ministère de l'Éducation nationale"),
    ("reason", "L'atelier est fermé ce mois-ci."),
    ("text", "Le comité de suivi se réunit deux fois par an."),
    ("title", "Convention-cadre de coopération"),
];

/// The text of a field: null where it need not say any.
fn text(name: &str, property: &Value) -> Value {
    let known = TEXTS.iter().find(|(field, _)| *field == name);
    let ways = property.get("oneOf").and_then(Value::as_array);
    let is_nullable = ways.is_some_and(|ways| ways.contains(&json!({"type": "null"})));
    match known {
        Some((_, text)) => json!(text),
        None if is_nullable => Value::Null,
        None => json!(TEXT),
    }
}

/// The example of a request body: the fields that have one.
pub fn of_body(schema: Option<&Value>, schemas: &Value) -> Value {
    let made = Made {
        schemas,
        is_whole: false,
    };
    made.example(schema.unwrap_or(&Value::Null), DEEPEST)
}

/// Shows an example of each success that is JSON, of a list's as CSV and NDJSON, and of each parameter of a
/// path.
pub fn show(document: &mut Value) {
    let schemas = document.pointer("/components/schemas").cloned();
    let schemas = schemas.unwrap_or_default();
    let made = Made {
        schemas: &schemas,
        is_whole: true,
    };
    let mut shown = BTreeMap::new();
    for (_, operation) in operations(document) {
        let parameters = operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut);
        parameters
            .into_iter()
            .flatten()
            .for_each(|one| made.show_parameter(one));
        let responses = operation
            .get_mut("responses")
            .and_then(Value::as_object_mut);
        let successes = responses.into_iter().flatten();
        for (_, response) in successes.filter(|(status, _)| status.starts_with('2')) {
            let contents = response.get_mut("content").and_then(Value::as_object_mut);
            if let Some(contents) = contents {
                if let Some(json) = contents.get_mut("application/json") {
                    made.show_answer(json, &mut shown);
                }
                made.show_rows(contents, &mut shown);
            }
        }
    }
    if let Some(Value::Object(components)) = document.get_mut("components") {
        components.insert(
            "examples".to_owned(),
            Value::Object(shown.into_iter().collect()),
        );
    }
}

/// Examples made of these schemas.
struct Made<'a> {
    schemas: &'a Value,
    /// With the fields that have none: an answer tells them all.
    is_whole: bool,
}

impl Made<'_> {
    /// The schema referred to, with its name.
    fn referred<'s>(&'s self, schema: &'s Value) -> Option<(&'s str, &'s Value)> {
        let name = schema.get("$ref")?.as_str()?.rsplit('/').next()?;
        Some((name, self.schemas.get(name)?))
    }

    /// A parameter of a path names what the example is of.
    fn show_parameter(&self, parameter: &mut Value) {
        let is_of_path = parameter.get("in") == Some(&json!("path"));
        let Some(schema) = parameter.get("schema").filter(|_| is_of_path) else {
            return;
        };
        let example = self.example(schema, DEEPEST);
        if let Some(members) = parameter.as_object_mut() {
            members.entry("example").or_insert(example);
        }
    }

    /// An answer refers to the example of its schema.
    fn show_answer(&self, content: &mut Value, shown: &mut BTreeMap<String, Value>) {
        let is_shown = content
            .get("example")
            .or_else(|| content.get("examples"))
            .is_some();
        let schema = content
            .get("schema")
            .and_then(|schema| self.referred(schema));
        let (Some((name, schema)), false) = (schema, is_shown) else {
            return;
        };
        let name = name.to_owned();
        let reference = json!({"$ref": format!("#/components/examples/{name}")});
        shown
            .entry(name)
            .or_insert_with(|| json!({"value": self.example(schema, DEEPEST)}));
        if let Some(members) = content.as_object_mut() {
            members.insert("examples".to_owned(), json!({"demo": reference}));
        }
    }

    /// The first row of a list's example, in the other forms that the list has and that have none: a line of
    /// NDJSON, and of CSV below the names of the columns.
    fn show_rows(&self, contents: &mut Map<String, Value>, shown: &mut BTreeMap<String, Value>) {
        let list = contents.get("application/json");
        let list = list.and_then(|json| json.get("schema")).cloned();
        let item = list
            .as_ref()
            .and_then(|schema| self.referred(schema))
            .and_then(|(_, list)| list.pointer("/properties/data/items"))
            .and_then(|item| self.referred(item));
        let Some((name, schema)) = item else {
            return;
        };
        let row = self.example(schema, DEEPEST);
        for (media_type, form) in [
            ("application/x-ndjson", Form::Ndjson),
            ("text/csv", Form::Csv),
        ] {
            let content = contents.get_mut(media_type).and_then(Value::as_object_mut);
            let Some(content) = content.filter(|content| !content.contains_key("example")) else {
                continue;
            };
            let example = format!("{name}.{}", form.name());
            let reference = json!({"$ref": format!("#/components/examples/{example}")});
            shown
                .entry(example)
                .or_insert_with(|| json!({"value": row_as(form, schema, &row)}));
            content.insert("examples".to_owned(), json!({"demo": reference}));
        }
    }

    /// The example of a schema: its own, that of what it refers to, or one made of its properties'.
    fn example(&self, schema: &Value, deep: usize) -> Value {
        if let Some(own) = own(schema) {
            return own.clone();
        }
        let Some(deep) = deep.checked_sub(1) else {
            return Value::Null;
        };
        if let Some((_, referred)) = self.referred(schema) {
            return self.example(referred, deep);
        }
        let choices = ["oneOf", "anyOf", "allOf"]
            .iter()
            .filter_map(|way| schema.get(way)?.as_array());
        let is_null = |choice: &&Value| choice.get("type") == Some(&json!("null"));
        if let Some(choice) = choices.flatten().find(|choice| !is_null(choice)) {
            return self.example(choice, deep);
        }
        match schema.get("properties").and_then(Value::as_object) {
            Some(properties) => Value::Object(self.members(properties, deep)),
            None if self.is_whole => self.plain(schema, deep),
            None => Value::Null,
        }
    }

    fn members(&self, properties: &Map<String, Value>, deep: usize) -> Map<String, Value> {
        let examples = properties.iter().map(|(name, property)| {
            let example = self.example(property, deep);
            let example = if example == TEXT {
                text(name, property)
            } else {
                example
            };
            (name.clone(), example)
        });
        let told = |(_, example): &(String, Value)| self.is_whole || !example.is_null();
        examples.filter(told).collect()
    }

    /// A value of a schema without an example, null where that is one.
    fn plain(&self, schema: &Value, deep: usize) -> Value {
        let kind = schema.get("type");
        let format = schema.get("format").and_then(Value::as_str);
        match (kind.and_then(Value::as_str), format) {
            (Some("array"), _) => {
                let item = schema.get("items").map(|item| self.example(item, deep));
                item.into_iter().filter(|item| !item.is_null()).collect()
            }
            (Some("object"), _) => json!({}),
            (Some("boolean"), _) => json!(false),
            (Some("integer" | "number"), _) => {
                schema.get("minimum").cloned().unwrap_or_else(|| json!(0))
            }
            (Some("string"), Some("uuid")) => json!(PartnerId::EXAMPLE),
            (Some("string"), Some("date")) => json!("2026-09-01"),
            (Some("string"), Some("date-time")) => json!("2026-09-01T08:00:00Z"),
            (Some("string"), _) => json!(TEXT),
            _ => Value::Null,
        }
    }
}

/// A row of a list as the service writes it, below the names of its columns where the form has them.
fn row_as(form: Form, schema: &Value, row: &Value) -> String {
    let writer = Writer {
        form,
        dialect: Dialect::Standard,
        columns: columns(schema),
    };
    let mut bytes = Writing::<Value>::start(&writer).unwrap_or_default();
    // A value is written whatever it is.
    drop(writer.row(row, &mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The columns of rows of this schema: its properties, the id first.
fn columns(schema: &Value) -> Vec<Column> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let names = properties.into_iter().flatten().map(|(name, _)| name);
    let mut columns: Vec<Column> = names.map(|name| Column::member(name)).collect();
    // Stable: the others keep their order.
    columns.sort_by_key(|column| column.name() != "id");
    columns
}

/// The example that a schema has itself, or the first of its codes.
fn own(schema: &Value) -> Option<&Value> {
    let places = [
        "/example",
        "/examples/0",
        "/const",
        "/enum/0",
        "/x-extensible-enum/0",
    ];
    places.iter().find_map(|place| schema.pointer(place))
}
