//! The row of a webhook, its statuses and steps, what is answered of one.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text as SqlText, Timestamptz, Uuid as SqlUuid};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::address::WebhookUrl;
use crate::db::journal::{Audience, Journaled, ObjectType};
use crate::db::schema::{webhook_secrets, webhooks};
use crate::error::Result;
use crate::steps::{self, Step as _};
use crate::values::ids::{ClientId, SecretId, WebhookId};
use crate::values::{TerritoryCode, Text, code_enum};

/// How many webhooks a caller may have.
pub const MAX_WEBHOOKS: i64 = 20;

/// How many secrets sign at one time.
pub const MAX_SECRETS: usize = 2;

/// How long a secret still signs once another has taken its place.
pub const OVERLAP: TimeDelta = TimeDelta::days(7);

/// How long a receiver may refuse everything before it is given up.
pub const PATIENCE: TimeDelta = TimeDelta::days(3);

code_enum! {
    /// A webhook's status.
    Status of "webhook_statuses" {
        /// It is told of changes.
        Active = "active",
        /// Its caller has it wait.
        Paused = "paused",
        /// The service has given it up.
        Disabled = "disabled",
    }
}

code_enum! {
    /// Why the service gave a webhook up.
    DisabledReason of "webhook_disabled_reasons" {
        /// It answered 410.
        ReceiverGone = "receiver_gone",
        /// It has accepted nothing for three days.
        ReceiverFailing = "receiver_failing",
        /// Its client was revoked.
        ClientRevoked = "client_revoked",
        /// Its client has expired.
        ClientExpired = "client_expired",
        /// Its client may not read any more.
        ClientCannotRead = "client_cannot_read",
    }
}

/// A place in the change feed: a transaction, and a change in it.
pub type FeedPlace = (i64, i64);

/// Un webhook, sans ses secrets.
#[derive(Debug, Clone, Serialize, HasQuery, ToSchema)]
#[diesel(table_name = webhooks)]
pub struct WebhookRecord {
    /// Identifiant.
    pub id: WebhookId,
    /// Le client à qui il est ; null pour qui a un autre jeton.
    pub client_id: Option<ClientId>,
    /// L'adresse prévenue.
    #[schema(example = "https://portail.exemple.fr/webhooks")]
    pub url: WebhookUrl,
    /// Les types de changement dont elle est prévenue ; vide : tous, sauf ceux des webhooks.
    #[schema(example = json!(["solicitation.created"]))]
    pub types: Vec<String>,
    /// Les territoires auxquels elle se limite ; vide : pas de limite.
    #[schema(example = json!([]))]
    pub territories: Vec<TerritoryCode>,
    /// À quoi il sert.
    #[schema(example = "Les demandes des établissements")]
    pub description: Option<Text<200>>,
    /// `active`, `paused` ou `disabled`.
    #[schema(example = "active")]
    pub status: Status,
    /// Pourquoi le service l'a désactivé.
    pub disabled_reason: Option<DisabledReason>,
    /// Le dernier envoi accepté.
    #[serde(skip)]
    #[schema(ignore)]
    pub last_success_at: Option<DateTime<Utc>>,
    /// Depuis quand tout est refusé.
    #[serde(skip)]
    #[schema(ignore)]
    pub failing_since: Option<DateTime<Utc>>,
    /// Date de création.
    pub created_at: DateTime<Utc>,
    /// Date de dernière modification.
    pub updated_at: DateTime<Utc>,
    /// Whose it is.
    #[serde(skip)]
    #[schema(ignore)]
    pub owner: String,
    /// The transaction of the last change that is done with.
    #[serde(skip)]
    #[schema(ignore)]
    pub position: i64,
    /// That change in it.
    #[serde(skip)]
    #[schema(ignore)]
    pub seq: i64,
    /// Its version, in its `ETag`.
    #[serde(skip)]
    #[schema(ignore)]
    pub version: i64,
}

/// Un secret qui signe ; il n'est montré qu'à sa création.
#[derive(Debug, Clone, Serialize, HasQuery, ToSchema)]
#[diesel(table_name = webhook_secrets)]
#[schema(as = WebhookSecretFields)]
pub struct SecretRecord {
    /// Identifiant.
    pub id: SecretId,
    /// Date de création.
    pub created_at: DateTime<Utc>,
    /// Jusqu'à quand il signe ; null : pas de fin.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whose it is.
    #[serde(skip)]
    #[schema(ignore)]
    pub webhook_id: WebhookId,
    /// The secret, encrypted.
    #[serde(skip)]
    #[schema(ignore)]
    pub sealed: String,
}

/// A webhook and its live secrets, the newest first.
#[derive(Debug, Clone, Serialize)]
pub struct Webhook {
    /// Its fields.
    #[serde(flatten)]
    pub record: WebhookRecord,
    /// Its secrets, two at most.
    pub secrets: Vec<SecretRecord>,
}

/// A step of a webhook's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Change its fields.
    Update,
    /// Remove it.
    Delete,
    /// Give it a new secret.
    RotateSecret,
    /// Send it a test.
    Test,
    /// Have it wait.
    Pause,
    /// Go on.
    Resume,
    /// Tell again what changed since a moment.
    Replay,
}

impl steps::Step for Step {
    type Status = Status;

    const STATUSES: &'static [Status] = Status::ALL;

    const ALL: &'static [Self] = &[
        Self::Update,
        Self::Delete,
        Self::RotateSecret,
        Self::Test,
        Self::Pause,
        Self::Resume,
        Self::Replay,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Delete => "delete",
            Self::RotateSecret => "rotate-secret",
            Self::Test => "test",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Replay => "replay",
        }
    }

    /// The transition table: what a webhook becomes by this step, if its status allows it.
    fn from(self, status: Status) -> Option<Status> {
        match (self, status) {
            (Self::Pause, Status::Active) => Some(Status::Paused),
            (Self::Resume, Status::Paused | Status::Disabled) => Some(Status::Active),
            (Self::Pause | Self::Resume, _) => None,
            (
                Self::Update | Self::Delete | Self::RotateSecret | Self::Test | Self::Replay,
                same,
            ) => Some(same),
        }
    }
}

impl Webhook {
    /// The status after a step.
    ///
    /// # Errors
    /// `invalid_transition`, naming the status and the steps it allows.
    pub fn step(&self, step: Step) -> Result<Status> {
        step.take(self.record.status)
    }

    /// The last change that is done with.
    pub const fn place(&self) -> FeedPlace {
        (self.record.position, self.record.seq)
    }

    /// The webhook as its reader is answered, with its place in the feed.
    pub fn answer(self, cursor: Option<String>) -> WebhookAnswer {
        self.answer_with(cursor, None)
    }

    /// The same, with the newest secret as it is shown this once.
    pub fn answer_with(self, cursor: Option<String>, mut secret: Option<String>) -> WebhookAnswer {
        let allowed_actions = Step::allowed(self.record.status, |_| true);
        let secrets = self.secrets.into_iter().map(|record| SecretAnswer {
            secret: secret.take(),
            record,
        });
        WebhookAnswer {
            secrets: secrets.collect(),
            last_success_at: self.record.last_success_at,
            failing_since: self.record.failing_since,
            cursor,
            record: self.record,
            allowed_actions,
        }
    }
}

impl SecretRecord {
    /// Whether it still signs.
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }
}

impl ObjectType for Webhook {
    const TYPE: &'static str = "webhook";
    const VERBS: &'static [&'static str] = &[
        "created",
        "updated",
        "secret_rotated",
        "paused",
        "resumed",
        "replayed",
        "disabled",
        "deleted",
    ];
}

impl Journaled for Webhook {
    /// The journal records that secrets changed and nothing else of them; an address may have a key of
    /// the receiver's in its query.
    const PERSONAL: &'static [&'static str] = &["secrets", "url"];

    fn id(&self) -> Uuid {
        self.record.id.uuid()
    }

    fn version(&self) -> i64 {
        self.record.version
    }

    /// Whose it is, and nobody of the same perimeter.
    fn audience(&self) -> Audience {
        Audience::ministry().and_caller(&self.record.owner)
    }
}

/// Un webhook.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookAnswer {
    /// Ses champs.
    #[serde(flatten)]
    #[schema(inline)]
    pub record: WebhookRecord,
    /// Ses secrets en service, le plus récent d'abord : deux au plus, qui signent tous deux.
    pub secrets: Vec<SecretAnswer>,
    /// Le dernier envoi accepté.
    pub last_success_at: Option<DateTime<Utc>>,
    /// Depuis quand le destinataire n'accepte plus rien ; null : il accepte.
    pub failing_since: Option<DateTime<Utc>>,
    /// Sa place dans le flux : tout ce qui précède lui a été dit. Null dans le flux.
    pub cursor: Option<String>,
    /// Ce que l'appelant peut en faire maintenant.
    #[schema(example = json!(["update", "delete", "rotate-secret", "test", "pause", "replay"]))]
    pub allowed_actions: Vec<&'static str>,
}

/// Un secret qui signe.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = WebhookSecret)]
pub struct SecretAnswer {
    /// Ses champs.
    #[serde(flatten)]
    #[schema(inline)]
    pub record: SecretRecord,
    /// Le secret, montré une seule fois : à la création et au remplacement. Null ensuite.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")]
    pub secret: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_or_was_given_up_goes_on_and_nothing_else_does() {
        assert_eq!(Step::Pause.from(Status::Active), Some(Status::Paused));
        assert_eq!(Step::Resume.from(Status::Paused), Some(Status::Active));
        assert_eq!(Step::Resume.from(Status::Disabled), Some(Status::Active));
        for (step, status) in [
            (Step::Pause, Status::Paused),
            (Step::Pause, Status::Disabled),
            (Step::Resume, Status::Active),
        ] {
            assert_eq!(step.from(status), None, "{step:?} {status:?}");
        }
        for step in [
            Step::Update,
            Step::Delete,
            Step::RotateSecret,
            Step::Test,
            Step::Replay,
        ] {
            for status in Status::ALL {
                assert_eq!(step.from(*status), Some(*status));
            }
        }
    }
}

/// Un webhook de l'appelant qui échoue.
#[derive(Debug, Clone, Serialize, QueryableByName, ToSchema)]
pub struct FailingWebhook {
    /// Identifiant : il se lit, s'essaie et se reprend sous `/v1/webhooks/{id}`.
    #[diesel(sql_type = SqlUuid)]
    pub id: WebhookId,
    /// L'adresse prévenue.
    #[diesel(sql_type = SqlText)]
    #[schema(example = "https://portail.exemple.fr/webhooks")]
    pub url: String,
    /// `active` : il est essayé de nouveau ; `disabled` : il attend d'être repris.
    #[diesel(sql_type = SqlText)]
    #[schema(example = "active")]
    pub status: Status,
    /// Pourquoi le service l'a désactivé.
    #[diesel(sql_type = Nullable<SqlText>)]
    pub disabled_reason: Option<DisabledReason>,
    /// Depuis quand.
    #[diesel(sql_type = Timestamptz)]
    #[serde(serialize_with = "crate::values::moment")]
    pub since: DateTime<Utc>,
    /// Le dernier envoi accepté.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    #[serde(serialize_with = "crate::values::optional_moment")]
    pub last_success_at: Option<DateTime<Utc>>,
    /// Le dernier envoi qui ne l'a pas été.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    #[serde(serialize_with = "crate::values::optional_moment")]
    pub last_attempt_at: Option<DateTime<Utc>>,
    /// Le code HTTP de sa réponse ; null s'il n'y en a pas eu.
    #[diesel(sql_type = Nullable<Integer>)]
    #[schema(example = 503)]
    pub last_status_code: Option<i32>,
    /// Pourquoi il n'y a pas eu de réponse.
    #[diesel(sql_type = Nullable<SqlText>)]
    #[schema(example = json!(null))]
    pub last_error: Option<String>,
}
