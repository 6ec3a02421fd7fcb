//! What a change is.

use std::rc::Rc;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::page::Mark;
use crate::db::schema::changes;
use crate::http::answer::ObjectLink;

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
    /// The place in a trace that the request which made it named.
    pub traceparent: Option<String>,
}

impl Change {
    /// The change as it is answered, with its object's URL and the object as the reader may see it now.
    pub fn answer(
        self,
        mark: Mark,
        cursor: String,
        url: String,
        data: Option<Rc<Value>>,
    ) -> ChangeAnswer {
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
            mark,
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
    /// Its place in the feed, as its cursor tells it.
    #[serde(skip)]
    #[schema(ignore)]
    pub mark: Mark,
}

/// Une page du flux.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ListedChange)]
pub struct ChangesPage {
    /// Les changements de la page.
    pub data: Vec<ChangeAnswer>,
    /// Le curseur de la page suivante, ou null quand vous êtes à jour.
    pub next_cursor: Option<String>,
    /// Où reprendre après cette page, même vide : tout ce qui précède vous a été dit.
    pub cursor: String,
}
