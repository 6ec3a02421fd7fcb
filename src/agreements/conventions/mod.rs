//! Conventions: what the ministry, or a region, an academy or a school, and partners sign together.
//!
//! [`content`] has the agreed fields, [`consolidated`] the text on a day with its [`amendments`],
//! [`signing`] who signs and how, [`term`] when it is in force, [`termination`] how it is ended or
//! renewed, [`content_hash`] the digest of the content, [`model`] the row and the steps between
//! statuses, [`coverage`] where one is declined, [`directory`] the public fields. What came of one in
//! a year is in [`crate::results::summary`].

pub mod acts;
pub mod amendments;
pub mod answer;
pub mod consolidated;
pub mod content;
pub mod content_hash;
pub mod coverage;
pub mod directory;
pub mod edit;
pub mod feed;
pub mod filter;
pub mod model;
pub mod reference;
pub mod routes;
pub mod signing;
pub mod store;
pub mod term;
pub mod termination;
pub mod workflow;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_conventions)
        .service(routes::count_conventions)
        .service(routes::create_convention)
        .service(routes::get_convention)
        .service(routes::update_convention)
        .service(routes::delete_convention)
        .service(routes::open_convention_negotiation)
        .service(routes::send_convention_for_signature)
        .service(routes::sign_convention)
        .service(routes::abandon_convention)
        .service(routes::terminate_convention)
        .service(routes::renew_convention)
        .service(coverage::routes::get_convention_coverage)
        .service(coverage::table::routes::list_coverage)
        .service(coverage::table::routes::count_coverage);
}
