//! Where a convention is declined on a day, and how many of the schools it is for are reached.
//!
//! [`store`] reads the declinations that count and counts the schools, [`model`] has the
//! definitions and puts the two together, [`table`] has many conventions at once.

pub mod model;
pub mod routes;
pub mod store;
pub mod table;
