//! Operation of the service: what anyone may read without a token.

pub mod admin;
mod health;
pub mod routes;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts them, by name.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::get_health)
        .service(routes::get_readiness)
        .service(routes::get_version)
        .service(routes::get_openapi)
        .service(routes::get_security_txt);
}
