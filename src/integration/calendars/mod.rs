//! The address that a calendar program subscribes to: a caller's deadlines, read without a header.
//!
//! Calendar programs send no token, so the address itself is the secret: it reads deadlines and nothing
//! else, with what its owner may read at that moment, is shown once, and is revoked or replaced at will.
//! The database keeps a digest of it; neither the log nor an error names it.

pub mod model;
pub mod routes;
pub mod secret;
pub mod store;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::get_calendar)
        .service(routes::create_calendar)
        .service(routes::delete_calendar)
        .service(routes::get_calendar_feed);
}
