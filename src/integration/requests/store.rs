//! The SQL of callers' requests. There are at most [`MOST`] of a caller, in the order of an index: filters
//! read through those and need none of their own.

use chrono::{DateTime, Utc};
use diesel::helper_types::IntoBoxed;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::filter::{Filter, Sort};
use super::model::{AnsweredRequest, KEPT, MOST};
use crate::auth::policy::Scope;
use crate::db::keyset::Order;
use crate::db::limit::paged;
use crate::db::page::Page;
use crate::db::schema::request_log;
use crate::error::{Error, Result};
use crate::http::request_log::Owned;
use crate::values::{Json, TextValue};

/// The first status that is a refusal.
const REFUSED: i16 = 400;

fn filtered<'a>(
    scope: &Scope,
    filter: &'a Filter,
) -> Result<IntoBoxed<'a, request_log::table, Pg>> {
    let owner = scope.named_caller()?;
    let mut query = request_log::table
        .filter(request_log::owner.eq(owner))
        .into_boxed();
    if let Some(request_id) = &filter.request_id {
        query = query.filter(request_log::request_id.eq(request_id.as_str()));
    }
    if let Some(status) = filter.status {
        let status = i16::try_from(status).map_err(Error::internal)?;
        query = query.filter(request_log::status.eq(status));
    }
    match filter.refused {
        Some(true) => query = query.filter(request_log::status.ge(REFUSED)),
        Some(false) => query = query.filter(request_log::status.lt(REFUSED)),
        None => {}
    }
    Ok(query)
}

/// One page of the caller's.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
    page: &Page<Sort>,
) -> Result<Vec<AnsweredRequest>> {
    let query = filtered(scope, filter)?.select(AnsweredRequest::as_select());
    let order = match page.sort {
        Sort::Id => Order::by_key(&request_log::id),
    };
    Ok(paged(query, order, page).load(&mut connection).await?)
}

/// How many of the caller's there are.
pub async fn count(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
) -> Result<i64> {
    let query = filtered(scope, filter)?.count();
    Ok(query.get_result(&mut connection).await?)
}

const INSERT: &str = "
    INSERT INTO request_log (owner, id, at, request_id, method, operation, route, path, status, code, duration_ms,
                             not_kept)
    SELECT owner, id, at, request_id, method, operation, route, path, status, code, duration_ms, not_kept
      FROM jsonb_to_recordset($1) AS kept (
           owner text, id uuid, at timestamptz, request_id text, method text, operation text, route text, path text,
           status smallint, code text, duration_ms integer, not_kept integer)";

/// Keeps these.
pub async fn insert(connection: &mut AsyncPgConnection, requests: &[Owned]) -> Result<()> {
    diesel::sql_query(INSERT)
        .bind::<Jsonb, _>(Json(requests))
        .execute(connection)
        .await?;
    Ok(())
}

const FORGET_SURPLUS: &str = "
    DELETE FROM request_log
     USING unnest($1) AS own (owner)
     CROSS JOIN LATERAL (
        SELECT newer.id FROM request_log AS newer WHERE newer.owner = own.owner
         ORDER BY newer.id DESC OFFSET $2 LIMIT 1) AS first_to_go
     WHERE request_log.owner = own.owner AND request_log.id <= first_to_go.id";

/// Removes of each of these callers what is more than is kept of one.
pub async fn forget_surplus(
    connection: &mut AsyncPgConnection,
    owners: &[String],
) -> Result<usize> {
    let removed = diesel::sql_query(FORGET_SURPLUS)
        .bind::<Array<Text>, _>(owners)
        .bind::<BigInt, _>(MOST)
        .execute(connection);
    Ok(removed.await?)
}

/// Removes those that are kept no longer.
pub async fn forget_old(connection: &mut AsyncPgConnection, now: DateTime<Utc>) -> Result<usize> {
    let old = request_log::table.filter(request_log::at.lt(now - KEPT));
    Ok(diesel::delete(old).execute(connection).await?)
}
