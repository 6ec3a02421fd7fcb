//! Descriptions of one schema that differ from those of the schemas made of the same content: a
//! creation, its change and the answer share their fields in the code.

use serde_json::{Value, json};

use crate::http::merge::merge;

/// Each schema that has words of its own, and those as a merge patch (RFC 7396).
fn wordings() -> [(&'static str, Value); 4] {
    let maybe = |name: &str, description: &str| {
        let reference = format!("#/components/schemas/{name}");
        json!({"oneOf": [{"$ref": reference, "description": description}, {"type": "null"}]})
    };
    let clearable = json!({"type": ["array", "null"], "example": null});
    let without_example = json!({"example": null});
    [
        (
            "Partner",
            json!({"properties": {
                "siren": maybe("Siren", "Numéro SIREN, unique lorsqu'il est connu."),
                "rna": maybe("Rna", "Numéro au répertoire national des associations, unique lorsqu'il est connu."),
            }}),
        ),
        (
            "PartnerPatch",
            json!({
                "description": "Ce qu'on change d'un partenaire (RFC 7396) : un champ absent reste, `null` vide.",
                "properties": {
                    "siren": maybe("Siren", "Numéro SIREN."),
                    "sectors": clearable,
                    "member_of": clearable,
                }
            }),
        ),
        (
            "RepresentativePatch",
            json!({
                "description": "Ce qu'on change d'un représentant (RFC 7396).",
                "properties": {"territories": without_example}
            }),
        ),
        (
            "ClientPatch",
            json!({
                "description": "Ce qu'on change d'un client (RFC 7396) : un champ absent reste, `null` vide.",
                "properties": {
                    "role": {"description": "Rôle de ses jetons ; changez le périmètre avec lui."},
                    "territories": clearable,
                    "uais": clearable,
                    "scopes": without_example,
                    "expires_at": {"description": "Fin de validité ; null : aucune."},
                },
                // Of the creation's, the name and the scopes stay.
                "example": {"contact_email": null, "role": null, "territories": null, "expires_at": null}
            }),
        ),
    ]
}

/// Says them.
pub fn apply(schemas: &mut Value) {
    for (name, words) in &wordings() {
        if let Some(schema) = schemas.get_mut(name) {
            merge(schema, words);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(schema: &Value, field: &str) -> bool {
        let parts = schema["allOf"].as_array().into_iter().flatten();
        schema["properties"].get(field).is_some() || parts.into_iter().any(|part| has(part, field))
    }

    #[test]
    fn each_is_of_a_schema_and_of_fields_that_there_are() {
        let document = serde_json::to_value(crate::openapi::document()).unwrap();
        for (name, words) in wordings() {
            for (field, _) in words["properties"].as_object().unwrap() {
                let schema = &document["components"]["schemas"][name];
                assert!(has(schema, field), "{name}.{field}");
            }
        }
    }
}
