//! Who the caller is: what its token says, what it may ask of the service, and which of its webhooks fail.

pub mod model;
pub mod routes;
pub use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(routes::get_me);
}
