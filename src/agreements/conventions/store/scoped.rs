//! Which conventions a caller sees: the list, the deadlines, the histories, the feed and the counts
//! all start from here.

use diesel::helper_types::IntoBoxed;
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::agreements::conventions::model::Status;
use crate::auth::policy::{Perimeter, Scope};
use crate::db::condition::Condition;
use crate::db::schema::conventions;

/// The conventions a caller may know of, for queries that start from them.
pub type Scoped<'a> = IntoBoxed<'a, conventions::table, Pg>;

/// The conventions a caller may know of.
pub fn scoped<'a>(scope: &Scope) -> Scoped<'a> {
    conventions::table
        .filter(visible(scope, "conventions"))
        .into_boxed()
}

/// Condition: a convention, by the name its table has in the statement, is visible: it was ever signed, or the
/// caller follows it.
pub fn visible(scope: &Scope, table: &str) -> Condition {
    let ever = Status::ALL.iter().filter(|status| status.was_signed());
    let signed = Condition::sql(format!("{table}.status = ANY ("))
        .texts(ever)
        .then(")");
    match scope.perimeter() {
        Perimeter::Everything => Condition::always(),
        Perimeter::Public => signed,
        Perimeter::Territories { .. } | Perimeter::Schools(_) | Perimeter::Partner(_) => {
            signed.or(followed(scope, table))
        }
    }
}

/// Condition: the caller keeps it or is a party to it: all that those who prepare it need.
pub fn followed(scope: &Scope, table: &str) -> Condition {
    match scope.perimeter() {
        Perimeter::Partner(id) => Condition::sql(format!("{table}.partner_ids @> ")).id(*id),
        _ => kept(scope, table),
    }
}

/// Condition: the caller keeps it: the ministry all, the others the local ones that they have in charge.
pub fn kept(scope: &Scope, table: &str) -> Condition {
    match scope.perimeter() {
        Perimeter::Everything => Condition::always(),
        Perimeter::Territories { named, .. } => {
            Condition::sql(format!("{table}.reach && ")).texts(named)
        }
        Perimeter::Schools(_) => Condition::sql(format!("{table}.territory = ANY ("))
            .texts(scope.own_schools())
            .then(")"),
        Perimeter::Partner(_) | Perimeter::Public => Condition::never(),
    }
}
