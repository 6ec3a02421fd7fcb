//! The OpenAPI document, from which tests are driven so that they cover every operation there is.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

/// The document of the service under test.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(&ree::openapi::text().expect("the document")).expect("JSON")
});

/// The path templates of the pages for people, which the document leaves out.
static PAGES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let whole = ree::openapi::document();
    let is_page = |item: &utoipa::openapi::PathItem| {
        let tags = item.get.as_ref().and_then(|get| get.tags.as_ref());
        tags.is_some_and(|tags| tags.iter().any(|tag| tag == ree::pages::TAG))
    };
    let paths = whole.paths.paths.into_iter();
    let pages = paths.filter(|(_, item)| is_page(item));
    pages.map(|(path, _)| path).collect()
});

/// Whether a path template is that of a page for people.
pub fn is_page(path: &str) -> bool {
    PAGES.iter().any(|page| page == path)
}

/// The same with its parameters and answers where they are used, as tests read it.
static WRITTEN_OUT: LazyLock<Value> = LazyLock::new(|| {
    let mut document = DOCUMENT.clone();
    let paths = document["paths"].as_object_mut().expect("paths");
    let operations = paths
        .values_mut()
        .flat_map(|item| item.as_object_mut().expect("methods").values_mut());
    for operation in operations {
        let parameters = operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut);
        parameters.into_iter().flatten().for_each(write_out);
        let responses = operation["responses"].as_object_mut().expect("responses");
        responses.values_mut().for_each(write_out);
    }
    document
});

fn write_out(part: &mut Value) {
    if let Some(reference) = part["$ref"].as_str() {
        let pointer = reference.strip_prefix('#').expect("a reference inside");
        *part = DOCUMENT.pointer(pointer).expect(pointer).clone();
    }
}

/// A value as it stands in an address: `style: form`, `explode: false`.
pub fn in_address(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(in_address).collect();
            items.join(",")
        }
        other => other.to_string(),
    }
}

/// One operation.
#[derive(Debug, Clone)]
pub struct Operation {
    pub id: &'static str,
    pub method: String,
    pub path: &'static str,
    pub item: &'static Value,
}

/// A body that an operation takes.
#[derive(Debug, Clone)]
pub struct TakenBody {
    pub media_type: &'static str,
    pub schema: &'static Value,
    pub example: Value,
}

/// Every operation, in the document's order.
pub fn operations() -> Vec<Operation> {
    let paths = WRITTEN_OUT["paths"].as_object().expect("paths");
    let mut all = Vec::new();
    for (path, methods) in paths {
        for (method, item) in methods.as_object().expect("methods") {
            let Some(id) = item["operationId"].as_str() else {
                continue;
            };
            all.push(Operation {
                id,
                method: method.to_uppercase(),
                path,
                item,
            });
        }
    }
    all
}

/// The operation of this id, which the service has: a test of one that it lacks must fail.
pub fn operation(id: &str) -> Operation {
    let found = operations()
        .into_iter()
        .find(|operation| operation.id == id);
    found.unwrap_or_else(|| panic!("the document has no operation {id}"))
}

impl Operation {
    pub fn is_public(&self) -> bool {
        !self.path.starts_with("/v1")
    }

    pub fn writes(&self) -> bool {
        self.method != "GET"
    }

    pub fn parameters(&self, place: &str) -> Vec<&'static Value> {
        let parameters = self.item["parameters"].as_array().into_iter().flatten();
        parameters
            .filter(|parameter| parameter["in"] == place)
            .collect()
    }

    pub fn has_header(&self, name: &str) -> bool {
        self.parameters("header")
            .iter()
            .any(|parameter| parameter["name"] == name)
    }

    /// The query parameters it cannot do without, with their examples.
    pub fn required_query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for parameter in self.parameters("query") {
            if parameter["required"] == true {
                let name = parameter["name"].as_str().expect("a name");
                query.append_pair(name, &in_address(&parameter["example"]));
            }
        }
        query.finish()
    }

    /// The statuses it documents.
    pub fn statuses(&self) -> Vec<u16> {
        let responses = self.item["responses"].as_object().into_iter().flatten();
        responses
            .filter_map(|(status, _)| status.parse().ok())
            .collect()
    }

    /// The body it takes, with an example made of the document's.
    pub fn body(&self) -> Option<TakenBody> {
        let content = self.item["requestBody"]["content"].as_object()?;
        let (media_type, content) = content.iter().find(|(name, _)| name.ends_with("json"))?;
        let schema = resolve(&content["schema"]);
        Some(TakenBody {
            media_type,
            schema,
            example: example_of(content),
        })
    }
}

/// What a reference stands for; of an alternative, what is not null.
pub fn resolve(schema: &'static Value) -> &'static Value {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().expect("a name");
        return resolve(&DOCUMENT["components"]["schemas"][name]);
    }
    for way in ["oneOf", "anyOf", "allOf"] {
        let choice = schema[way]
            .as_array()
            .into_iter()
            .flatten()
            .find(|choice| choice["type"] != "null");
        if let Some(choice) = choice {
            return resolve(choice);
        }
    }
    schema
}

/// The properties of an object's schema.
pub fn properties(schema: &'static Value) -> Vec<(&'static str, &'static Value)> {
    let own = schema["properties"].as_object().into_iter().flatten();
    own.map(|(name, property)| (name.as_str(), property))
        .collect()
}

/// The example that the document writes for a body: whole, or property by property.
fn example_of(content: &'static Value) -> Value {
    if let Some(example) = content.get("example") {
        return example.clone();
    }
    if let Some(example) = content["examples"]
        .as_object()
        .and_then(|examples| examples.values().next())
    {
        return example["value"].clone();
    }
    example_of_schema(&content["schema"])
}

fn example_of_schema(schema: &'static Value) -> Value {
    let resolved = resolve(schema);
    for found in [schema, resolved] {
        if let Some(example) = found
            .get("example")
            .or_else(|| found["examples"].get(0))
            .or_else(|| found["enum"].get(0))
        {
            return example.clone();
        }
    }
    let own = properties(resolved);
    if own.is_empty() {
        return if resolved["type"] == "string" {
            json!("Texte")
        } else {
            json!({})
        };
    }
    let members = own
        .into_iter()
        .filter(|(_, property)| property["type"] != "array" || property.get("example").is_some());
    Value::Object(
        members
            .map(|(name, property)| (name.to_owned(), example_of_schema(property)))
            .collect::<Map<_, _>>(),
    )
}
