//! The places of webhooks as cursors of the change feed: `GET /v1/changes?after=` goes on from one, and is
//! told there what any other cursor is.

use diesel_async::AsyncPgConnection;

use super::model::FeedPlace;
use crate::auth::policy::Scope;
use crate::db::page::{Mark, MarkValue};
use crate::error::Result;
use crate::http::page::Cursors;
use crate::integration::changes::lineage::{Transactions, perimeter_word};
use crate::integration::changes::reader::PATH;
use crate::integration::changes::store::lineage::transactions;
use crate::register::territories::ancestry;

/// A place in the feed, to read on from.
pub fn mark((position, seq): FeedPlace) -> Mark {
    Mark {
        value: MarkValue::Place(position, seq),
        id: String::new(),
    }
}

/// The cursors of some places in the feed, for whoever reads it with certain rights.
pub struct PlaceCursors<'a> {
    cursors: &'a Cursors,
    around: Transactions,
    perimeter: String,
}

impl<'a> PlaceCursors<'a> {
    /// Those of these places, in one question however many there are.
    ///
    /// # Errors
    /// `service_unavailable` when PostgreSQL is away.
    pub async fn of(
        connection: &AsyncPgConnection,
        cursors: &'a Cursors,
        scope: &Scope,
        places: impl Iterator<Item = FeedPlace>,
    ) -> Result<Self> {
        let mut positions: Vec<i64> = places.map(|(position, _)| position).collect();
        positions.sort_unstable();
        positions.dedup();
        // Asked for only where the reader is a school.
        let above = ancestry::above_schools(connection, scope).await?;
        Ok(Self {
            cursors,
            around: Transactions::new(transactions(connection, &positions).await?),
            perimeter: perimeter_word(scope, &above),
        })
    }

    /// The cursor of one of them.
    ///
    /// # Errors
    /// `internal_error` when it cannot be made.
    pub fn cursor(&self, (position, seq): FeedPlace) -> Result<String> {
        let mark = self.around.mark_near(position, seq, &self.perimeter);
        self.cursors.write(&mark, PATH)
    }
}
