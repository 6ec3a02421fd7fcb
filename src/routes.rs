//! Table of contents: each resource mounts itself with one line. What is under `/v1` needs a
//! token and a line in the access table; what is public is in [`operation`],
//! [`oauth`] and the [`directory`](crate::conventions::directory) of conventions.

use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    campaigns, changes, clients, contacts, conventions, deadlines, declinations, establishments,
    history, indicators, interventions, nomenclatures, oauth, operation, opportunities, partners,
    publications, reports, solicitations, territories,
};

/// Mounts everything.
pub fn mount(config: &mut ServiceConfig<'_>) {
    operation::mount(config);
    oauth::mount(config);
    partners::mount(config);
    conventions::directory::mount(config);
    conventions::mount(config);
    declinations::mount(config);
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
    publications::mount(config);
    deadlines::mount(config);
    clients::mount(config);
    changes::mount(config);
}
