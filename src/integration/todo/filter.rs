//! The filters of what is to be done, and its order.

use super::model::Kind;
use crate::http::page;
use crate::http::query::{Documented, Parameter, Query, Reader, parameter, without_example};
use crate::values::ids::ConventionId;

/// How far ahead deadlines are near.
const DAYS: i64 = 30;

/// How far they may be asked for.
const MOST_DAYS: i64 = 366;

/// What a list of what is to be done is filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those with one of these kinds.
    pub kind: Vec<Kind>,
    /// Under one of these conventions.
    pub convention_id: Vec<ConventionId>,
    /// Deadlines in this many days at most.
    pub within_days: u64,
}

impl Filter {
    /// Whether this kind is asked for.
    pub fn asks_for(&self, kind: Kind) -> bool {
        self.kind.is_empty() || self.kind.contains(&kind)
    }
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[
        parameter(
            "kind",
            "Natures (nomenclature `todo_kinds`), séparées par des virgules",
            "report_to_validate,request_to_answer",
        ),
        parameter(
            "within_days",
            "Échéances dans combien de jours au plus, de 1 à 366 ; 30 par défaut. Ce qui est en retard vient toujours avec",
            "30",
        ),
        without_example(
            "convention_id",
            "Conventions dont cela relève, séparées par des virgules",
        ),
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        let within = reader.number_or("within_days", 1, MOST_DAYS, DAYS);
        Self {
            kind: reader.several("kind"),
            convention_id: reader.several("convention_id"),
            within_days: within.unsigned_abs(),
        }
    }
}

/// The filters, as the list and the count document them.
pub type Filters = Documented<Filter>;

/// What is to be done has one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The day since when it waits or on which it is due, then the kind, then the object.
    Day,
}

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Day;
    const ORDERS: &'static [(&'static str, Self)] = &[];
}
