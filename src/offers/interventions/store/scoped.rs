//! Which interventions a caller sees: the search, the lists, the feed and the counts all start from
//! here.

use diesel::dsl::{IntoBoxed, auto_type, case_when};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Date, Nullable, Text, Timestamptz};

use crate::auth::policy::{Perimeter, Scope};
use crate::db::schema::{intervention_standing as eligibility, interventions};
use crate::offers::interventions::status::{AsOf, Status};

diesel::define_sql_function! {
    /// Why a convention does not carry an intervention, whatever the day.
    fn intervention_reasons(
        obstacles: Array<Text>, covered_types: Array<Text>, covered_levels: Array<Text>,
        territory: Nullable<Text>, action_type: Text, levels: Array<Text>, held_by: Array<Text>,
    ) -> Array<Text>;
}

diesel::define_sql_function! {
    /// What an intervention is on a day.
    fn intervention_status(
        withdrawn_at: Nullable<Timestamptz>, available_to: Nullable<Date>,
        in_force_from: Nullable<Date>, in_force_until: Nullable<Date>, reasons: Array<Text>,
        is_stale: Bool, day: Date,
    ) -> Text;
}

/// Interventions beside what their conventions' texts are to them: see [`scoped`] for the day's.
#[auto_type]
fn joined() -> _ {
    let same_convention = eligibility::convention_id.eq(interventions::convention_id);
    let same_partner = eligibility::partner_id.eq(interventions::partner_id);
    interventions::table.inner_join(eligibility::table.on(same_convention.and(same_partner)))
}

/// Interventions and their eligibilities, to be filtered.
pub type Scoped<'a> = IntoBoxed<'a, joined, Pg>;

#[auto_type(no_type_alias)]
/// Why a convention does not carry an intervention, whatever the day.
pub fn reasons() -> _ {
    intervention_reasons(
        eligibility::obstacles,
        eligibility::action_types,
        eligibility::levels,
        eligibility::territory,
        interventions::action_type,
        interventions::levels,
        interventions::held_by,
    )
}

/// Whether an intervention is one of these on a day. A CASE, whose outcome PostgreSQL takes for as
/// likely as not: taken for rare, as equality with a computed text is, it made a page read and sort
/// everything instead of walking an index until the page was full.
macro_rules! is_one_of {
    ($statuses:expr, $as_of:expr) => {
        case_when(
            intervention_status(
                interventions::withdrawn_at,
                interventions::available_to,
                eligibility::in_force_from,
                eligibility::in_force_until,
                reasons(),
                interventions::confirmed_at.lt($as_of.stale_before.into_sql::<Timestamptz>()),
                $as_of.day.into_sql::<Date>(),
            )
            .eq_any($statuses),
            true.into_sql::<Bool>(),
        )
        .otherwise(false.into_sql::<Bool>())
    };
}
pub(super) use is_one_of;

/// What a caller may know of: what is published, and what else is its own.
pub fn scoped<'a>(scope: &Scope, as_of: AsOf) -> Scoped<'a> {
    let query = joined()
        .filter(eligibility::from_day.le(as_of.day))
        .filter(eligibility::until_day.gt(as_of.day))
        .into_boxed();
    let published = is_one_of!([Status::Published], as_of);
    match scope.perimeter() {
        Perimeter::Everything => query,
        Perimeter::Partner(own) => query.filter(interventions::partner_id.eq(*own).or(published)),
        Perimeter::Territories { .. } | Perimeter::Schools(_) | Perimeter::Public => {
            query.filter(published)
        }
    }
}

/// Repeats the condition for unpublished ones where only those are asked for, so that no others are
/// scanned.
pub fn unpublished<'a>(query: Scoped<'a>, scope: &Scope) -> Scoped<'a> {
    match scope.perimeter() {
        Perimeter::Everything => query,
        Perimeter::Partner(own) => query.filter(interventions::partner_id.eq(*own)),
        Perimeter::Territories { .. } | Perimeter::Schools(_) | Perimeter::Public => {
            query.filter(false.into_sql::<Bool>())
        }
    }
}
