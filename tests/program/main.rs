//! What whoever runs the program may rely on: the built binary, driven as a user would.
//!
//! Each test has a data directory and ports of its own; none waits for another.

mod commands;
mod crashes;
mod operation;
mod starting;
mod support;
