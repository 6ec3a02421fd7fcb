//! Declinations by file: a row is a declination.
//!
//! [`layout`] has the columns, [`there`] finds the declinations that rows are of, [`plan`] decides what
//! becomes of each, [`workflow`] writes.

pub mod content;
pub mod layout;
pub mod plan;
pub mod routes;
pub mod there;
pub mod workflow;
