//! Deadlines: what falls due, and what is late.
//!
//! They are not stored: they are computed, for the day of the request, from the conventions, the
//! declinations and the reports (`statement`, and `branches` for each kind). `perimeter` has the
//! conditions on whom each concerns, [`calendar`] writes them as events.

pub mod calendar;
pub mod filter;
pub mod model;
pub mod reading;
pub mod routes;
pub mod store;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_deadlines)
        .service(routes::count_deadlines);
}
