//! The SQL of nomenclatures.

use diesel::dsl::count_star;
use diesel::helper_types::IntoBoxed;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::filter::{Filter, Sort};
use super::model::Nomenclature;
use crate::auth::policy::Scope;
use crate::db::keyset::after;
use crate::db::page::Direction;
use crate::db::page::{MarkValue, Page};
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
    let mut query = filtered(scope, filter)
        .select(Nomenclature::as_select())
        .limit(page.limit);
    let ascending = page.direction == Direction::Ascending;
    if let Some(mark) = &page.after {
        let name = mark.id.as_str();
        query = match &mark.value {
            MarkValue::Time(time) => {
                let place = (time.into_sql::<Timestamptz>(), name.into_sql::<Text>());
                query.filter(after(
                    (nomenclatures::updated_at, nomenclatures::name),
                    place,
                    page.direction,
                ))
            }
            _ if ascending => query.filter(nomenclatures::name.gt(name)),
            _ => query.filter(nomenclatures::name.lt(name)),
        };
    }
    query = match (page.sort, ascending) {
        (Sort::Name, true) => query.order(nomenclatures::name.asc()),
        (Sort::Name, false) => query.order(nomenclatures::name.desc()),
        (Sort::UpdatedAt, true) => {
            query.order((nomenclatures::updated_at.asc(), nomenclatures::name.asc()))
        }
        (Sort::UpdatedAt, false) => {
            query.order((nomenclatures::updated_at.desc(), nomenclatures::name.desc()))
        }
    };
    Ok(query.load(&mut connection).await?)
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
