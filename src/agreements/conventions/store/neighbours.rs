//! What a convention tells of its predecessor and of the successor that is being prepared.
//!
//! Subqueries rather than functions of the database: those are called for each row, which took most of
//! the time of a page.

#![expect(
    missing_docs,
    reason = "diesel's macros write types that they do not document"
)]

use diesel::dsl::auto_type;
use diesel::prelude::*;
use diesel::query_source::Alias;

use crate::db::schema::conventions;

diesel::alias!(
    pub const PREDECESSORS: Alias<Predecessors> = conventions as predecessors;
    pub const SUCCESSORS: Alias<Successors> = conventions as successors;
);

/// The statuses of a convention that is being prepared.
const UNDER_WAY: [&str; 3] = ["draft", "negotiation", "to_sign"];

/// The last day that the predecessor is in force.
#[auto_type]
pub fn predecessor_until() -> _ {
    let predecessors: Alias<Predecessors> = PREDECESSORS;
    predecessors
        .filter(
            predecessors
                .field(conventions::id)
                .nullable()
                .eq(conventions::predecessor_id),
        )
        .select(predecessors.field(conventions::in_force_until))
        .single_value()
}

/// The successor that is being prepared; the one that was signed is `successor_id`.
#[auto_type]
pub fn successor_under_way() -> _ {
    let successors: Alias<Successors> = SUCCESSORS;
    let under_way: [&'static str; 3] = UNDER_WAY;
    successors
        .filter(
            successors
                .field(conventions::predecessor_id)
                .eq(conventions::id.nullable()),
        )
        .filter(successors.field(conventions::status).eq_any(under_way))
        .order(successors.field(conventions::id).desc())
        .select(successors.field(conventions::id))
        .single_value()
}
