//! How the change feed reads solicitations.

use uuid::Uuid;

use super::answer::SolicitationAnswer;
use super::model::Solicitation;
use super::store;
use crate::error::Result;
use crate::feed::{Changed, FeedObject, Reading, Rows};

impl FeedObject for Solicitation {
    type Answer = SolicitationAnswer;
    const ROWS: Rows = Rows::of("solicitations");

    async fn read(
        reading: &Reading<'_>,
        changed: &Changed<'_>,
    ) -> Result<Vec<(Uuid, SolicitationAnswer)>> {
        let found = store::find_all(reading.connection, reading.scope, &changed.ids()).await?;
        let day = reading.day();
        let shown = found.into_iter().map(|solicitation| {
            let id = solicitation.id.uuid();
            (
                id,
                solicitation.answer_for(reading.scope, day, reading.language),
            )
        });
        Ok(shown.collect())
    }
}
