//! The headers of answers, each described once.

use serde_json::{Map, Value, json};

use super::shared::{Place, operations};
use crate::http::open::is_open;

/// Name, description, example; whether every answer that tells it has it.
const HEADERS: [(&str, &str, &str, bool); 21] = [
    (
        "Accept-Encoding",
        "Les compressions de corps que l'adresse prend.",
        "gzip, identity",
        false,
    ),
    (
        "Accept-Patch",
        "Les formes de corps que l'adresse prend.",
        "application/merge-patch+json",
        false,
    ),
    (
        "Accept-Post",
        "Les formes de corps que l'adresse prend.",
        "application/json",
        false,
    ),
    (
        "Accept",
        "Les formes de corps que l'adresse prend.",
        "application/json",
        false,
    ),
    (
        "Cache-Control",
        "Combien de temps la réponse peut être gardée.",
        "no-store",
        true,
    ),
    (
        "Content-Disposition",
        "Le nom du fichier.",
        "attachment; filename=\"echeances.ics\"",
        false,
    ),
    ("Content-Language", "La langue des libellés.", "fr", false),
    (
        "Content-Security-Policy",
        "Ce que la page imprimable peut charger : rien.",
        "default-src 'none'; style-src 'unsafe-inline'",
        false,
    ),
    (
        "ETag",
        "L'état lu, pour `If-Match` et `If-None-Match` ; absent d'une liste entière (CSV, NDJSON).",
        "\"1.Zm9vYmFyYmF6\"",
        false,
    ),
    (
        "Idempotency-Replayed",
        "`true` : la première réponse à cette clé, rendue à nouveau.",
        "true",
        false,
    ),
    (
        "Link",
        "L'adresse de la page suivante, `rel=\"next\"` (RFC 8288).",
        "</v1/partners?cursor=eyJ2>; rel=\"next\"",
        false,
    ),
    (
        "Location",
        "L'adresse de ce qui est créé.",
        "/v1/partners/0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e01",
        true,
    ),
    (
        "Pragma",
        "Comme `Cache-Control`, pour HTTP/1.0.",
        "no-cache",
        true,
    ),
    (
        "Preference-Applied",
        "Dit que `Prefer: return=minimal` est suivi.",
        "return=minimal",
        false,
    ),
    (
        "RateLimit",
        "Ce qui reste de la part du client, et dans combien de secondes elle est entière à nouveau.",
        "\"default\";r=4998;t=1",
        false,
    ),
    (
        "RateLimit-Policy",
        "La part du client : combien (`q`), en combien de secondes (`w`). Une lecture coûte 1, une page ou une écriture 2, une recherche ou un décompte 5, un lot 10, une liste complète 20.",
        "\"default\";q=5000;w=10",
        false,
    ),
    (
        "Ree-Data-As-Of",
        "De ce qui a été lu d'un serveur secondaire, l'instant jusqu'auquel il est complet ; absent de ce qui a été lu du serveur principal.",
        "2026-11-30T08:00:00.250Z",
        false,
    ),
    (
        "Ree-Position",
        "Où en est le registre après cette écriture : une lecture qui renvoie cet en-tête la voit, de quelque serveur qu'elle soit faite.",
        "1-16b3748",
        false,
    ),
    (
        "Retry-After",
        "Dans combien de secondes essayer à nouveau.",
        "1",
        false,
    ),
    (
        "WWW-Authenticate",
        "Ce que l'authentification demande (RFC 6750).",
        "Bearer realm=\"ree\"",
        false,
    ),
    (
        "X-Request-Id",
        "L'identifiant de la requête, à citer quand vous demandez de l'aide.",
        "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e3f",
        true,
    ),
];

/// Describes them, and names them on each answer that can have them.
pub fn describe(document: &mut Value) {
    for (place, operation) in operations(document) {
        let is_list = operation
            .get("parameters")
            .and_then(Value::as_array)
            .is_some_and(|parameters| parameters.iter().any(is_cursor));
        let Some(Value::Object(responses)) = operation.get_mut("responses") else {
            continue;
        };
        // A reader who has it already is told of what 200 would answer (RFC 9110 §15.4.5).
        let read = responses.get("200").cloned().unwrap_or_default();
        for (status, response) in responses {
            let told = if status == "304" { &read } else { &*response };
            let names = names(&place, status, is_list, told);
            let referred = names.into_iter().map(|name| {
                let reference = format!("#/components/headers/{name}");
                (name.to_owned(), json!({"$ref": reference}))
            });
            let referred: Map<String, Value> = referred.collect();
            if let Some(response) = response.as_object_mut() {
                response.insert("headers".to_owned(), Value::Object(referred));
            }
        }
    }
    let described = HEADERS.map(|(name, description, example, required)| {
        let kind = if name == "Retry-After" {
            json!({"type": "integer", "minimum": 0})
        } else {
            json!({"type": "string", "minLength": 1})
        };
        let example = example.parse::<i64>().map_or(json!(example), Value::from);
        let header = json!({
            "description": description, "required": required, "schema": kind, "example": example
        });
        (name.to_owned(), header)
    });
    if let Some(Value::Object(components)) = document.get_mut("components") {
        components.insert(
            "headers".to_owned(),
            Value::Object(Map::from_iter(described)),
        );
    }
}

fn is_cursor(parameter: &Value) -> bool {
    let name = parameter.get("name").and_then(Value::as_str);
    matches!(name, Some("cursor" | "after"))
}

/// The headers that an operation's answer of this status, whose contents are told, can have.
fn names(place: &Place, status: &str, is_list: bool, response: &Value) -> Vec<&'static str> {
    let has = |media_type: &str| {
        let content = response.get("content").and_then(Value::as_object);
        content.is_some_and(|content| content.contains_key(media_type))
    };
    let reads = place.method == "get";
    let token = place.path.starts_with("/oauth2/");
    let mut names = match status {
        "401" | "403" => vec!["WWW-Authenticate"],
        "409" | "429" | "503" => vec!["Retry-After"],
        "415" => vec![
            match place.method.as_str() {
                "patch" => "Accept-Patch",
                "post" => "Accept-Post",
                _ => "Accept",
            },
            "Accept-Encoding",
        ],
        "201" => vec!["ETag", "Location"],
        "304" => vec!["ETag"],
        "400" if token => vec!["Accept-Post"],
        "200" if token => Vec::new(),
        "200" | "204" if place.method != "delete" || has("application/json") => vec!["ETag"],
        _ => Vec::new(),
    };
    let mut when = |condition: bool, name| {
        if condition {
            names.push(name);
        }
    };
    when(token, "Cache-Control");
    when(token, "Pragma");
    when(has("text/csv"), "Content-Disposition");
    when(has("text/html"), "Content-Security-Policy");
    when(
        has("text/html") || has("application/problem+json"),
        "Content-Language",
    );
    let has_links = is_list || is_open(&place.path);
    when(
        reads && has_links && ["200", "304"].contains(&status),
        "Link",
    );
    let wrote = !reads && !token && status.starts_with('2');
    when(wrote, "Ree-Position");
    when(wrote && place.method == "post", "Idempotency-Replayed");
    when(wrote && status != "200", "Preference-Applied");
    let is_watched = ["/healthz", "/readyz"].contains(&place.path.as_str());
    let is_of_register = ["/v1", "/public/", "/calendars/"]
        .iter()
        .any(|start| place.path.starts_with(start));
    let is_read = match status {
        "200" | "304" => reads,
        // Described alike wherever something is looked for.
        status => ["404", "410"].contains(&status),
    };
    when(is_of_register && is_read, "Ree-Data-As-Of");
    when(!is_watched, "RateLimit");
    when(!is_watched, "RateLimit-Policy");
    names.push("X-Request-Id");
    names
}
