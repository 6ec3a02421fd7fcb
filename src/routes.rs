//! Table of contents: each resource mounts itself with one line. What is under `/v1` needs a
//! token and a line in the access table; what is public is in [`operation`], [`oauth`], and what
//! is open to everyone under `/public`.

use utoipa_actix_web::service_config::ServiceConfig;

use crate::agreements::{conventions, deadlines, declinations, history};
use crate::integration::{calendars, changes, me, oauth, operation, requests, todo, webhooks};
use crate::offers::{interventions, opportunities, solicitations};
use crate::pages;
use crate::register::{clients, contacts, establishments, nomenclatures, partners, territories};
use crate::results::{
    campaigns, dcat, declination_progress, figures, indicators, permalinks, publications, reports,
    summary,
};

/// Mounts everything.
pub fn mount(config: &mut ServiceConfig<'_>) {
    operation::mount(config);
    pages::problems::mount(config);
    oauth::mount(config);
    partners::mount(config);
    conventions::directory::mount(config);
    conventions::mount(config);
    summary::mount(config);
    conventions::amendments::mount(config);
    declinations::mount(config);
    declination_progress::mount(config);
    history::mount(config);
    interventions::mount(config);
    solicitations::mount(config);
    contacts::mount(config);
    campaigns::mount(config);
    establishments::mount(config);
    opportunities::mount(config);
    territories::mount(config);
    nomenclatures::mount(config);
    reports::mount(config);
    indicators::mount(config);
    figures::mount(config);
    publications::mount(config);
    permalinks::mount(config);
    dcat::mount(config);
    deadlines::mount(config);
    todo::mount(config);
    clients::mount(config);
    me::mount(config);
    calendars::mount(config);
    requests::mount(config);
    changes::mount(config);
    webhooks::mount(config);
    pages::mount(config);
}
