//! What was done under a declination in a school year, held against its own targets.
//!
//! Under a declination are the validated reports on it and on the declinations below it: lines state
//! only what no report below states, so that nothing counts twice.

pub mod measures;
pub mod model;
pub mod reading;
pub mod routes;
pub mod store;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(routes::get_declination_progress);
}
