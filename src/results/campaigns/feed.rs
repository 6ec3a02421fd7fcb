//! How the change feed reads campaigns.

use uuid::Uuid;

use super::model::{Campaign, CampaignAnswer};
use super::store;
use crate::error::Result;
use crate::feed::{Changed, FeedObject, Reading, Rows};

impl FeedObject for Campaign {
    type Answer = CampaignAnswer;
    const ROWS: Rows = Rows::of("campaigns");

    async fn read(
        reading: &Reading<'_>,
        changed: &Changed<'_>,
    ) -> Result<Vec<(Uuid, CampaignAnswer)>> {
        let found = store::find_all(reading.connection, reading.scope, &changed.ids()).await?;
        let shown = found
            .into_iter()
            .map(|campaign| (campaign.id.uuid(), campaign.answer_for(reading.scope)));
        Ok(shown.collect())
    }
}
