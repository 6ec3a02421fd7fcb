//! Agreements: conventions, their declinations in the territories, their deadlines, and the history
//! of their changes.

pub mod conventions;
pub mod deadlines;
pub mod declinations;
pub mod history;
pub mod names;
