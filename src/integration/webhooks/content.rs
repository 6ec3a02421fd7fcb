//! The content of a webhook: what a caller says of it, and how it gets a new secret.

use chrono::{DateTime, Utc};
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use super::address::WebhookUrl;
use super::model::WebhookRecord;
use crate::db::schema::webhooks;
use crate::error::Rule;
use crate::http::fields::{Body, Fields};
use crate::http::merge::Patch;
use crate::integration::changes::objects::ChangeType;
use crate::values::{Described, FromText, TerritoryCode, Text, TextValue, text_type};

/// A type of change that the feed knows.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct EventType(String);

text_type!([] EventType);

impl FromText for EventType {
    fn from_text(text: &str) -> Result<Self, Rule> {
        ChangeType::from_text(text).map(|known| Self(known.to_string()))
    }
}

impl TextValue for EventType {
    fn as_str(&self) -> &str {
        &self.0
    }

    fn stored(text: String) -> Self {
        Self(text)
    }

    fn describe() -> ObjectBuilder {
        let values = match ChangeType::described() {
            RefOr::T(Schema::Object(known)) => known.enum_values,
            _ => None,
        };
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("Un type de changement du flux."))
            .enum_values(values)
            .examples([serde_json::json!("partner.updated")])
    }

    fn schema_name() -> String {
        "EventType".into()
    }
}

/// Ce qu'il faut pour créer un webhook.
#[derive(Debug, Clone, PartialEq, Serialize, Insertable, AsChangeset, ToSchema)]
#[diesel(table_name = webhooks, treat_none_as_default_value = false, treat_none_as_null = true)]
#[diesel(check_for_backend(diesel::pg::Pg))]
#[schema(example = json!({
    "url": "https://portail.exemple.fr/webhooks",
    "types": ["solicitation.created", "solicitation.cancelled"],
    "territories": [],
    "description": "Les demandes des établissements"
}))]
pub struct NewWebhook {
    /// L'adresse prévenue : `https`, publique, sans nom ni mot de passe ; port 443, ou 1024 et plus.
    #[schema(example = "https://portail.exemple.fr/webhooks")]
    pub url: WebhookUrl,
    /// Les types de changement dont elle est prévenue ; vide : tous, sauf ceux des webhooks.
    #[schema(example = json!(["solicitation.created"]), required = false)]
    pub types: Vec<EventType>,
    /// Ne prévenir que de ce qui est dans un de ces territoires, ou les couvre ; ce qui n'a pas de
    /// lieu est toujours dit. Vide : pas de limite.
    #[schema(example = json!(["academy:10"]), required = false)]
    pub territories: Vec<TerritoryCode>,
    /// À quoi il sert.
    #[schema(example = "Les demandes des établissements")]
    pub description: Option<Text<200>>,
}

/// A change of a webhook.
pub type WebhookPatch = Patch<NewWebhook>;

/// Fields of the answer that input may not set.
const SET_BY_SERVICE: &[&str] = &[
    "id",
    "client_id",
    "status",
    "disabled_reason",
    "secrets",
    "last_success_at",
    "failing_since",
    "cursor",
    "created_at",
    "updated_at",
    "allowed_actions",
];

impl Body for NewWebhook {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.read_only(SET_BY_SERVICE);
        let url = fields.required("url");
        let types = fields.list("types");
        let territories = fields.list("territories");
        let description = fields.optional("description");
        Some(Self {
            url: url?,
            types,
            territories,
            description,
        })
    }
}

impl NewWebhook {
    /// The content of a request that would create a webhook as it is.
    pub fn of(record: &WebhookRecord) -> Self {
        Self {
            url: record.url.clone(),
            types: record
                .types
                .iter()
                .cloned()
                .map(EventType::stored)
                .collect(),
            territories: record.territories.clone(),
            description: record.description.clone(),
        }
    }
}

/// Comment remplacer le secret d'un webhook.
#[derive(Debug, Clone, Copy, Default, ToSchema)]
pub struct WebhookRotation {
    /// Vrai : le secret précédent ne signe plus dès maintenant. Faux : les deux signent encore 7 jours.
    #[schema(required = false, default = false, example = false)]
    pub revoke_previous: bool,
}

impl Body for WebhookRotation {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            revoke_previous: fields.optional("revoke_previous").unwrap_or_default(),
        })
    }
}

/// Depuis quand tout redire.
#[derive(Debug, Clone, Copy, ToSchema)]
pub struct ReplaySince {
    /// Ce qui a changé à ce moment ou après est envoyé de nouveau.
    #[schema(example = "2026-01-01T00:00:00Z")]
    pub since: DateTime<Utc>,
}

impl Body for ReplaySince {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            since: fields.required("since")?,
        })
    }
}
