//! What a batch of a synchronisation was.

use chrono::{DateTime, Days, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::schema::sync_batches;
use crate::http::page;
use crate::values::ids::{BatchId, SyncId};

/// How long verdicts are kept.
pub const KEPT: Days = Days::new(30);

/// Un lot d'une synchronisation.
#[derive(Debug, Clone, Serialize, HasQuery, ToSchema)]
#[diesel(table_name = sync_batches)]
pub struct SyncBatch {
    /// Identifiant.
    pub id: BatchId,
    /// La synchronisation.
    pub sync_id: SyncId,
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
    /// Parmi celles-ci, celles dont l'identifiant ne se lit pas.
    #[schema(example = 0)]
    pub unidentified: i32,
    /// Quand il a été reçu. Ses verdicts se relisent trente jours.
    #[serde(serialize_with = "crate::values::moment")]
    pub created_at: DateTime<Utc>,
}

/// The orders of a list of batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The order of their reception.
    Id,
}

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Id;
    const ORDERS: &'static [(&'static str, Self)] = &[("created_at", Self::Id)];
}
