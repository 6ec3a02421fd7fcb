//! What deadlines are computed with besides what is asked: the day it is, what lies above, and what
//! campaigns say.

use chrono::NaiveDate;

use super::filter::Filter;
use super::model::CampaignYear;
use crate::auth::policy::Scope;
use crate::db::Borrowed as Connection;
use crate::error::Result;
use crate::register::territories::ancestry;
use crate::results::campaigns::model::Status;
use crate::results::campaigns::store as campaigns;

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
