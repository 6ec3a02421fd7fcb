//! What a partner pushed: its own journal, kept for thirty days.

pub mod model;
pub mod routes;
pub mod store;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_pushes)
        .service(routes::count_pushes);
}
