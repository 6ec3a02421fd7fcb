//! What whoever runs the program may rely on: the built binary, driven as a user would.
//!
//! Each test has a data directory and ports of its own; none waits for another.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise, and has no clock to ask"
)]

mod commands;
mod costliest;
mod crashes;
mod keys;
mod mirror;
mod operation;
mod pushes;
mod starting;
mod support;
mod verify;
