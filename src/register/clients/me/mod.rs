//! Who the caller is: what its token says, and what it may ask of the service.

pub mod model;
pub mod routes;
