//! The SQL of interventions.

mod writes;

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::dsl::{IntoBoxed, auto_type, case_when, count_star};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Date, Float, Nullable, Text, Timestamptz, Uuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

pub use self::writes::{
    Row as NewRow, confirm, insert_all, standings, touch, update_all, withdraw_all,
};
use super::filter::{Filter, Sort};
use super::model::{ExternalId, Intervention, InterventionId, Key, Offer};
use super::standing::{Looked, Standing, Status};
use crate::auth::policy::Scope;
use crate::conventions::model::ConventionId;
use crate::db::keyset::{Direction, after};
use crate::db::schema::{
    conventions, intervention_standing as standing, interventions, solicitations,
};
use crate::db::search::{Matches, french_query, ts_rank};
use crate::error::{Error, Result};
use crate::http::page::{MarkValue, Page};
use crate::partners::model::PartnerId;

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

type Joined<'a> = IntoBoxed<'a, joined, Pg>;

#[auto_type(no_type_alias)]
fn reasons() -> _ {
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

/// What a caller may know of: what is published, and what else is its own.
fn visible<'a>(scope: &Scope, looked: Looked) -> Joined<'a> {
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

fn filtered<'a>(scope: &Scope, filter: &'a Filter) -> Joined<'a> {
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

/// The most conventions that are named to a partner which named none of them.
const MOST_OFFERABLE: i64 = 50;

/// Interventions of one partner, by what it calls them.
pub type Named = HashMap<ExternalId, Offer>;

type Row = (
    Intervention,
    Option<NaiveDate>,
    Option<NaiveDate>,
    Vec<String>,
    Option<i64>,
    Option<f32>,
);

fn offer(
    (intervention, in_force_from, in_force_until, reasons, taken, rank): Row,
    looked: Looked,
) -> Offer {
    let standing = Standing {
        in_force_from,
        in_force_until,
        reasons,
    };
    Offer {
        intervention,
        standing,
        taken: taken.unwrap_or_default(),
        rank,
        looked,
    }
}

/// What a row is made of; `q` is what it is ranked by.
macro_rules! row {
    ($q:expr) => {
        (
            Intervention::as_select(),
            standing::in_force_from,
            standing::in_force_until,
            reasons(),
            solicitations::table
                .filter(solicitations::intervention_id.eq(interventions::id.nullable()))
                .filter(solicitations::takes_session)
                .count()
                .single_value(),
            ts_rank(
                interventions::search,
                french_query($q.into_sql::<Nullable<Text>>()),
            ),
        )
    };
}

/// One page, in the order asked for.
///
/// # Errors
/// As any query.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
    page: &Page<Sort>,
) -> Result<Vec<Offer>> {
    let q = filter.q.as_deref();
    let rank = || {
        ts_rank(
            interventions::search,
            french_query(q.into_sql::<Nullable<Text>>()),
        )
    };
    let mut query = filtered(scope, filter).select(row!(q)).limit(page.limit);
    let ascending = page.direction == Direction::Ascending;
    let sort = page.sort.settled(q.is_some());
    if let Some(mark) = &page.after {
        let id = mark
            .id
            .parse::<uuid::Uuid>()
            .unwrap_or_default()
            .into_sql::<Uuid>();
        query = match &mark.value {
            MarkValue::Rank(bits) => query.filter(after(
                (rank(), interventions::id),
                (f32::from_bits(*bits).into_sql::<Float>(), id),
                // The best first: the greatest.
                page.direction.reversed(),
            )),
            MarkValue::Time(time) => query.filter(after(
                (interventions::updated_at, interventions::id),
                (time.into_sql::<Timestamptz>(), id),
                page.direction,
            )),
            _ if ascending => query.filter(interventions::id.gt(id)),
            _ => query.filter(interventions::id.lt(id)),
        };
    }
    let (updated_at, id) = (interventions::updated_at, interventions::id);
    query = match (sort, ascending) {
        (Sort::Relevance, true) => query.order((rank().desc(), id.desc())),
        (Sort::Relevance, false) => query.order((rank().asc(), id.asc())),
        (Sort::UpdatedAt, true) => query.order((updated_at.asc(), id.asc())),
        (Sort::UpdatedAt, false) => query.order((updated_at.desc(), id.desc())),
        (Sort::Natural | Sort::Id, true) => query.order(id.asc()),
        (Sort::Natural | Sort::Id, false) => query.order(id.desc()),
    };
    let rows: Vec<Row> = query.load(&mut connection).await?;
    Ok(rows
        .into_iter()
        .map(|row| offer(row, filter.looked))
        .collect())
}

/// How many there are.
///
/// # Errors
/// As any query.
pub async fn count(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
) -> Result<i64> {
    Ok(filtered(scope, filter)
        .select(count_star())
        .first(&mut connection)
        .await?)
}

/// One intervention of a partner.
///
/// # Errors
/// `not_found`.
pub async fn find(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    key: &Key,
    looked: Looked,
) -> Result<Offer> {
    let found = visible(scope, looked)
        .filter(interventions::partner_id.eq(key.partner))
        .filter(interventions::external_id.eq(&key.external_id))
        .select(row!(None::<&str>))
        .first::<Row>(&mut connection)
        .await;
    let row = found.optional()?.ok_or_else(Error::not_found)?;
    Ok(offer(row, looked))
}

/// Those of these ids that the caller may see.
///
/// # Errors
/// As any query.
pub async fn find_all(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    ids: &[InterventionId],
    looked: Looked,
) -> Result<Vec<Offer>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = visible(scope, looked)
        .filter(interventions::id.eq_any(ids))
        .select(row!(None::<&str>))
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(|row| offer(row, looked)).collect())
}

/// Those of a partner that it calls by these names, by name.
///
/// # Errors
/// As any query.
pub async fn find_named(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    partner: PartnerId,
    names: &[&ExternalId],
    looked: Looked,
) -> Result<Named> {
    if names.is_empty() {
        return Ok(Named::new());
    }
    let rows: Vec<Row> = visible(scope, looked)
        .filter(interventions::partner_id.eq(partner))
        .filter(interventions::external_id.eq_any(names))
        .select(row!(None::<&str>))
        .load(&mut connection)
        .await?;
    let offers = rows.into_iter().map(|row| offer(row, looked));
    Ok(offers
        .map(|offer| (offer.intervention.external_id.clone(), offer))
        .collect())
}

/// The same, held until the transaction ends. In the order of their names, so that no two writers
/// wait for each other.
///
/// # Errors
/// As any query.
pub async fn hold_named(
    connection: &mut AsyncPgConnection,
    scope: &Scope,
    partner: PartnerId,
    names: &[&ExternalId],
    looked: Looked,
) -> Result<Named> {
    if names.is_empty() {
        return Ok(Named::new());
    }
    // Locked first, read next: what was waited for is then read, and its convention is not locked.
    let _: Vec<InterventionId> = interventions::table
        .filter(interventions::partner_id.eq(partner))
        .filter(interventions::external_id.eq_any(names))
        .select(interventions::id)
        .order(interventions::external_id)
        .for_no_key_update()
        .load(connection)
        .await?;
    find_named(connection, scope, partner, names, looked).await
}

/// The conventions, with their references, under which a partner can offer something that day; the
/// latest first.
///
/// # Errors
/// As any query.
pub async fn offerable(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    partner: PartnerId,
    day: NaiveDate,
) -> Result<Vec<(ConventionId, String)>> {
    let until = standing::in_force_until;
    Ok(standing::table
        .inner_join(conventions::table.on(conventions::id.eq(standing::convention_id)))
        .filter(standing::partner_id.eq(partner))
        .filter(standing::from_day.le(day).and(standing::until_day.gt(day)))
        .filter(standing::obstacles.eq(Vec::<String>::new()))
        .filter(standing::in_force_from.assume_not_null().le(day))
        .filter(until.is_null().or(until.assume_not_null().ge(day)))
        .select((conventions::id, conventions::reference))
        .order(conventions::id.desc())
        .limit(MOST_OFFERABLE)
        .load(&mut connection)
        .await?)
}

/// One intervention of a partner, held until the transaction ends; none where there is none.
///
/// # Errors
/// As any query.
pub async fn hold(
    connection: &mut AsyncPgConnection,
    scope: &Scope,
    key: &Key,
    looked: Looked,
) -> Result<Option<Offer>> {
    let names = [&key.external_id];
    let held = hold_named(connection, scope, key.partner, &names, looked).await?;
    Ok(held.into_values().next())
}
