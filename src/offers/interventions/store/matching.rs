//! What the filters leave of what a caller may know of.

use diesel::dsl::{case_when, not};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Date, Nullable, Text, Timestamptz};

use super::conditions::{Reaching, WithHost, WithSessionsLeft};
use super::distance::Within;
use super::scoped::{Scoped, intervention_status, is_one_of, reasons, scoped, unpublished};
use crate::auth::policy::Scope;
use crate::db::schema::{intervention_standing as eligibility, interventions, partners};
use crate::db::search::{Matches, french_query};
use crate::offers::interventions::filter::Filter;
use crate::offers::interventions::status::Status;
use crate::values::TextValue;

/// How well an intervention matches the search, whose words are parsed once: in a generic plan they
/// would be parsed for each row.
macro_rules! rank {
    ($q:expr) => {{
        let words = diesel::select($crate::db::search::french_query(
            $q.into_sql::<diesel::sql_types::Nullable<diesel::sql_types::Text>>(),
        ));
        $crate::db::search::ts_rank(interventions::search, words.single_value())
    }};
}
pub(super) use rank;

/// The visible interventions that pass the filters.
pub fn filtered<'a>(scope: &Scope, filter: &'a Filter) -> Scoped<'a> {
    let mut query = scoped(scope, filter.as_of);
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
    if !filter.within.is_empty() {
        // What covers the territory, what is offered in a part of it, what takes place there.
        let covers = interventions::covers.overlaps_with(&filter.above_within);
        query = query.filter(covers.or(Reaching::new(&filter.within)));
    }
    if let Some(circle) = filter.circle() {
        query = query.filter(Within::new(circle));
    }
    in_time(of_status(whose(query, filter), scope, filter), filter)
}

/// Those of the partners and the hosts asked for, and with or without sessions left.
fn whose<'a>(mut query: Scoped<'a>, filter: &'a Filter) -> Scoped<'a> {
    if !filter.sector.is_empty() {
        let of_sector = partners::table
            .filter(partners::sectors.overlaps_with(&filter.sector))
            .select(partners::id);
        query = query.filter(interventions::partner_id.eq_any(of_sector));
    }
    if let Some(host) = &filter.host {
        query = query.filter(WithHost::new(host.as_str()));
    }
    match filter.free {
        Some(true) => query.filter(WithSessionsLeft),
        Some(false) => query.filter(not(WithSessionsLeft)),
        None => query,
    }
}

/// Those with one of the statuses asked for.
fn of_status<'a>(query: Scoped<'a>, scope: &Scope, filter: &'a Filter) -> Scoped<'a> {
    if filter.status.is_empty() {
        return query;
    }
    let query = query.filter(is_one_of!(&filter.status, filter.as_of));
    if filter.status.contains(&Status::Published) {
        return query;
    }
    unpublished(query, scope)
}

/// Those whose window meets the one asked for, changed since the moment asked for.
fn in_time<'a>(mut query: Scoped<'a>, filter: &'a Filter) -> Scoped<'a> {
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
