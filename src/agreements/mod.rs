//! What is agreed: conventions, how they are carried into the territories, what falls due of them,
//! and who wrote what of them.

pub mod conventions;
pub mod deadlines;
pub mod declinations;
pub mod history;
