//! Where the reports of a campaign stand: as a whole, by region, academy and convention.

pub mod model;
pub mod routes;
pub mod store;
