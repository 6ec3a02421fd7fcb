//! Which declinations a caller sees: the list, the deadlines, the histories, the feed and the counts
//! all start from here.

use diesel::dsl::InnerJoin;
use diesel::helper_types::IntoBoxed;
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::agreements::declinations::model::Status;
use crate::auth::policy::{Perimeter, Scope};
use crate::db::condition::Condition;
use crate::db::schema::{conventions, declinations};

/// Declinations with their conventions, for the dates that their own depend on.
pub type Scoped<'a> = IntoBoxed<'a, InnerJoin<declinations::table, conventions::table>, Pg>;

/// The declinations a caller may know of.
pub fn scoped<'a>(scope: &Scope) -> Scoped<'a> {
    declinations::table
        .inner_join(conventions::table)
        .filter(visible(scope, "declinations"))
        .into_boxed()
}

/// Condition: a declination, by the name its table has in the statement, is visible: it was ever active, or it
/// lies in the caller's perimeter or covers its schools.
pub fn visible(scope: &Scope, table: &str) -> Condition {
    let ever = Status::ALL.iter().filter(|status| status.was_active());
    let known = Condition::sql(format!("{table}.status = ANY ("))
        .texts(ever)
        .then(")");
    match scope.perimeter() {
        Perimeter::Everything => Condition::always(),
        Perimeter::Territories { named, .. } => {
            known.or(Condition::sql(format!("{table}.reach && ")).texts(named))
        }
        Perimeter::Schools(uais) => known.or(Condition::sql(format!(
            "{table}.territories && above_schools("
        ))
        .texts(uais)
        .then(")")),
        Perimeter::Partner(_) | Perimeter::Public => known,
    }
}
