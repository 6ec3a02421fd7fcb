//! What the feed is asked for.

use std::time::Duration;

use super::objects::ChangeType;
use crate::http::page;
use crate::http::query::{Documented, Parameter, Query, Reader, parameter};

/// The longest that a reader may wait for one page, in seconds.
const LONGEST: i64 = 60;

/// What the feed is filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those with one of these types.
    pub types: Vec<ChangeType>,
    /// How long to wait for the first one.
    pub wait: Option<Duration>,
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[
        parameter(
            "types",
            "Types de changement, séparés par des virgules",
            "partner.created,partner.updated",
        ),
        parameter(
            "wait",
            "Secondes pendant lesquelles attendre un premier changement, de 1 à 60, quand il n'y en a pas encore",
            "30",
        ),
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        let seconds = reader.number("wait", 1, LONGEST);
        Self {
            types: reader.several("types"),
            wait: seconds
                .and_then(|seconds| u64::try_from(seconds).ok())
                .map(Duration::from_secs),
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
