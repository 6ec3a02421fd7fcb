//! A declination beside what it carries: its parent, or the convention itself.
//!
//! [`effective`] says what holds of an agreement, [`model`] compares two of them, field by field.

pub mod effective;
pub mod model;
pub mod routes;
