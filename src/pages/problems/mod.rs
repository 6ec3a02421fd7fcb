//! The codes of errors: JSON for programs, a page for who follows a link in a browser.

mod model;
mod page;
mod query;
pub mod routes;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts them, by name.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_problems)
        .service(routes::get_problem);
}
