//! Results: the reports of a school year and the campaign that expects them, and the figures over
//! them: live, published, under a declination, and as a page to print; a convention as everyone reads it.

pub mod campaigns;
pub mod dcat;
pub mod declination_progress;
pub mod figures;
pub mod indicators;
pub mod permalinks;
pub mod publications;
pub mod reports;
pub mod summary;
pub mod year;
