//! The SQL of many contacts at once: a statement for all of them, whatever their number.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::auth::policy::Scope;
use crate::db::rows;
use crate::db::schema::contacts;
use crate::error::Result;
use crate::register::contacts::content::NewContact;
use crate::register::contacts::model::Contact;
use crate::values::ids::{ContactId, kind};

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

/// A contact as it is to be.
pub type Row = rows::Row<kind::Contact, NewContact>;

/// Inserts these.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    rows: &[&Row],
) -> Result<()> {
    const INSERT: &str = "
        INSERT INTO contacts (id, territory, reach, role, name, email, phone, label, created_at, updated_at)
        SELECT id, territory, reach, role, name, email, phone, label, $2, $2
          FROM jsonb_populate_recordset(NULL::contacts, $1) ORDER BY id";
    rows::write(connection, INSERT, now, rows).await
}

/// Replaces the content of these.
pub async fn update(
    connection: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    rows: &[&Row],
) -> Result<()> {
    const UPDATE: &str = "
        UPDATE contacts c
           SET territory = new.territory, reach = new.reach, role = new.role, name = new.name,
               email = new.email, phone = new.phone, label = new.label,
               version = c.version + 1, updated_at = $2
          FROM jsonb_populate_recordset(NULL::contacts, $1) AS new WHERE c.id = new.id";
    rows::write(connection, UPDATE, now, rows).await
}
