//! What the lists of reports and of their versions share: who reads, and the lines of those found.

use super::answer::{ReportAnswer, Viewer};
use super::model::Report;
use super::store;
use crate::db::Reading;
use crate::error::{Code, Error, Result};
use crate::http::call::Call;
use crate::values::SchoolYear;

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

/// Reports as a list has them.
pub async fn listed(
    connection: &Reading,
    found: Vec<Report>,
    viewer: Viewer<'_>,
) -> Result<Vec<ReportAnswer>> {
    let found = store::with_lines(connection, viewer.scope, found).await?;
    let listed = found
        .into_iter()
        .map(|(report, lines)| report.listed_for(lines, viewer));
    Ok(listed.collect())
}
