//! Representatives: the persons through whom a partner is reached, each for some territories.
//!
//! A representative is personal data. Name, e-mail and phone are shown to those who need them to
//! do their work ([`Viewer`](crate::auth::person_viewer::Viewer)); erasing one leaves events and
//! journal rows that name fields and contain no value of them.

pub mod content;
pub mod feed;
pub mod filter;
pub mod model;
pub mod routes;
pub mod store;
pub mod workflow;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_representatives)
        .service(routes::count_representatives)
        .service(routes::create_representative)
        .service(routes::get_representative)
        .service(routes::update_representative)
        .service(routes::delete_representative);
}
