//! The body of a request: its type and its length are looked at before it is read, it is read within
//! bounds, and long work on it is done beside the threads that answer.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::time::{Duration, Instant};

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage, web};
use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use futures_util::StreamExt;
use serde_json::Value;

use super::contract::Operation;
use super::formats::Form;
use super::limits::bodies::Held;
use super::{csv_body, json, references};
use crate::app::App;
use crate::error::{Code, Error, Result, Subject};

/// The largest body.
pub const MAX_BODY: usize = 5 * 1024 * 1024;
/// The largest body of what takes none, or a form of OAuth.
const SMALL_BODY: usize = 16 * 1024;
/// How long a body may take to arrive, beside what its length needs.
const BODY_WAIT: Duration = Duration::from_secs(10);
/// The bytes a second that a body comes at, at least.
const LEAST_PACE: usize = 256 * 1024;
/// The longest body that is read at once on a thread that answers.
const QUICK: usize = 64 * 1024;

/// A body that was read.
pub struct RequestBody {
    /// Unpacked.
    pub raw: Bytes,
    /// As JSON, where the operation takes JSON and there is one.
    pub json: Option<Value>,
    /// Its form.
    pub form: Form,
    /// The references of conventions in it.
    pub named: BTreeSet<String>,
    /// What is held of it.
    pub held: Held,
}

impl RequestBody {
    /// Reads the body of a request, which is of this type and so long at most.
    ///
    /// # Errors
    /// `payload_too_large`, `request_timeout`, those of its form, and `service_unavailable` where there is no
    /// memory for it.
    pub async fn read(
        app: &App,
        request: &mut ServiceRequest,
        operation: &Operation,
        (given, bound): (&str, usize),
    ) -> Result<Self> {
        let mut held = Held::default();
        let raw = arrived(app, request, bound, &mut held).await?;
        let coding = match raw.len() {
            0 => Coding::Identity,
            _ => coding(request.headers()).unwrap_or(Coding::Identity),
        };
        if coding == Coding::Gzip {
            app.limits.bodies.hold(&mut held, MAX_BODY)?;
        }
        let form = Form::of(given);
        let takes_json = reads_as_json(given) && !(form == Form::Csv && operation.takes_tables());
        let read = read(raw, coding, takes_json.then_some(form)).await?;
        // Where a body is optional, `null` says as much as none.
        let json = read
            .json
            .filter(|json| operation.needs_body || !json.is_null());
        if json.is_none() && takes_json && operation.needs_body {
            return Err(Error::new(Code::MalformedJson)
                .about(Subject::words("le corps est vide", "the body is empty")));
        }
        Ok(Self {
            raw: read.raw,
            json,
            form,
            named: read.named,
            held,
        })
    }
}

/// Refuses a body of another type than the operation takes; says which of them it is. A workflow
/// step that takes no body may be sent an empty JSON object.
///
/// # Errors
/// `unsupported_media_type`.
pub fn check_content_type(request: &ServiceRequest, operation: &Operation) -> Result<String> {
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
    // A table says itself how it is encoded, whatever the program that sends it says.
    let given = match given.split_once(';') {
        Some((essence, _)) if operation.takes_tables() && Form::of(essence.trim()) == Form::Csv => {
            essence.trim()
        }
        _ => given,
    };
    let named = taken.iter().find(|media_type| is_type(given, media_type));
    named
        .cloned()
        .ok_or_else(|| unsupported(request.method(), &taken.join(", ")))
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

/// The longest body that is read: what is announced, within what the operation takes.
///
/// # Errors
/// `payload_too_large` for a longer one.
pub fn bound(headers: &HeaderMap, operation: &Operation) -> Result<usize> {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let most = if operation.consumes.is_empty() || operation.public {
        SMALL_BODY
    } else {
        MAX_BODY
    };
    match length {
        Some(length) if length > most => Err(Error::new(Code::PayloadTooLarge)),
        Some(length) => Ok(length),
        None => Ok(most),
    }
}

/// Reads the body, as long as it comes at a reasonable pace and there is memory for it.
async fn arrived(
    app: &App,
    request: &mut ServiceRequest,
    bound: usize,
    held: &mut Held,
) -> Result<Bytes> {
    if !has_body(request.headers()) {
        return Ok(Bytes::new());
    }
    let mut payload = request.take_payload();
    let began = Instant::now();
    let mut body = BytesMut::new();
    loop {
        let pace = u64::try_from(body.len() / LEAST_PACE).unwrap_or(u64::MAX);
        let left = (BODY_WAIT + Duration::from_secs(pace)).saturating_sub(began.elapsed());
        let chunk = tokio::time::timeout(left, payload.next())
            .await
            .map_err(|_| Error::new(Code::RequestTimeout))?;
        let Some(chunk) = chunk else {
            return Ok(body.freeze());
        };
        let chunk = chunk.map_err(|_| {
            Error::new(Code::MalformedRequest).about(Subject::words("le corps", "the body"))
        })?;
        let length = body.len().saturating_add(chunk.len());
        if length > bound {
            return Err(Error::new(Code::PayloadTooLarge));
        }
        app.limits.bodies.hold(held, length)?;
        body.extend_from_slice(&chunk);
    }
}

/// What a body says.
struct Read {
    /// Unpacked.
    raw: Bytes,
    /// As JSON, where it is taken so and there is one.
    json: Option<Value>,
    /// The references of conventions in it.
    named: BTreeSet<String>,
}

/// Reads a body, as JSON where it has this form. A long one, and one that may become so, is read beside
/// the threads that answer.
async fn read(raw: Bytes, coding: Coding, form: Option<Form>) -> Result<Read> {
    let is_quick = raw.len() <= QUICK && coding == Coding::Identity;
    let read = move || {
        let raw = match coding {
            Coding::Gzip => unpacked(&raw)?,
            Coding::Identity => raw,
        };
        let form = form.filter(|_| !raw.is_empty());
        let mut json = form.map(|form| parse(form, &raw)).transpose()?;
        let named = json.as_mut().map(references::in_body).unwrap_or_default();
        Ok(Read { raw, json, named })
    };
    if is_quick {
        return read();
    }
    web::block(read).await.map_err(Error::internal)?
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
fn unpacked(raw: &[u8]) -> Result<Bytes> {
    let mut plain = Vec::new();
    let bound = u64::try_from(MAX_BODY)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let mut packed = MultiGzDecoder::new(raw).take(bound);
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
