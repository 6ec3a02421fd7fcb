//! What happens to a service when its PostgreSQL is killed, freezes, vanishes, is demoted, or wakes up
//! beside its successor: two servers on loopback, one the standby of the other, and a proxy that makes a
//! network fail.
//!
//! Each incident tells when the first write and the first read were acknowledged after it, what was
//! answered by status, and what was lost or done twice. `REE_SEED` chooses the moments (it is printed);
//! `REE_NIGHTLY` repeats each incident with others.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise, and has no clock to ask"
)]
// What other tests of the program use is not all used here.
#![allow(dead_code, reason = "the support of another test program")]

#[path = "../program/support/mod.rs"]
mod support;

mod failovers;
mod load;
mod pair;
mod proxy;
mod reads;
mod restore;
mod server;
mod standbys;
