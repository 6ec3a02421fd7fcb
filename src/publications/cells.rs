//! The SQL of published cells.

use std::fmt::Write;

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Text, Uuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Map, Value};

use super::lookup::filters;
use super::model::Publication;
use super::tables::Grouping;
use crate::auth::policy::Scope;
use crate::error::Result;
use crate::indicators::model::Asked;
use crate::indicators::store::Key;
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
///
/// # Errors
/// As any query.
pub async fn page(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    wanted: &Wanted<'_>,
    after: Option<&Key>,
    limit: i64,
) -> Result<Vec<Cell>> {
    let statement = Statement::new(wanted, after);
    let ids = wanted.publications.iter().map(|one| one.id.uuid());
    let mut query = diesel::sql_query(statement.text)
        .into_boxed::<diesel::pg::Pg>()
        .bind::<Array<Uuid>, _>(ids.collect::<Vec<_>>())
        .bind::<Text, _>(wanted.grouping.to_string())
        .bind::<BigInt, _>(limit);
    for values in statement.values {
        query = query.bind::<Array<Text>, _>(values);
    }
    for mark in statement.marks {
        query = query.bind::<Text, _>(mark);
    }
    Ok(query.load(&mut connection).await?)
}

/// The one cell that is the total of all that is asked for, where there is one: that of the table of
/// the dimensions filtered, each by one value. Never a sum, which would tell what is hidden.
///
/// # Errors
/// As any query.
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

/// The statement and what it binds after the publications, the table and the limit. Its words are
/// constants of this file.
struct Statement {
    text: String,
    /// The values of the filters.
    values: Vec<Vec<String>>,
    /// The key that the page comes after.
    marks: Vec<String>,
}

impl Statement {
    fn new(wanted: &Wanted<'_>, after: Option<&Key>) -> Self {
        let (grouping, asked) = (wanted.grouping, wanted.asked);
        let keys = asked.group_by.iter();
        let keys: Vec<&str> = keys.map(|one| column(grouping, one.code())).collect();
        let mut conditions = vec!["c.publication_id = ANY ($1) AND c.grouping = $2".to_owned()];
        let (mut values, mut marks) = (Vec::new(), Vec::new());
        for (name, own) in filters(asked) {
            if !own.is_empty() {
                values.push(own);
                let number = 3 + values.len();
                conditions.push(format!("{} = ANY (${number})", column(grouping, name)));
            }
        }
        if let Some(after) = after {
            conditions.push(following(&keys, after, 3 + values.len(), &mut marks));
        }
        let (keys, conditions) = (keys.join(", "), conditions.join(" AND "));
        let mut text = format!(
            "SELECT ARRAY[{keys}]::text[] AS key, c.figures, c.suppressed, c.expected, c.validated \
             FROM publication_cells AS c JOIN publications AS p ON p.id = c.publication_id \
             WHERE {conditions}"
        );
        if !keys.is_empty() {
            let _ = write!(text, " ORDER BY {keys}");
        }
        text.push_str(" LIMIT $3");
        Self {
            text,
            values,
            marks,
        }
    }
}

/// Where a dimension's value stands.
fn column(grouping: Grouping, dimension: &str) -> &'static str {
    match grouping.place(dimension) {
        Some(0) => "c.first_key",
        Some(_) => "c.second_key",
        None => "(p.school_year COLLATE \"C\")",
    }
}

/// The condition of what comes after a key, null last; the values to bind come in `marks`.
fn following(keys: &[&str], after: &Key, bound: usize, marks: &mut Vec<String>) -> String {
    let mut ways = Vec::new();
    let mut same: Vec<String> = Vec::new();
    for (column, value) in keys.iter().zip(after) {
        let Some(value) = value else {
            same.push(format!("{column} IS NULL"));
            continue;
        };
        marks.push(value.clone());
        let number = bound + marks.len();
        let mut way = same.clone();
        way.push(format!("({column} > ${number} OR {column} IS NULL)"));
        ways.push(format!("({})", way.join(" AND ")));
        same.push(format!("{column} = ${number}"));
    }
    if ways.is_empty() {
        "false".to_owned()
    } else {
        format!("({})", ways.join(" OR "))
    }
}
