//! Who reads the feed, on which connection, and what its cursors are held against.

use diesel_async::AsyncPgConnection;

use super::filter::{Filter, Sort};
use super::lineage::{self, Reason, Transactions};
use super::model::{Change, ChangeAnswer};
use super::store::lineage::{Frontier, frontier, transactions};
use super::{objects, store};
use crate::db::page::{Mark, Page};
use crate::error::{Error, Result, Resync};
use crate::feed::Reading;
use crate::http::call::Call;
use crate::http::page::Cursors;
use crate::register::territories::ancestry;

/// The feed's path: its cursors are bound to it, whatever the filters.
pub const PATH: &str = "/v1/changes";

/// A reader of the feed.
pub struct Reader<'a> {
    cursors: &'a Cursors,
    reading: Reading<'a>,
    perimeter: String,
    frontier: Frontier,
}

/// Who calls, as the objects of the feed are read, on this connection.
///
/// # Errors
/// As [`Call::scope`].
pub fn reading<'a, Q>(
    call: &'a Call<Q>,
    connection: &'a AsyncPgConnection,
    above_schools: Vec<String>,
) -> Result<Reading<'a>> {
    let claims = call.admitted.claims.as_deref();
    Ok(Reading {
        connection,
        scope: call.scope()?,
        above_schools,
        subject: claims.map_or("", |claims| &claims.sub),
        language: call.admitted.language,
        now: call.app.now(),
        stale_after_days: call.app.config.stale_after_days,
    })
}

impl<'a> Reader<'a> {
    /// Who calls, on this connection.
    ///
    /// # Errors
    /// `service_unavailable` when PostgreSQL is away.
    pub async fn of<Q>(call: &'a Call<Q>, connection: &'a AsyncPgConnection) -> Result<Self> {
        // Asked for only where the caller is a school.
        let above = ancestry::above_schools(connection, call.scope()?).await?;
        let perimeter = lineage::perimeter_word(call.scope()?, &above);
        Ok(Self {
            cursors: &call.app.cursors,
            reading: reading(call, connection, above)?,
            perimeter,
            frontier: frontier(connection).await?,
        })
    }

    /// With a school: it and the territories above it.
    pub fn above_schools(&self) -> &[String] {
        &self.reading.above_schools
    }

    /// One page of the changes; a cursor that cannot be gone on from is refused.
    ///
    /// # Errors
    /// `resync_required`; `service_unavailable` when PostgreSQL is away.
    pub async fn changes(&self, filter: &Filter, page: &Page<Sort>) -> Result<Vec<Change>> {
        if let Some(mark) = &page.after {
            self.check(mark).await?;
        }
        let reading = &self.reading;
        let above = &reading.above_schools;
        store::page(reading.connection, reading.scope, above, filter, page).await
    }

    async fn check(&self, mark: &Mark) -> Result<()> {
        let asked: Vec<i64> = lineage::position_of(mark).into_iter().collect();
        let around = transactions(self.reading.connection, &asked).await?;
        let around = Transactions::new(around);
        match around.objection(mark, self.frontier, &self.perimeter) {
            Some(reason) => Err(self.resync(mark, reason).await?),
            None => Ok(()),
        }
    }

    /// How the reader gets in step again.
    async fn resync(&self, mark: &Mark, reason: Reason) -> Result<Error> {
        let territories =
            lineage::territories_to_read(mark, self.reading.scope, &self.perimeter, reason);
        let resync = Resync {
            reason: reason.name(),
            types: objects::names().map(str::to_owned).collect(),
            territories,
            cursor: self.end().await?,
        };
        Ok(resync.into())
    }

    /// The cursor of the end of the feed: of all that could be read when the reader began.
    ///
    /// # Errors
    /// `service_unavailable` when PostgreSQL is away.
    pub async fn end(&self) -> Result<String> {
        let newest: Vec<i64> = self.frontier.newest.into_iter().collect();
        let around = transactions(self.reading.connection, &newest).await?;
        let newest = self.frontier.newest.unwrap_or_default();
        // After all of the last transaction's events.
        let mark = Transactions::new(around).mark(newest, i64::MAX, &self.perimeter);
        self.cursor(&mark)
    }

    /// Where to go on after a page that was read to the end of the feed: after its last change, unless
    /// that is older than what was the end when the reader began.
    ///
    /// # Errors
    /// As [`Reader::end`].
    pub async fn after(&self, last: Option<&ChangeAnswer>) -> Result<String> {
        let last_position = last.and_then(|change| lineage::position_of(&change.mark));
        match last {
            Some(change) if last_position >= self.frontier.newest => Ok(change.cursor.clone()),
            _ => self.end().await,
        }
    }

    /// The changes as they are answered, each with its object as the reader may see it now.
    ///
    /// # Errors
    /// `service_unavailable` when PostgreSQL is away.
    pub async fn answers(&self, changes: Vec<Change>) -> Result<Vec<ChangeAnswer>> {
        let mut positions: Vec<i64> = changes.iter().map(|change| change.position).collect();
        positions.dedup();
        let (objects, around) = tokio::try_join!(
            objects::read(&self.reading, &changes),
            transactions(self.reading.connection, &positions),
        )?;
        let around = Transactions::new(around);
        changes
            .into_iter()
            .map(|change| {
                let mark = around.mark(change.position, change.seq, &self.perimeter);
                let cursor = self.cursor(&mark)?;
                let data = objects.get(&change.object_id).cloned();
                let url = objects::url(&change);
                Ok(change.answer(mark, cursor, url, data))
            })
            .collect()
    }

    fn cursor(&self, mark: &Mark) -> Result<String> {
        self.cursors.write(mark, PATH)
    }
}
