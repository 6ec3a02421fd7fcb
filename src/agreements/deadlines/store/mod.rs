//! The SQL of deadlines: plain SQL, see `statement`.

mod branches;
mod perimeter;
mod statement;

use chrono::NaiveDate;
use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::filter::{Filter, Sort};
use super::model::{Deadline, Kind};
use super::store::statement::{Place, Slice, Statement};
use crate::auth::policy::Scope;
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::Result;
use crate::values::FromText;

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
