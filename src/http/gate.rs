//! The gate: every request passes here before any handler, in the contract's order of refusals.
//!
//! 401, unknown route 404, 405, 406, 429, 415, 413 by the length announced, 400 of the address and the
//! headers, 403 by role or scope, 428, and at last what the body says: 413, 408, 400, and 503 where there
//! is no room. What is left for handlers is 422 and what depends on the stored row. The order and the checks come from the
//! OpenAPI document ([`Contract`](super::contract::Contract)) and the access table
//! ([`policy`]), so a handler cannot forget one.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, web};
use bytes::Bytes;
use serde_json::Value;

use super::accept;
use super::access_log::AccessLog;
use super::body::{self, RequestBody};
use super::contract::{Operation, allow};
use super::formats::Form;
use super::limits::address;
use super::limits::bodies::Held;
use super::limits::turns::Turn;
use super::limits::unhurried;
use super::page::bound_to;
use super::page_cache::{self, Found, Terms};
use super::position::{self, POSITION};
use super::query::Parameters;
use super::references::{self, References};
use super::trace::Trace;
use crate::app::App;
use crate::auth::claims::Claims;
use crate::auth::policy::{self, Class, Scope};
use crate::db::freshness::Freshness;
use crate::db::page::Mark;
use crate::db::version::{Conditions, Precondition};
use crate::error::{Code, Error, Fault, Place, Result, Rule};
use crate::language::Language;

/// The longest `Idempotency-Key`.
const MAX_KEY: usize = 255;

/// A request that passed the gate: what handlers work from.
pub struct Admitted {
    /// Who asks; none on public operations.
    pub claims: Option<Arc<Claims>>,
    /// What they may see and change; on public operations what anybody may see.
    pub scope: Scope,
    /// The language of the answer.
    pub language: Language,
    /// The form of the answer.
    pub form: Form,
    /// The query as it came.
    pub parameters: Parameters,
    /// The query as it is read.
    pub read: Parameters,
    /// What the references of conventions that it names stand for.
    pub references: References,
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
    /// Its place in a trace that others keep.
    pub trace: Option<Trace>,
    /// Who it is counted for: a client, or an address.
    pub who: String,
    /// What it costs the others.
    pub class: Class,
    /// How fresh what it reads must be, and was.
    pub freshness: Rc<Freshness>,
    /// Its turn, kept until the last byte of the answer is written, but while it waits.
    turn: RefCell<Option<Turn>>,
    /// What is held of its body.
    _held: Held,
}

impl Admitted {
    /// Both preconditions, for an object that may not exist yet.
    pub const fn conditions(&self) -> Conditions<'_> {
        Conditions {
            if_match: &self.if_match,
            if_none_match: &self.if_none_match,
        }
    }

    /// Gives its turn on: it waits for something that is not there yet.
    pub fn rest(&self) {
        self.turn.take();
    }

    /// Takes a turn again.
    ///
    /// # Errors
    /// As [`Limits::enter`](super::limits::Limits::enter).
    pub async fn resume(&self, app: &App) -> Result<()> {
        let turn = app.limits.enter(self.class, &self.who).await?;
        self.turn.replace(Some(turn));
        Ok(())
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
    let app = match app_of(&request) {
        Ok(app) => app,
        Err(error) => return Ok(request.error_response(error)),
    };
    match recognise(&app, &mut request).await {
        Ok(Recognised::Asked(asked)) if page_cache::is_for_a_page(&request, asked.operation) => {
            serve_page(&app, asked, request, next).await
        }
        Ok(Recognised::Asked(asked)) => serve(&app, asked, request, next).await,
        Ok(Recognised::Options(allow)) => {
            let response = HttpResponse::NoContent()
                .insert_header((header::ALLOW, allow))
                .finish();
            Ok(request.into_response(response))
        }
        Err(error) => Ok(request.error_response(error)),
    }
}

/// Looks at the rest of the request, and has it handled.
async fn serve(
    app: &App,
    asked: Asked<'_>,
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> actix_web::Result<ServiceResponse> {
    match admit(app, &mut request, asked).await {
        Ok(admitted) => {
            request.extensions_mut().insert(Rc::new(admitted));
            next.call(request).await
        }
        Err(error) => Ok(request.error_response(error)),
    }
}

/// Answers the page that is kept, or has it made and keeps it.
async fn serve_page(
    app: &App,
    asked: Asked<'_>,
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> actix_web::Result<ServiceResponse> {
    let Some(key) = page_cache::Key::of(&app.db, app.now(), &request).await else {
        return serve(app, asked, request, next).await;
    };
    let terms = Terms::take(&mut request);
    match app.pages.find(&key).await {
        Found::Page(page) => Ok(request.into_response(page.answer(&terms))),
        Found::Older(page) => Ok(request.into_response(page.older_answer(&terms))),
        Found::Place(place) => {
            let made = serve(app, asked, request, next).await?;
            Ok(app.pages.keep(key, place, made, &terms))
        }
    }
}

/// What the head of a request asks for.
enum Recognised<'a> {
    Asked(Asked<'a>),
    Options(String),
}

async fn recognise<'a>(app: &'a App, request: &mut ServiceRequest) -> Result<Recognised<'a>> {
    refuse_repeats(request.headers())?;
    let claims = authenticate(app, request).await?;
    note_caller(request, claims.as_ref());
    let template = request.match_pattern();
    let operations = template
        .as_deref()
        .and_then(|template| app.api.contract.path(template))
        .ok_or_else(Error::not_found)?;
    if request.method() == Method::OPTIONS {
        return Ok(Recognised::Options(allow(operations)));
    }
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let operation = operations
        .get(request.method())
        .ok_or_else(|| not_allowed(&allow(operations)))?;
    note(request, operation, template.as_deref().unwrap_or_default());
    let media_type = negotiate(request, operation)?;
    let class = class_of(operation, &media_type);
    let who = caller(app, request, claims.as_deref());
    keep_to_rate(app, request, &who, class).await?;
    Ok(Recognised::Asked(Asked {
        operation,
        claims,
        media_type,
        class,
        who,
    }))
}

fn app_of(request: &ServiceRequest) -> Result<web::Data<App>> {
    request
        .app_data::<web::Data<App>>()
        .cloned()
        .ok_or_else(|| Error::internal("the application is not mounted"))
}

/// The headers that have one value, by the name that a refusal gives them.
const SINGLE: [(HeaderName, &str); 5] = [
    (header::AUTHORIZATION, "Authorization"),
    (
        HeaderName::from_static("idempotency-key"),
        "Idempotency-Key",
    ),
    (HeaderName::from_static(POSITION), "Ree-Position"),
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

fn note_caller(request: &ServiceRequest, claims: Option<&Arc<Claims>>) {
    let extensions = request.extensions();
    if let Some((access_log, claims)) = extensions.get::<Rc<AccessLog>>().zip(claims) {
        access_log.note_caller(claims);
    }
}

fn note(request: &ServiceRequest, operation: &Operation, route: &str) {
    if let Some(access_log) = request.extensions().get::<Rc<AccessLog>>() {
        access_log.note(&operation.id, route);
    }
}

/// What is known of a request before its conditions are looked at.
struct Asked<'a> {
    operation: &'a Operation,
    claims: Option<Arc<Claims>>,
    media_type: String,
    class: Class,
    who: String,
}

/// Who a request is counted for: its client, else its address.
fn caller(app: &App, request: &ServiceRequest, claims: Option<&Claims>) -> String {
    match claims {
        Some(claims) => claims.client_id.clone(),
        None => address::of(
            &app.config.trusted_proxies,
            request.peer_addr(),
            request.headers(),
        ),
    }
}

/// The class of an operation, in the form that is asked for: a list that is written whole is an export.
fn class_of(operation: &Operation, media_type: &str) -> Class {
    let class = policy::class_of(&operation.id);
    let is_list = operation.cursor.is_some()
        && matches!(class, Class::List | Class::Search | Class::Aggregate);
    match Form::of(media_type) {
        Form::Csv | Form::Ndjson | Form::Xlsx if is_list => Class::Export,
        _ => class,
    }
}

/// Whether a path tells those who watch the service that it lives: as often as they want, whatever else
/// is asked.
fn is_watched(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

/// Takes the price of the request from what its caller may ask.
async fn keep_to_rate(app: &App, request: &ServiceRequest, who: &str, class: Class) -> Result<()> {
    if is_watched(request.path()) {
        return Ok(());
    }
    let left = app.limits.rates.take(who, class);
    if left.is_err() {
        unhurried().await;
    }
    let left = left?;
    if let Some(access_log) = request.extensions().get::<Rc<AccessLog>>() {
        access_log.note_rate(left);
    }
    Ok(())
}

/// What needs nothing but the head is looked at before the body is read.
async fn admit(app: &App, request: &mut ServiceRequest, asked: Asked<'_>) -> Result<Admitted> {
    let Asked {
        operation,
        claims,
        media_type,
        class,
        who,
    } = asked;
    let given = body::check_content_type(request, operation)?;
    let bound = body::bound(request.headers(), operation)?;
    let parameters = Parameters::parse(request.query_string())?;
    let mark = cursor(app, request, operation, &parameters)?;
    let idempotency_key = idempotency_key(request)?;
    let freshness = freshness(request, operation, mark.as_ref())?;
    let scope = match claims.as_deref() {
        Some(claims) => policy::allow(claims, &operation.id)?,
        None if operation.public => Scope::of_public(),
        None => return Err(Error::new(Code::Unauthorized)),
    };
    let if_match = Precondition::of(request.headers());
    if operation.needs_if_match && if_match == Precondition::None {
        return Err(Error::at(
            Code::PreconditionRequired,
            Place::Header("If-Match"),
            Rule::Required,
        ));
    }
    let is_watched = is_watched(request.path());
    if !is_watched {
        app.limits.look_in(class, &who).await?;
    }
    let body = RequestBody::read(app, request, operation, (&given, bound)).await?;
    let turn = match is_watched {
        true => None,
        false => Some(app.limits.enter(class, &who).await?),
    };
    let template = request.match_pattern().unwrap_or_default();
    let path = (template.as_str(), request.path());
    let mut named = references::named(path, &parameters);
    let has_some = !body.named.is_empty();
    named.extend(body.named);
    let reading = async || app.db.reading(false, &freshness, app.now()).await;
    let references = References::read(reading, app.api.references, &scope, named).await?;
    let mut json = body.json;
    if let Some(json) = json.as_mut().filter(|_| has_some) {
        references.put_into(json);
    }
    let noted = request.extensions().get::<Rc<AccessLog>>().cloned();
    Ok(Admitted {
        read: references.in_parameters(&parameters),
        references,
        claims,
        scope,
        language: Language::of(request.headers()),
        form: Form::of(&media_type),
        parameters,
        mark,
        raw: body.raw,
        json,
        body_form: body.form,
        if_match,
        if_none_match: Precondition::none_of(request.headers()),
        idempotency_key,
        request_id: noted
            .as_ref()
            .map(|log| log.request_id.clone())
            .unwrap_or_default(),
        trace: noted.and_then(|log| log.trace.clone()),
        who,
        class,
        freshness,
        turn: RefCell::new(turn),
        _held: body.held,
    })
}

/// The media type to answer: that of `format=`, which wins over `Accept`. A form that there is not is
/// refused with the other faults of the query.
fn negotiate(request: &ServiceRequest, operation: &Operation) -> Result<String> {
    let produces = &operation.produces;
    if let Some(asked) = format_asked(request, operation) {
        let named = Form::named(&asked).map(Form::media_type);
        let mut all = produces.iter();
        let found = all.find(|one| Some(one.as_str()) == named);
        return Ok(found.or(produces.first()).cloned().unwrap_or_default());
    }
    if produces.is_empty() {
        return Ok(String::new());
    }
    let chosen = accept::choose(request.headers(), produces)
        .ok_or_else(|| Error::new(Code::NotAcceptable).about(operation.produces.join(", ")))?;
    Ok(chosen.to_owned())
}

/// The `format` of the query, of an operation that takes one.
fn format_asked(request: &ServiceRequest, operation: &Operation) -> Option<String> {
    let query = request.query_string();
    if !operation.takes_format || !query.contains("format=") {
        return None;
    }
    let parameters = Parameters::parse(query).ok()?;
    parameters.get("format").map(str::to_owned)
}

fn not_allowed(allow: &str) -> Error {
    let error = Error::new(Code::MethodNotAllowed).about(allow);
    match HeaderValue::from_str(allow) {
        Ok(value) => error.header(header::ALLOW, value),
        Err(_) => error,
    }
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
    let list = bound_to(name, request.path(), parameters);
    if name == "after"
        && let Some(cursor) = last_event_id(request.headers())
    {
        let place = Place::Header("Last-Event-ID");
        return app.cursors.read(&cursor, &list, place).map(Some);
    }
    let Some(cursor) = parameters.get(name) else {
        return Ok(None);
    };
    let place = Place::Parameter(name.to_owned());
    app.cursors.read(cursor, &list, place).map(Some)
}

/// Where a stream of events broke off. A program that connects again repeats the address it began
/// with, so that this comes before what the address says.
fn last_event_id(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("last-event-id")?;
    // What is not text is no cursor, and refused as one.
    let text = String::from_utf8_lossy(value.as_bytes()).trim().to_owned();
    Some(text).filter(|text| !text.is_empty())
}

/// What it asks to be read after: `Ree-Position`, and the cursor of a reader of the feed. Only what reads may be
/// read from a standby: nothing is decided from one.
fn freshness(
    request: &ServiceRequest,
    operation: &Operation,
    mark: Option<&Mark>,
) -> Result<Rc<Freshness>> {
    let feed = mark.filter(|_| operation.cursor == Some("after"));
    let (position, feed) = (
        position::of(request.headers())?,
        feed.and_then(Mark::position),
    );
    let asked = Freshness::after(position, feed);
    let freshness = match *request.method() == Method::GET {
        true => Rc::new(asked),
        false => Rc::new(asked.of_write()),
    };
    // It is kept under what was committed where the snapshot was taken that is its key.
    if page_cache::is_for_a_page(request, operation) {
        freshness.keep_to_primary();
    }
    if let Some(access_log) = request.extensions().get::<Rc<AccessLog>>() {
        access_log.note_freshness(&freshness);
    }
    Ok(freshness)
}

/// `Idempotency-Key`, on `POST` alone: 1 to 255 characters, spaces inside it too.
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
