//! The OpenAPI document: title, tags, security, and what is the same for every operation.
//!
//! Paths, parameters and bodies are written once, on the handlers; the error answers are added
//! here for all, each operation getting those it can really meet.

mod examples;
mod finish;
mod headers;
mod lifecycles;
#[cfg(test)]
mod names;
mod print;
mod shared;
mod sides;
mod variants;
mod wordings;

use std::sync::OnceLock;

use serde_json::json;
use utoipa::openapi::path::{HttpMethod, Operation, Parameter, ParameterIn, PathItem};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::security::{
    ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityScheme,
};
use utoipa::openapi::{
    ContentBuilder, OpenApi, Ref, RefOr, Required, ResponseBuilder, SecurityRequirement,
};
use utoipa::{IntoParams as _, OpenApi as _};
use utoipa_actix_web::AppExt;

use crate::error::Code;
use crate::error::problem::{Problem, ProblemFault};
use crate::http::contract::written;
use crate::http::formats::Form;
use crate::http::open::is_open;
use crate::http::parameters::ReadAfter;
use crate::routes;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "ree, registre national des relations école-entreprise",
        description = "Conventions nationales, déclinaisons locales, interventions, bilans et indicateurs des partenariats entre l'École et les entreprises.\n\nChaque erreur est un document `application/problem+json` (RFC 9457) dont le `code` est stable ; `/problems` les documente tous. Les libellés sont en français, ou en anglais avec `Accept-Language: en`.",
        contact(name = "Ministère de l'Éducation nationale", url = "https://www.education.gouv.fr"),
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    servers((url = "/", description = "Le service qui sert ce document.")),
    components(schemas(Problem, ProblemFault)),
    tags(
        (name = "Partenaires", description = "Les organismes partenaires du ministère et leurs représentants."),
        (name = "Conventions", description = "Ce que le ministère, une région, une académie ou un établissement signent avec des partenaires."),
        (name = "Données ouvertes", description = "Ce que chacun peut lire sans jeton, sous Licence Ouverte 2.0."),
        (name = "Déclinaisons", description = "Les conventions portées dans les régions académiques, les académies et les établissements."),
        (name = "Interventions", description = "Ce que les partenaires proposent aux établissements."),
        (name = "Sollicitations", description = "Ce que les établissements demandent aux partenaires, et ce qu'il en advient."),
        (name = "Contacts", description = "À qui écrire, du côté de l'éducation."),
        (name = "Établissements", description = "L'annuaire du ministère."),
        (name = "Référentiels", description = "Territoires et nomenclatures."),
        (name = "Bilans", description = "Ce que chaque territoire a fait sous une convention, année après année."),
        (name = "Campagnes", description = "Les bilans attendus d'une année scolaire, et où ils en sont."),
        (name = "Indicateurs", description = "Ce que les bilans validés totalisent."),
        (name = "Publications", description = "Les chiffres d'une année scolaire tels que le ministère les a publiés."),
        (name = "Échéances", description = "Ce qui vient à terme, et ce qui est en retard."),
        (name = "Synchronisation", description = "Le flux des changements."),
        (name = "Webhooks", description = "Les adresses prévenues des changements (Standard Webhooks)."),
        (name = "Clients", description = "Les programmes clients et leurs jetons."),
        (name = "Exploitation", description = "État du service et documentation, sans jeton.")
    )
)]
struct Document;

/// The document, complete.
pub fn document() -> OpenApi {
    let (_, mut document) = actix_web::App::new()
        .into_utoipa_app()
        .openapi(Document::openapi())
        .configure(routes::mount)
        .split_for_parts();
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    add_security(&mut document);
    lifecycles::describe(&mut document);
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            add_forms(operation);
            complete(path, &method, operation);
        }
    }
    document
}

/// As it is committed and served. It is the same as long as the program runs, and made once.
///
/// # Errors
/// When it cannot be serialised.
pub fn text() -> Result<String, serde_json::Error> {
    static TEXT: OnceLock<String> = OnceLock::new();
    if let Some(text) = TEXT.get() {
        return Ok(text.clone());
    }
    let mut value = serde_json::to_value(document())?;
    finish::finish(&mut value);
    let text = format!("{}\n", print::print(&value));
    Ok(TEXT.get_or_init(|| text).clone())
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Patch, &mut item.patch),
        (HttpMethod::Delete, &mut item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

fn add_security(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    let scopes = Scopes::from_iter([("read", "Lire"), ("write", "Écrire")]);
    let flow = Flow::ClientCredentials(ClientCredentials::new("/oauth2/token", scopes));
    components.add_security_scheme(
        "bearer",
        SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .bearer_format("JWT")
                .build(),
        ),
    );
    // How a client proves who it is to the token endpoint (RFC 6749 §2.3.1).
    components.add_security_scheme(
        "client",
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Basic).build()),
    );
    components.add_security_scheme("oauth2", SecurityScheme::OAuth2(OAuth2::new([flow])));
}

/// What is answered in the form that `format` names is also answered as a workbook; of a list, its columns
/// are described.
fn add_forms(operation: &mut Operation) {
    let parameters = operation.parameters.iter().flatten().filter_map(written);
    let names: Vec<&str> = parameters.map(|one| one.name.as_str()).collect();
    let has = |name| names.contains(&name);
    let (takes_format, is_list) = (has("format"), has("labels"));
    let Some(RefOr::T(response)) = operation.responses.responses.get_mut("200") else {
        return;
    };
    let mut add = |form: Form, schema: ObjectBuilder| {
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let name = form.media_type().to_owned();
        response.content.insert(name, content.into());
    };
    if takes_format {
        let file = ObjectBuilder::new().schema_type(Type::String);
        let binary = SchemaFormat::KnownFormat(KnownFormat::Binary);
        add(Form::Xlsx, file.format(Some(binary)));
    }
    if takes_format && is_list {
        // A file: typed as JSON it would make every list an alternative for typed clients.
        add(
            Form::TableSchema,
            ObjectBuilder::new().schema_type(Type::String),
        );
    }
}

/// Adds to an operation its security and the errors it can answer.
fn complete(path: &str, method: &HttpMethod, operation: &mut Operation) {
    let private = path.starts_with("/v1");
    let writes = *method != HttpMethod::Get;
    if private {
        let scope = if writes { "write" } else { "read" };
        operation.security = Some(vec![
            SecurityRequirement::new("bearer", [""; 0]),
            SecurityRequirement::new("oauth2", [scope]),
        ]);
    } else if operation.security.is_none() {
        operation.security = Some(Vec::new());
    }
    if !writes && (private || is_open(path)) {
        let parameters = operation.parameters.get_or_insert_default();
        let position = ReadAfter::into_params(|| Some(ParameterIn::Header));
        parameters.extend(position.into_iter().map(RefOr::T));
    }
    let answers_200 = operation.responses.responses.contains_key("200");
    let mut also = |status: &str, description: &str| {
        let response = ResponseBuilder::new()
            .description(description)
            .build()
            .into();
        operation
            .responses
            .responses
            .entry(status.to_owned())
            .or_insert(response);
    };
    if (private || is_open(path)) && !writes {
        also("304", "Inchangé depuis l'`ETag` donné dans `If-None-Match`");
    }
    if private && writes && answers_200 {
        also(
            "204",
            "Fait, sans corps, comme `Prefer: return=minimal` le demande",
        );
    }
    for code in errors(path, method, operation) {
        let entry = code.entry();
        operation
            .responses
            .responses
            .entry(entry.status.to_string())
            .or_insert_with(|| problem(code));
    }
}

/// The codes an operation can answer, by what it takes.
fn errors(path: &str, method: &HttpMethod, operation: &Operation) -> Vec<Code> {
    let has = |name: &str| {
        operation
            .parameters
            .iter()
            .flatten()
            .filter_map(written)
            .any(|parameter| parameter.name == name)
    };
    let needs = |name: &str| {
        operation
            .parameters
            .iter()
            .flatten()
            .filter_map(written)
            .any(|parameter| parameter.name == name && parameter.required == Required::True)
    };
    let private = path.starts_with("/v1");
    let writes = *method != HttpMethod::Get;
    let mut codes = vec![
        Code::MalformedRequest,
        Code::UriTooLong,
        Code::HeadersTooLarge,
        Code::InternalError,
    ];
    let mut when = |condition: bool, more: &[Code]| {
        if condition {
            codes.extend_from_slice(more);
        }
    };
    when(private, &[Code::Unauthorized, Code::Forbidden]);
    when(
        !["/healthz", "/readyz"].contains(&path),
        &[Code::TooManyRequests, Code::ServiceUnavailable],
    );
    let is_asked = |parameter: &Parameter| parameter.parameter_in == ParameterIn::Query;
    let mut parameters = operation.parameters.iter().flatten().filter_map(written);
    // What is public and takes filters checks them as well.
    when(
        private || is_open(path) || parameters.any(is_asked),
        &[Code::ValidationFailed],
    );
    when(path.contains('{'), &[Code::NotFound]);
    when(has_content(operation), &[Code::NotAcceptable]);
    when(
        operation.request_body.is_some() || *method == HttpMethod::Post,
        &[
            Code::UnsupportedMediaType,
            Code::PayloadTooLarge,
            Code::RequestTimeout,
        ],
    );
    when(private && writes, &[Code::Conflict, Code::StorageFull]);
    when(has("If-Match"), &[Code::PreconditionFailed]);
    when(needs("If-Match"), &[Code::PreconditionRequired]);
    codes
}

/// Whether its successful answers have a body, of a form that can be refused.
fn has_content(operation: &Operation) -> bool {
    let successes = operation
        .responses
        .responses
        .iter()
        .filter(|(status, _)| status.starts_with('2'));
    successes
        .filter_map(|(_, response)| written(response))
        .any(|response| !response.content.is_empty())
}

fn problem(code: Code) -> RefOr<utoipa::openapi::Response> {
    let language = crate::language::Language::French;
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .example(Some(json!(
            crate::error::problem::ProblemType::of(code, language).example
        )))
        .build();
    ResponseBuilder::new()
        .description(code.title(language))
        .content("application/problem+json", content)
        .build()
        .into()
}
