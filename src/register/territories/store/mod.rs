//! The SQL of territories.

use diesel::dsl::count_star;
use diesel::helper_types::IntoBoxed;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::filter::{Filter, Sort};
use super::model::Territory;
use crate::auth::policy::Scope;
use crate::db::keyset::Order;
use crate::db::limit::paged;
use crate::db::page::Page;
use crate::db::schema::{establishments, territory_tree};
use crate::db::search::{contains, fold};
use crate::error::{Error, Result};
use crate::values::{TerritoryCode, Uai};

type Filtered<'a> = IntoBoxed<'a, territory_tree::table, Pg>;

/// Every territory may be read by every role: the scope is asked for so that this stays a decision.
fn filtered<'a>(_scope: &Scope, filter: &'a Filter) -> Filtered<'a> {
    let mut query = territory_tree::table.into_boxed();
    if !filter.kind.is_empty() {
        query = query.filter(territory_tree::kind.eq_any(&filter.kind));
    }
    // One parent, the usual case, is compared with `=`, which an index answers in the list's order.
    query = match filter.parent.as_slice() {
        [] => query,
        [parent] => query.filter(territory_tree::parent.eq(parent)),
        parents => query.filter(territory_tree::parent.eq_any(parents)),
    };
    for word in filter.q.iter().flat_map(|q| q.split_whitespace()) {
        query = query.filter(territory_tree::search.like(fold(contains(word))));
    }
    if let Some(since) = filter.updated_since {
        query = query.filter(territory_tree::updated_at.ge(since));
    }
    query
}

/// One page, in the order asked for.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
    page: &Page<Sort>,
) -> Result<Vec<Territory>> {
    let query = filtered(scope, filter).select(Territory::as_select());
    let order = match page.sort {
        Sort::Code => Order::by_key(&territory_tree::code),
        Sort::UpdatedAt => Order::by(&territory_tree::updated_at, &territory_tree::code),
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

/// One territory.
///
/// # Errors
/// `not_found`.
pub async fn find(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    code: &TerritoryCode,
) -> Result<Territory> {
    let found = Territory::query()
        .filter(territory_tree::code.eq(code))
        .first(&mut connection)
        .await;
    found.optional()?.ok_or_else(Error::not_found)
}

/// The schools of these that exist, each with its department and its academy.
pub async fn schools(
    mut connection: &AsyncPgConnection,
    uais: &[Uai],
) -> Result<Vec<(String, Option<String>, Option<String>)>> {
    Ok(establishments::table
        .filter(establishments::uai.eq_any(uais))
        .select((
            establishments::uai,
            establishments::department,
            establishments::academy,
        ))
        .load(&mut connection)
        .await?)
}
