//! Answers: a body, its validators, and what the request's conditions make of them.

use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, Responder};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::version::{Precondition, UNQUOTED_ETAG, WEAK_ETAG};
use crate::error::{Error, Notice, Result};

/// The media type of a page.
pub const HTML: &str = "text/html; charset=utf-8";

/// How long a copy of a page may be kept: what is open changes by the day.
pub const FRESH: Duration = Duration::from_secs(300);

/// The room a body is given to begin with, in bytes.
const ROOM: usize = 16 * 1024;

/// An answer whose body is made and whose validators are known.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its body, JSON unless `content_type` says otherwise.
    pub body: Bytes,
    /// What a repeated request is answered when it may not have the first body (a secret in it).
    pub replay_body: Option<Bytes>,
    /// `"<version>.<digest>"`, or `"<digest>"` for what has no version.
    pub etag: Option<String>,
    /// The URL of what was created.
    pub location: Option<String>,
    /// Further headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The person the body contains, whose erasure erases kept copies of it.
    pub person: Option<uuid::Uuid>,
    /// The media type of the body.
    pub content_type: &'static str,
}

impl Answer {
    /// This status and this body, without validators.
    ///
    /// # Errors
    /// `internal_error` when the body cannot be serialised.
    pub fn json(status: StatusCode, body: &impl Serialize) -> Result<Self> {
        // Room for a page: a buffer that grows is copied each time.
        let mut bytes = Vec::with_capacity(ROOM);
        serde_json::to_writer(&mut bytes, body).map_err(Error::internal)?;
        Ok(Self {
            status,
            body: bytes.into(),
            replay_body: None,
            etag: None,
            location: None,
            headers: Vec::new(),
            person: None,
            content_type: "application/json",
        })
    }

    /// 200 with an object of this version.
    ///
    /// # Errors
    /// As [`Answer::json`].
    pub fn object(version: i64, body: &impl Serialize) -> Result<Self> {
        let answer = Self::json(StatusCode::OK, body)?;
        let etag = format!("\"{version}.{}\"", digest(&answer.body));
        Ok(Self {
            etag: Some(etag),
            ..answer
        })
    }

    /// 201 with the object created, of this version, at this URL.
    ///
    /// # Errors
    /// As [`Answer::json`].
    pub fn created(version: i64, location: String, body: &impl Serialize) -> Result<Self> {
        Ok(Self {
            status: StatusCode::CREATED,
            location: Some(location),
            ..Self::object(version, body)?
        })
    }

    /// 200 with what has a digest but no version: a list, a count, a definition.
    ///
    /// # Errors
    /// As [`Answer::json`].
    pub fn digested(body: &impl Serialize) -> Result<Self> {
        let answer = Self::json(StatusCode::OK, body)?;
        let etag = format!("\"{}\"", digest(&answer.body));
        Ok(Self {
            etag: Some(etag),
            ..answer
        })
    }

    /// The same, of this media type.
    #[must_use]
    pub fn of_type(self, content_type: &'static str) -> Self {
        Self {
            content_type,
            ..self
        }
    }

    /// 200 with a text of this media type, which has a digest but no version.
    pub fn text(content_type: &'static str, text: String) -> Self {
        let body = Bytes::from(text);
        Self {
            status: StatusCode::OK,
            etag: Some(format!("\"{}\"", digest(&body))),
            body,
            content_type,
            ..Self::nothing()
        }
    }

    /// 204.
    pub fn nothing() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: Bytes::new(),
            replay_body: None,
            etag: None,
            location: None,
            headers: Vec::new(),
            person: None,
            content_type: "",
        }
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// The same answer, which a repeated request is not given: it gets this body instead.
    ///
    /// # Errors
    /// As [`Answer::json`].
    pub fn shown_once(self, replayed: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_vec(replayed).map_err(Error::internal)?;
        Ok(Self {
            replay_body: Some(body.into()),
            ..self
        })
    }

    /// The same answer, which speaks of this person.
    #[must_use]
    pub fn about_person(self, person: uuid::Uuid) -> Self {
        Self {
            person: Some(person),
            ..self
        }
    }

    /// The tag by which the request already has this very answer (`If-None-Match`, RFC 9110
    /// §13.1.2): that of one of its codings.
    fn known_as(&self, headers: &HeaderMap) -> Option<String> {
        let etag = self
            .etag
            .as_ref()
            .filter(|_| self.status == StatusCode::OK)?;
        let gzipped = of_coding(etag);
        let mut tags = headers
            .get_all(header::IF_NONE_MATCH)
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|tag| tag.trim().trim_start_matches("W/"));
        let known = tags.find(|tag| *tag == "*" || tag == etag || *tag == gzipped)?;
        Some(if known == gzipped {
            gzipped
        } else {
            etag.clone()
        })
    }

    /// The response to a request of this method, on the conditions of these headers.
    pub fn respond(&self, method: &Method, headers: &HeaderMap) -> HttpResponse {
        let is_read = matches!(method.as_str(), "GET" | "HEAD");
        let known_as = self.known_as(headers).filter(|_| is_read);
        let known = known_as.is_some();
        // What is shown once is sent even to those who prefer no body: they could not ask again.
        let once = self.replay_body.is_some();
        let minimal = !is_read && !once && self.status.is_success() && prefers_minimal(headers);
        let status = match (known, minimal, self.status) {
            (true, ..) => StatusCode::NOT_MODIFIED,
            (_, true, StatusCode::OK) => StatusCode::NO_CONTENT,
            _ => self.status,
        };
        let mut response = HttpResponse::build(status);
        for (name, value) in &self.headers {
            response.append_header((name.clone(), value.clone()));
        }
        if let Some(etag) = known_as.as_ref().or(self.etag.as_ref()) {
            response.insert_header((header::ETAG, etag.as_str()));
        }
        if let Some(location) = &self.location {
            response.insert_header((header::LOCATION, location.as_str()));
        }
        if minimal {
            response.insert_header(("preference-applied", "return=minimal"));
        }
        if known || minimal || self.body.is_empty() {
            return response.finish();
        }
        response
            .content_type(self.content_type)
            .body(self.body.clone())
    }
}

impl Responder for Answer {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        self.respond(request.method(), request.headers())
    }
}

/// `Prefer: return=minimal` (RFC 7240 §4.2).
fn prefers_minimal(headers: &HeaderMap) -> bool {
    let preferences = headers
        .get_all("prefer")
        .filter_map(|value| value.to_str().ok());
    preferences
        .flat_map(|value| value.split(','))
        .any(|preference| {
            let preference: String = preference
                .chars()
                .filter(|c| !c.is_whitespace() && *c != '"')
                .collect();
            preference
                .split(';')
                .next()
                .is_some_and(|p| p.eq_ignore_ascii_case("return=minimal"))
        })
}

/// Tells one answer of a resource from another. SipHash and not a cryptographic hash: a page is
/// digested at each reading, and nobody gains by making two of their own answers look the same.
pub fn digest(body: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    URL_SAFE_NO_PAD.encode(hasher.finish().to_be_bytes())
}

/// The tag of the same answer compressed with gzip: two codings are two representations (RFC 9110
/// §8.8.3). The version it begins with stays.
pub fn of_coding(etag: &str) -> String {
    match etag.strip_suffix('"') {
        Some(start) => format!("{start}-gzip\""),
        None => etag.to_owned(),
    }
}

impl Precondition {
    /// Reads `If-Match`; of each tag the version alone counts.
    pub fn of(headers: &HeaderMap) -> Self {
        Self::read(headers, header::IF_MATCH, version)
    }

    /// Reads `If-None-Match`, which compares weak tags too (RFC 9110 §13.1.2); on reads it is the
    /// digest that counts ([`Answer`]).
    pub fn none_of(headers: &HeaderMap) -> Self {
        let weakly = |tag: &str| version(tag.strip_prefix("W/").unwrap_or(tag));
        Self::read(headers, header::IF_NONE_MATCH, weakly)
    }

    fn read(headers: &HeaderMap, name: HeaderName, version: fn(&str) -> Option<i64>) -> Self {
        if !headers.contains_key(&name) {
            return Self::None;
        }
        // One that is not text matches nothing: to pass over it would lose the condition.
        let values: Vec<&str> = headers
            .get_all(&name)
            .filter_map(|value| value.to_str().ok())
            .collect();
        let tags = values
            .iter()
            .flat_map(|value| value.split(','))
            .map(str::trim);
        // `*` stands alone (RFC 9110 §13.1.1). Beside tags it is refused where it would let a write through,
        // and taken at its word where it forbids one.
        let stars = tags.clone().filter(|tag| *tag == "*").count();
        let all = tags.clone().filter(|tag| !tag.is_empty()).count();
        if stars > 0 && (stars == all || name == header::IF_NONE_MATCH) {
            return Self::Any;
        }
        let flaw = tags.clone().find_map(flaw);
        let versions = tags.filter_map(version).collect();
        match flaw {
            Some(flaw) => Self::Flawed(versions, flaw),
            None => Self::Versions(versions),
        }
    }
}

/// What keeps a tag from being compared, if the way it is written does.
fn flaw(tag: &str) -> Option<&'static Notice> {
    let is_quoted = |tag: &str| tag.len() > 1 && tag.starts_with('"') && tag.ends_with('"');
    match tag.strip_prefix("W/").or_else(|| tag.strip_prefix("w/")) {
        Some(weak) if is_quoted(weak) => Some(&WEAK_ETAG),
        _ if is_quoted(tag) || tag.is_empty() => None,
        _ => Some(&UNQUOTED_ETAG),
    }
}

/// The version in `"<version>.<digest>"`; a weak tag never matches strongly.
fn version(tag: &str) -> Option<i64> {
    tag.strip_prefix('"')?
        .strip_suffix('"')?
        .split_once('.')?
        .0
        .parse()
        .ok()
}

/// Un objet, et où le lire.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ObjectLink {
    /// Sa nature.
    #[serde(rename = "type")]
    #[schema(example = "partner")]
    pub kind: String,
    /// Son identifiant.
    pub id: Uuid,
    /// Son adresse.
    #[schema(example = "/v1/partners/0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e01")]
    pub url: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::version::Conditions;

    fn if_match(value: &'static str) -> Precondition {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_MATCH, HeaderValue::from_static(value));
        Precondition::of(&headers)
    }

    #[test]
    fn if_none_match_refuses_what_is_there() {
        let asks = |value: &'static str, present| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static(value));
            let conditions = Conditions {
                if_match: &Precondition::None,
                if_none_match: &Precondition::none_of(&headers),
            };
            conditions.check(present).is_ok()
        };
        assert!(asks("*", None) && !asks("*", Some(1)));
        assert!(asks("\"3.abc\"", Some(2)) && !asks("\"3.abc\"", Some(3)));
    }

    #[test]
    fn if_match_finds_nothing_where_nothing_is() {
        for asked in [if_match("*"), if_match("\"1.abc\"")] {
            let conditions = Conditions {
                if_match: &asked,
                if_none_match: &Precondition::None,
            };
            assert!(conditions.check(None).is_err());
            assert!(conditions.check(Some(1)).is_ok());
        }
    }

    #[test]
    fn if_match_compares_the_version_alone() {
        assert!(if_match("\"3.abc\"").check(3).is_ok());
        assert!(if_match("\"2.abc\", \"3.def\"").check(3).is_ok());
        assert!(if_match("*").check(3).is_ok());
        for stale in ["\"2.abc\"", "W/\"3.abc\"", "\"abc\"", "3.abc", "\"\""] {
            assert!(if_match(stale).check(3).is_err(), "{stale}");
        }
    }

    #[test]
    fn a_tag_that_cannot_match_is_told_from_one_that_does_not() {
        let told = |tag: &'static str| {
            let refused = if_match(tag).check(3).unwrap_err();
            let fault = refused.faults.first();
            fault.map(|fault| fault.rule.code())
        };
        assert_eq!(told("W/\"3.abc\""), Some("weak_etag"));
        assert_eq!(told("\"2.abc\", W/\"3.abc\""), Some("weak_etag"));
        for unquoted in ["3.abc", "'3.abc'", "W/3.abc", "\"3.abc"] {
            assert_eq!(told(unquoted), Some("unquoted_etag"), "{unquoted}");
        }
        assert_eq!(told("\"2.abc\""), None);
        assert!(if_match("W/\"3.abc\", \"3.abc-gzip\"").check(3).is_ok());
    }
}
