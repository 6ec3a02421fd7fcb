//! Deadlines: what falls due, and what is late.
//!
//! Nothing of them is stored: they follow, on the day they are asked for, from the conventions, the
//! declinations and the reports that are (`statement`, and `branches` for each kind).
//! `perimeter` says whom each concerns, [`calendar`] writes them as events.

mod branches;
pub mod calendar;
pub mod model;
mod perimeter;
pub mod routes;
mod statement;
pub mod store;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_deadlines)
        .service(routes::count_deadlines);
}
