//! The reference: a light page for each operation and each schema of the OpenAPI document.

pub mod index;
mod kinds;
pub mod operation;
mod parts;
pub mod schema;
pub mod spec;
