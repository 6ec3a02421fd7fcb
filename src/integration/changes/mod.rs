//! The change feed: every write once, in an order that concurrent writers cannot make a reader
//! miss.
//!
//! A change's place is the id of its transaction, then a sequence number. A reader is only given
//! changes of transactions older than every one still running ([`store::page`]): what commits
//! later has a greater place, and so cannot appear behind a cursor that was handed out. A cursor
//! proves beside its place that what it follows is still there ([`lineage`]).

pub mod events;
pub mod filter;
pub mod lineage;
pub mod list;
pub mod model;
pub mod objects;
pub mod reader;
pub mod routes;
pub mod snapshot;
pub mod store;
pub mod waiting;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the feed.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list_changes)
        .service(routes::get_snapshot);
}
