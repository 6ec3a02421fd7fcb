//! Which clients a caller sees: the list, the feed and the counts all start from here.

use diesel::helper_types::IntoBoxed;
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::auth::policy::{Perimeter, Scope};
use crate::db::condition::Condition;
use crate::db::schema::clients;

/// The clients a caller may know of, for queries that start from them.
pub type Scoped<'a> = IntoBoxed<'a, clients::table, Pg>;

/// The clients a caller may know of.
pub fn scoped<'a>(scope: &Scope) -> Scoped<'a> {
    clients::table.filter(visible(scope)).into_boxed()
}

/// Condition: a client is visible: by the ministry, and by an academy that has one of its schools in charge.
pub fn visible(scope: &Scope) -> Condition {
    match scope.perimeter() {
        Perimeter::Everything => Condition::always(),
        Perimeter::Territories { named, .. } => Condition::sql(
            "EXISTS (SELECT FROM establishments WHERE uai = ANY (clients.uais) AND (academy = ANY (",
        )
        .texts(named)
        .then(") OR academic_region = ANY (")
        .texts(named)
        .then(")))"),
        Perimeter::Schools(_) | Perimeter::Partner(_) | Perimeter::Public => Condition::never(),
    }
}
