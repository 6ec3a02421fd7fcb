//! What many operations have alike, written once among the components and referred to: the items of
//! lists, parameters, answers.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

/// How often something must be written alike to be written once.
const OFTEN: usize = 2;

/// The items of a list refer to the schema of an object that is read alone.
pub fn refer_to_items(schemas: &mut Value) {
    let Some(schemas) = schemas.as_object_mut() else {
        return;
    };
    let mut alone: Vec<(String, Value)> = Vec::new();
    for (name, list) in &mut *schemas {
        let items = list.pointer_mut("/properties/data/items");
        let of = name.strip_prefix("Open").unwrap_or(name);
        if let (Some(of), Some(items)) = (of.strip_prefix("Listed_"), items) {
            let reference = json!({"$ref": format!("#/components/schemas/{of}")});
            alone.push((of.to_owned(), std::mem::replace(items, reference)));
        }
    }
    for (name, mut schema) in alone {
        join(&mut schema);
        schemas.entry(name).or_insert(schema);
    }
}

/// The schema of a parameter, or of its items, refers to that of a body's field where they are the same.
pub fn refer_to_schemas(document: &mut Value) {
    let schemas = document.pointer("/components/schemas");
    let schemas = schemas.and_then(Value::as_object).into_iter().flatten();
    let names: HashMap<String, String> = schemas
        .map(|(name, schema)| (schema.to_string(), name.clone()))
        .collect();
    let refer = |schema: &mut Value| {
        if let Some(name) = names.get(&schema.to_string()) {
            *schema = json!({"$ref": format!("#/components/schemas/{name}")});
        }
    };
    for (_, operation) in operations(document) {
        let parameters = operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            for place in ["/schema", "/schema/items"] {
                parameter.pointer_mut(place).into_iter().for_each(refer);
            }
        }
    }
}

/// Parameters and answers that are written alike become references.
pub fn refer_to_parts(document: &mut Value) {
    let parameters = Parts::of(document, "parameters");
    parameters.share(document, "parameters");
    let responses = Parts::of(document, "responses");
    responses.share(document, "responses");
}

/// The parts of one kind, by how they are written.
#[derive(Default)]
struct Parts {
    /// How often, and what it would be called: alone of its name, and beside others.
    found: Vec<Part>,
    places: HashMap<String, usize>,
}

struct Part {
    written: Value,
    times: usize,
    name: String,
    qualified: String,
}

impl Parts {
    fn of(document: &mut Value, kind: &str) -> Self {
        let mut parts = Self::default();
        for (Place { path, .. }, operation) in operations(document) {
            match operation.get(kind) {
                Some(Value::Array(written)) => {
                    for parameter in written {
                        parts.add(parameter, text(parameter.get("name")), &path);
                    }
                }
                Some(Value::Object(written)) => {
                    for (status, response) in written {
                        parts.add(response, answer_name(status, response), &path);
                    }
                }
                _ => {}
            }
        }
        parts
    }

    fn add(&mut self, written: &Value, name: &str, path: &str) {
        let place = *self
            .places
            .entry(written.to_string())
            .or_insert(self.found.len());
        if let Some(part) = self.found.get_mut(place) {
            part.times += 1;
            return;
        }
        self.found.push(Part {
            written: written.clone(),
            times: 1,
            name: name.to_owned(),
            qualified: format!("{}.{name}", resource(path, name)),
        });
    }

    /// A name for each part that is written often: its own where no other has it.
    fn names(&self) -> HashMap<String, String> {
        let mut taken = HashSet::new();
        let mut names = HashMap::new();
        for part in self.found.iter().filter(|part| part.times >= OFTEN) {
            let alone = self.found.iter().filter(|other| other.name == part.name);
            let name = match alone.count() {
                1 => &part.name,
                _ => &part.qualified,
            };
            if !part.name.is_empty() && taken.insert(name.clone()) {
                names.insert(part.written.to_string(), name.clone());
            }
        }
        names
    }

    fn share(&self, document: &mut Value, kind: &str) {
        let names = self.names();
        for (_, operation) in operations(document) {
            let written: Vec<&mut Value> = match operation.get_mut(kind) {
                Some(Value::Array(parameters)) => parameters.iter_mut().collect(),
                Some(Value::Object(responses)) => responses.values_mut().collect(),
                _ => continue,
            };
            for part in written {
                if let Some(name) = names.get(&part.to_string()) {
                    *part = json!({"$ref": format!("#/components/{kind}/{name}")});
                }
            }
        }
        let named = self.found.iter().filter_map(|part| {
            let name = names.get(&part.written.to_string())?;
            Some((name.clone(), part.written.clone()))
        });
        let mut shared: Vec<(String, Value)> = named.collect();
        shared.sort_by(|(one, _), (other, _)| one.cmp(other));
        if let Some(components) = document
            .pointer_mut("/components")
            .and_then(Value::as_object_mut)
        {
            components.insert(kind.to_owned(), Value::Object(Map::from_iter(shared)));
        }
    }
}

/// Where an operation stands.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its path template.
    pub path: String,
    /// Its method, in small letters.
    pub method: String,
}

/// Each operation, with its place.
pub fn operations(document: &mut Value) -> Vec<(Place, &mut Map<String, Value>)> {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let items = paths.into_iter().flatten();
    let operations = items.flat_map(|(path, item)| {
        let operations = item.as_object_mut().into_iter().flatten();
        operations.filter_map(|(method, operation)| {
            let (path, method) = (path.clone(), method.clone());
            Some((Place { path, method }, operation.as_object_mut()?))
        })
    });
    operations.collect()
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

/// An error is called by its code; what has neither code nor body, by what its status says.
fn answer_name<'a>(status: &str, response: &'a Value) -> &'a str {
    let code = response.pointer("/content/application~1problem+json/example/code");
    match (status, code) {
        (_, Some(code)) => text(Some(code)),
        ("304", _) => "not_modified",
        ("204", _) => "done",
        _ => "",
    }
}

/// The resource whose parameter it is: the fixed part of the path before it, or the last there is.
fn resource<'a>(path: &'a str, name: &str) -> &'a str {
    let place = path.find(&format!("/{{{name}}}"));
    let before = place.and_then(|place| path.get(..place)).unwrap_or(path);
    let mut parts = before.split('/');
    parts
        .rfind(|part| !part.starts_with('{') && *part != "count")
        .unwrap_or_default()
}

/// Makes one object of an `allOf` whose parts are all written in place: the parts are how the code
/// is written, and nothing to a reader. The id comes first.
pub fn join(schema: &mut Value) {
    let Some(parts) = schema.get_mut("allOf").and_then(Value::as_array_mut) else {
        return;
    };
    parts.iter_mut().for_each(join);
    if !parts
        .iter()
        .all(|part| part.get("type") == Some(&json!("object")))
    {
        return;
    }
    let (mut properties, mut required) = (Vec::new(), Vec::new());
    for part in parts {
        if let Some(Value::Object(own)) = part.get_mut("properties").map(Value::take) {
            properties.extend(own);
        }
        if let Some(Value::Array(own)) = part.get_mut("required").map(Value::take) {
            required.extend(own);
        }
    }
    properties.sort_by_key(|(name, _)| name != "id");
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    members.remove("allOf");
    members.insert("type".to_owned(), json!("object"));
    if !required.is_empty() {
        members.insert("required".to_owned(), required.into());
    }
    let properties = Map::from_iter(properties);
    members.insert("properties".to_owned(), Value::Object(properties));
}
