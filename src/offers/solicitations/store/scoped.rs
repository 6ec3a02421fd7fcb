//! Which solicitations a caller sees: the list, the feed and the counts all start from here.

use diesel::helper_types::IntoBoxed;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::auth::policy::{Perimeter, Scope};
use crate::db::schema::solicitations;

/// The solicitations a caller may know of, for queries that start from them.
pub type Scoped<'a> = IntoBoxed<'a, solicitations::table, Pg>;

/// Those of the caller's schools, of the schools it has in charge, or addressed to it.
pub fn scoped(scope: &Scope) -> Scoped<'_> {
    let query = solicitations::table.into_boxed();
    match scope.perimeter() {
        Perimeter::Everything => query,
        Perimeter::Territories { named, .. } => {
            query.filter(solicitations::reach.overlaps_with(named))
        }
        Perimeter::Schools(uais) => query.filter(solicitations::uai.eq_any(uais)),
        Perimeter::Partner(id) => query.filter(solicitations::partner_id.eq(id)),
        Perimeter::Public => query.filter(false.into_sql::<Bool>()),
    }
}
