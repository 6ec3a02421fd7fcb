//! The last requests of a caller, for it alone to read: what it asked, what it was answered, never what it
//! sent nor what it was told. They wait in memory ([`request_log`](crate::http::request_log)) and are written
//! in sets, beside the requests.

pub mod filter;
pub mod keeping;
pub mod model;
pub mod routes;
pub mod store;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_requests)
        .service(routes::count_requests);
}
