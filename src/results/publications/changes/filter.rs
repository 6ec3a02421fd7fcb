//! What the changes of a publication are asked for.

use crate::http::page;
use crate::http::query::{Documented, Parameter, Query, Reader, parameter};
use crate::results::indicators::model::Indicator;

/// What they are filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only these measures.
    pub measures: Vec<Indicator>,
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[parameter(
        "measures",
        "Mesures, séparées par des virgules ; sans elles, toutes",
        "pupils,girls",
    )];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            measures: reader.distinct("measures"),
        }
    }
}

/// The filters, as the list documents them.
pub type Filters = Documented<Filter>;

/// Changes have one order, that of the tables, their keys and their measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Ascending.
    Place,
}

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Place;
    const ORDERS: &'static [(&'static str, Self)] = &[];
}
