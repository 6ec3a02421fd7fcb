//! Every answer that any test meets is held against the document: its status, its headers, its body.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use actix_web::http::header::HeaderMap;
use flate2::read::GzDecoder;
use jsonschema::{Registry, Validator};
use serde_json::{Value, json};

use super::document;

/// An answer, with the operation it answers.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The method and the path template it answers, where there is such a path.
    pub route: Option<(&'a str, &'a str)>,
    pub status: u16,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    /// Whether only some members of a list's items were asked for (`fields=`).
    pub is_partial: bool,
}

/// What the service, or a proxy's rule it follows, sets on every answer: docs/API.md tells of it.
const EVERYWHERE: [&str; 15] = [
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "cache-control",
    "content-encoding",
    "content-length",
    "content-type",
    "referrer-policy",
    "strict-transport-security",
    "traceparent",
    "vary",
    "x-content-type-options",
];

/// A document, and its schemas once they have been asked for.
pub struct Contract {
    responses: HashMap<(String, String), HashMap<u16, Value>>,
    document: Value,
    registry: Registry<'static>,
    /// By the text of the schema.
    compiled: Mutex<HashMap<String, Arc<Validator>>>,
}

/// That of the service.
static CONTRACT: LazyLock<Contract> = LazyLock::new(|| Contract::of(document::DOCUMENT.clone()));

/// Whether an answer is a page.
fn is_html(answer: &Answer<'_>) -> bool {
    let form = answer.headers.get("content-type");
    form.is_some_and(|form| form.as_bytes().starts_with(b"text/html"))
}

/// What the document does not say of an answer.
pub fn undocumented(answer: &Answer<'_>) -> Vec<String> {
    CONTRACT.undocumented(answer)
}

/// What a schema of the document has against a value.
pub fn unlike(schema: &Value, value: &Value) -> Vec<String> {
    CONTRACT.against(schema, value)
}

const NAME: &str = "urn:document";

impl Contract {
    pub fn of(document: Value) -> Self {
        let mut responses = HashMap::new();
        for (path, item) in document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("methods") {
                let own = operation["responses"].as_object().expect("responses");
                let by_status = own.iter().map(|(status, response)| {
                    let response = written(&document, response).clone();
                    (status.parse().expect("a status"), response)
                });
                responses.insert(
                    (method.to_uppercase(), path.clone()),
                    by_status.collect::<HashMap<u16, Value>>(),
                );
            }
        }
        let components = json!({ "components": document["components"] });
        let registry = Registry::new()
            .add(NAME, components)
            .expect("a name")
            .prepare()
            .expect("the document's schemas");
        Self {
            responses,
            document,
            registry,
            compiled: Mutex::default(),
        }
    }

    fn undocumented(&self, answer: &Answer<'_>) -> Vec<String> {
        let Some((method, path)) = answer.route else {
            return self.outside(answer, "");
        };
        // What a person in a browser is refused by, where addresses are people's too.
        let is_refused = (400..=599).contains(&answer.status);
        let is_for_programs = ["/v1/", "/public/", "/oauth2/"]
            .iter()
            .any(|start| path.starts_with(start));
        if is_refused && is_html(answer) && !is_for_programs {
            return Vec::new();
        }
        // A HEAD that was refused before it became a GET.
        let method = if method == "HEAD" { "GET" } else { method };
        let Some(statuses) = self.responses.get(&(method.to_owned(), path.to_owned())) else {
            return self.outside(answer, path);
        };
        let Some(response) = statuses.get(&answer.status) else {
            return vec![format!("no status {}", answer.status)];
        };
        let mut faults = self.headers(answer, response);
        faults.extend(self.body(answer, response));
        faults
    }

    /// What no operation answers: pages for people, what CORS and `OPTIONS` say, and the refusal of a
    /// path or a method that there is not, in OAuth's words at its addresses.
    fn outside(&self, answer: &Answer<'_>, path: &str) -> Vec<String> {
        let method = answer.route.map_or("", |(method, _)| method);
        let is_page = path == "/docs" || path.starts_with("/docs/") || document::is_page(path);
        match answer.status {
            200 | 303 | 304 if is_page => Vec::new(),
            200 | 204 if method == "OPTIONS" => Vec::new(),
            // What a person in a browser is refused by.
            400..=599 if is_html(answer) => Vec::new(),
            400..=599 => {
                let is_oauth = path.starts_with("/oauth2/");
                let (form, name) = if is_oauth {
                    ("application/json", "OAuthError")
                } else {
                    ("application/problem+json", "Problem")
                };
                let reference = format!("#/components/schemas/{name}");
                self.value(answer, form, &json!({ "$ref": reference }))
            }
            status => vec![format!("{status} outside of every operation")],
        }
    }

    fn headers(&self, answer: &Answer<'_>, response: &Value) -> Vec<String> {
        let empty = serde_json::Map::new();
        let told = response["headers"].as_object().unwrap_or(&empty);
        let mut faults = Vec::new();
        for name in answer.headers.keys() {
            let is_told = told
                .keys()
                .any(|told| told.eq_ignore_ascii_case(name.as_str()));
            if !is_told && !EVERYWHERE.contains(&name.as_str()) {
                faults.push(format!("header {name} is not documented"));
            }
        }
        for (name, header) in told {
            let header = written(&self.document, header);
            let Some(value) = answer.headers.get(name.as_str()) else {
                if header["required"] == true {
                    faults.push(format!("header {name} is missing"));
                }
                continue;
            };
            let text = value.to_str().expect("a header in ASCII");
            let is_number = header["schema"]["type"] == "integer";
            let value = match text.parse::<i64>() {
                Ok(number) if is_number => json!(number),
                _ => json!(text),
            };
            faults.extend(self.against(&header["schema"], &value));
        }
        faults
    }

    fn body(&self, answer: &Answer<'_>, response: &Value) -> Vec<String> {
        let content = response["content"].as_object();
        if answer.body.is_empty() {
            // A created object that its maker would not have back.
            let spared = answer.headers.contains_key("preference-applied");
            // A list without rows has no line.
            let form = answer.headers.get("content-type");
            let lines = form.is_some_and(|form| form == "application/x-ndjson");
            return match content {
                Some(content) if !content.is_empty() && !spared && !lines => {
                    vec!["no body".to_owned()]
                }
                _ => Vec::new(),
            };
        }
        let of = answer.headers.get("content-type");
        let of = of.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = of.split(';').next().unwrap_or_default();
        match content.and_then(|content| content.get(media_type)) {
            None => vec![format!("no body of type {media_type:?}")],
            Some(body) => {
                let mut faults = self.value(answer, media_type, &body["schema"]);
                // What was not asked for is not there.
                let is_left_out = |fault: &str| {
                    fault.starts_with("/data/") && fault.ends_with("is a required property")
                };
                faults.retain(|fault| !(answer.is_partial && is_left_out(fault)));
                faults
            }
        }
    }

    /// The faults of a body of this type: a JSON value, or a text.
    fn value(&self, answer: &Answer<'_>, media_type: &str, schema: &Value) -> Vec<String> {
        let value = if media_type.ends_with("json") && !media_type.ends_with("ndjson") {
            match serde_json::from_slice(&unpacked(answer)) {
                Ok(value) => value,
                Err(error) => return vec![error.to_string()],
            }
        } else {
            json!(String::from_utf8_lossy(answer.body))
        };
        self.against(schema, &value)
    }

    fn against(&self, schema: &Value, value: &Value) -> Vec<String> {
        let validator = self.compiled(schema);
        let faults = validator.iter_errors(value);
        faults
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect()
    }

    fn compiled(&self, schema: &Value) -> Arc<Validator> {
        let text = schema.to_string().replace("\"#/", &format!("\"{NAME}#/"));
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let made = compiled.entry(text).or_insert_with_key(|text| {
            let schema = serde_json::from_str(text).expect("a schema");
            let options = jsonschema::options()
                .should_validate_formats(true)
                .with_registry(&self.registry);
            Arc::new(options.build(&schema).expect("a schema that can be used"))
        });
        Arc::clone(made)
    }
}

/// The body as it was before it was compressed.
fn unpacked(answer: &Answer<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    match answer.headers.contains_key("content-encoding") {
        true => std::io::Read::read_to_end(&mut GzDecoder::new(answer.body), &mut bytes)
            .map(|_| bytes)
            .expect("a body in gzip"),
        false => answer.body.to_vec(),
    }
}

/// What a reference stands for.
fn written<'a>(document: &'a Value, part: &'a Value) -> &'a Value {
    match part["$ref"].as_str() {
        Some(reference) => document
            .pointer(reference.trim_start_matches('#'))
            .expect(reference),
        None => part,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    const ROUTE: (&str, &str) = ("GET", "/v1/territories/{code}");

    fn mutated(change: impl FnOnce(&mut Value)) -> Contract {
        let mut document = document::DOCUMENT.clone();
        change(&mut document);
        Contract::of(document)
    }

    /// What a document says of the answer that tells of this territory.
    fn faults(contract: &Contract, status: u16, body: &Value, more: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for name in ["x-request-id"].iter().chain(more) {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("a"));
        }
        let json = HeaderValue::from_static("application/json");
        headers.insert(HeaderName::from_static("content-type"), json);
        let body = body.to_string();
        let answer = Answer {
            route: Some(ROUTE),
            status,
            headers: &headers,
            body: body.as_bytes(),
            is_partial: false,
        };
        contract.undocumented(&answer).join("; ")
    }

    fn rhone() -> Value {
        json!({"code": "department:069", "kind": "department", "official_code": "069", "name": "Rhône",
               "parent": "academy:10", "created_at": "2026-09-01T08:00:00Z", "updated_at": "2026-09-01T08:00:00Z"})
    }

    #[test]
    fn an_answer_that_the_document_does_not_have_is_found_out() {
        let contract = mutated(|_| {});
        let sound = faults(&contract, 200, &rhone(), &["etag"]);
        assert_eq!(sound, "");
        let undocumented = [
            (faults(&contract, 202, &rhone(), &[]), "no status 202"),
            (faults(&contract, 200, &rhone(), &["x-secret"]), "x-secret"),
            (faults(&contract, 200, &json!([]), &[]), "object"),
        ];
        for (found, named) in undocumented {
            assert!(found.contains(named), "{found}");
        }
    }

    #[test]
    fn whatever_is_changed_in_a_schema_makes_a_sound_answer_a_fault() {
        let of = "/components/schemas/Territory";
        type Change = fn(&mut Value);
        let changes: [(&str, Change); 4] = [
            ("required", |schema| schema["required"] = json!(["another"])),
            ("type", |schema| {
                schema["properties"]["name"] = json!({"type": "integer"})
            }),
            ("closed", |schema| {
                schema["properties"]
                    .as_object_mut()
                    .expect("properties")
                    .remove("name");
                schema["additionalProperties"] = json!(false);
            }),
            ("gone", |schema| *schema = json!({"type": "array"})),
        ];
        for (what, change) in changes {
            let contract = mutated(|document| change(document.pointer_mut(of).expect(of)));
            assert_ne!(faults(&contract, 200, &rhone(), &[]), "", "{what}");
        }
        let header = "/components/headers/X-Request-Id/schema";
        let contract = mutated(|document| {
            *document.pointer_mut(header).expect(header) =
                json!({"type": "string", "minLength": 2});
        });
        assert_ne!(faults(&contract, 200, &rhone(), &[]), "", "a header's");
    }
}
