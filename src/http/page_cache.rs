//! Public pages, kept for as long as nothing is written.
//!
//! A page is the same for all who read it in one language. It is made once for what is committed, while
//! those who ask for it meanwhile wait, and told again without a turn of the pools that searches and sums
//! share. What it is kept under has PostgreSQL's snapshot: after any commit, of this instance or of
//! another, it is found no more, and nobody reads a page that is older than what was written before they
//! asked. Only where so much is written and read that pages would be made without end, one of the last five minutes
//! is told, with its age.

use std::io::Write as _;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::body::MessageBody as _;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use quick_cache::sync::{Cache, DefaultLifecycle, PlaceholderGuard};
use quick_cache::{DefaultHashBuilder, Weighter};

use super::accept::{is_worth_compressing, takes_gzip};
use super::answer::{Answer, FRESH, HTML, of_coding};
use super::contract::Operation;
use super::position::POSITION;
use crate::db::Db;
use crate::db::snapshot::Snapshot;
use crate::language::Language;
use crate::layout::Spoken;

/// The media type of a page, as the document has it.
const PAGE: &str = "text/html";

/// How many pages are kept, about, and their bytes.
const PAGES: usize = 1_000;
const MOST: u64 = 16 * 1024 * 1024;

/// How long a request waits for another that makes its page, before it makes it itself.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many pages are made anew in a second, and at once, before those are told that a cache
/// before the service may tell, too.
const ANEW: Quota = Quota::per_second(many(2)).allow_burst(many(50));

const fn many(number: u32) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(number - 1)
}

/// The pages.
pub struct PageCache {
    pages: Cache<Key, Arc<Page>, Weight>,
    /// The last that was made for an address, whatever was written since.
    last: Cache<Asked, Arc<Page>, Weight>,
    anew: DefaultDirectRateLimiter,
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

/// Which page is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Asked {
    /// Its path and its query.
    address: String,
    language: Language,
}

/// What a page depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    asked: Asked,
    /// What it tells of time it tells by the minute.
    minute: i64,
    snapshot: Snapshot,
}

/// A page, and the same compressed.
pub struct Page {
    answer: Answer,
    gzip: Bytes,
    made: Instant,
}

/// What is kept weighs what it takes.
#[derive(Clone)]
pub struct Weight;

impl Weighter<Asked, Arc<Page>> for Weight {
    fn weight(&self, asked: &Asked, page: &Arc<Page>) -> u64 {
        let bytes = asked.address.len() + page.answer.body.len() + page.gzip.len();
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

impl Weighter<Key, Arc<Page>> for Weight {
    fn weight(&self, key: &Key, page: &Arc<Page>) -> u64 {
        self.weight(&key.asked, page)
    }
}

/// What a request says of the answer that it takes.
pub struct Terms {
    /// Its `If-None-Match`.
    conditions: HeaderMap,
    takes_gzip: bool,
}

/// A page, or the place where it is to be kept.
pub enum Found<'a> {
    /// It is there.
    Page(Arc<Page>),
    /// It is there, as it was in the last five minutes.
    Older(Arc<Page>),
    /// It is to be made; where another takes too long to make it, without a place.
    Place(Option<Box<Place<'a>>>),
}

impl Default for PageCache {
    fn default() -> Self {
        Self {
            pages: Cache::with_weighter(PAGES, MOST, Weight),
            last: Cache::with_weighter(PAGES, MOST, Weight),
            anew: RateLimiter::direct(ANEW),
            kept: AtomicU64::new(0),
            made: AtomicU64::new(0),
        }
    }
}

impl PageCache {
    /// The page, or where to keep it.
    pub async fn find<'a>(&'a self, key: &Key) -> Found<'a> {
        let found = match self.older(key) {
            Some(page) => Found::Older(page),
            None => self.kept_or_place(key).await,
        };
        let count = match found {
            Found::Page(_) | Found::Older(_) => &self.kept,
            Found::Place(_) => &self.made,
        };
        count.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// The page as it was, where it is not kept as it is and too many are made anew.
    fn older(&self, key: &Key) -> Option<Arc<Page>> {
        let last = self.last.get(&key.asked)?;
        let is_wanted = self.pages.peek(key).is_none()
            && last.made.elapsed() < FRESH
            && self.anew.check().is_err();
        is_wanted.then_some(last)
    }

    async fn kept_or_place<'a>(&'a self, key: &Key) -> Found<'a> {
        let found = self.pages.get_value_or_guard_async(key);
        match tokio::time::timeout(PATIENCE, found).await {
            Ok(Ok(page)) => Found::Page(page),
            Ok(Err(place)) => Found::Place(Some(Box::new(place))),
            Err(_) => Found::Place(None),
        }
    }

    /// Keeps what was made, if it is a page, and answers it on these terms.
    pub fn keep(
        &self,
        key: Key,
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
        let Some(page) = Page::of(head.status(), head.headers(), body.clone()) else {
            let response = head.set_body(body).map_into_boxed_body();
            return ServiceResponse::new(request, response);
        };
        let (answer, page) = (page.answer(terms), Arc::new(page));
        self.last.insert(key.asked, Arc::clone(&page));
        if let Some(place) = place {
            // Those who wait take it even where nothing was kept for it meanwhile.
            let _kept = place.insert(page);
        }
        ServiceResponse::new(request, answer)
    }

    /// Tells how many were told as they were kept, and how many were made.
    pub fn measure(&self) {
        for (from, count) in [("kept", &self.kept), ("made", &self.made)] {
            let count = count.load(Ordering::Relaxed);
            metrics::counter!("ree_pages_total", "from" => from).absolute(count);
        }
    }
}

/// Whether a request is for a page and nothing else: without what the gate would look at first.
pub fn is_for_a_page(request: &ServiceRequest, operation: &Operation) -> bool {
    let headers = request.headers();
    let is_bare = [
        header::CONTENT_TYPE,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        HeaderName::from_static(POSITION),
    ]
    .iter()
    .all(|name| !headers.contains_key(name));
    operation.public && operation.produces == [PAGE] && is_bare
}

impl Key {
    /// What the page of this request depends on; nothing where the database does not say what it is.
    pub async fn of(db: &Db, now: DateTime<Utc>, request: &ServiceRequest) -> Option<Self> {
        let spoken = Spoken::of(request.query_string(), request.headers());
        Some(Self {
            asked: Asked {
                address: request.uri().path_and_query()?.to_string(),
                language: spoken.language,
            },
            minute: now.timestamp().div_euclid(60),
            snapshot: db.snapshot().await.ok()?,
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
        Some(Self {
            answer,
            gzip,
            made: Instant::now(),
        })
    }

    /// The answer, with how many seconds ago it was right (RFC 9111 §5.1).
    pub fn older_answer(&self, terms: &Terms) -> HttpResponse {
        let mut response = self.answer(terms);
        let age = HeaderValue::from(self.made.elapsed().as_secs().max(1));
        response.headers_mut().insert(header::AGE, age);
        response
    }

    /// The answer to a request on these terms.
    pub fn answer(&self, terms: &Terms) -> HttpResponse {
        let response = self.answer.respond(&Method::GET, &terms.conditions);
        let is_whole = response.status() == StatusCode::OK;
        let is_long = u64::try_from(self.answer.body.len()).is_ok_and(is_worth_compressing);
        if !(is_whole && is_long && terms.takes_gzip) {
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
