//! How the change feed reads declinations.

use uuid::Uuid;

use super::answer::DeclinationAnswer;
use super::model::Declination;
use super::store;
use crate::error::Result;
use crate::feed::{Changed, FeedObject, Reading};

impl FeedObject for Declination {
    type Answer = DeclinationAnswer;

    async fn read(
        reading: &Reading<'_>,
        changed: &Changed<'_>,
    ) -> Result<Vec<(Uuid, DeclinationAnswer)>> {
        let found = store::find_all(reading.connection, reading.scope, &changed.ids()).await?;
        let (viewer, day) = (reading.viewer(), reading.day());
        let seen = found.into_iter().map(|framed| {
            let id = framed.declination.id.uuid();
            (id, framed.seen_by(&viewer, day, reading.language))
        });
        Ok(seen.collect())
    }
}
