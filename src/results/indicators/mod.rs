//! Indicators: what the lines of validated reports add up to, defined once.
//!
//! A figure counts the lines of the reports that are validated and that no later version replaced.
//! Lines state only what no report below states, so that adding them counts nothing twice. Figures
//! are computed on request, the most frequent ones from a rollup that is kept beside the lines
//! ([`rollup`](store::rollup), [`rollup_check`](store::rollup_check)); distinct counts
//! (establishments, reports) and totals are counted and never added up.

pub mod aim;
pub mod answer;
pub mod filter;
pub mod model;
pub mod perimeter;
pub mod routes;
pub mod store;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_indicators)
        .service(routes::count_indicators)
        .service(routes::list_public_indicators);
}
