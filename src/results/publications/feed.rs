//! How the change feed reads publications.

use uuid::Uuid;

use super::model::Publication;
use super::store;
use crate::error::Result;
use crate::feed::{Changed, FeedObject, Reading, Rows};

impl FeedObject for Publication {
    type Answer = Publication;
    const ROWS: Rows = Rows::of("publications");

    async fn read(
        reading: &Reading<'_>,
        changed: &Changed<'_>,
    ) -> Result<Vec<(Uuid, Publication)>> {
        let found = store::find_all(reading.connection, reading.scope, &changed.ids()).await?;
        let shown = found.into_iter().map(|one| (one.id.uuid(), one));
        Ok(shown.collect())
    }
}
