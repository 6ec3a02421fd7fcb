//! What a webhook is to be told next: the part of the feed after its place that its rights, its types and
//! its territories leave.

use std::collections::{HashSet, VecDeque};

use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use crate::auth::policy::Scope;
use crate::db::page::{Direction, Page};
use crate::error::Result;
use crate::integration::changes::filter::{Filter, Sort};
use crate::integration::changes::model::Change;
use crate::integration::changes::objects::{self, ChangeType};
use crate::integration::changes::store as feed;
use crate::integration::webhooks::cursor::mark;
use crate::integration::webhooks::deliveries::model::Event;
use crate::integration::webhooks::model::FeedPlace;
use crate::integration::webhooks::store::places;
use crate::integration::webhooks::store::sending::{self as store, Claimed};
use crate::register::territories::ancestry;
use crate::values::{FromText, TerritoryCode, TextValue};

/// How much of the feed is read at a time.
const PAGE: i64 = 100;

/// A change that is to be told.
#[derive(Debug)]
pub struct Queued {
    /// Where it is.
    pub place: FeedPlace,
    /// What it is.
    pub event: Event,
}

/// What is to be told.
#[derive(Debug)]
pub struct Queue {
    /// In the order of the feed.
    pub waiting: VecDeque<Queued>,
    /// How far the feed is done with once all of it was told.
    pub end: FeedPlace,
    /// Whether the feed has no more.
    pub is_last: bool,
}

/// Reads on in the feed, as the owner could at `GET /v1/changes`.
pub async fn read(
    connection: &AsyncPgConnection,
    scope: &Scope,
    webhook: &Claimed,
) -> Result<Queue> {
    let place = (webhook.position, webhook.seq);
    // Asked for before: whatever the page lacks lies behind it.
    let end = store::end_of_feed(connection).await?.unwrap_or(place);
    let above = ancestry::above_schools(connection, scope).await?;
    let types = webhook.types.iter();
    let types = types.filter_map(|text| ChangeType::from_text(text).ok());
    let filter = Filter {
        types: types.collect(),
        wait: None,
    };
    let page = Page {
        sort: Sort::Feed,
        direction: Direction::Ascending,
        limit: PAGE,
        after: Some(mark(place)),
    };
    let changes = feed::page(connection, scope, &above, &filter, &page).await?;
    let is_last = i64::try_from(changes.len()).is_ok_and(|read| read < PAGE);
    let last = changes.last().map_or(place, place_of);
    let passed_over = passed_over(connection, webhook, &changes).await?;
    let delivered = store::delivered_after(connection, webhook.id, place).await?;
    let is_told = |change: &Change| {
        !passed_over.contains(&change.object_id)
            && !delivered.contains(&place_of(change))
            && is_of_its_types(webhook, change)
    };
    let told = changes.into_iter().filter(is_told).map(|change| Queued {
        place: place_of(&change),
        event: event(change),
    });
    Ok(Queue {
        waiting: told.collect(),
        end: if is_last { last.max(end) } else { last },
        is_last,
    })
}

/// Without types of its own a webhook is told of all but webhooks: each would tell of itself.
fn is_of_its_types(webhook: &Claimed, change: &Change) -> bool {
    match &*webhook.types {
        [] => change.object_type != "webhook",
        types => types.contains(&change.type_),
    }
}

/// The objects that are in none of the webhook's territories.
async fn passed_over(
    connection: &AsyncPgConnection,
    webhook: &Claimed,
    changes: &[Change],
) -> Result<HashSet<Uuid>> {
    if webhook.territories.is_empty() || changes.is_empty() {
        return Ok(HashSet::new());
    }
    let codes = webhook.territories.iter().cloned();
    let codes: Vec<TerritoryCode> = codes.map(TerritoryCode::stored).collect();
    let above = ancestry::of_known(connection, &codes).await?;
    let ids: Vec<Uuid> = changes.iter().map(|change| change.object_id).collect();
    places::elsewhere(connection, &ids, &webhook.territories, &above).await
}

const fn place_of(change: &Change) -> FeedPlace {
    (change.position, change.seq)
}

fn event(change: Change) -> Event {
    Event {
        object_url: objects::url(&change),
        type_: change.type_,
        position: Some(change.position),
        seq: Some(change.seq),
        object_type: change.object_type,
        object_id: change.object_id,
        object_version: change.version,
        occurred_at: change.occurred_at,
        traceparent: change.traceparent,
    }
}
