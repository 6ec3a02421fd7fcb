//! The filters and orders of a list of opportunities.

use crate::db::page::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::http::query::{Parameter, Query, Reader, parameter};

/// How many partners are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// At most so many.
    pub most: usize,
}

impl Query for Limit {
    const PARAMETERS: &'static [Parameter] = &[parameter(
        "limit",
        "Nombre de partenaires, de 1 à 200 ; 50 par défaut",
        "50",
    )];

    fn read(reader: &mut Reader<'_>) -> Self {
        let most = reader.number_or("limit", 1, MAX_LIMIT, DEFAULT_LIMIT);
        Self {
            most: usize::try_from(most).unwrap_or_default(),
        }
    }
}
