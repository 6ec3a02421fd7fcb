//! Keyset pagination: `(column, id) > ($1, $2)`, a row comparison that walks an index in order.
//!
//! A query fragment of our own because Diesel has no row comparison, and the OR form of it cost
//! seventy times more on a million rows. Most lists are ordered by a column that their sort names and
//! then by their key: [`Order`] writes what comes after the page before, and the order itself.

use chrono::{DateTime, Utc};
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Bool, Integer, Text, Timestamptz};
use uuid::Uuid;

use super::page::{Direction, Mark, MarkValue};

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

/// A column, as the statement has it.
type Column = &'static (dyn QueryFragment<Pg> + Sync);

/// What rows are ordered by: a column, if there is one, then their key.
#[derive(Clone, Copy)]
pub struct Order {
    column: Option<Column>,
    key: Column,
    read: fn(&Mark) -> Key,
}

impl Order {
    /// By the key alone.
    pub fn by_key<K>(key: &'static K) -> Self
    where
        K: QueryFragment<Pg> + Expression<SqlType: KeyType> + Sync,
    {
        Self {
            column: None,
            key,
            read: <K::SqlType as KeyType>::read,
        }
    }

    /// By a column, then by the key.
    pub fn by<C, K>(column: &'static C, key: &'static K) -> Self
    where
        C: QueryFragment<Pg> + Sync,
        K: QueryFragment<Pg> + Expression<SqlType: KeyType> + Sync,
    {
        Self {
            column: Some(column),
            ..Self::by_key(key)
        }
    }

    /// The rows that come after a mark in this direction.
    pub fn after(self, mark: &Mark, direction: Direction) -> AfterMark {
        let value = match &mark.value {
            MarkValue::Text(text) => Some(Value::Text(text.clone())),
            MarkValue::Time(time) => Some(Value::Time(*time)),
            MarkValue::Place(number, _) => i32::try_from(*number).ok().map(Value::Number),
            MarkValue::Id | MarkValue::Rank(_) | MarkValue::Distance(_) => None,
        };
        AfterMark {
            column: self.column.zip(value),
            key: self.key,
            last: (self.read)(mark),
            direction,
        }
    }

    /// Writes the order, in this direction.
    pub(super) fn write<'b>(
        &'b self,
        direction: Direction,
        mut out: AstPass<'_, 'b, Pg>,
    ) -> QueryResult<()> {
        out.push_sql(" ORDER BY ");
        if let Some(column) = self.column {
            column.walk_ast(out.reborrow())?;
            out.push_sql(" ");
            out.push_sql(direction.order());
            out.push_sql(", ");
        }
        self.key.walk_ast(out.reborrow())?;
        out.push_sql(" ");
        out.push_sql(direction.order());
        Ok(())
    }
}

/// See [`Order::after`].
pub struct AfterMark {
    column: Option<(Column, Value)>,
    key: Column,
    last: Key,
    direction: Direction,
}

/// The value of a row in the column ordered by.
enum Value {
    Text(String),
    Time(DateTime<Utc>),
    Number(i32),
}

impl Value {
    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self {
            Self::Text(text) => out.push_bind_param::<Text, _>(text),
            Self::Time(time) => out.push_bind_param::<Timestamptz, _>(time),
            Self::Number(number) => out.push_bind_param::<Integer, _>(number),
        }
    }
}

/// The key of a row.
pub enum Key {
    /// An id.
    Id(Uuid),
    /// A code or a name.
    Text(String),
}

impl Key {
    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self {
            Self::Id(id) => out.push_bind_param::<diesel::sql_types::Uuid, _>(id),
            Self::Text(text) => out.push_bind_param::<Text, _>(text),
        }
    }
}

/// A type that keys have in SQL.
pub trait KeyType {
    /// The key of a mark.
    fn read(mark: &Mark) -> Key;
}

impl KeyType for diesel::sql_types::Uuid {
    fn read(mark: &Mark) -> Key {
        Key::Id(mark.uuid())
    }
}

impl KeyType for Text {
    fn read(mark: &Mark) -> Key {
        Key::Text(mark.id.clone())
    }
}

impl QueryId for AfterMark {
    type QueryId = ();
    // As of `After`.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Expression for AfterMark {
    type SqlType = Bool;
}

impl<QS> AppearsOnTable<QS> for AfterMark {}
impl<QS> SelectableExpression<QS> for AfterMark {}
impl<G> ValidGrouping<G> for AfterMark {
    type IsAggregate = is_aggregate::No;
}

impl QueryFragment<Pg> for AfterMark {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let comparison = self.direction.comparison();
        out.push_sql("(");
        if let Some((column, _)) = &self.column {
            column.walk_ast(out.reborrow())?;
            out.push_sql(", ");
        }
        self.key.walk_ast(out.reborrow())?;
        let Some((_, value)) = &self.column else {
            out.push_sql(" ");
            out.push_sql(comparison);
            out.push_sql(" ");
            self.last.bind(&mut out)?;
            out.push_sql(")");
            return Ok(());
        };
        out.push_sql(") ");
        out.push_sql(comparison);
        out.push_sql(" (");
        value.bind(&mut out)?;
        out.push_sql(", ");
        self.last.bind(&mut out)?;
        out.push_sql(")");
        Ok(())
    }
}
