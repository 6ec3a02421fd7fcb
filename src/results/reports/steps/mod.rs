//! A step taken with many reports at once: the same rules and the same outcome as one by one, in as
//! many statements for a thousand as for two, but for one each.

pub mod content;
pub mod routes;
pub mod workflow;
