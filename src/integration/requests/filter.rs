//! What the list of a caller's requests is asked for.

use crate::db::page::Direction;
use crate::http::page;
use crate::http::query::{Documented, Parameter, Query, Reader, parameter};
use crate::values::Text;

/// What a caller's requests are filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only the one with this id.
    pub request_id: Option<Text<128>>,
    /// Only those that were answered with this status.
    pub status: Option<i64>,
    /// Only those that were refused, or only those that were not.
    pub refused: Option<bool>,
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[
        parameter(
            "request_id",
            "Celle dont l'en-tête `X-Request-Id` était celui-ci",
            "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e10",
        ),
        parameter("status", "Celles qui ont reçu ce code HTTP", "422"),
        parameter(
            "refused",
            "`true` : les refusées seulement (400 et plus) ; `false` : les autres",
            "true",
        ),
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            request_id: reader.one("request_id"),
            status: reader.number("status", 100, 599),
            refused: reader.flag("refused"),
        }
    }
}

/// The filters, as the list and the count document them.
pub type Filters = Documented<Filter>;

/// The orders of a list of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The order of their answers.
    Id,
}

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Id;
    const FIRST: Direction = Direction::Descending;
    const ORDERS: &'static [(&'static str, Self)] = &[("at", Self::Id)];
}
