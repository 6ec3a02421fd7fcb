//! How the change feed reads interventions.

use uuid::Uuid;

use super::model::{InterventionAnswer, Offer};
use super::status::AsOf;
use super::store;
use crate::error::Result;
use crate::feed::{Changed, FeedObject, Reading, Rows};

impl FeedObject for Offer {
    type Answer = InterventionAnswer;
    const ROWS: Rows = Rows::of("interventions")
        .known_by("external_id")
        .below("partner_id");

    async fn read(
        reading: &Reading<'_>,
        changed: &Changed<'_>,
    ) -> Result<Vec<(Uuid, InterventionAnswer)>> {
        let scope = reading.scope;
        let as_of = AsOf::at(reading.now, reading.stale_after_days);
        let found = store::find_all(reading.connection, scope, &changed.ids(), as_of).await?;
        let shown = found.into_iter().map(|offer| {
            let id = offer.intervention.id.uuid();
            (id, offer.answer_for(scope, reading.language))
        });
        Ok(shown.collect())
    }
}
