//! What the lists of reports and of their versions share: who reads, and what is told of those found.

use std::collections::HashMap;

use diesel_async::AsyncPgConnection;

use super::answer::{ReportAnswer, Viewer};
use super::filter::Include;
use super::model::{FullReport, Report};
use super::store;
use crate::error::{Code, Error, Result};
use crate::http::call::Call;
use crate::values::SchoolYear;
use crate::values::ids::ReportId;

/// Reports that a stream reads at a time: each may have a thousand lines.
pub const BATCH: i64 = 50;

/// Who asks, where these years are closed.
pub fn viewer<'a, Q, B>(call: &'a Call<Q, B>, closed: &'a [SchoolYear]) -> Result<Viewer<'a>> {
    let claims = call
        .admitted
        .claims
        .as_deref()
        .ok_or_else(|| Error::new(Code::Unauthorized))?;
    Ok(Viewer {
        scope: call.scope()?,
        subject: &claims.sub,
        language: call.admitted.language,
        closed,
    })
}

/// Reports as a list has them: with what deserves attention in each, and with what is asked for besides.
/// The same queries for a page of any length.
pub async fn listed(
    connection: &AsyncPgConnection,
    found: Vec<Report>,
    viewer: Viewer<'_>,
    include: &[Include],
) -> Result<Vec<ReportAnswer>> {
    let ids: Vec<ReportId> = found.iter().map(|report| report.id).collect();
    let whole = store::find_whole(connection, viewer.scope, &ids).await?;
    let by_id = whole.into_iter().map(|report| (report.report.id, report));
    let mut by_id: HashMap<ReportId, FullReport> = by_id.collect();
    let is_consolidated = include.contains(&Include::Consolidated);
    let listed = ids.iter().filter_map(|id| by_id.remove(id)).map(|report| {
        let answer = report.answer_for(viewer);
        ReportAnswer {
            consolidated: answer.consolidated.filter(|_| is_consolidated),
            ..answer
        }
    });
    Ok(listed.collect())
}
