//! How the change feed reads synchronisations.

use uuid::Uuid;

use super::model::{Sync, SyncAnswer};
use super::store;
use crate::error::Result;
use crate::feed::{Changed, FeedObject, Reading, Rows};

impl FeedObject for Sync {
    type Answer = SyncAnswer;
    const ROWS: Rows = Rows::of("syncs").below("partner_id");

    async fn read(reading: &Reading<'_>, changed: &Changed<'_>) -> Result<Vec<(Uuid, SyncAnswer)>> {
        let found = store::find_all(reading.connection, reading.scope, &changed.ids()).await?;
        let shown = found
            .into_iter()
            .map(|sync| (sync.id.uuid(), sync.answer_for(reading.scope)));
        Ok(shown.collect())
    }
}
