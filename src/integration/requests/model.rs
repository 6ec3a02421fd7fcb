//! A request of a caller, as it is kept and answered.

use chrono::{DateTime, Days, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::schema::request_log;

/// How long they are kept.
pub const KEPT: Days = Days::new(30);

/// How many are kept of a caller, the last ones.
pub const MOST: i64 = 10_000;

/// Une requête de l'appelant, sans son corps, ses paramètres ni sa réponse.
#[derive(Debug, Clone, Serialize, HasQuery, ToSchema)]
#[diesel(table_name = request_log)]
#[schema(as = AnsweredRequest)]
pub struct AnsweredRequest {
    /// Identifiant de cette ligne.
    #[schema(example = "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e14")]
    pub id: Uuid,
    /// Son `X-Request-Id`, celui de l'appelant s'il en a donné un.
    #[schema(example = "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e10")]
    pub request_id: String,
    /// Quand elle a été reçue.
    #[serde(serialize_with = "crate::values::moment")]
    pub at: DateTime<Utc>,
    /// La méthode.
    #[schema(example = "POST")]
    pub method: String,
    /// L'opération, telle que la référence la nomme ; null pour une adresse qui n'existe pas.
    #[schema(example = "push_interventions")]
    pub operation: Option<String>,
    /// La forme de l'adresse ; null pour une adresse qui n'existe pas.
    #[schema(example = "/v1/partners/{id}/interventions/batch")]
    pub route: Option<String>,
    /// L'adresse, sans ses paramètres ; `…` remplace ce qui pourrait être un secret ou l'adresse d'une personne.
    #[schema(example = "/v1/partners/0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e01/interventions/batch")]
    pub path: String,
    /// Le code HTTP de la réponse.
    #[schema(example = 422)]
    pub status: i16,
    /// Le code du refus, expliqué à `/problems/{code}` ; null si elle n'a pas été refusée.
    #[schema(example = "validation_failed")]
    pub code: Option<String>,
    /// Le temps passé jusqu'au début de la réponse, en millisecondes.
    #[schema(example = 12)]
    pub duration_ms: i32,
    /// Combien de requêtes de l'appelant, juste après celle-ci, n'ont pas été gardées : il y en avait trop à la fois.
    #[schema(example = 0)]
    pub not_kept: i32,
}
