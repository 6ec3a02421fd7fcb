//! The reports that a campaign expects, one by one: what is missing, and what is late.

pub mod filter;
pub mod model;
pub mod routes;
pub mod store;
