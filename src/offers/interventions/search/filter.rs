//! What a search asks for: a list of interventions, and its facets.

use super::facets::Facet;
use crate::http::query::{Parameter, Query, Reader};
use crate::offers::interventions::filter::{Filter, PARAMETERS};

/// What is looked for, and what of it is counted.
#[derive(Debug)]
pub struct Search {
    /// What is looked for.
    pub filter: Filter,
    /// What of it is counted.
    pub facets: Vec<Facet>,
}

impl Query for Search {
    const PARAMETERS: &'static [Parameter] = PARAMETERS;

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            facets: reader.distinct("facets"),
            filter: Filter::read(reader),
        }
    }
}
