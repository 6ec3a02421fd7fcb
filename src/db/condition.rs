//! A condition on rows that is written once and read in two ways: by Diesel's queries, which filter
//! by it, and by statements that are put together as text.

use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, Bool, Text, Uuid as SqlUuid};
use uuid::Uuid;

/// A condition: SQL, and the values it binds. The words are the program's own and the values are
/// never written into them.
#[derive(Debug, Clone)]
pub struct Condition(Vec<Part>);

#[derive(Debug, Clone)]
enum Part {
    Sql(String),
    Bound(Values),
}

/// What a condition binds.
#[derive(Debug, Clone)]
pub enum Values {
    /// Codes.
    Texts(Vec<String>),
    /// Ids.
    Ids(Vec<Uuid>),
}

impl Condition {
    /// That of every row.
    pub fn always() -> Self {
        Self::sql("true")
    }

    /// That of no row.
    pub fn never() -> Self {
        Self::sql("false")
    }

    /// Begins with these words.
    pub fn sql(words: impl Into<String>) -> Self {
        Self(vec![Part::Sql(words.into())])
    }

    /// Goes on with these words.
    #[must_use]
    pub fn then(mut self, words: &str) -> Self {
        self.0.push(Part::Sql(words.to_owned()));
        self
    }

    /// Goes on with an array of these codes.
    #[must_use]
    pub fn texts(mut self, codes: impl IntoIterator<Item: ToString>) -> Self {
        let codes = codes.into_iter().map(|code| code.to_string());
        self.0.push(Part::Bound(Values::Texts(codes.collect())));
        self
    }

    /// Goes on with an array of this id.
    #[must_use]
    pub fn id(mut self, id: Uuid) -> Self {
        self.0.push(Part::Bound(Values::Ids(vec![id])));
        self
    }

    /// This one or the other.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let mut parts = vec![Part::Sql("(".to_owned())];
        parts.extend(self.0);
        parts.push(Part::Sql(" OR ".to_owned()));
        parts.extend(other.0);
        parts.push(Part::Sql(")".to_owned()));
        Self(parts)
    }

    /// As text, in a statement that binds values by this function, which answers how the text names
    /// them.
    pub fn text(self, mut bind: impl FnMut(Values) -> String) -> String {
        let parts = self.0.into_iter().map(|part| match part {
            Part::Sql(words) => words,
            Part::Bound(values) => bind(values),
        });
        parts.collect()
    }
}

impl QueryId for Condition {
    type QueryId = ();
    // Told apart by its text, like every boxed query.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Expression for Condition {
    type SqlType = Bool;
}

impl<QS> AppearsOnTable<QS> for Condition {}
impl<QS> SelectableExpression<QS> for Condition {}
impl<G> ValidGrouping<G> for Condition {
    type IsAggregate = is_aggregate::No;
}

impl QueryFragment<Pg> for Condition {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for part in &self.0 {
            match part {
                Part::Sql(words) => out.push_sql(words),
                Part::Bound(Values::Texts(codes)) => {
                    out.push_bind_param::<Array<Text>, _>(codes)?;
                }
                Part::Bound(Values::Ids(ids)) => {
                    out.push_bind_param::<Array<SqlUuid>, _>(ids)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_reads_the_same_in_a_query_and_as_text() {
        let id = Uuid::from_u128(1);
        let written = Condition::sql("t.reach && ")
            .texts(["FR"])
            .or(Condition::sql("t.ids @> ").id(id));
        let query = diesel::debug_query::<Pg, _>(&written).to_string();
        let mut bound = 0;
        let text = written.text(|_| {
            bound += 1;
            format!("${bound}")
        });
        assert_eq!(text, "(t.reach && $1 OR t.ids @> $2)");
        assert!(query.starts_with(&text), "{query}");
    }
}
