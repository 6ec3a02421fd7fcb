//! A convention as everyone reads it, by its reference: the parties, the text of today, where it is
//! declined, and what was published of it.

pub mod model;
pub mod proof;
pub mod reading;
pub mod routes;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(routes::get_public_convention);
}
