//! How the change feed reads reports.

use uuid::Uuid;

use super::answer::{ReportAnswer, Viewer};
use super::model::FullReport;
use super::store;
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
        let (found, closed) = tokio::try_join!(
            store::with_lines(reading.connection, reading.scope, found),
            campaigns::store::closed_years(reading.connection, reading.scope),
        )?;
        let viewer = Viewer {
            scope: reading.scope,
            subject: reading.subject,
            language: reading.language,
            closed: &closed,
        };
        let shown = found
            .into_iter()
            .map(|(report, lines)| (report.id.uuid(), report.listed_for(lines, viewer)));
        Ok(shown.collect())
    }
}
