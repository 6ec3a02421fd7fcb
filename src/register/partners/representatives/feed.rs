//! How the change feed reads representatives.

use uuid::Uuid;

use super::model::{Representative, RepresentativeAnswer};
use super::store;
use crate::error::Result;
use crate::feed::{Changed, FeedObject, Reading, Rows};

impl FeedObject for Representative {
    type Answer = RepresentativeAnswer;
    const ROWS: Rows = Rows::of("representatives").below("partner_id");

    async fn read(
        reading: &Reading<'_>,
        changed: &Changed<'_>,
    ) -> Result<Vec<(Uuid, RepresentativeAnswer)>> {
        let found = store::find_all(reading.connection, reading.scope, &changed.ids()).await?;
        let viewer = reading.viewer();
        let shown = found
            .into_iter()
            .map(|person| (person.id.uuid(), person.answer_for(&viewer)));
        Ok(shown.collect())
    }
}
