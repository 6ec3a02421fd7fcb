//! The SQL of the change feed.

pub mod delay;
pub mod lineage;
pub mod retention;
pub mod rows;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::filter::{Filter, Sort};
use super::model::Change;
use crate::auth::policy::Scope;
use crate::db::keyset::after;
use crate::db::page::{Direction, MarkValue, Page};
use crate::db::schema::changes;
use crate::error::Result;

diesel::define_sql_function! {
    /// The place below which no transaction is still running.
    fn feed_horizon() -> BigInt;
}

/// One page of what this caller may know of: a school is given with the territories above it.
/// Objects that only some may see are only in the feed of those.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    above_schools: &[String],
    filter: &Filter,
    page: &Page<Sort>,
) -> Result<Vec<Change>> {
    let mut query = Change::query()
        .filter(changes::position.lt(feed_horizon()))
        .into_boxed();
    if let Some(words) = scope.audience_words(above_schools) {
        let visible = crate::register::clients::store::scoped_ids(scope);
        query = query.filter(changes::audience.overlaps_with(words)).filter(
            changes::object_type
                .ne("client")
                .or(changes::object_id.eq_any(visible)),
        );
    }
    if !filter.types.is_empty() {
        let types: Vec<String> = filter.types.iter().map(ToString::to_string).collect();
        query = query.filter(changes::type_.eq_any(types));
    }
    if let Some(MarkValue::Place(position, seq)) = page.after.as_ref().map(|mark| &mark.value) {
        let place = (position.into_sql::<BigInt>(), seq.into_sql::<BigInt>());
        query = query.filter(after(
            (changes::position, changes::seq),
            place,
            Direction::Ascending,
        ));
    }
    let query = query
        .order((changes::position.asc(), changes::seq.asc()))
        .limit(page.limit);
    Ok(query.load(&mut connection).await?)
}
