//! Establishments: the schools of the ministry's directory, read-only for the API's users.

pub mod import;
pub mod levels;
pub mod reach;
