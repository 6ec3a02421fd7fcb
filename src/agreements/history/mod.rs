//! The history of an object: who wrote it, when, which fields, from what to what. It is read from
//! the audit rows that every write leaves; [`store`] reads those of any objects, [`routes`] decides
//! whose history is read, and by whom.

pub mod filter;
pub mod model;
pub mod routes;
pub mod store;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the histories.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_convention_history)
        .service(routes::list_declination_history);
}
