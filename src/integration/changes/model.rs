//! What a change is.

use crate::http::answer::ObjectLink;
use std::rc::Rc;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::schema::changes;
use crate::error::Rule;
use crate::values::FromText;

/// A change as it is stored.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = changes)]
pub struct Change {
    /// Its transaction.
    pub position: i64,
    /// Its place in the transaction.
    pub seq: i64,
    /// What happened.
    pub type_: String,
    /// To what kind of object.
    pub object_type: String,
    /// To which.
    pub object_id: Uuid,
    /// The last part of the object's URL.
    pub object_key: String,
    /// The object its URL is below.
    pub parent_id: Option<Uuid>,
    /// The object's version after it.
    pub version: i64,
    /// When.
    pub occurred_at: DateTime<Utc>,
}

impl Change {
    /// The object's URL.
    fn url(&self) -> String {
        let key = &self.object_key;
        match (self.object_type.as_str(), self.parent_id) {
            ("representative", Some(partner)) => {
                format!("/v1/partners/{partner}/representatives/{key}")
            }
            ("amendment", Some(convention)) => {
                format!("/v1/conventions/{convention}/amendments/{key}")
            }
            ("intervention", Some(partner)) => {
                format!("/v1/partners/{partner}/interventions/{key}")
            }
            ("sync", Some(partner)) => {
                format!("/v1/partners/{partner}/syncs/{key}")
            }
            (kind, _) => format!("/v1/{kind}s/{key}"),
        }
    }

    /// The change as it is answered, with the object as the reader may see it now.
    pub fn answer(self, cursor: String, data: Option<Rc<Value>>) -> ChangeAnswer {
        let url = self.url();
        ChangeAnswer {
            cursor,
            kind: self.type_,
            object: ObjectLink {
                kind: self.object_type,
                id: self.object_id,
                url,
            },
            version: self.version,
            occurred_at: self.occurred_at,
            data,
            position: self.position,
            seq: self.seq,
        }
    }
}

fn shared<S: serde::Serializer>(
    data: &Option<Rc<Value>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    data.as_deref().serialize(serializer)
}

/// Un changement.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Change)]
pub struct ChangeAnswer {
    /// Sa place dans le flux : `after=` reprend après lui.
    pub cursor: String,
    /// Ce qui s'est passé.
    #[serde(rename = "type")]
    #[schema(example = "partner.updated")]
    pub kind: String,
    /// L'objet concerné.
    pub object: ObjectLink,
    /// La version de l'objet après le changement.
    #[schema(example = 2)]
    pub version: i64,
    /// Quand.
    #[serde(serialize_with = "crate::values::moment")]
    pub occurred_at: DateTime<Utc>,
    /// L'objet tel que vous pouvez le lire maintenant ; null s'il n'est plus.
    // Shared by all the events of one object.
    #[schema(value_type = Option<Object>)]
    #[serde(serialize_with = "shared")]
    pub data: Option<Rc<Value>>,
    /// Its transaction.
    #[serde(skip)]
    #[schema(ignore)]
    pub position: i64,
    /// Its place in the transaction.
    #[serde(skip)]
    #[schema(ignore)]
    pub seq: i64,
}

/// The type of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeType(&'static str);

/// Every type there is.
pub const TYPES: &[&str] = &[
    "partner.created",
    "partner.updated",
    "partner.archived",
    "partner.restored",
    "partner.deleted",
    "representative.created",
    "representative.updated",
    "representative.erased",
    "convention.created",
    "convention.updated",
    "convention.negotiation_opened",
    "convention.sent_for_signature",
    "convention.signature_recorded",
    "convention.signed",
    "convention.replaced",
    "convention.abandoned",
    "convention.deleted",
    "convention.amended",
    "convention.terminated",
    "amendment.created",
    "amendment.updated",
    "amendment.sent_for_signature",
    "amendment.signature_recorded",
    "amendment.signed",
    "amendment.abandoned",
    "amendment.deleted",
    "declination.created",
    "declination.updated",
    "declination.activated",
    "declination.closed",
    "declination.abandoned",
    "declination.deleted",
    "intervention.created",
    "intervention.updated",
    "intervention.withdrawn",
    "intervention.offered_again",
    "solicitation.created",
    "solicitation.accepted",
    "solicitation.declined",
    "solicitation.held",
    "solicitation.not_held",
    "solicitation.cancelled",
    "campaign.created",
    "campaign.updated",
    "campaign.closed",
    "campaign.reopened",
    "contact.created",
    "contact.updated",
    "contact.erased",
    "establishment.created",
    "establishment.updated",
    "establishment.closed",
    "report.created",
    "report.updated",
    "report.submitted",
    "report.returned",
    "report.validated",
    "report.superseded",
    "report.deleted",
    "publication.created",
    "client.created",
    "client.updated",
    "client.secret_rotated",
    "client.revoked",
];

impl ChangeType {
    /// Its name.
    pub const fn as_str(&self) -> &'static str {
        self.0
    }
}

impl FromText for ChangeType {
    fn from_text(text: &str) -> Result<Self, Rule> {
        let known = TYPES.iter().find(|name| **name == text);
        known
            .map(|name| Self(name))
            .ok_or(Rule::UnknownCode("types", None))
    }
}
