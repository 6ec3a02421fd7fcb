//! Partners: the organisations that sign conventions and offer interventions to schools.
//!
//! ```text
//!            ┌── archive ──▶
//!   active ──┤              archived
//!            ◀── restore ──┘
//! ```
//!
//! An archived partner stays readable and keeps its history. It is the model of the other
//! resources: [`content`] has its fields, [`model`] the row and the rules, [`routes`] the
//! handlers, [`store`] the SQL, [`workflow`] the steps that write.

pub mod content;
pub mod feed;
pub mod filter;
pub mod model;
pub mod representatives;
pub mod routes;
pub mod store;
pub mod workflow;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_partners)
        .service(routes::count_partners)
        .service(routes::create_partner)
        .service(routes::get_partner)
        .service(routes::update_partner)
        .service(routes::delete_partner)
        .service(routes::archive_partner)
        .service(routes::restore_partner);
    representatives::mount(config);
}
