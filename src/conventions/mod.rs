//! Conventions: what the ministry, or a region, an academy or a school, and partners sign together.
//!
//! [`content`] has what the parties agree on, [`signing`] who signs and how, [`term`] when it is in
//! force, [`hash`] the digest of the content, [`model`] the row and the steps between statuses.

pub mod content;
pub mod hash;
pub mod model;
pub mod signing;
pub mod store;
pub mod term;
