//! The school year that a page of results is of.

use crate::http::query::{Parameter, Query, Reader, parameter};
use crate::values::SchoolYear;

/// For which year; none where it was not given, which is a fault.
#[derive(Debug, Clone)]
pub struct Year(pub Option<SchoolYear>);

impl Query for Year {
    const PARAMETERS: &'static [Parameter] =
        &[parameter("school_year", "L'année scolaire", "2025-2026")];

    fn read(reader: &mut Reader<'_>) -> Self {
        reader.needs("school_year");
        Self(reader.one("school_year"))
    }
}
