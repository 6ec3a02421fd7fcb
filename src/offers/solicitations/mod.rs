//! Solicitations: a request of a school, or of its academy for it, to a partner, and its outcome.
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
//! Before it is answered, the school changes what it asks; once it is accepted, either side proposes
//! another day, and the other agrees.
//!
//! One is made on an intervention, or directly to a representative. Accepting takes a session of the
//! intervention, in the transaction that locks its row ([`workflow`]); cancelling frees it, recording
//! that it did not take place does not. [`content`] has the fields, [`model`] the row and who takes
//! which step, [`rules`] what may be asked of whom, [`answer`] how it is answered.

pub mod answer;
pub mod content;
pub mod feed;
pub mod filter;
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
        .service(routes::list_solicitations)
        .service(routes::count_solicitations)
        .service(routes::create_solicitation)
        .service(steps::routes::step_solicitations)
        .service(routes::get_solicitation)
        .service(routes::update_solicitation)
        .service(routes::propose_solicitation_day)
        .service(routes::agree_solicitation_day)
        .service(routes::accept_solicitation)
        .service(routes::decline_solicitation)
        .service(routes::hold_solicitation)
        .service(routes::mark_solicitation_not_held)
        .service(routes::cancel_solicitation);
}
