//! How many there are of each kind of what a search finds.

use std::collections::BTreeSet;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::conditions::Reach;
use super::matching::filtered;
use crate::auth::policy::Scope;
use crate::db::schema::interventions;
use crate::error::Result;
use crate::offers::interventions::filter::Filter;
use crate::offers::interventions::search::facets::{Counted, Facet};

/// What the filters leave, counted by each of these facets: the most frequent code first. In one
/// statement, which reads what is found once.
pub async fn facets(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
    asked: &[Facet],
) -> Result<Vec<Counted>> {
    let found = filtered(scope, filter).select((
        interventions::action_type,
        interventions::levels,
        interventions::covers,
        Reach,
        interventions::modality,
    ));
    let rows: Vec<(String, String, i64)> = Facets { found, asked }.load(&mut connection).await?;
    let counted = rows.into_iter();
    Ok(counted
        .map(|(facet, code, count)| Counted { facet, code, count })
        .collect())
}

impl Facet {
    /// The columns that have its codes.
    const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::ActionType => &["action_type"],
            Self::Level => &["levels"],
            Self::Academy | Self::Department => &["covers", "reach"],
            Self::Modality => &["modality"],
        }
    }

    /// The codes of what was grouped, each with how many have it. An academy and a department have what
    /// `within` them is: what covers them, what is offered in a part of them, what takes place there.
    const fn codes(self) -> &'static str {
        match self {
            Self::ActionType => {
                "SELECT 'action_type', action_type, sum(count)::bigint FROM groups GROUP BY action_type"
            }
            Self::Level => {
                "SELECT 'level', code, sum(count)::bigint FROM groups, unnest(levels) AS code GROUP BY code"
            }
            Self::Academy => {
                "SELECT 'academy', t.code, sum(areas.count)::bigint
                   FROM (SELECT covers, reach, sum(count) AS count FROM groups GROUP BY covers, reach) AS areas
                   JOIN territories t ON areas.covers && ARRAY[t.code, t.parent, 'FR'] OR areas.reach @> ARRAY[t.code]
                  WHERE t.kind IN ('academy', 'overseas_service') GROUP BY t.code"
            }
            Self::Department => {
                "SELECT 'department', t.code, sum(areas.count)::bigint
                   FROM (SELECT covers, reach, sum(count) AS count FROM groups GROUP BY covers, reach) AS areas
                   JOIN (SELECT d.code, ARRAY[d.code, a.code, a.parent, 'FR'] AS above
                           FROM territories d JOIN territories a ON a.code = d.parent WHERE d.kind = 'department') AS t
                     ON areas.covers && t.above OR areas.reach @> ARRAY[t.code]
                  GROUP BY t.code"
            }
            Self::Modality => {
                "SELECT 'modality', modality, sum(count)::bigint FROM groups GROUP BY modality"
            }
        }
    }
}

/// The statement around what is found.
#[derive(Debug, Clone)]
struct Facets<'a, Q> {
    found: Q,
    asked: &'a [Facet],
}

impl<Q> QueryId for Facets<'_, Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> Query for Facets<'_, Q> {
    type SqlType = (Text, Text, BigInt);
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Facets<'_, Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // Planned for each search: the best plan depends on how much is found.
        out.unsafe_to_cache_prepared();
        let names: BTreeSet<&str> = self
            .asked
            .iter()
            .flat_map(|facet| facet.columns())
            .copied()
            .collect();
        let columns = Vec::from_iter(names).join(", ");
        let codes: Vec<&str> = self.asked.iter().map(|facet| facet.codes()).collect();
        // Grouped by all of them at once, which processors share; by GROUPING SETS they do not.
        out.push_sql("WITH groups AS MATERIALIZED (SELECT ");
        out.push_sql(&columns);
        out.push_sql(", count(*) AS count FROM (");
        self.found.walk_ast(out.reborrow())?;
        out.push_sql(") AS found (action_type, levels, covers, reach, modality) GROUP BY ");
        out.push_sql(&columns);
        out.push_sql(") SELECT facet, code, count FROM (");
        out.push_sql(&codes.join(" UNION ALL "));
        out.push_sql(
            ") AS counted (facet, code, count) ORDER BY facet, count DESC, code COLLATE \"C\"",
        );
        Ok(())
    }
}
