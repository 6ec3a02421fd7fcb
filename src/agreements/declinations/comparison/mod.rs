//! A declination compared with what it declines: its parent, or the convention itself.
//!
//! [`effective`] has the effective terms of an agreement, [`model`] compares two, field by field.

pub mod effective;
pub mod model;
pub mod routes;
