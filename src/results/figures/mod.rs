//! The values of indicators as they are asked for: live from [`indicators`](super::indicators), or as
//! they were published, from [`publications`](super::publications).

mod filter;
mod long;
pub mod published;
pub mod routes;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::get_indicator_values)
        .service(routes::get_public_indicator_values);
}
