//! The rows of a type of object, whoever may see them, some at a time.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};
use diesel_async::{
    AnsiTransactionManager, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection,
    TransactionManager,
};
use uuid::Uuid;

use crate::error::Result;
use crate::feed::Rows;

/// An object that is there.
#[derive(Debug, Clone, QueryableByName)]
pub struct Row {
    /// Its id.
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub id: Uuid,
    /// The last part of its URL.
    #[diesel(sql_type = Text)]
    pub key: String,
    /// The object its URL is below.
    #[diesel(sql_type = Nullable<diesel::sql_types::Uuid>)]
    pub parent_id: Option<Uuid>,
}

/// Which of the objects: one part of so many, told apart by their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    /// From 1 on.
    pub part: i32,
    /// Of how many.
    pub of: i32,
}

/// The rows of one part after that of this id, in the order of their ids.
pub async fn after(
    mut connection: &AsyncPgConnection,
    rows: Rows,
    partition: Partition,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Row>> {
    // Names of the program's own; what comes from a request is bound.
    let Rows { table, key, parent } = rows;
    let parent = parent.unwrap_or("NULL::uuid");
    // The ids of one moment differ in their last bytes.
    let statement = format!(
        "SELECT id, {key}::text AS key, {parent} AS parent_id FROM {table}
          WHERE id > $1 AND (get_byte(uuid_send(id), 14) * 256 + get_byte(uuid_send(id), 15)) % $2 = $3
          ORDER BY id LIMIT $4"
    );
    Ok(diesel::sql_query(statement)
        .bind::<diesel::sql_types::Uuid, _>(after.unwrap_or_default())
        .bind::<Integer, _>(partition.of)
        .bind::<Integer, _>(partition.part - 1)
        .bind::<BigInt, _>(limit)
        .load(&mut connection)
        .await?)
}

/// Whatever is read on this connection from now on is of this moment. It ends with the connection's
/// return. A slow reader may let it rest for longer than a request may.
pub async fn begin(connection: &mut AsyncPgConnection) -> Result<()> {
    const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    const REST: &str = "SET LOCAL idle_in_transaction_session_timeout = '60s'";
    AnsiTransactionManager::begin_transaction_sql(connection, BEGIN).await?;
    Ok(connection.batch_execute(REST).await?)
}

/// Ends that.
pub async fn end(connection: &mut AsyncPgConnection) -> Result<()> {
    Ok(AnsiTransactionManager::commit_transaction(connection).await?)
}
