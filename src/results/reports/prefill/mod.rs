//! A report prefilled with what took place: the solicitations of a school year, added up into lines.

pub mod model;
pub mod routes;
pub mod store;
pub mod workflow;
