//! Keeps what waits in memory: in sets, by a task beside the requests, each instance its own.

use std::time::Duration;

use super::store;
use crate::app::App;
use crate::error::Result;

/// How often what waits is written.
pub const PERIOD: Duration = Duration::from_secs(1);

/// How often callers who ask much are brought back to what is kept of each.
pub const SURPLUS: Duration = Duration::from_secs(60);

/// Writes what waits. What cannot be written is counted with what found no place.
///
/// # Errors
/// When the database is away.
pub async fn write(app: &App) -> Result<()> {
    let waiting = app.request_log.take();
    if waiting.is_empty() {
        return Ok(());
    }
    let written = async {
        let mut connection = app.db.borrow().await?;
        store::insert(&mut connection, &waiting).await
    };
    let outcome = written.await;
    if outcome.is_err() {
        let lost = u64::try_from(waiting.len()).unwrap_or(u64::MAX);
        app.metrics.count_not_kept(lost);
    }
    outcome
}

/// Removes what is more than is kept of those who asked lately.
///
/// # Errors
/// When the database is away.
pub async fn remove_surplus(app: &App) -> Result<()> {
    let owners = app.request_log.written();
    if owners.is_empty() {
        return Ok(());
    }
    let mut connection = app.db.borrow().await?;
    store::forget_surplus(&mut connection, &owners).await?;
    Ok(())
}

/// Removes what is kept no longer.
///
/// # Errors
/// When the database is away.
pub async fn remove_old(app: &App) -> Result<()> {
    let mut connection = app.db.borrow().await?;
    store::forget_old(&mut connection, app.now()).await?;
    Ok(())
}
