//! The SQL of calendars' addresses.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::FeedOwner;
use super::secret::CalendarSecret;
use crate::auth::policy::Scope;
use crate::db::schema::calendar_feeds;
use crate::error::Result;
use crate::integration::webhooks::owner::Owner;
use crate::values::Json;

/// When the caller's own address was made; none for who has none.
pub async fn created_at(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
) -> Result<Option<DateTime<Utc>>> {
    let own = calendar_feeds::table
        .filter(calendar_feeds::owner.eq(scope.named_caller()?))
        .select(calendar_feeds::created_at);
    Ok(own.first(&mut connection).await.optional()?)
}

/// Gives its owner this address, in the place of the one it had.
pub async fn put(
    connection: &mut AsyncPgConnection,
    owner: &Owner,
    secret: &CalendarSecret,
    now: DateTime<Utc>,
) -> Result<()> {
    let row = (
        calendar_feeds::owner.eq(&owner.key),
        calendar_feeds::client_id.eq(owner.client.map(|id| id.uuid())),
        calendar_feeds::acts_as.eq(Json(owner.acts_as.clone())),
        calendar_feeds::digest.eq(secret.digest()),
        calendar_feeds::created_at.eq(now),
    );
    let (digest, created_at) = (
        calendar_feeds::digest.eq(secret.digest()),
        calendar_feeds::created_at.eq(now),
    );
    diesel::insert_into(calendar_feeds::table)
        .values(row)
        .on_conflict(calendar_feeds::owner)
        .do_update()
        .set((
            digest,
            created_at,
            calendar_feeds::acts_as.eq(Json(owner.acts_as.clone())),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes the caller's address away, if there is one.
pub async fn delete(connection: &mut AsyncPgConnection, scope: &Scope) -> Result<()> {
    let own = calendar_feeds::table.filter(calendar_feeds::owner.eq(scope.named_caller()?));
    diesel::delete(own).execute(connection).await?;
    Ok(())
}

/// Whose the address with this secret is. It takes no scope: the secret is what gives one.
pub async fn owner_of(
    mut connection: &AsyncPgConnection,
    secret: &CalendarSecret,
) -> Result<Option<FeedOwner>> {
    let found = FeedOwner::query()
        .filter(calendar_feeds::digest.eq(secret.digest()))
        .first(&mut connection);
    Ok(found.await.optional()?)
}
