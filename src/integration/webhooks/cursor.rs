//! The places of webhooks as cursors of the change feed: `GET /v1/changes?after=` goes on from one.

use super::model::FeedPlace;
use crate::db::page::{Mark, MarkValue};
use crate::error::Result;
use crate::http::page::Cursors;

/// The feed, which its cursors are bound to.
const FEED: &str = "/v1/changes";

/// A place in the feed.
pub fn mark((position, seq): FeedPlace) -> Mark {
    Mark {
        value: MarkValue::Place(position, seq),
        id: String::new(),
    }
}

/// The cursor of a place in the feed.
///
/// # Errors
/// `internal_error` when it cannot be made.
pub fn cursor(cursors: &Cursors, place: FeedPlace) -> Result<String> {
    cursors.write(&mark(place), FEED)
}
