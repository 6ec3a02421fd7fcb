//! The SQL of histories.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::filter::{Filter, Sort};
use super::model::Row;
use crate::auth::policy::Scope;
use crate::db::keyset::Order;
use crate::db::limit::paged;
use crate::db::page::Page;
use crate::db::schema::{amendments, audit_events};
use crate::error::Result;

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
        .into_boxed();
    if let Some(since) = filter.updated_since {
        query = query.filter(audit_events::occurred_at.ge(since));
    }
    let order = match page.sort {
        Sort::Id => Order::by_key(&audit_events::id),
    };
    Ok(paged(query, order, page).load(&mut connection).await?)
}
