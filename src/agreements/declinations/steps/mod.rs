//! A step taken with many declinations at once: the same rules and the same outcome as one by one.

pub mod content;
pub mod routes;
pub mod workflow;
