//! A batch that a partner pushed.

use chrono::{DateTime, Days, Utc};
use diesel::prelude::*;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::db::page::Direction;
use crate::db::schema::pushes;
use crate::http::page;
use crate::values::Json;
use crate::values::ids::{BatchId, SyncId};

/// How long they are kept.
pub const KEPT: Days = Days::new(30);

/// The most rejected items that are kept of one: none of more could be told.
pub const MOST_REJECTED: usize = 100;

/// Un lot d'interventions qui a été déposé.
#[derive(Debug, Clone, Serialize, HasQuery, ToSchema)]
#[diesel(table_name = pushes)]
pub struct Push {
    /// Identifiant : celui du lot, s'il fait partie d'une synchronisation.
    pub id: BatchId,
    /// La synchronisation dont il fait partie.
    #[schema(example = json!(null))]
    pub sync_id: Option<SyncId>,
    /// Le programme qui l'a envoyé.
    #[schema(example = "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e0e")]
    pub client_id: String,
    /// La requête qui l'a envoyé : son `X-Request-Id`.
    #[schema(example = "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e10")]
    pub request_id: String,
    /// Interventions reçues.
    #[schema(example = 500)]
    pub received: i32,
    /// Celles qui ont été créées.
    #[schema(example = 10)]
    pub created: i32,
    /// Celles qui ont été modifiées, ou proposées de nouveau.
    #[schema(example = 20)]
    pub updated: i32,
    /// Celles qui étaient déjà connues telles quelles.
    #[schema(example = 469)]
    pub unchanged: i32,
    /// Celles qui ont été refusées.
    #[schema(example = 1)]
    pub rejected: i32,
    /// Les cent premières de celles-ci, avec leur verdict tel que le dépôt l'a donné.
    #[schema(value_type = Vec<Object>, example = json!([]))]
    pub rejected_items: Json<Value>,
    /// Quand il a été reçu.
    #[serde(serialize_with = "crate::values::moment")]
    pub created_at: DateTime<Utc>,
}

/// The orders of a list of pushes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The order of their reception.
    Id,
}

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Id;
    const FIRST: Direction = Direction::Descending;
    const ORDERS: &'static [(&'static str, Self)] = &[("created_at", Self::Id)];
}
