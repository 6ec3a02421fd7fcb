//! How many rows a page has, told so that PostgreSQL plans well.
//!
//! A bound `LIMIT` is unknown to the plan that is made once for all values, which is then taken for a
//! reading of a tenth of the table: PostgreSQL plans each page anew instead, and for a query over
//! several tables that takes longer than reading the page. The usual sizes are therefore written out,
//! each a statement of its own; others stay bound, so that nobody fills the cache of statements with
//! sizes.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::BigInt;

use crate::db::page::BATCH;
use crate::db::page::DEFAULT_LIMIT;

/// The sizes that are asked for most, with the row that tells whether more follow.
const USUAL: [i64; 2] = [DEFAULT_LIMIT + 1, BATCH + 1];

/// The first rows of a query that has no limit yet.
#[derive(Debug, Clone)]
pub struct First<Q> {
    query: Q,
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
}

/// The first so many rows of a query that has no limit yet.
pub fn first<Q>(rows: i64, query: Q) -> First<Q> {
    let plan = Plan::default();
    First { query, rows, plan }
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
        out.push_sql(" LIMIT ");
        if USUAL.contains(&self.rows) {
            out.push_sql(&self.rows.to_string());
            return Ok(());
        }
        out.push_bind_param::<BigInt, _>(&self.rows)
    }
}
