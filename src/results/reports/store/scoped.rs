//! Which reports a caller sees: the list, the lines, the versions, the narratives, the feed and the
//! counts all start from here.

use diesel::helper_types::IntoBoxed;
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::auth::policy::{Perimeter, Scope};
use crate::db::schema::{convention_partners, reports};
use crate::results::reports::model::Status;

/// The reports a caller may know of, for queries that start from them.
pub type Scoped<'a> = IntoBoxed<'a, reports::table, Pg>;

/// Those of its perimeter or its school; to a partner the validated ones of its conventions, to a
/// reader all validated ones.
pub fn scoped(scope: &Scope) -> Scoped<'_> {
    let query = reports::table.into_boxed();
    let validated = reports::status.eq(Status::Validated);
    match scope.perimeter() {
        Perimeter::Everything => query,
        Perimeter::Territories { named, .. } => query.filter(reports::reach.overlaps_with(named)),
        Perimeter::Schools(_) => query.filter(reports::territory.eq_any(scope.own_schools())),
        Perimeter::Partner(id) => {
            let own = convention_partners::table
                .filter(convention_partners::partner_id.eq(id))
                .select(convention_partners::convention_id);
            query
                .filter(validated)
                .filter(reports::convention_id.eq_any(own))
        }
        Perimeter::Public => query.filter(validated),
    }
}
