//! What the list of deliveries is asked for.

use super::model::Outcome;
use crate::db::page::Direction;
use crate::http::page;
use crate::http::query::{Parameter, Query, Reader, parameter};

/// What the deliveries of a webhook are filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those with one of these outcomes.
    pub outcome: Vec<Outcome>,
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[parameter(
        "outcome",
        "`delivered`, `failed`, `pending`",
        "failed,pending",
    )];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            outcome: reader.several("outcome"),
        }
    }
}

/// The orders of a list of deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The order in which they were first sent.
    Id,
}

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Id;
    const FIRST: Direction = Direction::Descending;
    const ORDERS: &'static [(&'static str, Self)] = &[("created_at", Self::Id)];
}
