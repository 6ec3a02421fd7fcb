//! What a caller may know of, and what its filters leave of it.

use diesel::dsl::{IntoBoxed, auto_type, case_when};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Date, Nullable, Text, Timestamptz};

use super::distance::Within;
use crate::auth::policy::Scope;
use crate::db::schema::{intervention_standing as standing, interventions};
use crate::db::search::{Matches, french_query};
use crate::offers::interventions::filter::Filter;
use crate::offers::interventions::status::{Looked, Status};

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

/// Interventions beside what their conventions' texts are to them: see [`visible`] for the day's.
#[auto_type]
fn joined() -> _ {
    let same_convention = standing::convention_id.eq(interventions::convention_id);
    let same_partner = standing::partner_id.eq(interventions::partner_id);
    interventions::table.inner_join(standing::table.on(same_convention.and(same_partner)))
}

/// Interventions and their standings, to be filtered.
pub type Joined<'a> = IntoBoxed<'a, joined, Pg>;

#[auto_type(no_type_alias)]
/// Why a convention does not carry an intervention, whatever the day.
pub fn reasons() -> _ {
    intervention_reasons(
        standing::obstacles,
        standing::action_types,
        standing::levels,
        standing::territory,
        interventions::action_type,
        interventions::levels,
        interventions::held_by,
    )
}

/// Whether an intervention is one of these on a day. A CASE, whose outcome PostgreSQL takes for as
/// likely as not: taken for rare, as equality with a computed text is, it made a page read and sort
/// everything instead of walking an index until the page was full.
macro_rules! is_one_of {
    ($statuses:expr, $looked:expr) => {
        case_when(
            intervention_status(
                interventions::withdrawn_at,
                interventions::available_to,
                standing::in_force_from,
                standing::in_force_until,
                reasons(),
                interventions::confirmed_at.lt($looked.fresh_since.into_sql::<Timestamptz>()),
                $looked.day.into_sql::<Date>(),
            )
            .eq_any($statuses),
            true.into_sql::<Bool>(),
        )
        .otherwise(false.into_sql::<Bool>())
    };
}

/// How well an intervention answers what is looked for, whose words are read once: in a plan made for
/// all values they would be for each row.
macro_rules! rank {
    ($q:expr) => {{
        let words = diesel::select($crate::db::search::french_query(
            $q.into_sql::<diesel::sql_types::Nullable<diesel::sql_types::Text>>(),
        ));
        $crate::db::search::ts_rank(interventions::search, words.single_value())
    }};
}
pub(super) use rank;

/// What a caller may know of: what is published, and what else is its own.
pub fn visible<'a>(scope: &Scope, looked: Looked) -> Joined<'a> {
    let query = joined()
        .filter(standing::from_day.le(looked.day))
        .filter(standing::until_day.gt(looked.day))
        .into_boxed();
    if scope.is_everything() {
        return query;
    }
    let published = is_one_of!([Status::Published], looked);
    match scope.partner() {
        Some(own) => query.filter(interventions::partner_id.eq(own).or(published)),
        None => query.filter(published),
    }
}

/// What the filters leave of it.
pub fn filtered<'a>(scope: &Scope, filter: &'a Filter) -> Joined<'a> {
    let mut query = visible(scope, filter.looked);
    if let Some(q) = &filter.q {
        query = query.filter(Matches::new(
            interventions::search,
            french_query(q.into_sql::<Nullable<Text>>()),
        ));
    }
    // Of one alone, an index gives the interventions in their order.
    query = match filter.partner_id.as_slice() {
        [] => query,
        [one] => query.filter(interventions::partner_id.eq(one)),
        several => query.filter(interventions::partner_id.eq_any(several)),
    };
    query = match filter.convention_id.as_slice() {
        [] => query,
        [one] => query.filter(interventions::convention_id.eq(one)),
        several => query.filter(interventions::convention_id.eq_any(several)),
    };
    if !filter.action_type.is_empty() {
        query = query.filter(interventions::action_type.eq_any(&filter.action_type));
    }
    if !filter.modality.is_empty() {
        query = query.filter(interventions::modality.eq_any(&filter.modality));
    }
    if !filter.level.is_empty() {
        query = query.filter(interventions::levels.overlaps_with(&filter.level));
    }
    if !filter.moment.is_empty() {
        query = query.filter(interventions::moments.overlaps_with(&filter.moment));
    }
    if !filter.axis.is_empty() {
        query = query.filter(interventions::axes.overlaps_with(&filter.axis));
    }
    if !filter.territory.is_empty() {
        query = query.filter(interventions::covers.overlaps_with(&filter.above));
    }
    if let Some(circle) = filter.circle() {
        query = query.filter(Within::new(circle));
    }
    in_time(of_status(query, scope, filter), filter)
}

/// Those that are one of what is asked for.
fn of_status<'a>(query: Joined<'a>, scope: &Scope, filter: &'a Filter) -> Joined<'a> {
    if filter.status.is_empty() {
        return query;
    }
    let query = query.filter(is_one_of!(&filter.status, filter.looked));
    if scope.is_everything() || filter.status.contains(&Status::Published) {
        return query;
    }
    // What is not published is only read by its own partner: said again, so that nothing else is
    // looked through.
    match scope.partner() {
        Some(own) => query.filter(interventions::partner_id.eq(own)),
        None => query.filter(false.into_sql::<Bool>()),
    }
}

/// Those whose window meets the one asked for, changed since the moment asked for.
fn in_time<'a>(mut query: Joined<'a>, filter: &'a Filter) -> Joined<'a> {
    if let Some(from) = filter.available_from {
        let last = interventions::available_to;
        query = query.filter(last.is_null().or(last.assume_not_null().ge(from)));
    }
    if let Some(to) = filter.available_to {
        let first = interventions::available_from;
        query = query.filter(first.is_null().or(first.assume_not_null().le(to)));
    }
    if let Some(since) = filter.updated_since {
        query = query.filter(interventions::updated_at.ge(since));
    }
    query
}
