//! Public pages, kept for as long as nothing is written.
//!
//! A page is the same for all who read it in one language. It is made once for what is committed, while
//! those who ask for it meanwhile wait, and told again without a turn of the pools that searches and sums
//! share. What it is kept under has PostgreSQL's snapshot: after any commit, of this instance or of
//! another, it is found no more. Nobody reads a page that is older than what was written before they
//! asked.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::body::MessageBody as _;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use quick_cache::sync::{Cache, DefaultLifecycle, PlaceholderGuard};
use quick_cache::{DefaultHashBuilder, Weighter};

use super::answer::{Answer, of_coding};
use super::contract::Operation;
use super::html::HTML;
use super::shell::{is_worth_compressing, takes_gzip};
use crate::app::App;
use crate::db::snapshot::{Snapshot, snapshot};
use crate::language::Language;
use crate::layout::Spoken;

/// How many pages are kept, about, and their bytes.
const PAGES: usize = 1_000;
const MOST: u64 = 32 * 1024 * 1024;

/// How long a request waits for another that makes its page, before it makes it itself.
const PATIENCE: Duration = Duration::from_secs(2);

/// The pages.
pub struct PageCache {
    pages: Cache<Key, Arc<Page>, Weight>,
    kept: AtomicU64,
    made: AtomicU64,
}

/// Where a page is to be kept.
type Place<'a> = PlaceholderGuard<
    'a,
    Key,
    Arc<Page>,
    Weight,
    DefaultHashBuilder,
    DefaultLifecycle<Key, Arc<Page>>,
>;

/// What a page depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Its path and its query.
    address: String,
    language: Language,
    /// What it tells of time it tells by the minute.
    minute: i64,
    /// Another primary counts its transactions anew.
    generation: u64,
    snapshot: Snapshot,
}

/// A page, and the same compressed.
pub struct Page {
    answer: Answer,
    gzip: Bytes,
}

/// What is kept weighs what it takes.
#[derive(Clone)]
pub struct Weight;

impl Weighter<Key, Arc<Page>> for Weight {
    fn weight(&self, key: &Key, page: &Arc<Page>) -> u64 {
        let bytes = key.address.len() + page.answer.body.len() + page.gzip.len();
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

/// What a request says of the answer that it takes.
pub struct Terms {
    /// Its `If-None-Match`.
    conditions: HeaderMap,
    takes_gzip: bool,
}

/// A page, or the place where it is to be kept; none where another takes too long to make it.
pub enum Found<'a> {
    /// It is there.
    Page(Arc<Page>),
    /// It is to be made.
    Place(Option<Box<Place<'a>>>),
}

impl Default for PageCache {
    fn default() -> Self {
        Self {
            pages: Cache::with_weighter(PAGES, MOST, Weight),
            kept: AtomicU64::new(0),
            made: AtomicU64::new(0),
        }
    }
}

impl PageCache {
    /// The page, or where to keep it.
    pub async fn find<'a>(&'a self, key: &Key) -> Found<'a> {
        let found = self.pages.get_value_or_guard_async(key);
        let (found, count) = match tokio::time::timeout(PATIENCE, found).await {
            Ok(Ok(page)) => (Found::Page(page), &self.kept),
            Ok(Err(place)) => (Found::Place(Some(Box::new(place))), &self.made),
            Err(_) => (Found::Place(None), &self.made),
        };
        count.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// Tells how many were told as they were kept, and how many were made.
    pub fn measure(&self) {
        for (from, count) in [("kept", &self.kept), ("made", &self.made)] {
            let count = count.load(Ordering::Relaxed);
            metrics::counter!("ree_pages_total", "from" => from).absolute(count);
        }
    }
}

/// Whether a request is for a page and nothing else: without a body, which the gate would look at first.
pub fn is_for_a_page(request: &ServiceRequest, operation: &Operation) -> bool {
    let headers = request.headers();
    let has_body = [
        header::CONTENT_TYPE,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
    ]
    .iter()
    .any(|name| headers.contains_key(name));
    operation.public && operation.produces == [PAGE] && !has_body
}

/// As the document has the media type of a page.
const PAGE: &str = "text/html";

impl Key {
    /// What the page of this request depends on; nothing where the database does not say what it is.
    pub async fn of(app: &App, request: &ServiceRequest) -> Option<Self> {
        let spoken = Spoken::of(request.query_string(), request.headers());
        let generation = *app.connector.cluster().generation().borrow();
        let reader = app.db.reader().await.ok()?;
        Some(Self {
            address: request.uri().path_and_query()?.to_string(),
            language: spoken.language,
            minute: app.now().timestamp().div_euclid(60),
            generation,
            snapshot: snapshot(&reader).await.ok()?,
        })
    }
}

impl Terms {
    /// Takes them from a request: its page is made whole, whoever has it already.
    pub fn take(request: &mut ServiceRequest) -> Self {
        let mut conditions = HeaderMap::new();
        for value in request.headers_mut().remove(header::IF_NONE_MATCH) {
            conditions.append(header::IF_NONE_MATCH, value);
        }
        let accepted = request.headers().get(header::ACCEPT_ENCODING);
        let accepted = accepted.and_then(|value| value.to_str().ok());
        Self {
            conditions,
            takes_gzip: accepted.is_some_and(takes_gzip),
        }
    }
}

impl Page {
    /// What was made, if it is a page.
    fn of(status: StatusCode, headers: &HeaderMap, body: Bytes) -> Option<Self> {
        if status != StatusCode::OK {
            return None;
        }
        let etag = headers.get(header::ETAG)?.to_str().ok()?.to_owned();
        let others = headers
            .iter()
            .filter(|(name, _)| ![header::ETAG, header::CONTENT_TYPE].contains(name));
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(&body).ok()?;
        let gzip = packed.finish().ok()?.into();
        let answer = Answer {
            status,
            body,
            etag: Some(etag),
            headers: others
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            content_type: HTML,
            ..Answer::nothing()
        };
        Some(Self { answer, gzip })
    }

    /// The answer to a request on these terms.
    pub fn answer(&self, terms: &Terms) -> HttpResponse {
        let response = self.answer.respond(&Method::GET, &terms.conditions);
        let is_whole = response.status() == StatusCode::OK;
        if !(is_whole && terms.takes_gzip && is_worth_compressing(self.answer.body.len())) {
            return response;
        }
        let mut response = response.set_body(self.gzip.clone()).map_into_boxed_body();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        let etag = self.answer.etag.as_deref().map(of_coding);
        if let Some(etag) = etag.and_then(|etag| HeaderValue::from_str(&etag).ok()) {
            headers.insert(header::ETAG, etag);
        }
        response
    }
}

/// Keeps what was made, if it is a page, and answers it on these terms.
pub fn keep(
    place: Option<Box<Place<'_>>>,
    made: ServiceResponse,
    terms: &Terms,
) -> ServiceResponse {
    let (request, response) = made.into_parts();
    let (head, body) = response.into_parts();
    let body = match body.try_into_bytes() {
        Ok(body) => body,
        // A stream is no page.
        Err(body) => return ServiceResponse::new(request, head.set_body(body)),
    };
    match Page::of(head.status(), head.headers(), body.clone()) {
        Some(page) => kept(place, request, Arc::new(page), terms),
        None => ServiceResponse::new(request, head.set_body(body).map_into_boxed_body()),
    }
}

fn kept(
    place: Option<Box<Place<'_>>>,
    request: HttpRequest,
    page: Arc<Page>,
    terms: &Terms,
) -> ServiceResponse {
    let answer = page.answer(terms);
    if let Some(place) = place {
        // It is taken by those who wait, even where there is no room to keep it.
        let _kept = place.insert(page);
    }
    ServiceResponse::new(request, answer)
}
