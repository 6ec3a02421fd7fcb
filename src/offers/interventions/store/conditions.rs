//! What an intervention's reach, its host and its sessions are asked for by: fragments of SQL.

use diesel::expression::Expression;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, Bool, Nullable, Text};

use super::distance::of_interventions;
use crate::db::search::contains;
use crate::values::TerritoryCode;

/// The territories of an intervention, the department of its place, and all above them.
#[derive(Debug, Clone, Copy)]
pub struct Reach;

/// Whether one of these territories is among them: whether it is offered or takes place in a part of one.
#[derive(Debug, Clone)]
pub struct Reaching {
    territories: Vec<TerritoryCode>,
}

impl Reaching {
    /// One of these.
    pub fn new(territories: &[TerritoryCode]) -> Self {
        Self {
            territories: territories.to_vec(),
        }
    }
}

/// Whether the host's number or its name has this text in it, whatever its accents and case.
#[derive(Debug, Clone)]
pub struct WithHost {
    pattern: String,
}

impl WithHost {
    /// With this text.
    pub fn new(text: &str) -> Self {
        Self {
            pattern: contains(text.trim()),
        }
    }
}

/// Whether sessions are left, or not counted.
#[derive(Debug, Clone, Copy)]
pub struct WithSessionsLeft;

impl Expression for Reach {
    type SqlType = Nullable<Array<Text>>;
}

impl Expression for Reaching {
    type SqlType = Nullable<Bool>;
}

impl Expression for WithHost {
    type SqlType = Bool;
}

impl Expression for WithSessionsLeft {
    type SqlType = Bool;
}

of_interventions!(Reach, Reaching, WithHost, WithSessionsLeft);

impl QueryFragment<Pg> for Reach {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("interventions.reach");
        Ok(())
    }
}

impl QueryFragment<Pg> for Reaching {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("interventions.reach && ");
        out.push_bind_param::<Array<Text>, _>(&self.territories)
    }
}

impl QueryFragment<Pg> for WithHost {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // The text of `interventions_host_idx`.
        out.push_sql(
            "(interventions.host IS NOT NULL
              AND fold(coalesce(interventions.host ->> 'siret', '') || ' ' || coalesce(interventions.host ->> 'name', ''))
                  LIKE fold(",
        );
        out.push_bind_param::<Text, _>(&self.pattern)?;
        out.push_sql("))");
        Ok(())
    }
}

impl QueryFragment<Pg> for WithSessionsLeft {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "(interventions.sessions IS NULL OR interventions.sessions > (
                SELECT count(*) FROM solicitations AS taken
                 WHERE taken.intervention_id = interventions.id AND taken.takes_session))",
        );
        Ok(())
    }
}
