//! Campaigns: for one school year, which reports are expected, by when, and their states.
//!
//! Opening one writes down a report for each convention and declination in force on a day of the
//! year and each of their territories (`expected_reports`); they follow conventions and declinations
//! while the campaign is open. Once it is closed nobody writes a report of the year; what was handed
//! in is still validated. [`progress`] counts, [`expected`] lists what is missing and late.

pub mod expected;
pub mod feed;
pub mod filter;
pub mod model;
pub mod progress;
pub mod routes;
pub mod store;
pub mod workflow;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_campaigns)
        .service(routes::count_campaigns)
        .service(routes::create_campaign)
        .service(routes::get_campaign)
        .service(routes::update_campaign)
        .service(routes::close_campaign)
        .service(routes::reopen_campaign)
        .service(progress::routes::get_campaign_progress)
        .service(expected::routes::list_expected_reports)
        .service(expected::routes::count_expected_reports);
}
