//! How the change feed reads clients.

use uuid::Uuid;

use super::model::{Client, ClientAnswer};
use super::store;
use crate::error::Result;
use crate::feed::{Changed, FeedObject, Reading, Rows};

impl FeedObject for Client {
    type Answer = ClientAnswer;
    const ROWS: Rows = Rows::of("clients");

    async fn read(
        reading: &Reading<'_>,
        changed: &Changed<'_>,
    ) -> Result<Vec<(Uuid, ClientAnswer)>> {
        let (scope, now) = (reading.scope, reading.now);
        let found = store::find_all(reading.connection, scope, &changed.ids(), now).await?;
        let shown = found.into_iter().map(|client| {
            let id = client.record.id.uuid();
            (id, client.answer(reading.language, now))
        });
        Ok(shown.collect())
    }
}
