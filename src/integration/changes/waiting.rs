//! Readers of the feed that wait for what is not there yet. While they do, they hold neither a turn nor
//! a connection to the database: the process's watcher ([`crate::db::news`]) wakes them.

use std::time::Duration;

use tokio::time::Instant;

use super::filter::{Filter, Sort};
use super::reader::Reader;
use crate::db::news::{Interest, Listener};
use crate::db::page::Page;
use crate::error::Result;
use crate::http::call::Call;
use crate::http::limits::waiting::WaitingPlace;
use crate::register::territories::ancestry;

/// Why a reader does not wait any longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// There may be something to read.
    News,
    /// It has waited long enough.
    Late,
    /// The service is told to stop.
    Stopping,
}

/// A reader that waits.
pub struct Waiting {
    listener: Listener,
    interest: Interest,
    _place: WaitingPlace,
}

impl Waiting {
    /// A reader of what this call asks for: it hears of all that becomes readable from now on.
    ///
    /// # Errors
    /// `too_many_requests` where too many of its client wait, `service_unavailable` when PostgreSQL is
    /// away.
    pub async fn of(call: &Call<Filter>) -> Result<Self> {
        let place = call.app.limits.waiting.enter(&call.admitted.who)?;
        // What the watcher hears of is read where it heard it: a standby that has it later would show nothing,
        // and nobody would look again.
        call.admitted.freshness.keep_to_primary();
        let listener = call.app.news.listen();
        let (scope, connection) = (call.scope()?, call.reader().await?);
        let above = ancestry::above_schools(&connection, scope).await?;
        Ok(Self {
            listener,
            interest: Interest {
                words: scope.audience_words(&above),
                types: call.query.types.iter().map(ToString::to_string).collect(),
            },
            _place: place,
        })
    }

    /// Waits, without a turn; has one again afterwards, unless it does not go on.
    ///
    /// # Errors
    /// As [`Admitted::resume`](crate::http::gate::Admitted::resume).
    pub async fn wait(&mut self, call: &Call<Filter>, until: Instant) -> Result<Woken> {
        call.admitted.rest();
        let woken = tokio::select! {
            // What is ready first in this order counts.
            biased;
            () = call.app.stopped() => Woken::Stopping,
            () = self.listener.hear(&self.interest) => Woken::News,
            () = tokio::time::sleep_until(until) => Woken::Late,
        };
        if woken == Woken::News {
            call.admitted.resume(&call.app).await?;
        }
        Ok(woken)
    }
}

/// Waits, if that is asked for, until there is something to read on this page.
///
/// # Errors
/// As [`Waiting::of`], [`Waiting::wait`] and [`Reader::changes`].
pub async fn for_something(call: &Call<Filter>, page: &Page<Sort>) -> Result<()> {
    let Some(longest) = call.query.wait else {
        return Ok(());
    };
    let until = deadline(longest);
    let mut waiting = Waiting::of(call).await?;
    while !is_there_something(call, page).await? {
        if waiting.wait(call, until).await? != Woken::News {
            return call.admitted.resume(&call.app).await;
        }
    }
    Ok(())
}

/// This long from now.
pub fn deadline(longest: Duration) -> Instant {
    Instant::now() + longest
}

async fn is_there_something(call: &Call<Filter>, page: &Page<Sort>) -> Result<bool> {
    let connection = call.reader().await?;
    let reader = Reader::of(call, &connection).await?;
    let first = Page {
        limit: 1,
        ..page.clone()
    };
    let found = reader.changes(&call.query, &first).await?;
    Ok(!found.is_empty())
}
