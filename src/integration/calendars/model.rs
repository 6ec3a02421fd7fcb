//! A calendar's address.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::schema::calendar_feeds;
use crate::integration::webhooks::owner::ActsAs;
use crate::values::Json;

/// L'adresse d'agenda d'un client.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CalendarFeed {
    /// L'adresse à laquelle un agenda s'abonne ; null sauf dans la réponse qui la crée : elle n'est montrée qu'une fois.
    #[schema(example = "https://ree.exemple.fr/calendars/cal_9bK2….ics")]
    pub url: Option<String>,
    /// Quand elle a été créée ; null : il n'y en a pas.
    #[serde(serialize_with = "crate::values::optional_moment")]
    pub created_at: Option<DateTime<Utc>>,
}

/// Whose an address is.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = calendar_feeds)]
pub struct FeedOwner {
    /// Its client, if it is one's.
    pub client_id: Option<Uuid>,
    /// As whom it reads.
    pub acts_as: Json<ActsAs>,
}
