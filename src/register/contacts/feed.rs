//! How the change feed reads contacts.

use uuid::Uuid;

use super::model::{Contact, ContactAnswer};
use super::store;
use crate::error::Result;
use crate::feed::{Changed, FeedObject, Reading, Rows};

impl FeedObject for Contact {
    type Answer = ContactAnswer;
    const ROWS: Rows = Rows::of("contacts");

    async fn read(
        reading: &Reading<'_>,
        changed: &Changed<'_>,
    ) -> Result<Vec<(Uuid, ContactAnswer)>> {
        let found = store::find_all(reading.connection, reading.scope, &changed.ids()).await?;
        let viewer = reading.viewer();
        let shown = found
            .into_iter()
            .map(|contact| (contact.id.uuid(), contact.answer_for(&viewer)));
        Ok(shown.collect())
    }
}
