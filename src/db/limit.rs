//! The `LIMIT` of a page, written so that PostgreSQL plans well.
//!
//! A bound `LIMIT` is unknown to the plan that is made once for all values, which is then taken for a
//! reading of a tenth of the table: PostgreSQL plans each page anew instead, and for a query over
//! several tables that takes longer than reading the page. The usual sizes are therefore written out,
//! each a statement of its own; others stay bound, so that nobody fills the cache of statements with
//! sizes. A list of one table binds its own: see [`paged`].

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::methods::FilterDsl;
use diesel::result::QueryResult;
use diesel::sql_types::BigInt;

use crate::db::keyset::{AfterMark, Order};
use crate::db::page::{BATCH, DEFAULT_LIMIT, Direction, Page};

/// The page sizes asked for most, with the extra row that shows whether more follow.
const USUAL: [i64; 2] = [DEFAULT_LIMIT + 1, BATCH + 1];

/// The first rows of a query that has no limit yet.
#[derive(Clone)]
pub struct First<Q> {
    query: Q,
    /// Where the query itself has none.
    order: Option<(Order, Direction)>,
    rows: i64,
    plan: Plan,
}

/// What values a plan is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Plan {
    /// For all, once PostgreSQL has seen some: to plan takes longer than to read what little is found.
    #[default]
    Kept,
    /// For those at hand: much is found, and how much decides.
    Anew,
    /// As PostgreSQL sees fit: how many rows there are is bound like any other value.
    Free,
}

/// The first so many rows of a query that has no limit yet.
pub fn first<Q>(rows: i64, query: Q) -> First<Q> {
    First {
        query,
        order: None,
        rows,
        plan: Plan::default(),
    }
}

/// The part of a query that a page asks for, in this order; the query has none of its own.
pub fn paged<Q, S>(query: Q, order: Order, page: &Page<S>) -> First<Q>
where
    Q: FilterDsl<AfterMark, Output = Q>,
{
    let query = match &page.after {
        Some(mark) => query.filter(order.after(mark, page.direction)),
        None => query,
    };
    First {
        query,
        order: Some((order, page.direction)),
        rows: page.limit,
        plan: Plan::Free,
    }
}

impl<Q> First<Q> {
    /// With this plan.
    #[must_use]
    pub fn planned(self, plan: Plan) -> Self {
        Self { plan, ..self }
    }
}

impl<Q> QueryId for First<Q> {
    type QueryId = ();
    // The SQL depends on the number: it is told apart by its text, like every boxed query.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for First<Q> {
    type SqlType = Q::SqlType;
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for First<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if self.plan == Plan::Anew {
            out.unsafe_to_cache_prepared();
        }
        self.query.walk_ast(out.reborrow())?;
        if let Some((order, direction)) = &self.order {
            order.write(*direction, out.reborrow())?;
        }
        out.push_sql(" LIMIT ");
        if self.plan != Plan::Free && USUAL.contains(&self.rows) {
            out.push_sql(&self.rows.to_string());
            return Ok(());
        }
        out.push_bind_param::<BigInt, _>(&self.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::paged;
    use crate::db::keyset::{Order, after};
    use crate::db::page::{DEFAULT_LIMIT, Direction, Mark, MarkValue, Page};
    use crate::db::schema::contacts;
    use diesel::debug_query;
    use diesel::pg::Pg;
    use diesel::prelude::*;
    use diesel::sql_types::{Timestamptz, Uuid};

    #[test]
    fn a_page_is_the_statement_that_diesel_would_write() {
        let all = || contacts::table.into_boxed::<Pg>().select(contacts::id);
        let last = uuid::Uuid::from_u128(7);
        let time = chrono::DateTime::UNIX_EPOCH;
        let page = |direction, value| Page {
            sort: (),
            direction,
            limit: DEFAULT_LIMIT + 1,
            after: Some(Mark {
                value,
                id: last.to_string(),
            }),
        };
        let by_key = Order::by_key(&contacts::id);
        let own = paged(all(), by_key, &page(Direction::Ascending, MarkValue::Id));
        let diesels = all()
            .filter(contacts::id.gt(last))
            .order(contacts::id.asc())
            .limit(DEFAULT_LIMIT + 1);
        let [own, diesels] = [
            debug_query(&own).to_string(),
            debug_query(&diesels).to_string(),
        ];
        assert_eq!(own, diesels);
        let by_time = Order::by(&contacts::updated_at, &contacts::id);
        let asked = page(Direction::Descending, MarkValue::Time(time));
        let own = paged(all(), by_time, &asked);
        let place = (time.into_sql::<Timestamptz>(), last.into_sql::<Uuid>());
        let columns = (contacts::updated_at, contacts::id);
        let diesels = all()
            .filter(after(columns, place, Direction::Descending))
            .order((contacts::updated_at.desc(), contacts::id.desc()))
            .limit(DEFAULT_LIMIT + 1);
        let [own, diesels] = [
            debug_query(&own).to_string(),
            debug_query(&diesels).to_string(),
        ];
        assert_eq!(own, diesels);
    }
}
