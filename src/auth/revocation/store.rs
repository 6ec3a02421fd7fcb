//! The SQL of what is revoked.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::Session;
use crate::db::schema::{clients, revoked_tokens};
use crate::error::Result;

/// Tokens live 15 minutes: a client changed longer ago has none left from before.
const TOKENS_LIVE: TimeDelta = TimeDelta::minutes(20);

/// Notes that a token is no longer accepted.
///
/// # Errors
/// `outcome_unknown` where that may be lost again.
pub async fn revoke(session: &mut Session, jti: Uuid, expires_at: DateTime<Utc>) -> Result<()> {
    session.begin().await?;
    diesel::insert_into(revoked_tokens::table)
        .values((
            revoked_tokens::jti.eq(jti),
            revoked_tokens::expires_at.eq(expires_at),
        ))
        .on_conflict_do_nothing()
        .execute(session.connection_mut())
        .await?;
    session.commit().await?;
    Ok(())
}

/// Removes the tokens that have expired since they were revoked.
pub async fn forget_expired(
    connection: &mut AsyncPgConnection,
    now: DateTime<Utc>,
) -> Result<usize> {
    let expired = revoked_tokens::table.filter(revoked_tokens::expires_at.le(now));
    Ok(diesel::delete(expired).execute(connection).await?)
}

/// What the authenticator must know: the clients changed of late, and the tokens revoked.
pub async fn read(
    mut connection: &AsyncPgConnection,
    now: DateTime<Utc>,
) -> Result<(Vec<(Uuid, Uuid)>, Vec<(Uuid, DateTime<Utc>)>)> {
    let mut other = connection;
    let since = now - TOKENS_LIVE;
    let (clients, tokens) = tokio::try_join!(
        clients::table
            .filter(
                clients::tokens_after
                    .is_not_null()
                    .and(clients::updated_at.gt(since))
            )
            .select((
                clients::id,
                clients::tokens_after.assume_not_null(),
                clients::status.eq("revoked"),
            ))
            .load::<(Uuid, Uuid, bool)>(&mut connection),
        revoked_tokens::table
            .filter(revoked_tokens::expires_at.gt(now))
            .select((revoked_tokens::jti, revoked_tokens::expires_at))
            .load(&mut other),
    )?;
    // A revoked client has no tokens at all, whichever clock they were made by: that of a server which
    // took over may be behind.
    let clients = clients.into_iter().map(|(id, after, is_revoked)| {
        let after = if is_revoked { Uuid::max() } else { after };
        (id, after)
    });
    Ok((clients.collect(), tokens))
}
