//! What the story asks the database before it is told.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::schema::{audit_events, partner_source_ids, partners};
use crate::error::Result;
use crate::values::ids::PartnerId;

diesel::define_sql_function! {
    /// Held until the transaction ends.
    fn pg_advisory_xact_lock(key: BigInt);
}

/// "story" in ASCII.
const LOCK: i64 = 0x73_746f_7279;

/// Waits for another teller: two services started at once tell the story once.
pub async fn lock(connection: &mut AsyncPgConnection) -> Result<()> {
    diesel::select(pg_advisory_xact_lock(LOCK))
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether this client has told the story before.
pub async fn was_told(connection: &mut AsyncPgConnection, client: &str) -> Result<bool> {
    let before = audit_events::table
        .filter(audit_events::client_id.eq(client))
        .filter(audit_events::action.eq("convention.signed"));
    Ok(diesel::select(diesel::dsl::exists(before))
        .get_result(connection)
        .await?)
}

/// The partner of the example, by its place in the example's list of partners.
pub async fn partner(connection: &mut AsyncPgConnection, place: &str) -> Result<Option<PartnerId>> {
    Ok(partner_source_ids::table
        .filter(partner_source_ids::source_id.eq(place))
        .select(partner_source_ids::partner_id)
        .first(connection)
        .await
        .optional()?)
}

/// Whether there is a partner.
pub async fn has_partners(connection: &mut AsyncPgConnection) -> Result<bool> {
    Ok(
        diesel::select(diesel::dsl::exists(partners::table.select(partners::id)))
            .get_result(connection)
            .await?,
    )
}
