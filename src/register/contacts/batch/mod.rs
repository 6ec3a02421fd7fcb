//! Contacts by file: a row is a contact.
//!
//! [`layout`] has the columns, [`plan`] decides what becomes of each row, [`workflow`] writes.

pub mod content;
pub mod layout;
pub mod plan;
pub mod routes;
pub mod workflow;
