//! How the change feed reads partners.

use uuid::Uuid;

use super::model::{Partner, PartnerAnswer};
use super::store;
use crate::error::Result;
use crate::feed::{Changed, FeedObject, Reading, Rows};

impl FeedObject for Partner {
    type Answer = PartnerAnswer;
    const ROWS: Rows = Rows::of("partners");

    async fn read(
        reading: &Reading<'_>,
        changed: &Changed<'_>,
    ) -> Result<Vec<(Uuid, PartnerAnswer)>> {
        let found = store::find_all(reading.connection, reading.scope, &changed.ids()).await?;
        let shown = found.into_iter().map(|partner| {
            let id = partner.id.uuid();
            (id, partner.answer_for(reading.scope, reading.language))
        });
        Ok(shown.collect())
    }
}
