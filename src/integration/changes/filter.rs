//! What the feed is asked for.

use super::objects::ChangeType;
use crate::http::page;
use crate::http::query::{Documented, Parameter, Query, Reader, parameter};

/// What the feed is filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those with one of these types.
    pub types: Vec<ChangeType>,
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[parameter(
        "types",
        "Types de changement, séparés par des virgules",
        "partner.created,partner.updated",
    )];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            types: reader.several("types"),
        }
    }
}

/// The filters, as the list and the count document them.
pub type Filters = Documented<Filter>;

/// The feed has one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// That of the transactions.
    Feed,
}

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Feed;
    const ORDERS: &'static [(&'static str, Self)] = &[];
}
