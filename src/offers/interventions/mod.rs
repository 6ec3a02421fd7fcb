//! Interventions: what partners offer to schools now, each under a convention.
//!
//! ```text
//!         put                 withdraw
//!   ( ) ──────▶ offered ◀───────────────▶ withdrawn
//!                             put
//! ```
//!
//! An offered one is `published`, `withheld`, `stale` or `expired`: not stored, but computed from the
//! dates and the convention ([`status`]). [`content`] has its fields, [`model`] the row and how it is
//! answered, [`place`] and [`host`] where it is and with whom, [`locating`] how points are found,
//! [`filter`] and [`geo`] the filters of lists, [`search`] the search, [`upsert`] how one or a thousand
//! are written, [`batch`] what a portal pushes, [`syncs`] its full synchronisations,
//! [`pushes`] its journal of both.

pub mod batch;
pub mod content;
pub mod feed;
pub mod filter;
pub mod geo;
pub mod host;
pub mod locating;
pub mod model;
pub mod place;
pub mod pushes;
pub mod routes;
pub mod search;
pub mod status;
pub mod store;
pub mod syncs;
pub mod upsert;
pub mod workflow;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    // What is not an intervention's name is mounted before the names.
    batch::mount(config);
    pushes::mount(config);
    syncs::mount(config);
    search::mount(config);
    config
        .service(routes::get_intervention_by_id)
        .service(routes::get_intervention)
        .service(routes::put_intervention)
        .service(routes::update_intervention)
        .service(routes::withdraw_intervention);
}
