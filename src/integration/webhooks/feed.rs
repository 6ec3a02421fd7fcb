//! How the change feed reads webhooks.

use uuid::Uuid;

use super::model::{Webhook, WebhookAnswer};
use super::store;
use crate::error::Result;
use crate::feed::{Changed, FeedObject, Reading, Rows};

impl FeedObject for Webhook {
    type Answer = WebhookAnswer;
    const ROWS: Rows = Rows::of("webhooks");

    async fn read(
        reading: &Reading<'_>,
        changed: &Changed<'_>,
    ) -> Result<Vec<(Uuid, WebhookAnswer)>> {
        let (scope, now) = (reading.scope, reading.now);
        let found = store::find_all(reading.connection, scope, &changed.ids(), now).await?;
        // Its place moves without an event of its own: the feed does not tell it.
        let shown = found
            .into_iter()
            .map(|webhook| (webhook.record.id.uuid(), webhook.answer(None)));
        Ok(shown.collect())
    }
}
