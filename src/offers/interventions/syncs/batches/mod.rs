//! The batches of a synchronisation: what each made, and its verdicts, kept thirty days.
//!
//! Who reads a synchronisation reads its batches. A verdict is kept as it was answered, in the language
//! that it was answered in.

pub mod model;
pub mod routes;
pub mod store;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_sync_batches)
        .service(routes::count_sync_batches)
        .service(routes::get_sync_batch);
}
