//! The reading of deadlines: what a request asks, completed with the day it is, what lies above its
//! territories and its caller's schools, and what campaigns say.

use chrono::{DateTime, NaiveDate, Utc};

use super::filter::{Filter, Sort};
use super::model::{CampaignYear, Deadline, DeadlineAnswer};
use super::store;
use crate::agreements::names::Places;
use crate::auth::policy::Scope;
use crate::db::Borrowed as Connection;
use crate::db::page::{Mark, Page};
use crate::error::Result;
use crate::language::Language;
use crate::register::territories::ancestry;
use crate::results::campaigns::model::Status;
use crate::results::campaigns::store as campaigns;
use crate::values::today;

/// Rows that a stream reads at a time: each batch computes anew what is due.
pub const BATCH: i64 = 5000;

/// One page.
///
/// # Errors
/// What the database answers.
pub async fn read(
    connection: &Connection,
    scope: &Scope,
    filter: &Filter,
    page: &Page<Sort>,
    now: DateTime<Utc>,
    language: Language,
) -> Result<Vec<DeadlineAnswer>> {
    let filter = complete(connection, scope, filter.clone(), today(now)).await?;
    let deadlines = store::page(connection, scope, &filter, page).await?;
    let lists = deadlines.iter().map(|one| one.territories.as_slice());
    let places = Places::of(connection, scope, lists).await?;
    let shown = |one: Deadline| one.answer(filter.today, language, &places);
    Ok(deadlines.into_iter().map(shown).collect())
}

/// A row's place in the order.
pub fn mark(item: &DeadlineAnswer) -> Mark {
    store::mark(item.kind, item.due_on, item.object.id)
}

/// The filter with the day it is, what is above its territories and what is above the caller's
/// schools, and what campaigns say.
///
/// # Errors
/// `service_unavailable` when the database is away.
pub async fn complete(
    connection: &Connection,
    scope: &Scope,
    filter: Filter,
    today: NaiveDate,
) -> Result<Filter> {
    // Sent together: one round trip.
    let (above_schools, above, campaigns) = tokio::try_join!(
        ancestry::above_schools(connection, scope),
        ancestry::of_known(connection, &filter.territory),
        campaigns::years(connection, scope),
    )?;
    let campaigns = campaigns
        .into_iter()
        .map(|(year, due_on, status)| CampaignYear {
            year,
            due_on,
            is_open: status == Status::Open,
        })
        .collect();
    Ok(Filter {
        above,
        above_schools,
        campaigns,
        today,
        ..filter
    })
}
