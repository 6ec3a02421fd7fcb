//! The public directory: the national conventions ever signed and their parties, for anyone to
//! read and reuse, under an open licence. It has no personal data.

pub mod filter;
pub mod model;
pub mod routes;
pub mod store;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the list.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(routes::list_public_conventions);
}
