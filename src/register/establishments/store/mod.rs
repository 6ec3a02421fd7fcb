//! The SQL of establishments, but for their import.

use diesel::dsl::count_star;
use diesel::helper_types::IntoBoxed;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::json;

use super::filter::{Filter, Sort};
use super::model::Establishment;
use crate::auth::policy::Scope;
use crate::db::keyset::Order;
use crate::db::limit::paged;
use crate::db::page::Page;
use crate::db::schema::establishments;
use crate::db::search::{contains, fold};
use crate::error::{Error, Result};
use crate::values::Uai;

type Filtered<'a> = IntoBoxed<'a, establishments::table, Pg>;

/// Every establishment may be read by every role: the scope is asked for so that this stays a decision.
fn filtered<'a>(_scope: &Scope, filter: &'a Filter) -> Filtered<'a> {
    let mut query = establishments::table.into_boxed();
    for word in filter.q.iter().flat_map(|q| q.split_whitespace()) {
        query = query.filter(establishments::search.like(fold(contains(word))));
    }
    if !filter.academy.is_empty() {
        query = query.filter(establishments::academy.eq_any(&filter.academy));
    }
    if !filter.department.is_empty() {
        query = query.filter(establishments::department.eq_any(&filter.department));
    }
    if !filter.kind.is_empty() {
        query = query.filter(establishments::type_.eq_any(&filter.kind));
    }
    if !filter.sector.is_empty() {
        query = query.filter(establishments::sector.eq_any(&filter.sector));
    }
    if !filter.priority_education.is_empty() {
        query = query.filter(establishments::priority_education.eq_any(&filter.priority_education));
    }
    if let Some(vocational) = filter.vocational {
        query = query.filter(establishments::tracks.contains(json!({ "vocational": vocational })));
    }
    if !filter.state.is_empty() {
        query = query.filter(establishments::state.eq_any(&filter.state));
    }
    if let Some(since) = filter.updated_since {
        query = query.filter(establishments::updated_at.ge(since));
    }
    query
}

/// One page, in the order asked for.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
    page: &Page<Sort>,
) -> Result<Vec<Establishment>> {
    let query = filtered(scope, filter).select(Establishment::as_select());
    let order = match page.sort {
        Sort::Uai => Order::by_key(&establishments::uai),
        Sort::UpdatedAt => Order::by(&establishments::updated_at, &establishments::uai),
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

/// One establishment.
///
/// # Errors
/// `not_found`.
pub async fn find(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    uai: &Uai,
) -> Result<Establishment> {
    let found = Establishment::query()
        .filter(establishments::uai.eq(uai))
        .first(&mut connection)
        .await;
    found.optional()?.ok_or_else(Error::not_found)
}

/// The schools with these UAIs that exist.
pub async fn find_all(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    uais: &[Uai],
) -> Result<Vec<Establishment>> {
    if uais.is_empty() {
        return Ok(Vec::new());
    }
    Ok(Establishment::query()
        .filter(establishments::uai.eq_any(uais))
        .load(&mut connection)
        .await?)
}
