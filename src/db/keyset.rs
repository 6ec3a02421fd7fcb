//! Keyset pagination: `(column, id) > ($1, $2)`, a row comparison that walks an index in order.
//!
//! A query fragment of our own because Diesel has no row comparison, and the OR form of it cost
//! seventy times more on a million rows.

use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::Bool;

use super::page::Direction;

/// See [`after`].
#[derive(Debug, Clone)]
pub struct After<L, R> {
    left: L,
    right: R,
    direction: Direction,
}

/// The rows whose `(column, id)` comes after `(value, id)` in this direction. Values are given as
/// bound expressions (`value.into_sql::<Text>()`).
pub fn after<C, I, V, K>(
    columns: (C, I),
    values: (V, K),
    direction: Direction,
) -> After<(C, I), (V, K)> {
    After {
        left: columns,
        right: values,
        direction,
    }
}

impl<L, R> QueryId for After<L, R> {
    type QueryId = ();
    // The SQL depends on the direction: it is told apart by its text, like every boxed query.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<L, R> Expression for After<L, R> {
    type SqlType = Bool;
}

impl<L, R, QS> AppearsOnTable<QS> for After<L, R> {}
impl<L, R, QS> SelectableExpression<QS> for After<L, R> {}
impl<L, R, G> ValidGrouping<G> for After<L, R> {
    type IsAggregate = is_aggregate::No;
}

impl<C, I, V, K> QueryFragment<Pg> for After<(C, I), (V, K)>
where
    C: QueryFragment<Pg>,
    I: QueryFragment<Pg>,
    V: QueryFragment<Pg>,
    K: QueryFragment<Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("(");
        self.left.0.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.left.1.walk_ast(out.reborrow())?;
        out.push_sql(") ");
        out.push_sql(self.direction.comparison());
        out.push_sql(" (");
        self.right.0.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.right.1.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}
