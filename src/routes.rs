//! Table of contents: each resource mounts itself with one line. What is under `/v1` needs a
//! token and a line in the access table; what is public is in [`operation`](crate::operation) and
//! [`oauth`](crate::oauth).

use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    changes, clients, contacts, conventions, deadlines, declinations, establishments, indicators,
    interventions, nomenclatures, oauth, operation, partners, reports, solicitations, territories,
};

/// Mounts everything.
pub fn mount(config: &mut ServiceConfig<'_>) {
    operation::mount(config);
    oauth::mount(config);
    partners::mount(config);
    conventions::mount(config);
    declinations::mount(config);
    interventions::mount(config);
    solicitations::mount(config);
    contacts::mount(config);
    establishments::mount(config);
    territories::mount(config);
    nomenclatures::mount(config);
    reports::mount(config);
    indicators::mount(config);
    deadlines::mount(config);
    clients::mount(config);
    changes::mount(config);
}
