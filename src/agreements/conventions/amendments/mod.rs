//! Amendments: what changes in a signed convention, and from which day.
//!
//! [`content`] has its fields, [`model`] the row and the steps between statuses, [`rules`] the
//! obstacles to it, [`workflow`] the steps that write. Once signed, it is kept in the row of its
//! convention too (see [`consolidated`](super::consolidated)), which is read without another row.

pub mod content;
pub mod feed;
pub mod filter;
pub mod model;
pub mod routes;
pub mod rules;
pub mod store;
pub mod workflow;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_amendments)
        .service(routes::count_amendments)
        .service(routes::create_amendment)
        .service(routes::get_amendment)
        .service(routes::update_amendment)
        .service(routes::delete_amendment)
        .service(routes::send_amendment_for_signature)
        .service(routes::sign_amendment)
        .service(routes::abandon_amendment);
}
