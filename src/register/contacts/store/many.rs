//! The SQL of many contacts at once: a statement for all of them, whatever their number.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Jsonb, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Map, Value, json};

use crate::auth::policy::Scope;
use crate::db::schema::contacts;
use crate::error::{Error, Result};
use crate::register::contacts::content::NewContact;
use crate::register::contacts::model::Contact;
use crate::values::ids::ContactId;

diesel::define_sql_function! {
    /// Waits for a lock and holds it until the transaction ends.
    fn pg_advisory_xact_lock(key: BigInt);
}

/// The key of the advisory lock of batches: "contacts" in ASCII.
const LOCK: i64 = 0x636f_6e74_6163_7473;

/// Batches come one after the other: of two that register the same contacts at once, the second finds
/// those of the first.
pub async fn take_turns(connection: &mut AsyncPgConnection) -> Result<()> {
    diesel::select(pg_advisory_xact_lock(LOCK))
        .execute(connection)
        .await?;
    Ok(())
}

/// These, locked until the transaction ends, in one order.
pub async fn lock_all(
    connection: &mut AsyncPgConnection,
    _scope: &Scope,
    ids: &[ContactId],
) -> Result<Vec<Contact>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(Contact::query()
        .filter(contacts::id.eq_any(ids))
        .order(contacts::id)
        .for_no_key_update()
        .load(connection)
        .await?)
}

/// A contact as it is to be: its id, its content, and what lies above its territory.
pub type Row<'a> = (ContactId, &'a NewContact, &'a [String]);

/// The columns of rows, by their names.
fn columns(rows: &[Row<'_>]) -> Result<Value> {
    let row = |(id, new, ancestors): &Row<'_>| {
        let mut columns: Map<String, Value> =
            match serde_json::to_value(new).map_err(Error::internal)? {
                Value::Object(columns) => columns,
                _ => return Err(Error::internal("a contact that is no object")),
            };
        columns.insert("id".to_owned(), json!(id));
        columns.insert("reach".to_owned(), json!(ancestors));
        Ok(Value::Object(columns))
    };
    rows.iter().map(row).collect()
}

/// Inserts these.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    rows: &[Row<'_>],
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    diesel::sql_query(
        "INSERT INTO contacts (id, territory, reach, role, name, email, phone, label, created_at, updated_at) \
         SELECT id, territory, reach, role, name, email, phone, label, $2, $2 \
           FROM jsonb_populate_recordset(NULL::contacts, $1) ORDER BY id",
    )
    .bind::<Jsonb, _>(columns(rows)?)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// Replaces the content of these.
pub async fn update(
    connection: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    rows: &[Row<'_>],
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    diesel::sql_query(
        "UPDATE contacts c \
            SET territory = new.territory, reach = new.reach, role = new.role, name = new.name, \
                email = new.email, phone = new.phone, label = new.label, \
                version = c.version + 1, updated_at = $2 \
           FROM jsonb_populate_recordset(NULL::contacts, $1) AS new WHERE c.id = new.id",
    )
    .bind::<Jsonb, _>(columns(rows)?)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
    .await?;
    Ok(())
}
