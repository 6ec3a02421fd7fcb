//! Reports: what one territory did under a convention in one school year.
//!
//! ```text
//!            submit              validate
//!   draft ──────────▶ submitted ──────────▶ validated ──▶ (superseded, once a correction is validated)
//!     │                 │   ▲
//!     │ delete   return │   │ submit
//!     ▼                 ▼   │
//!    ( )              returned
//! ```
//!
//! Its key is the convention, the declination or none, the territory and the school year. A
//! validated report is frozen: a creation with its key opens the next version. [`content`] and
//! [`mod@line`] have the fields, [`model`] the row, the steps and who sees what, [`checks`] the
//! cross-checks, [`prefill`] the draft made of what took place, [`versions`] its corrections,
//! [`lines`] the flat export, [`ground`] what new ones are checked against, [`batch`] reports by file and
//! [`template`] the file to fill in.

pub mod answer;
pub mod batch;
pub mod checks;
pub mod content;
pub mod feed;
pub mod filter;
pub mod ground;
pub mod line;
pub mod lines;
pub mod listing;
pub mod model;
pub mod prefill;
pub mod routes;
pub mod steps;
pub mod store;
pub mod template;
pub mod versions;
pub mod workflow;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource. What has a name of its own comes before `{id}`.
pub fn mount(config: &mut ServiceConfig<'_>) {
    lines::mount(config);
    config
        .service(routes::list_reports)
        .service(routes::count_reports)
        .service(routes::create_report)
        .service(prefill::routes::prefill_report)
        .service(steps::routes::step_reports)
        .service(batch::routes::push_reports)
        .service(template::routes::get_report_template)
        .service(routes::get_report)
        .service(routes::update_report)
        .service(routes::delete_report)
        .service(routes::submit_report)
        .service(routes::validate_report)
        .service(routes::return_report)
        .service(versions::routes::list_report_versions);
}
