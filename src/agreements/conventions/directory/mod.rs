//! The public directory: the national conventions ever signed and their parties, for anyone to
//! read and to use again, under an open licence. Nothing in it speaks of a person.

pub mod filter;
pub mod model;
pub mod routes;
pub mod store;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the list.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(routes::list_public_conventions);
}
