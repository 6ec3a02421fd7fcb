//! Which webhooks a caller sees: its own, and the ministry all.

use diesel::helper_types::IntoBoxed;
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::auth::policy::Scope;
use crate::db::condition::Condition;
use crate::db::schema::webhooks;

/// The webhooks a caller may know of, for queries that start from them.
pub type Scoped<'a> = IntoBoxed<'a, webhooks::table, Pg>;

/// The webhooks a caller may know of.
pub fn scoped<'a>(scope: &Scope) -> Scoped<'a> {
    webhooks::table.filter(visible(scope)).into_boxed()
}

/// Condition: a webhook is visible: to the ministry, and to the caller whose it is, whatever others have
/// the same perimeter.
pub fn visible(scope: &Scope) -> Condition {
    match scope.caller() {
        _ if scope.is_everything() => Condition::always(),
        Some(caller) => Condition::sql("webhooks.owner = ANY (")
            .texts([caller])
            .then(")"),
        None => Condition::never(),
    }
}
