//! The SQL of published cells.

use std::collections::BTreeMap;
use std::fmt::Write;

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Integer, Jsonb, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Map, Value};

use crate::auth::policy::Scope;
use crate::db::sql_text::{Bind, Binds, BoundQuery};
use crate::error::Result;
use crate::results::indicators::model::Asked;
use crate::results::indicators::store::Key;
use crate::results::publications::lookup::filters;
use crate::results::publications::model::Publication;
use crate::results::publications::standing::{Standing, Told};
use crate::results::publications::tables::Grouping;
use crate::values::Json;

/// A cell as it was published.
#[derive(Debug, Clone, QueryableByName)]
pub struct Cell {
    /// Its key, in the order of what it was asked to be grouped by.
    #[diesel(sql_type = Array<Nullable<Text>>)]
    pub key: Key,
    /// The value of each measure; null where it is hidden.
    #[diesel(sql_type = Jsonb)]
    pub figures: Json<Map<String, Value>>,
    /// The measures hidden.
    #[diesel(sql_type = Array<Text>)]
    pub suppressed: Vec<String>,
    /// The reports expected, where a campaign expects some.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub expected: Option<i64>,
    /// The reports counted.
    #[diesel(sql_type = BigInt)]
    pub validated: i64,
    /// The measures whose value is that of the publication of this number.
    #[diesel(sql_type = Jsonb)]
    pub carried: Json<BTreeMap<String, i32>>,
    /// The number of its publication.
    #[diesel(sql_type = Integer)]
    pub publication: i32,
}

#[derive(QueryableByName)]
struct StandingCell {
    #[diesel(sql_type = Text)]
    grouping: String,
    #[diesel(embed)]
    cell: Cell,
}

/// All that a publication tells.
pub async fn standing(
    mut connection: &AsyncPgConnection,
    publication: Option<&Publication>,
) -> Result<Standing> {
    let Some(publication) = publication else {
        return Ok(Standing::default());
    };
    let query = diesel::sql_query(
        "SELECT c.grouping, c.figures, c.suppressed, c.expected, c.validated, c.carried, 0 AS publication, \
                (ARRAY[c.first_key, c.second_key]::text[])[1:cardinality(string_to_array(c.grouping, ','))] AS key \
           FROM publication_cells AS c WHERE c.publication_id = $1",
    );
    let rows: Vec<StandingCell> = query
        .bind::<diesel::sql_types::Uuid, _>(publication.id.uuid())
        .load(&mut connection)
        .await?;
    let told = |cell: Cell| Told {
        figures: cell.figures.0,
        suppressed: cell.suppressed,
        carried: cell.carried.0,
    };
    let cells = rows
        .into_iter()
        .map(|row| ((row.grouping, row.cell.key.clone()), told(row.cell)));
    Ok(Standing::new(publication.number, cells.collect()))
}

/// Which cells are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Of these publications.
    pub publications: &'a [Publication],
    /// Of this table.
    pub grouping: Grouping,
    /// Those that the filters leave, with keys in the order of what they are grouped by.
    pub asked: &'a Asked,
}

/// The cells after a key, in the order of their keys. Everyone may read every publication.
pub async fn page(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    wanted: &Wanted<'_>,
    after: Option<&Key>,
    limit: i64,
) -> Result<Vec<Cell>> {
    let query = statement(wanted, after, limit);
    Ok(query.load(&mut connection).await?)
}

/// The one cell that is the total of all that is asked for, where there is one: that of the table of
/// the dimensions filtered, each by one value. Never a sum, which would reveal suppressed cells.
pub async fn total(
    connection: &AsyncPgConnection,
    scope: &Scope,
    wanted: &Wanted<'_>,
) -> Result<Option<Cell>> {
    let all = filters(wanted.asked);
    let mut filtered = all.iter().filter(|(_, values)| !values.is_empty());
    let names: Vec<&str> = filtered.clone().map(|(name, _)| *name).collect();
    let (Some(grouping), [_]) = (Grouping::of(&names), wanted.publications) else {
        return Ok(None);
    };
    if !filtered.all(|(_, values)| values.len() == 1) {
        return Ok(None);
    }
    let asked = &Asked {
        group_by: Vec::new(),
        ..wanted.asked.clone()
    };
    let whole = Wanted {
        grouping,
        asked,
        ..*wanted
    };
    let found = page(connection, scope, &whole, None, 1).await?;
    Ok(found.into_iter().next())
}

/// The statement. Its words are constants of this file.
fn statement(wanted: &Wanted<'_>, after: Option<&Key>, limit: i64) -> BoundQuery {
    let (grouping, asked) = (wanted.grouping, wanted.asked);
    let keys: Vec<&str> = asked
        .group_by
        .iter()
        .map(|one| column(grouping, one.code()))
        .collect();
    let mut binds = Binds::default();
    let ids = wanted.publications.iter().map(|one| one.id.uuid());
    let publications = binds.bind(Bind::Ids(ids.collect()));
    let table = binds.bind(Bind::Text(grouping.to_string()));
    let limit = binds.bind(Bind::Number(limit));
    let mut conditions = vec![format!(
        "c.publication_id = ANY ({publications}) AND c.grouping = {table}"
    )];
    for (name, values) in filters(asked) {
        conditions.extend(binds.among(column(grouping, name), &values));
    }
    conditions.extend(after.map(|after| binds.after_key(&keys, after)));
    let (keys, conditions) = (keys.join(", "), conditions.join(" AND "));
    let mut text = format!(
        "SELECT ARRAY[{keys}]::text[] AS key, c.figures, c.suppressed, c.expected, c.validated, \
                c.carried, p.number AS publication \
         FROM publication_cells AS c JOIN publications AS p ON p.id = c.publication_id \
         WHERE {conditions}"
    );
    if !keys.is_empty() {
        let _ = write!(text, " ORDER BY {keys}");
    }
    let _ = write!(text, " LIMIT {limit}");
    binds.query(text)
}

/// The column of a dimension's value.
fn column(grouping: Grouping, dimension: &str) -> &'static str {
    match grouping.place(dimension) {
        Some(0) => "c.first_key",
        Some(_) => "c.second_key",
        None => "(p.school_year COLLATE \"C\")",
    }
}
