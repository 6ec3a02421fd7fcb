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
//! [`content`] has what is written of it, [`model`] the row and the steps between statuses,
//! [`answer`] what of it is shown to whom, [`rules`] what its convention and its parent ask of it,
//! [`comparison`] a declination beside its parent, [`workflow`] the steps that write. At one time,
//! one active declination of a convention, at each level, has a territory: `declination_claims`
//! says which.

pub mod answer;
pub mod comparison;
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
        .service(routes::list_declinations)
        .service(routes::count_declinations)
        .service(routes::create_declination)
        .service(routes::get_declination)
        .service(routes::update_declination)
        .service(routes::delete_declination)
        .service(routes::activate_declination)
        .service(routes::close_declination)
        .service(routes::abandon_declination)
        .service(comparison::routes::get_declination_comparison);
}
