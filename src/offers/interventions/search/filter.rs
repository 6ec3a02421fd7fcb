//! The parameters of a search: the filters of a list of interventions, and its facets.

use super::facets::Facet;
use crate::http::query::{Parameter, Query, Reader};
use crate::offers::interventions::filter::{Filter, PARAMETERS};

/// The filters of the search, and the facets to count.
#[derive(Debug)]
pub struct Search {
    /// The filters.
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
