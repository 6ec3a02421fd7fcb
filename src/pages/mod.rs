//! The pages for people: what the register tells everyone, for those who read it in a browser. No
//! sign-in, no program: each reads what the public scope may, and is whole as it arrives.

pub mod assets;
pub mod docs;
pub mod problems;

use utoipa_actix_web::service_config::ServiceConfig;

/// How the document knows a page from an operation: pages are no part of what programs are promised.
pub const TAG: &str = "Pages";

/// Mounts them, but for those that are operations too ([`problems`]).
pub fn mount(config: &mut ServiceConfig<'_>) {
    config.service(assets::get_asset);
    docs::mount(config);
}
