//! How the change feed reads synchronisations.

use uuid::Uuid;

use super::model::{Sync, SyncAnswer};
use super::store;
use crate::error::Result;
use crate::feed::{Changed, FeedObject, Reading};

impl FeedObject for Sync {
    type Answer = SyncAnswer;

    async fn read(reading: &Reading<'_>, changed: &Changed<'_>) -> Result<Vec<(Uuid, SyncAnswer)>> {
        let found = store::find_all(reading.connection, reading.scope, &changed.ids()).await?;
        let seen = found
            .into_iter()
            .map(|sync| (sync.id.uuid(), sync.seen_by(reading.scope)));
        Ok(seen.collect())
    }
}
