//! The states of the reports of a campaign: in total, by region, academy and convention.

pub mod model;
pub mod routes;
pub mod store;
