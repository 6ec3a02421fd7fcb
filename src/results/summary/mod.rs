//! The summary of a convention for a school year: its terms, what was reported, the results of its
//! targets; as JSON, and as a page to print.
//!
//! [`figures`] decides which figures a caller sees and adds them up, [`targets`] compares them with
//! what was agreed, [`model`] is the answer and [`page`] its printed form.

pub mod figures;
pub mod french;
pub mod labels;
pub mod model;
pub mod page;
pub mod reading;
pub mod routes;
pub mod store;
pub mod tables;
pub mod targets;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(routes::get_convention_summary);
}
