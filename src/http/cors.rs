//! Cross-origin requests: closed unless origins are configured.

use actix_cors::Cors;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName};
use actix_web::middleware::Condition;

use super::position::{AS_OF, POSITION};

/// The middleware for these origins; it does nothing when there are none.
pub fn middleware(origins: &[String]) -> Condition<Cors> {
    let exposed = [
        header::ETAG,
        header::LINK,
        header::LOCATION,
        header::RETRY_AFTER,
        HeaderName::from_static("idempotency-replayed"),
        HeaderName::from_static(POSITION),
        HeaderName::from_static(AS_OF),
        HeaderName::from_static("x-request-id"),
    ];
    let methods = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ];
    let cors = origins
        .iter()
        .fold(Cors::default(), |cors, origin| cors.allowed_origin(origin))
        .allowed_methods(methods)
        .allow_any_header()
        .expose_headers(exposed)
        .max_age(3600);
    Condition::new(!origins.is_empty(), cors)
}
