//! Establishments: the schools of the ministry's directory. The import alone writes them; the API
//! reads them, under their UAI.

pub mod feed;
pub mod filter;
pub mod levels;
pub mod model;
pub mod routes;
pub mod store;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_establishments)
        .service(routes::count_establishments)
        .service(routes::get_establishment);
}
