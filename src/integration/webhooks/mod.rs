//! Webhooks: addresses of callers that are told of changes as they happen, by Standard Webhooks.
//!
//! ```text
//!   active ── pause ──▶ paused
//!     │ ▲ ◀── resume ─────┘
//!     ▼ └── resume ── disabled      (disabled by the service, which says why)
//! ```
//!
//! A webhook is a reader of the [change feed](crate::integration::changes) with a place of its own: a
//! delivery is an attempt to move that place on. Nothing is put into a queue when something changes, so
//! nothing can be lost from one, and what was missed during an outage is told after it.
//!
//! [`content`] has the fields, [`address`] what an address may be, [`model`] the row and its steps,
//! [`secrets`] how messages are signed, [`store`] the SQL, [`workflow`] the steps that write, [`routes`]
//! the handlers, [`deliveries`] what was sent, [`sending`] how it is sent, which is a
//! job.

pub mod address;
pub mod content;
pub mod cursor;
pub mod deliveries;
pub mod feed;
pub mod filter;
pub mod model;
pub mod owner;
pub mod reserved;
pub mod routes;
pub mod secrets;
pub mod sending;
pub mod store;
pub mod workflow;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the resource.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_webhooks)
        .service(routes::count_webhooks)
        .service(routes::create_webhook)
        .service(routes::get_webhook)
        .service(routes::update_webhook)
        .service(routes::delete_webhook)
        .service(routes::rotate_webhook_secret)
        .service(routes::test_webhook)
        .service(routes::pause_webhook)
        .service(routes::resume_webhook)
        .service(routes::replay_webhook);
    deliveries::mount(config);
}
