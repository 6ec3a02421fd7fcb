//! Reports by file: a row is a line of a report, and the rows of one key are one report.
//!
//! [`layout`] has the columns, [`pieces`] makes reports of rows, [`plan`] decides what becomes of each,
//! [`workflow`] writes, [`told`] makes the verdicts.

pub mod content;
pub mod layout;
pub mod pieces;
pub mod plan;
pub mod routes;
pub mod told;
pub mod workflow;
