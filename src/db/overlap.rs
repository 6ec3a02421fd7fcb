//! Work of one's own while the database is at its own.

use std::future::Future;

use crate::error::Result;

/// Asks the database, and does some work before it waits for the answer. A connection is driven by
/// the thread that uses it: what is asked is on its way once this thread lets it go.
///
/// # Errors
/// Those of what is asked.
pub async fn overlapped<A, W>(
    ask: impl Future<Output = Result<A>>,
    work: impl Future<Output = W>,
) -> Result<(A, W)> {
    let work = async {
        tokio::task::yield_now().await;
        Ok(work.await)
    };
    tokio::try_join!(ask, work)
}
