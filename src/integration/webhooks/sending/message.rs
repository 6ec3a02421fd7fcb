//! A message, by Standard Webhooks: thin, it says what changed and where to read it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::http::answer::ObjectLink;
use crate::http::trace::Trace;
use crate::integration::webhooks::cursor::PlaceCursors;
use crate::integration::webhooks::deliveries::model::Event;
use crate::integration::webhooks::model::FeedPlace;
use crate::integration::webhooks::secrets::WebhookSecret;
use crate::values::ids::{DeliveryId, WebhookId};

/// The characters of a message's id that are made of a digest.
const DIGEST: usize = 16;

/// A message: its id and its body.
#[derive(Debug, Clone)]
pub struct Message {
    /// The same whenever it is sent, so that a receiver recognises what it has received.
    pub id: String,
    /// JSON.
    pub body: Bytes,
    /// The place in a trace that the request which made the change named.
    traceparent: Option<String>,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(serialize_with = "crate::values::moment")]
    timestamp: DateTime<Utc>,
    data: Data,
}

#[derive(Serialize)]
struct Data {
    object: ObjectLink,
    version: i64,
    cursor: String,
}

impl Message {
    /// What tells a webhook of an event. A test has no place in the feed: it names that of the webhook.
    ///
    /// # Errors
    /// `internal_error` when it cannot be written.
    pub fn of(
        id: String,
        event: &Event,
        place: FeedPlace,
        cursors: &PlaceCursors<'_>,
    ) -> Result<Self> {
        let body = Body {
            kind: &event.type_,
            timestamp: event.occurred_at,
            data: Data {
                object: event.object(),
                version: event.object_version,
                cursor: cursors.cursor(event.place().unwrap_or(place))?,
            },
        };
        let body = serde_json::to_vec(&body).map_err(Error::internal)?;
        Ok(Self {
            id,
            body: body.into(),
            traceparent: event.traceparent.clone(),
        })
    }

    /// Its signatures, one by each live secret.
    ///
    /// # Errors
    /// `internal_error` when one cannot be made.
    pub fn signatures(&self, secrets: &[WebhookSecret], now: DateTime<Utc>) -> Result<String> {
        let made = secrets
            .iter()
            .map(|secret| secret.sign(&self.id, now.timestamp(), &self.body));
        Ok(made.collect::<Result<Vec<_>>>()?.join(" "))
    }

    /// Where a sending of it stands in a trace: in that of the request which made the change, or in one of
    /// its own, the same whenever it is sent.
    pub fn trace(&self) -> Trace {
        let named = self.traceparent.as_deref().and_then(Trace::within);
        named.unwrap_or_else(|| {
            let digest = self.id.strip_prefix("msg_").unwrap_or_default();
            let id = URL_SAFE_NO_PAD.decode(digest).ok();
            let id = id.and_then(|id| id.try_into().ok());
            Trace::starting(id.unwrap_or_else(rand::random))
        })
    }
}

/// The id of the message that tells a webhook of a change: whoever sends it makes the same one, after a
/// crash too. A test's is made of its delivery.
pub fn message_id(webhook: WebhookId, place: Option<FeedPlace>, delivery: DeliveryId) -> String {
    let mut digest = Sha256::new_with_prefix(webhook.uuid().as_bytes());
    match place {
        Some((position, seq)) => {
            digest.update(position.to_be_bytes());
            digest.update(seq.to_be_bytes());
        }
        None => digest.update(delivery.uuid().as_bytes()),
    }
    let digest = digest.finalize();
    let start = digest.get(..DIGEST).unwrap_or_default();
    format!("msg_{}", URL_SAFE_NO_PAD.encode(start))
}
