//! The row of a delivery, and what is answered of one.

use chrono::{DateTime, Days, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::schema::webhook_deliveries;
use crate::http::answer::ObjectLink;
use crate::integration::webhooks::model::FeedPlace;
use crate::values::code_enum;
use crate::values::ids::{DeliveryId, WebhookId};

/// How long deliveries are kept.
pub const KEPT: Days = Days::new(30);

/// The type of a test.
pub const TEST: &str = "webhook.test";

code_enum! {
    /// What became of a delivery.
    Outcome of "delivery_outcomes" {
        /// The receiver accepted it.
        Delivered = "delivered",
        /// It was given up.
        Failed = "failed",
        /// It is to be sent, or sent again.
        Pending = "pending",
    }
}

/// A delivery as it is stored.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = webhook_deliveries)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// The webhook.
    pub webhook_id: WebhookId,
    /// What it tells of.
    #[diesel(embed)]
    pub event: Event,
    /// What became of it.
    pub outcome: Outcome,
    /// How often it was sent.
    pub attempts: i32,
    /// When, the last time.
    pub attempted_at: Option<DateTime<Utc>>,
    /// How long that took.
    pub duration_ms: Option<i32>,
    /// The status of the answer.
    pub status_code: Option<i32>,
    /// Its first kilobyte.
    pub answer: Option<String>,
    /// Why there was none.
    pub error: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A delivery that is to be sent beside the feed.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = webhook_deliveries)]
pub struct Pending {
    /// Its id.
    pub id: DeliveryId,
    /// What it tells of.
    #[diesel(embed)]
    pub event: Event,
}

/// What a delivery tells of.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = webhook_deliveries)]
pub struct Event {
    /// What happened.
    pub type_: String,
    /// The change's transaction; none for a test.
    pub position: Option<i64>,
    /// Its place in it.
    pub seq: Option<i64>,
    /// To what kind of object.
    pub object_type: String,
    /// To which.
    pub object_id: Uuid,
    /// Where to read it.
    pub object_url: String,
    /// Its version after it.
    pub object_version: i64,
    /// When.
    pub occurred_at: DateTime<Utc>,
    /// The place in a trace that the request which made the change named.
    pub traceparent: Option<String>,
}

impl Event {
    /// Its place in the feed; none for a test.
    pub fn place(&self) -> Option<FeedPlace> {
        self.position.zip(self.seq)
    }

    /// Its object.
    pub fn object(&self) -> ObjectLink {
        ObjectLink {
            kind: self.object_type.clone(),
            id: self.object_id,
            url: self.object_url.clone(),
        }
    }
}

/// Ce qui est annoncé.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeliveryEvent)]
pub struct EventAnswer {
    /// Ce qui s'est passé.
    #[serde(rename = "type")]
    #[schema(example = "partner.updated")]
    pub kind: String,
    /// Sa place dans le flux ; null pour un essai.
    pub cursor: Option<String>,
    /// L'objet concerné.
    pub object: ObjectLink,
}

/// Un envoi à un webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryAnswer {
    /// Identifiant.
    pub id: DeliveryId,
    /// Le webhook.
    pub webhook_id: WebhookId,
    /// Ce qui est annoncé.
    pub event: EventAnswer,
    /// L'en-tête `webhook-id` de l'envoi, le même à chaque fois.
    #[schema(example = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W")]
    pub message_id: String,
    /// `delivered`, `failed` ou `pending`.
    #[schema(example = "delivered")]
    pub outcome: Outcome,
    /// Combien de fois il a été envoyé.
    #[schema(example = 1)]
    pub attempts: i32,
    /// Le dernier envoi ; null s'il n'a pas encore eu lieu.
    #[serde(serialize_with = "crate::values::optional_moment")]
    pub attempted_at: Option<DateTime<Utc>>,
    /// La durée du dernier envoi, en millisecondes.
    #[schema(example = 42)]
    pub duration_ms: Option<i32>,
    /// Le code HTTP de la réponse ; null s'il n'y en a pas eu.
    #[schema(example = 204)]
    pub status_code: Option<i32>,
    /// Le premier kilooctet de la réponse.
    #[schema(example = "ok")]
    pub answer: Option<String>,
    /// Pourquoi il n'y a pas eu de réponse.
    #[schema(example = "timeout")]
    pub error: Option<String>,
    /// Date de création.
    #[serde(serialize_with = "crate::values::moment")]
    pub created_at: DateTime<Utc>,
}

impl Delivery {
    /// The delivery as it is answered, with its change's place and the id of its message.
    pub fn answer(self, cursor: Option<String>, message_id: String) -> DeliveryAnswer {
        DeliveryAnswer {
            id: self.id,
            webhook_id: self.webhook_id,
            event: EventAnswer {
                cursor,
                object: self.event.object(),
                kind: self.event.type_,
            },
            message_id,
            outcome: self.outcome,
            attempts: self.attempts,
            attempted_at: self.attempted_at,
            duration_ms: self.duration_ms,
            status_code: self.status_code,
            answer: self.answer,
            error: self.error,
            created_at: self.created_at,
        }
    }
}
