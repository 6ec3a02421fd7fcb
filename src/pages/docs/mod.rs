//! The documentation for those who use the register: guides in French from Markdown, and the reference
//! made of the OpenAPI document.

mod frame;
mod guides;
mod home;
pub mod markdown;
mod nomenclatures;
pub mod reference;
pub mod routes;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts them, by name.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::redirect_to_docs)
        .service(routes::get_docs)
        .service(routes::get_docs_filter)
        .service(routes::get_docs_page)
        .service(routes::get_docs_operation)
        .service(routes::get_docs_schema)
        .service(routes::get_docs_nomenclature);
}
