//! Results: the reports of a school year and the campaign that expects them, and the figures over
//! them: live, published, under a declination, and as a page to print.

pub mod campaigns;
pub mod declination_progress;
pub mod figures;
pub mod indicators;
pub mod publications;
pub mod reports;
pub mod summary;
pub mod year;
