//! The lines of all reports, flat, for exports.

pub mod filter;
pub mod routes;
pub mod store;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the lists.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_report_lines)
        .service(routes::count_report_lines);
}
