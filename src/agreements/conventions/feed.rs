//! How the change feed reads conventions.

use uuid::Uuid;

use super::answer::ConventionAnswer;
use super::model::Convention;
use super::store;
use crate::error::Result;
use crate::feed::{Changed, FeedObject, Reading, Rows};

impl FeedObject for Convention {
    type Answer = ConventionAnswer;
    const ROWS: Rows = Rows::of("conventions");

    async fn read(
        reading: &Reading<'_>,
        changed: &Changed<'_>,
    ) -> Result<Vec<(Uuid, ConventionAnswer)>> {
        let found = store::find_all(reading.connection, reading.scope, &changed.ids()).await?;
        let day = reading.day();
        let shown = found.into_iter().map(|convention| {
            let id = convention.id.uuid();
            Ok((
                id,
                convention.answer_for(reading.scope, day, reading.language)?,
            ))
        });
        shown.collect()
    }
}
