//! The catalogue of what is open, for the portals that gather catalogues (DCAT-AP): the directory of
//! conventions, the list of publications, and each publication with its tables.

pub mod document;
pub mod routes;
pub mod words;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(routes::get_public_catalog);
}
