//! What came of it: the reports of a school year and the campaign that expects them, the figures
//! over them, as they stand, as they were published, and as a page to print.

pub mod campaigns;
pub mod figures;
pub mod indicators;
pub mod publications;
pub mod reports;
pub mod summary;
