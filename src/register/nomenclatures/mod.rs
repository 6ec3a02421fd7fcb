//! Nomenclatures: the lists of codes, with their labels, as the database has them.

pub mod filter;
pub mod model;
pub mod routes;
pub mod store;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_nomenclatures)
        .service(routes::count_nomenclatures)
        .service(routes::get_nomenclature);
}
