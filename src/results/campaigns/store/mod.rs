//! The SQL of campaigns.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::count_star;
use diesel::helper_types::IntoBoxed;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::filter::{Filter, Sort};
use super::model::{Campaign, NewCampaign, Status};
use crate::auth::policy::Scope;
use crate::db::keyset::Order;
use crate::db::limit::paged;
use crate::db::page::Page;
use crate::db::schema::campaigns;
use crate::error::{Error, Result};
use crate::values::ids::CampaignId;
use crate::values::{SchoolYear, Text, TextValue};

type Filtered<'a> = IntoBoxed<'a, campaigns::table, Pg>;

/// Whoever may read campaigns may read all of them.
fn filtered<'a>(_scope: &Scope, filter: &'a Filter) -> Filtered<'a> {
    let mut query = campaigns::table.into_boxed();
    if !filter.school_year.is_empty() {
        query = query.filter(campaigns::school_year.eq_any(&filter.school_year));
    }
    if !filter.status.is_empty() {
        query = query.filter(campaigns::status.eq_any(&filter.status));
    }
    if let Some(since) = filter.updated_since {
        query = query.filter(campaigns::updated_at.ge(since));
    }
    query
}

/// One page, in the order asked for.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
    page: &Page<Sort>,
) -> Result<Vec<Campaign>> {
    let query = filtered(scope, filter).select(Campaign::as_select());
    let order = match page.sort {
        Sort::Id => Order::by_key(&campaigns::id),
        Sort::UpdatedAt => Order::by(&campaigns::updated_at, &campaigns::id),
    };
    Ok(paged(query, order, page).load(&mut connection).await?)
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

/// One campaign.
///
/// # Errors
/// `not_found`.
pub async fn find(
    connection: &AsyncPgConnection,
    scope: &Scope,
    id: CampaignId,
) -> Result<Campaign> {
    let found = find_all(connection, scope, &[id]).await?;
    found.into_iter().next().ok_or_else(Error::not_found)
}

/// The ones with these ids that exist.
pub async fn find_all(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    ids: &[CampaignId],
) -> Result<Vec<Campaign>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(Campaign::query()
        .filter(campaigns::id.eq_any(ids))
        .load(&mut connection)
        .await?)
}

/// One campaign, locked until the transaction ends.
///
/// # Errors
/// `not_found`.
pub async fn lock(
    connection: &mut AsyncPgConnection,
    _scope: &Scope,
    id: CampaignId,
) -> Result<Campaign> {
    let found = Campaign::query()
        .filter(campaigns::id.eq(id))
        .for_no_key_update()
        .first(connection)
        .await;
    found.optional()?.ok_or_else(Error::not_found)
}

/// Whether the reports of a year may be written: its campaign, if it has one, is not closed, and
/// does not close before the transaction ends.
pub async fn lock_open(
    connection: &mut AsyncPgConnection,
    _scope: &Scope,
    year: &SchoolYear,
) -> Result<bool> {
    let closed_at: Option<Option<DateTime<Utc>>> = campaigns::table
        .filter(campaigns::school_year.eq(year))
        .select(campaigns::closed_at)
        .for_share()
        .first(connection)
        .await
        .optional()?;
    Ok(closed_at.flatten().is_none())
}

/// Of these years, those whose campaign is closed. No other of them closes before the transaction ends.
pub async fn lock_closed(
    connection: &mut AsyncPgConnection,
    _scope: &Scope,
    years: &[SchoolYear],
) -> Result<Vec<SchoolYear>> {
    let found: Vec<(SchoolYear, Option<DateTime<Utc>>)> = campaigns::table
        .filter(campaigns::school_year.eq_any(years))
        .order(campaigns::school_year)
        .select((campaigns::school_year, campaigns::closed_at))
        .for_share()
        .load(connection)
        .await?;
    let closed = found
        .into_iter()
        .filter(|(_, closed_at)| closed_at.is_some());
    Ok(closed.map(|(year, _)| year).collect())
}

/// The years that have a campaign, when their reports are due, and whether they are still taken.
pub async fn years(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
) -> Result<Vec<(SchoolYear, NaiveDate, Status)>> {
    Ok(campaigns::table
        .select((campaigns::school_year, campaigns::due_on, campaigns::status))
        .load(&mut connection)
        .await?)
}

/// The years whose campaign is closed.
pub async fn closed_years(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
) -> Result<Vec<SchoolYear>> {
    Ok(campaigns::table
        .filter(campaigns::closed_at.is_not_null())
        .select(campaigns::school_year)
        .load(&mut connection)
        .await?)
}

/// Writes down the reports that the campaign of a year expects.
pub async fn expect(
    connection: &mut AsyncPgConnection,
    _scope: &Scope,
    year: &SchoolYear,
) -> Result<()> {
    diesel::sql_query("SELECT open_campaign($1)")
        .bind::<diesel::sql_types::Text, _>(year.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Inserts one.
///
/// # Errors
/// `duplicate_campaign`.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    id: CampaignId,
    new: &NewCampaign,
    now: DateTime<Utc>,
) -> Result<Campaign> {
    let beginning = (
        campaigns::id.eq(id),
        campaigns::created_at.eq(now),
        campaigns::updated_at.eq(now),
    );
    let inserted = diesel::insert_into(campaigns::table)
        .values((new, beginning))
        .returning(Campaign::as_returning());
    Ok(inserted.get_result(connection).await?)
}

/// Changes its fields.
pub async fn update(
    connection: &mut AsyncPgConnection,
    id: CampaignId,
    new: &NewCampaign,
    now: DateTime<Utc>,
) -> Result<Campaign> {
    let stamp = (
        campaigns::version.eq(campaigns::version + 1),
        campaigns::updated_at.eq(now),
    );
    let updated = diesel::update(campaigns::table.find(id))
        .set((new, stamp))
        .returning(Campaign::as_returning());
    Ok(updated.get_result(connection).await?)
}

/// Closes it.
pub async fn close(
    connection: &mut AsyncPgConnection,
    id: CampaignId,
    now: DateTime<Utc>,
) -> Result<Campaign> {
    let set = (
        campaigns::closed_at.eq(now),
        campaigns::version.eq(campaigns::version + 1),
        campaigns::updated_at.eq(now),
    );
    let updated = diesel::update(campaigns::table.find(id))
        .set(set)
        .returning(Campaign::as_returning());
    Ok(updated.get_result(connection).await?)
}

/// Reopens it.
pub async fn reopen(
    connection: &mut AsyncPgConnection,
    id: CampaignId,
    reason: &Text<2000>,
    now: DateTime<Utc>,
) -> Result<Campaign> {
    let set = (
        campaigns::closed_at.eq(None::<DateTime<Utc>>),
        campaigns::reopen_reason.eq(reason),
        campaigns::version.eq(campaigns::version + 1),
        campaigns::updated_at.eq(now),
    );
    let updated = diesel::update(campaigns::table.find(id))
        .set(set)
        .returning(Campaign::as_returning());
    Ok(updated.get_result(connection).await?)
}
