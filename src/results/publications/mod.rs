//! Publications: the figures of a school year, frozen, with small groups hidden.
//!
//! A publication has a documented list of tables ([`tables`]), computed at one moment and never
//! changed again. [`disclosure`] decides which cells are suppressed; [`freeze`] writes the tables as
//! they are read. Callers who may not read live figures read those of a publication ([`lookup`]).

pub mod changes;
pub mod feed;
pub mod filter;
pub mod freeze;
pub mod lookup;
pub mod model;
pub mod routes;
pub mod standing;
pub mod store;
pub mod tables;
pub mod true_counts;
pub mod workflow;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_publications)
        .service(routes::count_publications)
        .service(routes::create_publication)
        .service(routes::get_publication)
        .service(routes::withdraw_publication)
        .service(routes::list_public_publications)
        .service(routes::get_public_publication)
        .service(changes::routes::list_publication_changes);
}
