//! The search of interventions: the list with its filters and orders, how many there are, and of each
//! kind ([`facets`]).

pub mod facets;
pub mod filter;
pub mod routes;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the search.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_interventions)
        .service(routes::count_interventions)
        .service(routes::list_partner_interventions)
        .service(routes::count_partner_interventions);
}
