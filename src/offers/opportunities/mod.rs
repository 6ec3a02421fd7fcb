//! Opportunities: what a school can ask for, of whom, under which convention.
//!
//! They are not stored, but computed from the conventions in force for the school, the partners that
//! signed them and their networks, their interventions and their representatives there.

pub mod filter;
pub mod model;
pub mod reasons;
pub mod routes;
pub mod store;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(routes::list_opportunities);
}
