//! Territories: the tree from the country down to each school. Reference data, and the directory's
//! establishments as its leaves.

pub mod ancestry;
pub mod filter;
pub mod model;
pub mod routes;
pub mod store;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_territories)
        .service(routes::count_territories)
        .service(routes::get_territory);
}
