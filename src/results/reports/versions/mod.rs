//! The versions of a report: the corrections of one key, the newest first.

pub mod filter;
pub mod routes;
pub mod store;
