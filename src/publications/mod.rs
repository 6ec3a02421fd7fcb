//! Publications: the figures of a school year, frozen, with small groups hidden.
//!
//! A publication has a documented list of tables ([`tables`]), computed at one moment and never
//! changed again. What is hidden of them is decided by [`disclosure`]; `freezing` writes the tables
//! as they are read. Whoever may not read live figures reads those of a publication ([`reading`]).

pub mod cells;
pub mod counting;
pub mod disclosure;
mod freezing;
pub mod model;
pub mod reading;
pub mod routes;
mod secrets;
pub mod store;
pub mod tables;
pub mod workflow;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_publications)
        .service(routes::count_publications)
        .service(routes::create_publication)
        .service(routes::get_publication);
}
