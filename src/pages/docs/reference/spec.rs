//! The OpenAPI document as its pages read it.

use std::sync::OnceLock;

use serde_json::Value;

use crate::pages::docs::markdown;

/// The document, and its operations in their order.
pub struct Spec {
    document: Value,
    operations: Vec<Operation>,
    tags: Vec<Tag>,
}

/// One operation.
pub struct Operation {
    /// Its id.
    pub id: String,
    /// `GET`, `POST`…
    pub method: String,
    /// Its path, with the names of its parts.
    pub path: String,
    /// What it belongs to.
    pub tag: String,
    /// What it does, in a line.
    pub summary: String,
    /// As the document has it.
    pub value: Value,
}

/// What operations are grouped by.
pub struct Tag {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: String,
}

static SPEC: OnceLock<Spec> = OnceLock::new();

impl Spec {
    /// That of the document as it is served, which is the same as long as the program runs.
    pub fn of(document: &str) -> &'static Self {
        SPEC.get_or_init(|| Self::read(serde_json::from_str(document).unwrap_or_default()))
    }

    fn read(document: Value) -> Self {
        let mut operations = Vec::new();
        for (path, item) in members(&document, "/paths") {
            for (method, value) in item.as_object().into_iter().flatten() {
                operations.push(Operation::of(path, method, value));
            }
        }
        let tags = document.get("tags").and_then(Value::as_array);
        let tags = tags.into_iter().flatten().map(|tag| Tag {
            name: text(tag, "name").to_owned(),
            description: text(tag, "description").to_owned(),
        });
        Self {
            tags: tags.collect(),
            operations,
            document,
        }
    }

    /// All operations.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// What they are grouped by, in order.
    pub fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// The operation with this id.
    pub fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.id == id)
    }

    /// The operations of a group.
    pub fn of_tag(&self, tag: &str) -> impl Iterator<Item = &Operation> {
        self.operations.iter().filter(move |one| one.tag == tag)
    }

    /// A named schema.
    pub fn schema(&self, name: &str) -> Option<&Value> {
        self.document.get("components")?.get("schemas")?.get(name)
    }

    /// What a value is, where it is only a reference.
    pub fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let reference = value.get("$ref").and_then(Value::as_str);
        let found =
            reference.and_then(|reference| self.document.pointer(reference.strip_prefix('#')?));
        found.unwrap_or(value)
    }

    /// The example of a content, wherever it stands.
    pub fn example<'a>(&'a self, content: &'a Value) -> Option<&'a Value> {
        if let Some(example) = content.get("example") {
            return Some(example);
        }
        let examples = content.get("examples")?.as_object()?;
        self.resolve(examples.values().next()?).get("value")
    }
}

impl Operation {
    fn of(path: &str, method: &str, value: &Value) -> Self {
        let tag = value.pointer("/tags/0").and_then(Value::as_str);
        Self {
            id: text(value, "operationId").to_owned(),
            method: method.to_uppercase(),
            path: path.to_owned(),
            tag: tag.unwrap_or_default().to_owned(),
            summary: markdown::words(text(value, "summary")),
            value: value.clone(),
        }
    }

    /// Whether it answers without a token.
    pub fn is_open(&self) -> bool {
        !self.path.starts_with("/v1")
    }
}

/// The members of the object at this place.
pub fn members<'a>(value: &'a Value, place: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let object = value.pointer(place).and_then(Value::as_object);
    object.into_iter().flatten()
}

/// A member that is a text; an empty one where there is none.
pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The name that a reference to a schema ends with.
pub fn name_of(value: &Value) -> Option<&str> {
    let reference = value.get("$ref")?.as_str()?;
    reference.strip_prefix("#/components/schemas/")
}
