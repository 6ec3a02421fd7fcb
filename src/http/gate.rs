//! The gate: every request passes here before any handler, in the contract's order of refusals.
//!
//! 401, unknown route 404, 405, 406, 415, 413, 400, 403 by role or scope, 428. What is left for
//! handlers is 422 and what depends on the stored row. The order and the checks come from the
//! OpenAPI document ([`Contract`](super::contract::Contract)) and the access table
//! ([`policy`]), so a handler cannot forget one.

use std::io::Read;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, web};
use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use futures_util::StreamExt;
use serde_json::Value;

use super::access_log::AccessLog;
use super::contract::{Operation, allow};
use super::formats::Form;
use super::page::bound_to;
use super::query::Parameters;
use super::{accept, csv_body, json};
use crate::app::App;
use crate::auth::claims::Claims;
use crate::auth::policy::{self, Scope};
use crate::db::page::Mark;
use crate::db::version::{Conditions, Precondition};
use crate::error::{Code, Error, Fault, Place, Result, Rule, Subject};
use crate::language::Language;

/// The largest body.
pub const MAX_BODY: usize = 5 * 1024 * 1024;
/// How long a body may take to arrive.
const BODY_WAIT: Duration = Duration::from_secs(30);
/// The longest `Idempotency-Key`.
const MAX_KEY: usize = 255;

/// A request that passed the gate: what handlers work from.
pub struct Admitted {
    /// Who asks; none on public operations.
    pub claims: Option<Arc<Claims>>,
    /// What they may see and change; none on public operations.
    pub scope: Option<Scope>,
    /// The language of the answer.
    pub language: Language,
    /// The form of the answer.
    pub form: Form,
    /// The query.
    pub parameters: Parameters,
    /// Where the cursor points, if there is one.
    pub mark: Option<Mark>,
    /// The body as it came.
    pub raw: Bytes,
    /// The body as JSON, where the operation takes JSON and there is one. NDJSON lines and CSV rows
    /// are a list under `items`, as in the JSON format.
    pub json: Option<Value>,
    /// The format of the body.
    pub body_form: Form,
    /// The `If-Match` precondition: the version the object must have.
    pub if_match: Precondition,
    /// The `If-None-Match` precondition: the version the object must not have.
    pub if_none_match: Precondition,
    /// The `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// The request's id.
    pub request_id: String,
}

impl Admitted {
    /// Both preconditions, for an object that may not exist yet.
    pub const fn conditions(&self) -> Conditions<'_> {
        Conditions {
            if_match: &self.if_match,
            if_none_match: &self.if_none_match,
        }
    }
}

/// The middleware.
///
/// # Errors
/// None of its own: a refusal is an answer that remembers its [`Error`].
pub async fn gate(
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> actix_web::Result<ServiceResponse> {
    match pass(&mut request).await {
        Ok(Passed::Admitted(admitted)) => {
            request.extensions_mut().insert(Rc::new(*admitted));
            next.call(request).await
        }
        Ok(Passed::Options(allow)) => {
            let response = HttpResponse::NoContent()
                .insert_header((header::ALLOW, allow))
                .finish();
            Ok(request.into_response(response))
        }
        Err(error) => Ok(request.error_response(error)),
    }
}

enum Passed {
    Admitted(Box<Admitted>),
    Options(String),
}

async fn pass(request: &mut ServiceRequest) -> Result<Passed> {
    let app = app_of(request)?;
    refuse_repeats(request.headers())?;
    let claims = authenticate(&app, request).await?;
    let template = request.match_pattern();
    let operations = template
        .as_deref()
        .and_then(|template| app.api.contract.path(template))
        .ok_or_else(Error::not_found)?;
    if request.method() == Method::OPTIONS {
        return Ok(Passed::Options(allow(operations)));
    }
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let operation = operations
        .get(request.method())
        .ok_or_else(|| not_allowed(&allow(operations)))?;
    note(request, operation, claims.as_deref());
    admit(&app, request, operation, claims)
        .await
        .map(|admitted| Passed::Admitted(Box::new(admitted)))
}

fn app_of(request: &ServiceRequest) -> Result<web::Data<App>> {
    request
        .app_data::<web::Data<App>>()
        .cloned()
        .ok_or_else(|| Error::internal("the application is not mounted"))
}

/// The headers that have one value, by the name that a refusal gives them.
const SINGLE: [(HeaderName, &str); 4] = [
    (header::AUTHORIZATION, "Authorization"),
    (
        HeaderName::from_static("idempotency-key"),
        "Idempotency-Key",
    ),
    (header::CONTENT_TYPE, "Content-Type"),
    (header::CONTENT_ENCODING, "Content-Encoding"),
];

/// Refuses a header that is given twice and has one value: to choose one would be to guess.
fn refuse_repeats(headers: &HeaderMap) -> Result<()> {
    let repeated = SINGLE
        .into_iter()
        .filter(|(name, _)| headers.get_all(name).nth(1).is_some());
    let faults: Vec<Fault> = repeated
        .map(|(_, name)| Fault {
            place: Place::Header(name),
            rule: Rule::RepeatedHeader,
        })
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::new(Code::MalformedRequest).with(faults))
    }
}

/// The claims of the caller. Everything under `/v1` needs a token, unknown paths there too; a CORS
/// preflight that gets this far is from an origin that is not allowed, and is answered like any
/// `OPTIONS`.
async fn authenticate(app: &App, request: &ServiceRequest) -> Result<Option<Arc<Claims>>> {
    let path = request.path();
    let is_preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ORIGIN)
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if is_preflight || !(path == "/v1" || path.starts_with("/v1/")) {
        return Ok(None);
    }
    app.authenticator
        .claims_of(&app.db, request.headers(), app.now())
        .await
        .map(Some)
}

fn note(request: &ServiceRequest, operation: &Operation, claims: Option<&Claims>) {
    if let Some(access_log) = request.extensions().get::<Rc<AccessLog>>() {
        access_log.note(&operation.id, claims);
    }
}

async fn admit(
    app: &App,
    request: &mut ServiceRequest,
    operation: &Operation,
    claims: Option<Arc<Claims>>,
) -> Result<Admitted> {
    let media_type = negotiate(request.headers(), operation)?;
    let given = check_content_type(request, operation)?;
    let raw = read_body(request).await?;
    let raw = unpacked(request.headers(), raw)?;
    let (takes_json, body_form) = (reads_as_json(&given), form_of(&given));
    let json = if takes_json && !raw.is_empty() {
        Some(parse(body_form, &raw)?)
    } else {
        None
    };
    // Where a body is optional, `null` says as much as none.
    let json = json.filter(|json| operation.needs_body || !json.is_null());
    if json.is_none() && takes_json && operation.needs_body {
        return Err(Error::new(Code::MalformedJson)
            .about(Subject::words("le corps est vide", "the body is empty")));
    }
    let parameters = Parameters::parse(request.query_string())?;
    let mark = cursor(app, request, operation, &parameters)?;
    let idempotency_key = idempotency_key(request)?;
    let scope = claims
        .as_deref()
        .map(|claims| policy::allow(claims, &operation.id))
        .transpose()?;
    if scope.is_none() && !operation.public {
        return Err(Error::new(Code::Unauthorized));
    }
    let if_match = Precondition::of(request.headers());
    if operation.needs_if_match && if_match == Precondition::None {
        return Err(Error::at(
            Code::PreconditionRequired,
            Place::Header("If-Match"),
            Rule::Required,
        ));
    }
    Ok(Admitted {
        claims,
        scope,
        language: Language::of(request.headers()),
        form: form_of(&media_type),
        parameters,
        mark,
        raw,
        json,
        body_form,
        if_match,
        if_none_match: Precondition::none_of(request.headers()),
        idempotency_key,
        request_id: request
            .extensions()
            .get::<Rc<AccessLog>>()
            .map(|access_log| access_log.request_id.clone())
            .unwrap_or_default(),
    })
}

fn negotiate(headers: &HeaderMap, operation: &Operation) -> Result<String> {
    if operation.produces.is_empty() {
        return Ok(String::new());
    }
    let chosen = accept::choose(headers, &operation.produces)
        .ok_or_else(|| Error::new(Code::NotAcceptable).about(operation.produces.join(", ")))?;
    Ok(chosen.to_owned())
}

fn form_of(media_type: &str) -> Form {
    match media_type {
        "text/csv" => Form::Csv,
        "application/x-ndjson" => Form::Ndjson,
        "text/calendar" => Form::Calendar,
        "text/html" => Form::Html,
        _ => Form::Json,
    }
}

/// Whether a body is there to come.
fn has_body(headers: &HeaderMap) -> bool {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    headers.contains_key(header::TRANSFER_ENCODING) || length.is_some_and(|length| length != "0")
}

/// Whether a body of this type is a JSON value, or is read into one.
fn reads_as_json(media_type: &str) -> bool {
    media_type.ends_with("json") || media_type == "text/csv"
}

/// The body as a JSON value.
fn parse(form: Form, raw: &[u8]) -> Result<Value> {
    match form {
        Form::Csv => csv_body::rows(raw),
        Form::Ndjson => json::parse_lines(raw),
        _ => json::parse(raw),
    }
}

/// Refuses a body of another type than the operation takes; says which of them it is. A workflow
/// step that takes no body may be sent an empty JSON object.
fn check_content_type(request: &ServiceRequest, operation: &Operation) -> Result<String> {
    let is_write = request.method() == Method::POST;
    let json = ["application/json".to_owned()];
    let taken: &[String] = if operation.consumes.is_empty() && is_write {
        &json
    } else {
        &operation.consumes
    };
    let headers = request.headers();
    if taken.is_empty() || (!has_body(headers) && !headers.contains_key(header::CONTENT_TYPE)) {
        return Ok(taken.first().cloned().unwrap_or_default());
    }
    let given = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if coding(headers).is_none() {
        let error = Error::new(Code::UnsupportedMediaType).about("Content-Encoding: gzip");
        // RFC 9110 §15.5.16.
        let taken = HeaderValue::from_static("gzip, identity");
        return Err(error.header(header::ACCEPT_ENCODING, taken));
    }
    let named = taken.iter().find(|media_type| is_type(given, media_type));
    named
        .cloned()
        .ok_or_else(|| unsupported(request.method(), &taken.join(", ")))
}

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Identity,
    Gzip,
}

/// The coding of the body; none when it is one that is not taken.
fn coding(headers: &HeaderMap) -> Option<Coding> {
    let Some(value) = headers.get(header::CONTENT_ENCODING) else {
        return Some(Coding::Identity);
    };
    match value.to_str().ok()?.trim().to_ascii_lowercase().as_str() {
        "" | "identity" => Some(Coding::Identity),
        // RFC 9110 §8.4.1.3: the two are the same.
        "gzip" | "x-gzip" => Some(Coding::Gzip),
        _ => None,
    }
}

/// The body as it was before it was packed; what it unpacks to has the bound of a body.
fn unpacked(headers: &HeaderMap, raw: Bytes) -> Result<Bytes> {
    if coding(headers) != Some(Coding::Gzip) || raw.is_empty() {
        return Ok(raw);
    }
    let mut plain = Vec::new();
    let bound = u64::try_from(MAX_BODY)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let mut packed = MultiGzDecoder::new(raw.as_ref()).take(bound);
    packed.read_to_end(&mut plain).map_err(|_| {
        Error::new(Code::MalformedRequest).about(Subject::words(
            "le corps n'est pas du gzip entier, comme `Content-Encoding` le dit",
            "the body is not whole gzip, as `Content-Encoding` says",
        ))
    })?;
    if plain.len() > MAX_BODY {
        return Err(Error::new(Code::PayloadTooLarge));
    }
    Ok(plain.into())
}

/// Whether a `Content-Type` is this type, in UTF-8 if it names a charset.
fn is_type(given: &str, media_type: &str) -> bool {
    let mut parts = given.split(';').map(str::trim);
    let same = parts
        .next()
        .is_some_and(|essence| essence.eq_ignore_ascii_case(media_type));
    same && parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    })
}

fn unsupported(method: &Method, taken: &str) -> Error {
    let error = Error::new(Code::UnsupportedMediaType).about(taken);
    // RFC 5789 §3.1 and the Linked Data Platform (§7.1) name theirs; else RFC 9110 §15.5.16.
    let name = match *method {
        Method::PATCH => "accept-patch",
        Method::POST => "accept-post",
        _ => "accept",
    };
    match HeaderValue::from_str(taken) {
        Ok(value) => error.header(HeaderName::from_static(name), value),
        Err(_) => error,
    }
}

fn not_allowed(allow: &str) -> Error {
    let error = Error::new(Code::MethodNotAllowed).about(allow);
    match HeaderValue::from_str(allow) {
        Ok(value) => error.header(header::ALLOW, value),
        Err(_) => error,
    }
}

async fn read_body(request: &mut ServiceRequest) -> Result<Bytes> {
    let too_large = || Error::new(Code::PayloadTooLarge);
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > MAX_BODY) {
        return Err(too_large());
    }
    if !has_body(request.headers()) {
        return Ok(Bytes::new());
    }
    let mut payload = request.take_payload();
    let whole = async {
        let mut body = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| {
                Error::new(Code::MalformedRequest).about(Subject::words("le corps", "the body"))
            })?;
            if body.len().saturating_add(chunk.len()) > MAX_BODY {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    };
    tokio::time::timeout(BODY_WAIT, whole)
        .await
        .map_err(|_| Error::new(Code::RequestTimeout))?
}

fn cursor(
    app: &App,
    request: &ServiceRequest,
    operation: &Operation,
    parameters: &Parameters,
) -> Result<Option<Mark>> {
    let Some(name) = operation.cursor else {
        return Ok(None);
    };
    let Some(cursor) = parameters.get(name) else {
        return Ok(None);
    };
    app.cursors
        .read(cursor, &bound_to(name, request.path(), parameters), name)
        .map(Some)
}

/// `Idempotency-Key`, on `POST` alone: 1 to 255 visible characters.
fn idempotency_key(request: &ServiceRequest) -> Result<Option<String>> {
    if request.method() != Method::POST {
        return Ok(None);
    }
    let Some(value) = request.headers().get("idempotency-key") else {
        return Ok(None);
    };
    let malformed = || {
        Error::at(
            Code::MalformedRequest,
            Place::Header("Idempotency-Key"),
            Rule::TooLong(MAX_KEY),
        )
    };
    let key = value.to_str().map_err(|_| malformed())?;
    if key.is_empty() || key.len() > MAX_KEY {
        Err(malformed())
    } else {
        Ok(Some(key.to_owned()))
    }
}
