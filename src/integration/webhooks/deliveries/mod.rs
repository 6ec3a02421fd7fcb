//! What was sent to a webhook, and what became of it: kept for thirty days, and sent again on demand.

pub mod filter;
pub mod model;
pub mod routes;
pub mod store;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_webhook_deliveries)
        .service(routes::replay_webhook_delivery);
}
