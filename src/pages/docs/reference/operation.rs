//! The page of an operation: who may, what to send, what comes back.

use maud::{Markup, html};
use serde_json::Value;

use super::kinds::{codes, plain};
use super::parts::{choices, example, fields, prose, typed};
use super::spec::{Operation, Spec, members, name_of, text};
use crate::auth::policy::{self, Grant};

/// The roles, in the order of the access table.
const ROLES: [&str; 5] = [
    "ministère",
    "académie",
    "établissement",
    "partenaire",
    "lecteur",
];

/// What it says, below its title.
pub fn body(spec: &Spec, operation: &Operation) -> Markup {
    html! {
        p class="address" { span class="method" { (operation.method) } " " code { (operation.path) } }
        (prose(text(&operation.value, "description")))
        (rights(operation))
        (call(spec, operation))
        (parameters(spec, operation))
        (request(spec, operation))
        (answers(spec, operation))
    }
}

/// Who may ask for it, by role.
fn rights(operation: &Operation) -> Markup {
    if operation.is_open() {
        return html! { p class="rights" { "Ouverte à tous, sans jeton." } };
    }
    let writes = operation.method != "GET";
    let grants = policy::TABLE
        .iter()
        .find(|line| line.operation == operation.id);
    html! {
        h2 id="droits" { "Qui le peut" }
        p { "Il faut un jeton de portée " code { @if writes { "write" } @else { "read" } } "." }
        @if let Some(line) = grants {
            dl class="rights" {
                @for (role, grant) in ROLES.iter().zip(line.grants) {
                    div { dt { (role) } dd { (granted(grant)) } }
                }
            }
        }
    }
}

const fn granted(grant: Grant) -> &'static str {
    match grant {
        Grant::All => "oui",
        Grant::Own => "dans son périmètre",
        Grant::No => "non",
    }
}

/// The call as one types it, with the values of the document's examples.
fn call(spec: &Spec, operation: &Operation) -> Markup {
    let mut path = operation.path.clone();
    let mut query = Vec::new();
    for parameter in listed(spec, operation) {
        let value = parameter.get("example").map(plain).unwrap_or_default();
        let is_needed = parameter.get("required") == Some(&Value::Bool(true));
        match text(parameter, "in") {
            "path" => path = path.replace(&format!("{{{}}}", text(parameter, "name")), &value),
            "query" if is_needed => query.push(format!("{}={value}", text(parameter, "name"))),
            _ => {}
        }
    }
    let query = if query.is_empty() {
        String::new()
    } else {
        format!("?{}", query.join("&"))
    };
    let sent = content(spec, operation).map(|(kind, content)| (kind, spec.example(content)));
    html! {
        h2 id="appel" { "L’appeler" }
        pre tabindex="0" { code class="language-bash" { (command(operation, &format!("{path}{query}"), sent)) } }
    }
}

fn command(operation: &Operation, address: &str, sent: Option<(&str, Option<&Value>)>) -> String {
    let mut lines = vec![format!("curl \"$base{address}\"")];
    if !operation.is_open() {
        lines.push("-H \"Authorization: Bearer $token\"".to_owned());
    }
    if operation.method != "GET" && !(operation.method == "POST" && sent.is_some()) {
        lines.push(format!("-X {}", operation.method));
    }
    if needs_if_match(operation) {
        lines.push("-H 'If-Match: \"…\"'".to_owned());
    }
    if let Some((kind, value)) = sent {
        lines.push(format!("-H 'Content-Type: {kind}'"));
        let body = value.and_then(|value| serde_json::to_string_pretty(value).ok());
        let body = body.unwrap_or_default();
        lines.push(format!("-d '{}'", body.replace('\'', "'\\''")));
    }
    lines.join(" \\\n    ")
}

fn needs_if_match(operation: &Operation) -> bool {
    matches!(operation.method.as_str(), "PATCH" | "DELETE")
}

/// Its parameters, as they are written where they are shared.
fn listed<'a>(spec: &'a Spec, operation: &'a Operation) -> impl Iterator<Item = &'a Value> {
    let parameters = operation.value.get("parameters").and_then(Value::as_array);
    let parameters = parameters.into_iter().flatten();
    parameters.map(|parameter| spec.resolve(parameter))
}

fn parameters(spec: &Spec, operation: &Operation) -> Markup {
    let all: Vec<&Value> = listed(spec, operation).collect();
    html! {
        @if !all.is_empty() {
            h2 id="parametres" { "Paramètres" }
            div class="scroll" tabindex="0" {
                table class="stacked" {
                    thead { tr { th scope="col" { "Nom" } th scope="col" { "Type" } th scope="col" { "Ce qu’il dit" } } }
                    tbody { @for one in all { (parameter(spec, one)) } }
                }
            }
        }
    }
}

fn parameter(spec: &Spec, parameter: &Value) -> Markup {
    let schema = parameter.get("schema").unwrap_or(&Value::Null);
    let place = match text(parameter, "in") {
        "path" => "dans le chemin",
        "header" => "en-tête",
        _ => "dans la requête",
    };
    html! {
        tr {
            th scope="row" {
                code { (text(parameter, "name")) }
                @if parameter.get("required") == Some(&Value::Bool(true)) { " " span class="tag" { "obligatoire" } }
                br; small { (place) }
            }
            td { (typed(spec, schema)) }
            td {
                (prose(text(parameter, "description")))
                @if let Some(value) = parameter.get("example") { p { small { "Exemple : " code { (plain(value)) } } } }
                (choices(&codes(spec, schema)))
            }
        }
    }
}

/// The first form of its body.
fn content<'a>(spec: &'a Spec, operation: &'a Operation) -> Option<(&'a str, &'a Value)> {
    let body = spec.resolve(operation.value.get("requestBody")?);
    let (kind, content) = body.get("content")?.as_object()?.iter().next()?;
    Some((kind, content))
}

fn request(spec: &Spec, operation: &Operation) -> Markup {
    let Some((kind, content)) = content(spec, operation) else {
        return html! {};
    };
    let schema = content.get("schema").unwrap_or(&Value::Null);
    let body = spec.resolve(operation.value.get("requestBody").unwrap_or(&Value::Null));
    let forms: Vec<&String> = members(body, "/content").map(|(name, _)| name).collect();
    html! {
        h2 id="corps" { "Corps de la requête" }
        p {
            @if body.get("required") == Some(&Value::Bool(true)) { "Obligatoire, en " } @else { "Facultatif, en " }
            @for (place, form) in forms.iter().enumerate() { @if place > 0 { ", " } code { (form) } }
            @if let Some(name) = name_of(schema) { " : " a href={ "/docs/schemas/" (name) } { (name) } }
            "."
        }
        (fields(spec, schema, true))
        @if let Some(value) = spec.example(content) {
            h3 { "Exemple, en " code { (kind) } }
            (example(value))
        }
    }
}

fn answers(spec: &Spec, operation: &Operation) -> Markup {
    let all: Vec<(&String, &Value)> = members(&operation.value, "/responses")
        .map(|(status, response)| (status, spec.resolve(response)))
        .collect();
    html! {
        h2 id="reponses" { "Réponses" }
        @for (status, response) in all.iter().filter(|(status, _)| is_success(status)) {
            (success(spec, status, response))
        }
        h3 { "Les autres" }
        dl class="answers" {
            @for (status, response) in all.iter().filter(|(status, _)| !is_success(status)) {
                div { dt { (status) } dd { (refusal(response)) } }
            }
        }
    }
}

fn is_success(status: &str) -> bool {
    status.starts_with('2')
}

fn success(spec: &Spec, status: &str, response: &Value) -> Markup {
    let contents: Vec<(&String, &Value)> = members(response, "/content").collect();
    html! {
        h3 { (status) " — " (text(response, "description")) }
        @if !contents.is_empty() {
            ul {
                @for (kind, content) in &contents {
                    li {
                        code { (kind) }
                        @if let Some(name) = content.get("schema").and_then(name_of) {
                            " : " a href={ "/docs/schemas/" (name) } { (name) }
                        }
                    }
                }
            }
            @for (_, content) in &contents {
                @if let Some(value) = spec.example(content) {
                    details { summary { "Exemple" } (example(value)) }
                }
            }
        }
        (headers(spec, response))
    }
}

fn headers(spec: &Spec, response: &Value) -> Markup {
    let all: Vec<(&String, &Value)> = members(response, "/headers").collect();
    html! {
        @if !all.is_empty() {
            details {
                summary { "En-têtes" }
                dl class="answers" {
                    @for (name, header) in all {
                        div { dt { code { (name) } } dd { (prose(text(spec.resolve(header), "description"))) } }
                    }
                }
            }
        }
    }
}

/// A refusal, with the page of its code where one code alone has the status here.
fn refusal(response: &Value) -> Markup {
    let code = response.pointer("/content/application~1problem+json/example/code");
    let said = text(response, "description");
    html! {
        @match code.and_then(Value::as_str) {
            Some(code) => a href={ "/problems/" (code) } { (said) },
            None => (prose(said)),
        }
    }
}

/// The operations of its group, itself among them.
pub fn neighbours(spec: &Spec, operation: &Operation) -> Markup {
    html! {
        p { strong { (operation.tag) } }
        ul {
            @for one in spec.of_tag(&operation.tag) {
                li {
                    a href={ "/docs/reference/" (one.id) } aria-current=[(one.id == operation.id).then_some("page")] { (one.summary) }
                }
            }
        }
    }
}
