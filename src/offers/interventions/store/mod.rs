//! The SQL of interventions.

mod distance;
mod facets;
mod matching;
mod order;
mod scoped;
mod writes;

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use self::distance::Distance;
pub use self::facets::facets;
use self::matching::{filtered, rank};
use self::order::ordered;
use self::scoped::{reasons, scoped};
pub use self::writes::{
    Change, Row as NewRow, Standings, confirm, insert_all, standings, touch, update_all,
    withdraw_all,
};
use super::filter::{Filter, Sort};
use super::model::{ExternalId, Intervention, Key, Offer};
use super::status::{Looked, Standing};
use crate::auth::policy::Scope;
use crate::db::limit::{Plan, first};
use crate::db::page::Page;
use crate::db::schema::{
    conventions, intervention_standing as standing, interventions, solicitations,
};
use crate::error::{Error, Result};
use crate::values::ids::ConventionId;
use crate::values::ids::InterventionId;
use crate::values::ids::PartnerId;

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
        distance_km,
        looked,
    }
}

/// What a row is made of; `q` is what it is ranked by, `near` where it is measured from.
macro_rules! row {
    ($q:expr, $near:expr) => {
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
            rank!($q),
            Distance($near),
        )
    };
}

/// One page, in the order asked for, by this plan.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
    page: &Page<Sort>,
    plan: Plan,
) -> Result<Vec<Offer>> {
    let query = ordered(filtered(scope, filter), filter, page);
    let query = query.select(row!(filter.q.as_deref(), filter.near));
    let query = first(page.limit, query).planned(plan);
    let rows: Vec<Row> = query.load(&mut connection).await?;
    Ok(rows
        .into_iter()
        .map(|row| offer(row, filter.looked))
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
    looked: Looked,
) -> Result<Offer> {
    let found = scoped(scope, looked)
        .filter(interventions::partner_id.eq(key.partner))
        .filter(interventions::external_id.eq(&key.external_id))
        .select(row!(None::<&str>, None))
        .first::<Row>(&mut connection)
        .await;
    let row = found.optional()?.ok_or_else(Error::not_found)?;
    Ok(offer(row, looked))
}

/// Those of these ids that the caller may see.
pub async fn find_all(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    ids: &[InterventionId],
    looked: Looked,
) -> Result<Vec<Offer>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = scoped(scope, looked)
        .filter(interventions::id.eq_any(ids))
        .select(row!(None::<&str>, None))
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(|row| offer(row, looked)).collect())
}

/// Those of a partner that it calls by these names, by name.
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
    let rows: Vec<Row> = scoped(scope, looked)
        .filter(interventions::partner_id.eq(partner))
        .filter(interventions::external_id.eq_any(names))
        .select(row!(None::<&str>, None))
        .load(&mut connection)
        .await?;
    let offers = rows.into_iter().map(|row| offer(row, looked));
    Ok(offers
        .map(|offer| (offer.intervention.external_id.clone(), offer))
        .collect())
}

/// The same, held until the transaction ends. In the order of their names, so that no two writers
/// wait for each other. What was `seen` and is still so is not read again.
pub async fn hold_named(
    connection: &mut AsyncPgConnection,
    scope: &Scope,
    partner: PartnerId,
    names: &[&ExternalId],
    mut seen: Named,
    looked: Looked,
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
    let (mut held, mut others) = (Named::new(), Vec::new());
    for (name, version, confirmed_at) in &locked {
        let is_so = |offer: &Offer| {
            let seen = &offer.intervention;
            seen.version == *version && seen.confirmed_at == *confirmed_at
        };
        match seen.remove(name).filter(is_so) {
            Some(offer) => {
                held.insert(name.clone(), offer);
            }
            None => others.push(name),
        }
    }
    held.extend(find_named(connection, scope, partner, &others, looked).await?);
    Ok(held)
}

/// The conventions, with their references, under which a partner can offer something that day; the
/// latest first.
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
pub async fn hold(
    connection: &mut AsyncPgConnection,
    scope: &Scope,
    key: &Key,
    looked: Looked,
) -> Result<Option<Offer>> {
    let names = [&key.external_id];
    let held = hold_named(connection, scope, key.partner, &names, Named::new(), looked).await?;
    Ok(held.into_values().next())
}
