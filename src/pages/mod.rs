//! The pages for people: what the register tells everyone, for those who read it in a browser. No
//! sign-in, no program: each reads what the public scope may, and is whole as it arrives.
//!
//! One file for each page; what several share is in [`words`], [`told`], [`parts`], [`address`],
//! [`map`](mod@map) and [`chart`].

pub mod address;
pub mod assets;
pub mod catalogue;
pub mod chart;
pub mod convention;
pub mod docs;
pub mod establishment;
pub mod establishments;
pub mod figures;
pub mod home;
pub mod map;
pub mod parts;
pub mod problems;
mod proof;
pub mod published;
pub mod territories;
pub mod territory;
pub mod told;
pub mod words;
pub mod year;

use utoipa_actix_web::service_config::ServiceConfig;

/// How the document knows a page from an operation: pages are no part of what programs are promised.
pub const TAG: &str = "Pages";

/// Mounts them, but for those that are operations too ([`problems`]).
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(home::get_home_page)
        .service(catalogue::get_catalogue_page)
        .service(convention::get_convention_page)
        .service(territories::get_territories_page)
        .service(territory::get_territory_page)
        .service(establishments::get_establishments_page)
        .service(establishment::get_establishment_page)
        .service(figures::get_figures_page)
        .service(year::get_year_page)
        .service(assets::get_asset)
        .service(assets::get_favicon)
        .service(assets::get_robots)
        .service(assets::get_sitemap);
    docs::mount(config);
}
