//! What awaits a caller: reports to validate, requests to answer, signatures, late reports, deadlines near,
//! academies without a declination; each with its address.
//!
//! Nothing of it is stored: it is read from what there is, by two statements whatever there is. One has what
//! waits for a step of the caller's ([`store`]), the other is that of [`deadlines`](crate::agreements::deadlines);
//! both are in the order of the list and are put together here ([`reading`]).

pub mod filter;
pub mod model;
pub mod reading;
pub mod routes;
pub mod store;
mod wording;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_todo)
        .service(routes::count_todo);
}
