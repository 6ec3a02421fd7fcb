//! Full synchronisations: what a portal does not send between the opening and the end is withdrawn.
//!
//! ```text
//!          open            commit
//!   ( ) ─────────▶ open ────────────▶ committed
//!                   │     abandon
//!                   └────────────────▶ abandoned
//! ```
//!
//! One at a time for a partner. Its batches name it ([`batch`](super::batch)); each leaves one row
//! with its counts, what it sent and its verdicts ([`batches`]). The runs are the partner's own journal.
//!
//! An item whose intervention cannot be told may be any of the partner's. A synchronisation that
//! received one withdraws nothing without consent, as one that would withdraw much.

pub mod batches;
pub mod feed;
pub mod filter;
pub mod model;
pub mod routes;
pub mod store;
pub mod workflow;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_syncs)
        .service(routes::count_syncs)
        .service(routes::open_sync)
        .service(routes::get_sync)
        .service(routes::commit_sync)
        .service(routes::abandon_sync)
        .configure(batches::mount);
}
