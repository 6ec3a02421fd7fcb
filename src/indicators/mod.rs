//! Indicators: what the lines of validated reports add up to, defined once.
//!
//! A figure counts the lines of the reports that are validated and that no later version replaced.
//! Lines state only what no report below states, so that adding them counts nothing twice. Figures
//! are computed when they are asked for, the most wanted ones from sums that are kept beside the lines
//! (`cells`, [`upkeep`]); what is distinct (establishments, reports) and totals are counted and never
//! added up.

pub mod answer;
mod cells;
pub(crate) mod columns;
pub mod model;
pub mod perimeter;
mod published;
pub mod routes;
mod statement;
pub mod store;
pub mod upkeep;
pub mod yardsticks;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_indicators)
        .service(routes::count_indicators)
        .service(routes::get_indicator_values);
}
