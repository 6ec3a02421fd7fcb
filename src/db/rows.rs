//! Objects that are written many at once: a statement for all of them, whatever their number.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Jsonb, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::values::ids::{Id, Kind};

/// An object as it is to be stored.
#[derive(Debug)]
pub struct Row<K: 'static, T> {
    /// Its id.
    pub id: Id<K>,
    /// What is said of it.
    pub content: T,
    /// What lies above its places.
    pub ancestors: Vec<String>,
}

impl<K: Kind, T: Serialize> Row<K, T> {
    /// Its columns, by their names.
    fn columns(&self) -> Result<Value> {
        let mut columns = serde_json::to_value(&self.content).map_err(Error::internal)?;
        let members = columns.as_object_mut();
        let members = members.ok_or_else(|| Error::internal("a content that is no object"))?;
        members.insert("id".to_owned(), json!(self.id));
        members.insert("reach".to_owned(), json!(self.ancestors));
        Ok(columns)
    }
}

/// Writes these by one statement, which reads their columns from its first parameter
/// (`jsonb_populate_recordset`) and the moment from its second.
///
/// # Errors
/// What the database says of them.
pub async fn write<K: Kind, T: Serialize>(
    connection: &mut AsyncPgConnection,
    statement: &'static str,
    now: DateTime<Utc>,
    rows: &[&Row<K, T>],
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let columns = rows.iter().map(|row| row.columns());
    diesel::sql_query(statement)
        .bind::<Jsonb, _>(columns.collect::<Result<Value>>()?)
        .bind::<Timestamptz, _>(now)
        .execute(connection)
        .await?;
    Ok(())
}
