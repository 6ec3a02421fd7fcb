//! Contacts: whom a partner or a school writes to, on the education side.
//!
//! A contact may be a person. Name, e-mail and phone are shown to those whose perimeter it serves
//! ([`Viewer`](crate::auth::person_viewer::Viewer)); its place, its role and its label to all.
//! Erasing one leaves events and journal rows that name fields and contain no value of them.

pub mod batch;
pub mod content;
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
        .service(routes::list_contacts)
        .service(routes::count_contacts)
        .service(routes::create_contact)
        .service(batch::routes::push_contacts)
        .service(batch::routes::get_contact_template)
        .service(routes::get_contact)
        .service(routes::update_contact)
        .service(routes::delete_contact);
}
