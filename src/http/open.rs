//! What is open to everyone, under `/public`: which programs in a browser may read it, how long a copy
//! may be kept, and under which licence it is used again.

use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use serde::Serialize;
use utoipa::ToSchema;

use super::page::Listed;

/// How long a copy may be kept: what is open changes by the day.
const FRESH: &str = "public, max-age=300";

/// What an answer depends on besides its address; there is nobody to depend on.
const DEPENDS_ON: &str = "Accept, Accept-Encoding, Accept-Language";

/// The licence, as a link of the answer: the only place that CSV and NDJSON have for it.
const LICENCE: &str = "<https://www.etalab.gouv.fr/licence-ouverte-open-licence/>; rel=\"license\"";

/// What a program in a browser may read of an answer, beside its body.
const EXPOSED: &str = "Content-Disposition, ETag, Link, RateLimit, RateLimit-Policy, Ree-Data-As-Of, Retry-After, X-Request-Id";

/// Whether an address is open to everyone.
pub fn is_open(path: &str) -> bool {
    path.starts_with("/public/")
}

/// Says of an answer of an open address that any origin may read it and, of what is no refusal, how long
/// a copy may be kept and under which licence it is used again.
pub fn mark(path: &str, status: StatusCode, headers: &mut HeaderMap) {
    if !is_open(path) {
        return;
    }
    // What CORS said to an origin that the operator names stays.
    if !headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
            (header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if status.is_success() || status == StatusCode::NOT_MODIFIED {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(FRESH));
        vary(headers);
        // Beside the page that follows.
        headers.append(header::LINK, HeaderValue::from_static(LICENCE));
    }
}

/// Says what the answer depends on, beside what CORS says of `Origin`.
fn vary(headers: &mut HeaderMap) {
    let said = headers.get_all(header::VARY);
    let said: Vec<&str> = said.filter_map(|value| value.to_str().ok()).collect();
    let all = std::iter::once(DEPENDS_ON).chain(said);
    let all = all.collect::<Vec<_>>().join(", ");
    if let Ok(value) = HeaderValue::from_str(&all) {
        headers.insert(header::VARY, value);
    }
}

/// The middleware that answers the preflights of what is open, to any origin.
///
/// # Errors
/// None of its own.
pub async fn preflights(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> actix_web::Result<ServiceResponse> {
    let is_preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if is_preflight && is_open(request.path()) {
        return Ok(request.into_response(preflight()));
    }
    next.call(request).await
}

/// What is open is read, with whatever headers a program sends.
fn preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "*"))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "3600"))
        .finish()
}

/// La licence sous laquelle une donnée ouverte se réutilise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Licence {
    /// Son identifiant SPDX.
    #[schema(example = "etalab-2.0")]
    pub id: &'static str,
    /// Son nom.
    #[schema(example = "Licence Ouverte / Open Licence 2.0")]
    pub name: &'static str,
    /// Son texte.
    #[schema(example = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/")]
    pub url: &'static str,
    /// La mention à faire de la source.
    #[schema(
        example = "Ministère de l'Éducation nationale, registre national des relations école-entreprise"
    )]
    pub attribution: &'static str,
}

/// The licence of all that is open: that of the ministry's reference data as well.
pub const OPEN_LICENCE: Licence = Licence {
    id: "etalab-2.0",
    name: "Licence Ouverte / Open Licence 2.0",
    url: "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
    attribution: "Ministère de l'Éducation nationale, registre national des relations école-entreprise",
};

/// Une réponse ouverte à tous, avec sa licence.
#[derive(Debug, Serialize, ToSchema)]
pub struct Open<T> {
    /// What is told.
    #[serde(flatten)]
    #[schema(inline)]
    pub what: T,
    /// La licence sous laquelle elle se réutilise.
    pub licence: Licence,
}

impl<T> Open<T> {
    /// Under the licence of all that is open.
    pub const fn of(what: T) -> Self {
        Self {
            what,
            licence: OPEN_LICENCE,
        }
    }
}

/// Une page d'une liste ouverte à tous.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenListed<T> {
    /// Les éléments de la page.
    pub data: Vec<T>,
    /// Le curseur de la page suivante, ou null à la fin.
    pub next_cursor: Option<String>,
    /// La licence sous laquelle la liste se réutilise.
    pub licence: Licence,
}

impl<T> OpenListed<T> {
    /// Under the licence of all that is open.
    pub fn of(listed: Listed<T>) -> Self {
        Self {
            data: listed.data,
            next_cursor: listed.next_cursor,
            licence: OPEN_LICENCE,
        }
    }
}
