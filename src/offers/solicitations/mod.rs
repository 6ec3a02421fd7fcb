//! Solicitations: what a school, or its academy for it, asks of a partner, and what became of it.
//!
//! ```text
//!                accept             hold
//!   requested ───────────▶ accepted ─────▶ held
//!     │    │                 │    │
//!     │    │ cancel   cancel │    │ not-held
//!     │    └──▶ cancelled ◀──┘    └─────▶ not_held
//!     │ decline
//!     └───────▶ declined
//! ```
//!
//! One is asked on an intervention, or straight of a representative. Accepting takes a session of
//! the intervention, in the transaction that holds its row ([`workflow`]); cancelling frees it, not
//! having been held does not. [`content`] has what is written, [`model`] the row and who takes which
//! step, [`rules`] what may be asked of whom, [`answer`] how it is answered.

pub mod answer;
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
        .service(routes::list_solicitations)
        .service(routes::count_solicitations)
        .service(routes::create_solicitation)
        .service(routes::get_solicitation)
        .service(routes::accept_solicitation)
        .service(routes::decline_solicitation)
        .service(routes::hold_solicitation)
        .service(routes::mark_solicitation_not_held)
        .service(routes::cancel_solicitation);
}
