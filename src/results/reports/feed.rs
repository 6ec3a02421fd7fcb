//! How the change feed reads reports.

use uuid::Uuid;

use super::answer::{ReportAnswer, Viewer};
use super::model::FullReport;
use super::{listing, store};
use crate::error::Result;
use crate::feed::{Changed, FeedObject, Reading, Rows};
use crate::results::campaigns;

impl FeedObject for FullReport {
    type Answer = ReportAnswer;
    const ROWS: Rows = Rows::of("reports");

    async fn read(
        reading: &Reading<'_>,
        changed: &Changed<'_>,
    ) -> Result<Vec<(Uuid, ReportAnswer)>> {
        let found = store::find_all(reading.connection, reading.scope, &changed.ids()).await?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let closed = campaigns::store::closed_years(reading.connection, reading.scope).await?;
        let viewer = Viewer {
            scope: reading.scope,
            subject: reading.subject,
            language: reading.language,
            closed: &closed,
        };
        let listed = listing::listed(reading.connection, found, viewer, &[]).await?;
        let shown = listed.into_iter().map(|one| (one.summary.id.uuid(), one));
        Ok(shown.collect())
    }
}
