//! How the change feed reads amendments.

use uuid::Uuid;

use super::model::{AmendmentAnswer, Filed};
use super::store;
use crate::error::Result;
use crate::feed::{Changed, FeedObject, Reading, Rows};

impl FeedObject for Filed<'_> {
    type Answer = AmendmentAnswer;
    const ROWS: Rows = Rows::of("amendments").below("convention_id");

    async fn read(
        reading: &Reading<'_>,
        changed: &Changed<'_>,
    ) -> Result<Vec<(Uuid, AmendmentAnswer)>> {
        let (scope, day) = (reading.scope, reading.day());
        let found = store::find_all(reading.connection, scope, &changed.ids(), day).await?;
        let shown = found.into_iter().map(|(amendment, convention)| {
            let id = amendment.id.uuid();
            (
                id,
                amendment.answer_for(scope, &convention, reading.language),
            )
        });
        Ok(shown.collect())
    }
}
