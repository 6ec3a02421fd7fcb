//! What a publication says otherwise than the one it revises.

pub mod filter;
pub mod routes;
pub mod store;
