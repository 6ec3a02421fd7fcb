//! Many conventions at once: in which academies each is declined on a day, and in which not.

pub mod filter;
pub mod model;
pub mod routes;
