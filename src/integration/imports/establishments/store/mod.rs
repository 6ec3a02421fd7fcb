//! The SQL of the directory's import: its lines staged, then merged into the register.

pub mod merge;
pub mod stage;
