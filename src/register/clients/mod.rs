//! Machine clients: the programs that call the API, each with a role and a perimeter, and the
//! secrets they obtain their tokens with (see [`oauth`](crate::integration::oauth)).
//!
//! ```text
//!   active ── revoke ──▶ revoked
//! ```
//!
//! A revoked client stays readable and never comes back. [`content`] has its fields, [`model`] the
//! row and the rules, [`perimeter`] who has which client in charge, [`routes`] the
//! handlers, [`store`] the SQL, [`workflow`] the steps that write.

pub mod content;
pub mod feed;
pub mod filter;
pub mod model;
pub mod perimeter;
pub mod routes;
pub mod store;
pub mod workflow;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_clients)
        .service(routes::count_clients)
        .service(routes::create_client)
        .service(routes::get_client)
        .service(routes::update_client)
        .service(routes::rotate_client_secret)
        .service(routes::revoke_client);
}
