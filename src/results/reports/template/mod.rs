//! The table of reports to fill in: the reports that are expected of the caller and nobody began.

pub mod routes;
pub mod store;
