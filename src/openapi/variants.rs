//! Alternatives that a word tells apart, each a schema of its own: what generators name, and find by
//! that word.

use serde_json::{Map, Value, json};

/// Writes the alternatives of each schema as schemas, and names the word that tells them apart.
pub fn name(schemas: &mut Map<String, Value>) {
    let mut named = Vec::new();
    for (name, schema) in &mut *schemas {
        let Some(alternatives) = schema.get("oneOf").and_then(Value::as_array) else {
            continue;
        };
        let Some(told_by) = alternatives.first().and_then(word) else {
            continue;
        };
        let values: Option<Vec<String>> = alternatives
            .iter()
            .map(|one| value(one, &told_by))
            .collect();
        let Some(values) = values else {
            continue;
        };
        let names = values
            .iter()
            .map(|value| format!("{name}{}", capitalised(value)));
        let names: Vec<String> = names.collect();
        let described = alternatives.iter().zip(&values);
        let described = described.map(|(one, value)| described_by(one, &told_by, value));
        named.extend(names.iter().cloned().zip(described));
        let reference = |name: &String| format!("#/components/schemas/{name}");
        let mapping = values
            .into_iter()
            .zip(names.iter().map(reference).map(Value::from));
        let discriminator = json!({"propertyName": told_by, "mapping": Map::from_iter(mapping)});
        let references = names.iter().map(|name| json!({"$ref": reference(name)}));
        let references: Value = references.collect();
        if let Some(members) = schema.as_object_mut() {
            members.insert("oneOf".to_owned(), references);
            members.insert("discriminator".to_owned(), discriminator);
        }
    }
    schemas.extend(named);
}

/// The property of an alternative that can have one value only.
fn word(alternative: &Value) -> Option<String> {
    let properties = alternative.get("properties")?.as_object()?;
    let found = properties
        .keys()
        .find(|name| value(alternative, name).is_some());
    found.cloned()
}

/// That value.
fn value(alternative: &Value, name: &str) -> Option<String> {
    let property = alternative.get("properties")?.get(name)?;
    match property.get("enum")?.as_array()?.as_slice() {
        [Value::String(only)] => Some(only.clone()),
        _ => None,
    }
}

/// The alternative, whose word says that it is always the same.
fn described_by(alternative: &Value, told_by: &str, value: &str) -> Value {
    let mut described = alternative.clone();
    let property = described.pointer_mut(&format!("/properties/{told_by}"));
    if let Some(property) = property.and_then(Value::as_object_mut) {
        property.insert(
            "description".to_owned(),
            json!(format!("Toujours `{value}`.")),
        );
    }
    described
}

/// `add_partner` as `AddPartner`.
fn capitalised(value: &str) -> String {
    let words = value.split('_').map(|word| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        format!("{}{rest}", first.to_uppercase())
    });
    words.collect()
}
