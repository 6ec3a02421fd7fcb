//! Opportunities: what a school can ask for, of whom, under which convention.
//!
//! Nothing is stored of them: they follow from the conventions in force that reach the school, the
//! partners that signed them and their networks, what these offer and who speaks for them there.

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
