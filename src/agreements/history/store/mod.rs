//! The SQL of histories.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::filter::{Filter, Sort};
use super::model::Row;
use crate::auth::policy::Scope;
use crate::db::page::Direction;
use crate::db::page::Page;
use crate::db::schema::{amendments, audit_events};
use crate::error::Result;
use crate::values::ids::EventId;

/// One page of what was written to an object and, of a convention, to its amendments. Who may read
/// it is decided by the object, which was read with the scope.
pub async fn page(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    object: Uuid,
    filter: &Filter,
    page: &Page<Sort>,
) -> Result<Vec<Row>> {
    let mut objects: Vec<Uuid> = amendments::table
        .filter(amendments::convention_id.eq(object))
        .select(amendments::id)
        .load(&mut connection)
        .await?;
    objects.push(object);
    let mut query = Row::query()
        .filter(audit_events::object_id.eq_any(objects))
        .limit(page.limit)
        .into_boxed();
    if let Some(since) = filter.updated_since {
        query = query.filter(audit_events::occurred_at.ge(since));
    }
    let last = page.after.as_ref().map(|mark| EventId::of_path(&mark.id));
    query = match page.direction {
        Direction::Ascending => query.order(audit_events::id.asc()),
        Direction::Descending => query.order(audit_events::id.desc()),
    };
    query = match (last, page.direction) {
        (None, _) => query,
        (Some(last), Direction::Ascending) => query.filter(audit_events::id.gt(last)),
        (Some(last), Direction::Descending) => query.filter(audit_events::id.lt(last)),
    };
    Ok(query.load(&mut connection).await?)
}
