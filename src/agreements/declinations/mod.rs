//! Declinations: a convention carried to academic regions, academies or schools.
//!
//! ```text
//!              activate            close
//!   draft ──────────────▶ active ─────────▶ closed
//!     │  │ delete
//!     │  ▼
//!     │ ( )
//!     └── abandon ──▶ abandoned
//! ```
//!
//! [`content`] has its fields, [`model`] the row and the steps between statuses, [`answer`] what is
//! shown to whom, [`rules`] what its convention and its parent require of it ([`ground`] has them read), [`comparison`] a
//! declination compared with its parent, [`workflow`] the steps that write. At any time, a territory
//! is in at most one active declination of a convention at each level: `declination_claims` enforces
//! it.

pub mod answer;
pub mod batch;
pub mod comparison;
pub mod content;
pub mod feed;
pub mod filter;
pub mod ground;
pub mod model;
pub mod routes;
pub mod rules;
pub mod steps;
pub mod store;
pub mod workflow;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_declinations)
        .service(routes::count_declinations)
        .service(routes::create_declination)
        .service(steps::routes::step_declinations)
        .service(batch::routes::push_declinations)
        .service(batch::routes::get_declination_template)
        .service(routes::get_declination)
        .service(routes::update_declination)
        .service(routes::delete_declination)
        .service(routes::activate_declination)
        .service(routes::close_declination)
        .service(routes::abandon_declination)
        .service(comparison::routes::get_declination_comparison);
}
