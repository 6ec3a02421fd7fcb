//! The SQL of interventions.

mod centers;
mod conditions;
mod distance;
mod facets;
mod matching;
mod order;
mod ranked;
mod scoped;
mod writes;

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

pub use self::centers::centers;
use self::distance::Distance;
pub use self::facets::facets;
use self::matching::{filtered, rank};
use self::order::ordered;
use self::ranked::{OnPage, Ranked};
use self::scoped::{reasons, scoped};
pub use self::writes::{
    Change, Eligibilities, Row as NewRow, confirm, eligibilities, insert_all, touch, update_all,
    withdraw_all,
};
use super::filter::{Filter, Sort};
use super::model::{ExternalId, Intervention, Key, Offer};
use super::status::{AsOf, Eligibility};
use crate::auth::policy::Scope;
use crate::db::limit::{Plan, first};
use crate::db::page::Page;
use crate::db::schema::{
    conventions, intervention_standing as eligibility, interventions, solicitations,
};
use crate::error::{Error, Result};
use crate::register::territories::ancestry;
use crate::values::ids::{ConventionId, InterventionId, PartnerId};

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
    Option<f64>,
);

fn offer(
    (intervention, in_force_from, in_force_until, reasons, taken, rank, distance_km): Row,
    as_of: AsOf,
) -> Offer {
    let eligibility = Eligibility {
        in_force_from,
        in_force_until,
        reasons,
    };
    Offer {
        intervention,
        eligibility,
        taken: taken.unwrap_or_default(),
        rank,
        distance_km,
        as_of,
    }
}

/// What a row is made of; `q` is what it is ranked by, `near` where it is measured from.
macro_rules! row {
    ($q:expr, $near:expr) => {
        (
            Intervention::as_select(),
            eligibility::in_force_from,
            eligibility::in_force_until,
            reasons(),
            solicitations::table
                .filter(solicitations::intervention_id.eq(interventions::id.nullable()))
                .filter(solicitations::takes_session)
                .count()
                .single_value(),
            rank!($q),
            Distance($near),
        )
    };
}

/// The filter with what is above its territories, on this day.
pub async fn settled(
    connection: &AsyncPgConnection,
    filter: &Filter,
    as_of: AsOf,
) -> Result<Filter> {
    let (above, above_within) = tokio::try_join!(
        ancestry::of_known(connection, &filter.territory),
        ancestry::of_known(connection, &filter.within),
    )?;
    Ok(Filter {
        above,
        above_within,
        as_of,
        ..filter.clone()
    })
}

/// One page, in the order asked for, by this plan.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
    page: &Page<Sort>,
    plan: Plan,
) -> Result<Vec<Offer>> {
    let whole = row!(filter.q.as_deref(), filter.near);
    let query = ordered(filtered(scope, filter), filter, page);
    let rows: Vec<Row> = match page.sort.settled(filter.q.is_some()) {
        Sort::Relevance | Sort::Distance => {
            let ids = query.select(interventions::id);
            let on_page = scoped(scope, filter.as_of).filter(OnPage);
            let ranked = Ranked {
                page: first(page.limit, ids).planned(plan),
                rows: ordered(on_page, filter, page).select(whole),
            };
            ranked.load(&mut connection).await?
        }
        _ => {
            let page = first(page.limit, query.select(whole)).planned(plan);
            page.load(&mut connection).await?
        }
    };
    Ok(rows
        .into_iter()
        .map(|row| offer(row, filter.as_of))
        .collect())
}

/// How many there are.
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
    as_of: AsOf,
) -> Result<Offer> {
    let found = scoped(scope, as_of)
        .filter(interventions::partner_id.eq(key.partner))
        .filter(interventions::external_id.eq(&key.external_id))
        .select(row!(None::<&str>, None))
        .first::<Row>(&mut connection)
        .await;
    let row = found.optional()?.ok_or_else(Error::not_found)?;
    Ok(offer(row, as_of))
}

/// The ones with these ids that the caller may see.
pub async fn find_all(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    ids: &[InterventionId],
    as_of: AsOf,
) -> Result<Vec<Offer>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = scoped(scope, as_of)
        .filter(interventions::id.eq_any(ids))
        .select(row!(None::<&str>, None))
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(|row| offer(row, as_of)).collect())
}

/// Those of a partner that it calls by these names, by name.
pub async fn find_named(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    partner: PartnerId,
    names: &[&ExternalId],
    as_of: AsOf,
) -> Result<Named> {
    if names.is_empty() {
        return Ok(Named::new());
    }
    let rows: Vec<Row> = scoped(scope, as_of)
        .filter(interventions::partner_id.eq(partner))
        .filter(interventions::external_id.eq_any(names))
        .select(row!(None::<&str>, None))
        .load(&mut connection)
        .await?;
    let offers = rows.into_iter().map(|row| offer(row, as_of));
    Ok(offers
        .map(|offer| (offer.intervention.external_id.clone(), offer))
        .collect())
}

/// The same, locked until the transaction ends. In the order of their names, so that no two writers
/// wait for each other. What was `seen` and is still so is not read again.
pub async fn lock_named(
    connection: &mut AsyncPgConnection,
    scope: &Scope,
    partner: PartnerId,
    names: &[&ExternalId],
    mut seen: Named,
    as_of: AsOf,
) -> Result<Named> {
    if names.is_empty() {
        return Ok(Named::new());
    }
    // Locked first, read next: what was waited for is then read, and its convention is not locked.
    let locked: Vec<(ExternalId, i64, DateTime<Utc>)> = interventions::table
        .filter(interventions::partner_id.eq(partner))
        .filter(interventions::external_id.eq_any(names))
        .select((
            interventions::external_id,
            interventions::version,
            interventions::confirmed_at,
        ))
        .order(interventions::external_id)
        .for_no_key_update()
        .load(connection)
        .await?;
    let (mut current, mut others) = (Named::new(), Vec::new());
    for (name, version, confirmed_at) in &locked {
        let is_so = |offer: &Offer| {
            let seen = &offer.intervention;
            seen.version == *version && seen.confirmed_at == *confirmed_at
        };
        match seen.remove(name).filter(is_so) {
            Some(offer) => {
                current.insert(name.clone(), offer);
            }
            None => others.push(name),
        }
    }
    current.extend(find_named(connection, scope, partner, &others, as_of).await?);
    Ok(current)
}

/// The conventions, with their references, under which a partner can offer something that day; the
/// latest first.
pub async fn offerable(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    partner: PartnerId,
    day: NaiveDate,
) -> Result<Vec<(ConventionId, String)>> {
    let until = eligibility::in_force_until;
    Ok(eligibility::table
        .inner_join(conventions::table.on(conventions::id.eq(eligibility::convention_id)))
        .filter(eligibility::partner_id.eq(partner))
        .filter(
            eligibility::from_day
                .le(day)
                .and(eligibility::until_day.gt(day)),
        )
        .filter(eligibility::obstacles.eq(Vec::<String>::new()))
        .filter(eligibility::in_force_from.assume_not_null().le(day))
        .filter(until.is_null().or(until.assume_not_null().ge(day)))
        .select((conventions::id, conventions::reference))
        .order(conventions::id.desc())
        .limit(MOST_OFFERABLE)
        .load(&mut connection)
        .await?)
}

/// One intervention of a partner, locked until the transaction ends; none where there is none.
pub async fn lock(
    connection: &mut AsyncPgConnection,
    scope: &Scope,
    key: &Key,
    as_of: AsOf,
) -> Result<Option<Offer>> {
    let names = [&key.external_id];
    let locked = lock_named(connection, scope, key.partner, &names, Named::new(), as_of).await?;
    Ok(locked.into_values().next())
}
