//! Removes what has had its time.

use crate::app::App;
use crate::auth::revocation;
use crate::db::idempotency;
use crate::error::Result;
use crate::integration::changes;
use crate::integration::webhooks::deliveries;
use crate::offers::interventions::pushes;
use crate::offers::interventions::syncs::batches;

/// Idempotency keys older than clients may rely on.
pub async fn remove_idempotency_keys(app: &App) -> Result<()> {
    let mut connection = app.db.borrow().await?;
    let removed = idempotency::forget_old(&mut connection, app.now()).await?;
    if removed > 0 {
        log::info!("{removed} idempotency keys over 30 days old removed");
    }
    Ok(())
}

/// Revoked tokens that have expired since.
pub async fn remove_revoked_tokens(app: &App) -> Result<()> {
    let mut connection = app.db.borrow().await?;
    let removed = revocation::store::forget_expired(&mut connection, app.now()).await?;
    if removed > 0 {
        log::info!("{removed} revoked tokens that have expired since removed");
    }
    Ok(())
}

/// Verdicts of batches that were answered long ago.
pub async fn remove_verdicts(app: &App) -> Result<()> {
    let mut connection = app.db.borrow().await?;
    let removed = batches::store::forget_old(&mut connection, app.now()).await?;
    if removed > 0 {
        log::info!("verdicts of {removed} batches over 30 days old removed");
    }
    Ok(())
}

/// Batches of interventions that were pushed long ago.
pub async fn remove_pushes(app: &App) -> Result<()> {
    let mut connection = app.db.borrow().await?;
    let removed = pushes::store::forget_old(&mut connection, app.now()).await?;
    if removed > 0 {
        log::info!("{removed} batches over 30 days old removed from the journals of partners");
    }
    Ok(())
}

/// Events of the feed that have had their time.
pub async fn remove_changes(app: &App) -> Result<()> {
    let mut connection = app.db.borrow().await?;
    let removed = changes::store::retention::purge(&mut connection, app.now()).await?;
    if removed > 0 {
        log::info!("{removed} events over thirteen months old removed from the change feed");
    }
    Ok(())
}

/// What was sent to webhooks long ago.
pub async fn remove_deliveries(app: &App) -> Result<()> {
    let mut connection = app.db.borrow().await?;
    let removed = deliveries::store::forget_old(&mut connection, app.now()).await?;
    if removed > 0 {
        log::info!("{removed} deliveries to webhooks over 30 days old removed");
    }
    Ok(())
}
