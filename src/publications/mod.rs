//! Publications.
pub mod disclosure;
