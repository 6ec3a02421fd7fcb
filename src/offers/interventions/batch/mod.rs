//! What a portal pushes: a batch of interventions, and confirmations that many are still valid.
//!
//! [`input`] reads the items, [`cells`] those of a CSV, [`advice`] suggests how to correct a fault,
//! [`verdict`] is the outcome of each item, [`workflow`] writes.

pub mod advice;
pub mod cells;
pub mod input;
pub mod routes;
pub mod verdict;
pub mod workflow;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::push_interventions)
        .service(routes::touch_interventions);
}
