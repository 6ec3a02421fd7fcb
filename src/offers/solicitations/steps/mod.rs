//! A step taken with many solicitations at once: the same rules and the same outcome as one by one.

pub mod content;
pub mod routes;
pub mod workflow;
