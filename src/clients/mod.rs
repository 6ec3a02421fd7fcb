//! Machine clients.

pub mod store;
