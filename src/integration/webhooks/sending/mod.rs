//! How webhooks are told: by every instance of the service, each webhook by one of them at a time.
//!
//! A round takes the turns (`turn`) of those that are due, and goes on as long as there are any. A receiver
//! that does not answer keeps its own turn alone; a webhook that fails waits, longer each time
//! (`backoff`), and gives way to those that do not.

mod backoff;
pub mod connect;
pub mod exchange;
pub mod message;
pub mod queue;
mod turn;

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use crate::app::App;
use crate::error::Result;
use crate::integration::webhooks::store::sending as store;

/// How often is looked for webhooks that have something to be told.
pub const PERIOD: Duration = Duration::from_millis(250);
/// How many have their turn at once.
const TURNS: usize = 256;
/// How many of them may be such that fail.
const FAILING: usize = 128;

/// Tells all webhooks that are due, until none is.
///
/// # Errors
/// When the database is away, and no turn is under way.
pub async fn run(app: &App) -> Result<()> {
    let mut turns = FuturesUnordered::new();
    loop {
        let claimed = {
            let claiming = claim(app, turns.len());
            tokio::pin!(claiming);
            // The turns go on meanwhile: they may hold the very connections that are waited for.
            loop {
                tokio::select! {
                    claimed = &mut claiming => break claimed,
                    Some(()) = turns.next(), if !turns.is_empty() => {}
                }
            }
        };
        match claimed {
            Ok((lease, claimed)) => {
                turns.extend(claimed.into_iter().map(|one| turn::take(app, lease, one)));
            }
            Err(error) if turns.is_empty() => return Err(error),
            Err(error) => log::warn!("webhooks that are due cannot be read: {error}"),
        }
        if turns.is_empty() {
            return Ok(());
        }
        let pause = tokio::time::sleep(PERIOD);
        tokio::pin!(pause);
        while !turns.is_empty() {
            tokio::select! {
                _ = turns.next() => {}
                () = &mut pause => break,
            }
        }
    }
}

/// Takes the turns of webhooks that are due, as many as there is room for.
async fn claim(app: &App, under_way: usize) -> Result<(uuid::Uuid, Vec<store::Claimed>)> {
    let lease = app.new_id();
    let room = i64::try_from(TURNS.saturating_sub(under_way)).unwrap_or_default();
    if room == 0 || app.is_stopping() {
        return Ok((lease, Vec::new()));
    }
    let mut connection = app.db.borrow().await?;
    let may_fail = under_way < FAILING;
    let claimed = store::claim(&mut connection, lease, room, may_fail, app.now()).await?;
    Ok((lease, claimed))
}
