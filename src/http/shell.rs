//! The outermost layer: what every exchange gets, whatever happens inside.
//!
//! An id, a bound on its address and headers, a problem document for every error and panic, the
//! headers of security, compression where it pays, one log line, one observation for metrics.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Instant;

use actix_http::encoding::Encoder;
use actix_http::{ConnectionType, ContentEncoding};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{StatusCode, Version};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use chrono::TimeDelta;
use futures_util::FutureExt;

use super::accept::{is_worth_compressing, takes_gzip};
use super::access_log::{AccessLog, Asked};
use super::advice;
use super::answer::of_coding;
use super::gate::Admitted;
use super::position;
use super::refusal::{self, Refusal};
use super::request_log::{Entry, path_kept};
use super::trace::{TRACEPARENT, Trace};
use super::{html, open};
use crate::app::App;
use crate::auth::claims::Claims;
use crate::error::oauth::{self, OAuthError};
use crate::error::problem::Problem;
use crate::error::{Code, Error};
use crate::language::Language;
use crate::layout::Spoken;

/// The longest address, in bytes.
const MAX_URI: usize = 8 * 1024;
/// The most bytes of headers.
const MAX_HEADERS: usize = 32 * 1024;
/// The longest `X-Request-Id` taken from a caller.
const MAX_REQUEST_ID: usize = 128;

/// What is kept of a request to finish its answer.
struct Exchange {
    access_log: Rc<AccessLog>,
    started: Instant,
    language: Language,
    method: String,
    path: String,
    gzip: bool,
    /// HTTP/1.0, which has no chunks.
    is_old: bool,
    secure: bool,
}

/// The middleware.
///
/// # Errors
/// Only when what is inside panicked: the error then is the finished answer, see `Finished`.
pub async fn shell(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> actix_web::Result<ServiceResponse> {
    let exchange = Exchange::of(&request);
    let app = request.app_data::<web::Data<App>>().cloned();
    request
        .extensions_mut()
        .insert(Rc::clone(&exchange.access_log));
    let outcome = match too_long(&request) {
        Some(error) => Ok(request.error_response(error)),
        None => guarded(next.call(request)).await,
    };
    let response = match outcome {
        Ok(response) => exchange.finish(response),
        Err(error) => {
            return Err(exchange.finish_failure(&error, app.as_ref().map(|app| app.get_ref())));
        }
    };
    exchange.record(app.as_ref().map(|app| app.get_ref()), response.status());
    Ok(parting(app.as_ref().map(|app| app.get_ref()), response))
}

/// While the service stops, each answer asks to connect again, elsewhere (RFC 9112 §9.6).
fn parting(app: Option<&App>, mut response: ServiceResponse) -> ServiceResponse {
    if app.is_some_and(|app| app.is_stopping()) {
        let head = response.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
    response
}

/// A panic becomes an error like another.
async fn guarded(
    inner: impl Future<Output = actix_web::Result<ServiceResponse>>,
) -> actix_web::Result<ServiceResponse> {
    AssertUnwindSafe(inner)
        .catch_unwind()
        .await
        .unwrap_or_else(|panic| {
            let what = panic
                .downcast_ref::<&str>()
                .map(ToString::to_string)
                .or_else(|| panic.downcast_ref::<String>().cloned());
            Err(Error::internal(format!("panic: {}", what.unwrap_or_default())).into())
        })
}

/// Refuses addresses and headers over their bounds.
fn too_long(request: &ServiceRequest) -> Option<Error> {
    let uri = request
        .head()
        .uri
        .path_and_query()
        .map_or(0, |uri| uri.as_str().len());
    if uri > MAX_URI {
        return Some(Error::new(Code::UriTooLong));
    }
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4);
    (headers.sum::<usize>() > MAX_HEADERS).then(|| Error::new(Code::HeadersTooLarge))
}

/// An answer that was finished without its request, which a panic has taken along.
#[derive(Debug)]
struct Finished {
    status: StatusCode,
    content_type: &'static str,
    body: String,
    headers: HeaderMap,
}

impl std::fmt::Display for Finished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.status.fmt(f)
    }
}

impl actix_web::ResponseError for Finished {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status)
            .content_type(self.content_type)
            .body(self.body.clone());
        for (name, value) in &self.headers {
            response.headers_mut().insert(name.clone(), value.clone());
        }
        response
    }
}

impl Exchange {
    fn of(request: &ServiceRequest) -> Self {
        let headers = request.headers();
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let app = request.app_data::<web::Data<App>>();
        let given = text("x-request-id")
            .filter(|id| is_request_id(id))
            .map(str::to_owned);
        let request_id = given
            .or_else(|| app.map(|app| app.new_id().to_string()))
            .unwrap_or_default();
        Self {
            access_log: Rc::new(AccessLog::of(request_id, Trace::of(headers))),
            started: Instant::now(),
            language: Language::of(headers),
            method: request.method().to_string(),
            path: without_secret(request.path()),
            gzip: text("accept-encoding").is_some_and(takes_gzip),
            is_old: request.version() < Version::HTTP_11,
            secure: app.is_some_and(|app| app.config.public_url.starts_with("https://")),
        }
    }

    fn finish(&self, response: ServiceResponse) -> ServiceResponse {
        let mut response = self.explain(response);
        open::mark(&self.path, response.status(), response.headers_mut());
        self.set_headers(response.headers_mut());
        self.set_age(&mut response);
        self.unchunk(self.compress(response))
    }

    /// An answer to HTTP/1.0 whose length is not known ends with its connection (RFC 9112 §6.1).
    fn unchunk(&self, mut response: ServiceResponse) -> ServiceResponse {
        if self.is_old && response.response().body().size() == BodySize::Stream {
            let head = response.response_mut().head_mut();
            head.no_chunking(true);
            head.set_connection_type(ConnectionType::Close);
        }
        response
    }

    fn finish_failure(&self, error: &actix_web::Error, app: Option<&App>) -> actix_web::Error {
        let unknown = Error::internal("an error of the framework");
        let error = error.as_error::<Error>().unwrap_or(&unknown);
        let mut headers = HeaderMap::new();
        self.set_headers(&mut headers);
        self.access_log.note_refusal(error.code);
        self.record(app, error.code.status());
        let (status, content_type, body) = self.document(error, None);
        Finished {
            status,
            content_type,
            body,
            headers,
        }
        .into()
    }

    /// Writes the problem document of an answer that is an error.
    fn explain(&self, response: ServiceResponse) -> ServiceResponse {
        let status = response.status();
        let is_bare = matches!(
            response.response().body().size(),
            BodySize::None | BodySize::Sized(0)
        );
        let cause = response.response().error();
        let raised = cause.and_then(|error| error.as_error::<Error>());
        let is_refusal = status.is_client_error() || status.is_server_error();
        let stray = match (raised, status) {
            (Some(_), _) => None,
            // What a handler wrote itself is left as it is.
            (None, _) if !is_refusal || (cause.is_none() && !is_bare) => return response,
            (None, StatusCode::NOT_FOUND) => Some(Error::not_found()),
            (None, status) if status.is_client_error() => Some(Error::new(Code::MalformedRequest)),
            _ => Some(Error::internal(format!("a bare {status}"))),
        };
        let gave_way = raised.and_then(|error| self.of_standby(error));
        let Some(error) = gave_way.as_ref().or(raised).or(stray.as_ref()) else {
            return response;
        };
        self.access_log.note_refusal(error.code);
        let admitted = response
            .request()
            .extensions()
            .get::<Rc<Admitted>>()
            .cloned();
        if let Some(app) = told_by_a_page(response.request()) {
            let request = response.request();
            // The address of a page may name its language.
            let spoken = Spoken::of(request.query_string(), request.headers());
            let answer = self.refusal(error, admitted.as_deref(), spoken, &app);
            return response.into_response(answer);
        }
        let mut answer = self.told(error, admitted.as_deref());
        for (name, value) in said_by_cors(&response) {
            answer.headers_mut().append(name.clone(), value.clone());
        }
        response.into_response(answer)
    }

    /// A read crosses no other; on a standby it gives way to what that replays, and is for trying again.
    fn of_standby(&self, error: &Error) -> Option<Error> {
        let crossed = error.code == Code::Conflict && matches!(&*self.method, "GET" | "HEAD");
        let is_of_standby = crossed && self.access_log.as_of().is_some();
        is_of_standby.then(|| {
            Error::unavailable("a standby had to replay what the read stood in the way of")
        })
    }

    /// The document that tells of an error.
    fn told(&self, error: &Error, admitted: Option<&Admitted>) -> HttpResponse {
        let (status, content_type, body) = self.document(error, admitted);
        let mut answer = HttpResponse::build(status);
        for (name, value) in &error.headers {
            answer.append_header((name.clone(), value.clone()));
        }
        if content_type == PROBLEM {
            answer.insert_header((header::CONTENT_LANGUAGE, self.language.tag()));
        } else {
            // RFC 6749 §5.2.
            answer
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .insert_header((header::PRAGMA, "no-cache"));
        }
        answer.content_type(content_type).body(body)
    }

    /// The status, the type and the text of the document that this address answers an error with.
    fn document(
        &self,
        error: &Error,
        admitted: Option<&Admitted>,
    ) -> (StatusCode, &'static str, String) {
        let problem = self.problem(error, admitted, self.language);
        let problem = serde_json::to_string(&problem).unwrap_or_default();
        if !oauth::speaks_at(&self.path) {
            return (error.code.status(), PROBLEM, problem);
        }
        let (status, told) = OAuthError::of(error);
        let text = serde_json::to_string(&told).unwrap_or_default();
        (status, "application/json", text)
    }

    /// The page that tells of an error.
    fn refusal(
        &self,
        error: &Error,
        admitted: Option<&Admitted>,
        spoken: Spoken,
        app: &App,
    ) -> HttpResponse {
        let problem = self.problem(error, admitted, spoken.language);
        let refusal = Refusal {
            problem: &problem,
            spoken,
            public_url: &app.config.public_url,
            theme: app.config.theme,
            path: &self.path,
        };
        let page = html::page(&refusal.frame(), &refusal.content());
        let mut answer = HttpResponse::build(error.code.status());
        for (name, value) in error.headers.iter().chain(&page.headers) {
            if name != header::CACHE_CONTROL {
                answer.append_header((name.clone(), value.clone()));
            }
        }
        answer.content_type(page.content_type).body(page.body)
    }

    /// The problem; our own failures are logged here, once.
    fn problem(&self, error: &Error, admitted: Option<&Admitted>, language: Language) -> Problem {
        if let Some(cause) = error.cause() {
            let level = if error.code == Code::InternalError {
                log::Level::Error
            } else {
                log::Level::Warn
            };
            log::log!(level, request_id = self.access_log.request_id.as_str(), code = error.code.as_str(); "{cause}");
        }
        let body = admitted.and_then(|admitted| admitted.json.as_ref());
        let parameters = admitted.map(|admitted| &admitted.parameters);
        Problem::of(
            error,
            language,
            &self.path,
            &self.access_log.request_id,
            |fault| advice::on_request(fault, body, parameters),
        )
    }

    fn set_headers(&self, headers: &mut HeaderMap) {
        let mut set = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        set(
            HeaderName::from_static("x-request-id"),
            &self.access_log.request_id,
        );
        set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        if let Some(left) = self.access_log.rate() {
            for (name, value) in left.headers() {
                set(HeaderName::from_static(name), &value);
            }
        }
        if let Some(trace) = &self.access_log.trace {
            set(HeaderName::from_static(TRACEPARENT), trace.as_str());
        }
        if self.secure {
            set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
        }
        if self.path.starts_with("/v1") {
            // `private` and `no-cache` would let a browser keep personal data on its disk.
            set(header::CACHE_CONTROL, "no-store");
            // Beside what CORS says of `Origin`.
            headers.append(
                header::VARY,
                HeaderValue::from_static("Accept, Accept-Encoding, Accept-Language, Authorization"),
            );
        }
    }

    /// Says of what was read from a standby, or looked for there in vain, how old it is.
    fn set_age(&self, response: &mut ServiceResponse) {
        let status = response.status();
        let is_told = status.is_success()
            || [
                StatusCode::NOT_MODIFIED,
                StatusCode::NOT_FOUND,
                StatusCode::GONE,
            ]
            .contains(&status);
        let as_of = self.access_log.as_of().filter(|_| is_told);
        if let Some(Ok(value)) = as_of.map(|as_of| HeaderValue::from_str(&position::as_of(as_of))) {
            let name = HeaderName::from_static(position::AS_OF);
            response.headers_mut().insert(name, value);
        }
    }

    /// Compresses what is worth it: streams and long texts, for those who take gzip.
    fn compress(&self, response: ServiceResponse) -> ServiceResponse {
        let long = match response.response().body().size() {
            BodySize::Sized(length) => is_worth_compressing(length),
            BodySize::Stream => true,
            BodySize::None => false,
        };
        // Events are sent as they come: compressed they would wait for each other.
        let headers = response.headers();
        let is_coded = headers.contains_key(header::CONTENT_ENCODING);
        if !(self.gzip && long) || is_coded || is_events(headers) {
            return response;
        }
        response.map_body(|head, body| {
            let etag = head.headers.get(header::ETAG);
            if let Some(etag) =
                etag.and_then(|etag| HeaderValue::from_str(&of_coding(etag.to_str().ok()?)).ok())
            {
                head.headers.insert(header::ETAG, etag);
            }
            BoxBody::new(Encoder::response(ContentEncoding::Gzip, head, body))
        })
    }

    /// The log line, the observation, and what is kept for the caller. Never a token, an e-mail, a query
    /// or a body.
    fn record(&self, app: Option<&App>, status: StatusCode) {
        let access_log = &self.access_log;
        let (claims, asked) = (access_log.claims(), access_log.asked());
        let elapsed = self.started.elapsed();
        log::info!(
            target: "ree::access",
            request_id = access_log.request_id.as_str(),
            trace_id = access_log.trace.as_ref().map(Trace::id).unwrap_or_default(),
            client_id = claims.as_ref().map_or("", |claims| claims.client_id.as_str()),
            role = claims.as_ref().map_or("", |claims| claims.identity.role().as_str()),
            operation = asked.operation.as_str(),
            method = self.method.as_str(),
            status = status.as_u16(),
            duration_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
            "request"
        );
        let Some(app) = app else { return };
        app.metrics.observe(&asked.operation, status, elapsed);
        if let Some(claims) = claims {
            self.keep(app, &claims, asked, status);
        }
    }

    /// Keeps it among the last requests of its caller.
    fn keep(&self, app: &App, claims: &Claims, asked: Asked, status: StatusCode) {
        let elapsed = self.started.elapsed();
        let since = TimeDelta::from_std(elapsed).unwrap_or_default();
        let named = |text: String| Some(text).filter(|text| !text.is_empty());
        let is_kept = app.request_log.add(
            claims,
            Entry {
                id: app.new_id(),
                at: app.now() - since,
                request_id: self.access_log.request_id.clone(),
                method: self.method.clone(),
                operation: named(asked.operation),
                route: named(asked.route),
                path: path_kept(&self.path),
                status: status.as_u16(),
                code: self.access_log.refused().map(Code::as_str),
                duration_ms: i32::try_from(elapsed.as_millis()).unwrap_or(i32::MAX),
                not_kept: 0,
            },
        );
        if !is_kept {
            app.metrics.count_not_kept(1);
        }
    }
}

/// The application, where a refusal of this request is told by a page.
fn told_by_a_page(request: &HttpRequest) -> Option<web::Data<App>> {
    let app = request.app_data::<web::Data<App>>()?;
    let is_page = refusal::reads_pages(request.path(), request.headers())
        || refusal::is_for_page(app, request);
    is_page.then(|| app.clone())
}

/// What CORS said of an answer to the origin that asks: a program in a browser reads why it is refused.
fn said_by_cors(response: &ServiceResponse) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
    let is_cors =
        |name: &HeaderName| *name == header::VARY || name.as_str().starts_with("access-control-");
    let headers = response.headers().iter();
    headers.filter(move |(name, _)| is_cors(name))
}

/// An address as an answer may name it: without the part that is a secret.
fn without_secret(path: &str) -> String {
    match path.strip_prefix("/calendars/") {
        Some(_) => "/calendars/…".to_owned(),
        None => path.to_owned(),
    }
}

const PROBLEM: &str = "application/problem+json";

/// A request id taken from a caller: short, and nothing that could break a log line or a header.
fn is_request_id(id: &str) -> bool {
    (1..=MAX_REQUEST_ID).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.:/+=".contains(&b))
}

/// Whether an answer is a stream of events.
fn is_events(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"))
}
