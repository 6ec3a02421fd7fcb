//! The SQL of deadlines: plain SQL, see `statement`.

mod branches;
mod perimeter;
mod statement;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{CampaignYear, Deadline, Kind};
use super::store::statement::{Place, Slice, Statement};
use crate::auth::policy::Scope;
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::Result;
use crate::values::FromText;
use crate::values::TerritoryCode;
use crate::values::ids::ConventionId;

/// What a list of deadlines is filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of one of these kinds.
    pub kind: Vec<Kind>,
    /// Of one of these conventions, or of their declinations.
    pub convention_id: Vec<ConventionId>,
    /// Of what lies in one of these territories or covers it.
    pub territory: Vec<TerritoryCode>,
    /// Of objects changed then or later.
    pub updated_since: Option<DateTime<Utc>>,
    /// Due in this many days at most.
    pub within_days: u64,
    /// The territories asked for and all above them.
    pub above: Vec<String>,
    /// The schools of the caller, and all above them.
    pub above_schools: Vec<String>,
    /// What campaigns say of their years.
    pub campaigns: Vec<CampaignYear>,
    /// The day it is.
    pub today: NaiveDate,
}

/// Deadlines have one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The day, then the kind, then the object.
    DueOn,
}

/// A deadline's place in that order.
pub fn mark(kind: Kind, due_on: NaiveDate, object: uuid::Uuid) -> Mark {
    Mark {
        value: MarkValue::Text(format!("{due_on} {kind}")),
        id: object.to_string(),
    }
}

fn place(mark: &Mark) -> Option<Place> {
    let MarkValue::Text(text) = &mark.value else {
        return None;
    };
    let (due_on, kind) = text.split_once(' ')?;
    Some(Place {
        due_on: due_on.parse().ok()?,
        kind: Kind::from_text(kind).ok()?,
        object: mark.id.parse().ok()?,
    })
}

/// One page: one statement.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
    page: &Page<Sort>,
) -> Result<Vec<Deadline>> {
    let slice = Slice {
        after: page.after.as_ref().and_then(place),
        direction: page.direction,
        limit: page.limit,
    };
    let query = Statement::new(scope, filter).page(slice);
    Ok(query.load(&mut connection).await?)
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many there are.
pub async fn count(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
) -> Result<i64> {
    let query = Statement::new(scope, filter).count();
    let counted: Counted = query.get_result(&mut connection).await?;
    Ok(counted.count)
}
