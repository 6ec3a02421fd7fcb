//! The SQL of nomenclatures.

use diesel::dsl::count_star;
use diesel::helper_types::IntoBoxed;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::filter::{Filter, Sort};
use super::model::Nomenclature;
use crate::auth::policy::Scope;
use crate::db::keyset::Order;
use crate::db::limit::paged;
use crate::db::page::Page;
use crate::db::schema::nomenclatures;
use crate::error::{Error, Result};

type Filtered<'a> = IntoBoxed<'a, nomenclatures::table, Pg>;

/// Every nomenclature may be read by every role: the scope is asked for so that this stays a decision.
fn filtered<'a>(_scope: &Scope, filter: &'a Filter) -> Filtered<'a> {
    let query = nomenclatures::table.into_boxed();
    match filter.updated_since {
        Some(since) => query.filter(nomenclatures::updated_at.ge(since)),
        None => query,
    }
}

/// One page, in the order asked for.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
    page: &Page<Sort>,
) -> Result<Vec<Nomenclature>> {
    let query = filtered(scope, filter).select(Nomenclature::as_select());
    let order = match page.sort {
        Sort::Name => Order::by_key(&nomenclatures::name),
        Sort::UpdatedAt => Order::by(&nomenclatures::updated_at, &nomenclatures::name),
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

/// One nomenclature.
///
/// # Errors
/// `not_found`.
pub async fn find(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    name: &str,
) -> Result<Nomenclature> {
    let found = Nomenclature::query()
        .filter(nomenclatures::name.eq(name))
        .first(&mut connection)
        .await;
    found.optional()?.ok_or_else(Error::not_found)
}
