//! What a caller is told of itself.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::{Claims, Identity};
use crate::integration::webhooks::model::FailingWebhook;
use crate::values::{TerritoryCode, Uai};

/// L'appelant, tel que son jeton le nomme.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Me {
    /// Au nom de qui : une personne, ou le client lui-même.
    #[schema(example = "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e0e")]
    pub subject: String,
    /// Le programme qui a demandé le jeton.
    #[schema(example = "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e0e")]
    pub client_id: String,
    /// Son rôle.
    #[schema(example = "partner")]
    pub role: &'static str,
    /// Avec le rôle `academy` : ses académies ou régions académiques.
    #[schema(example = json!([]))]
    pub territories: Vec<TerritoryCode>,
    /// Avec le rôle `establishment` : ses établissements.
    #[schema(example = json!([]))]
    pub uais: Vec<Uai>,
    /// Avec le rôle `partner` : son partenaire.
    #[schema(example = "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e01")]
    pub partner_id: Option<Uuid>,
    /// Ce que le jeton permet : `read`, `write`.
    #[schema(example = json!(["read", "write"]))]
    pub scopes: Vec<&'static str>,
    /// Fin de validité du jeton.
    #[serde(serialize_with = "crate::values::moment")]
    pub expires_at: DateTime<Utc>,
    /// Ce qu'il peut demander.
    pub limits: CallerLimits,
    /// Ses webhooks que leur destinataire n'accepte plus, ou que le service a désactivés.
    #[schema(example = json!([]))]
    pub failing_webhooks: Vec<FailingWebhook>,
}

/// Ce qu'un appelant peut demander au service.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct CallerLimits {
    /// Ce qu'il peut dépenser en `window_seconds` ; une lecture coûte 1, le reste davantage. Null : sans borne.
    #[schema(example = 5000)]
    pub quota: Option<u32>,
    /// En combien de secondes.
    #[schema(example = 10)]
    pub window_seconds: u32,
    /// Le plus grand corps, décompressé, en octets.
    #[schema(example = 5_242_880)]
    pub body_bytes: usize,
    /// Le plus d'éléments d'un lot d'interventions.
    #[schema(example = 5000)]
    pub batch_items: usize,
    /// Le plus d'objets d'une étape.
    #[schema(example = 1000)]
    pub step_items: usize,
    /// Le plus d'éléments d'une page.
    #[schema(example = 200)]
    pub page_items: i64,
}

impl Me {
    /// The caller of these claims.
    pub fn of(
        claims: &Claims,
        limits: CallerLimits,
        failing_webhooks: Vec<FailingWebhook>,
    ) -> Self {
        let identity = &claims.identity;
        let (mut territories, mut uais, mut partner) = (Vec::new(), Vec::new(), None);
        match identity {
            Identity::Academy { territories: named } => territories.clone_from(named),
            Identity::Establishment { uais: named } => uais.clone_from(named),
            Identity::Partner { partner_id } => partner = Some(*partner_id),
            Identity::Ministry | Identity::Reader => {}
        }
        Self {
            subject: claims.sub.clone(),
            client_id: claims.client_id.clone(),
            role: identity.role().as_str(),
            territories,
            uais,
            partner_id: partner,
            scopes: claims.scope.as_str().split(' ').collect(),
            expires_at: claims.exp,
            limits,
            failing_webhooks,
        }
    }
}
