//! How the change feed reads declinations.

use uuid::Uuid;

use super::answer::DeclinationAnswer;
use super::model::Declination;
use super::store;
use crate::error::Result;
use crate::feed::{Changed, FeedObject, Reading, Rows};

impl FeedObject for Declination {
    type Answer = DeclinationAnswer;
    const ROWS: Rows = Rows::of("declinations");

    async fn read(
        reading: &Reading<'_>,
        changed: &Changed<'_>,
    ) -> Result<Vec<(Uuid, DeclinationAnswer)>> {
        let found = store::find_all(reading.connection, reading.scope, &changed.ids()).await?;
        let (viewer, day) = (reading.viewer(), reading.day());
        let shown = found.into_iter().map(|in_context| {
            let id = in_context.declination.id.uuid();
            (id, in_context.answer_for(&viewer, day, reading.language))
        });
        Ok(shown.collect())
    }
}
