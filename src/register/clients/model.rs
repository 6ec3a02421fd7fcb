//! The row of a machine client, its statuses, its secrets, the identity it acts as.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::content::{AcademyCode, ClientRole, ClientScope, NewClient};
use crate::auth::policy::Scope;
use crate::auth::{Identity, Perimeter, Scopes};
use crate::db::journal::{Journaled, ObjectType};
use crate::db::schema::{client_secrets, clients};
use crate::error::warning::Warning;
use crate::error::{Error, Result};
use crate::language::{Language, Text as Bilingual};
use crate::steps::{self, Step as _};
use crate::values::ids::{ClientId, Id, PartnerId, SecretId};
use crate::values::{Code, Email, Nomenclature, Text, TextValue, Uai, text_type};

/// How many secrets a client may have in service at one time.
pub const MAX_SECRETS: usize = 2;

/// How long a secret still serves once another has taken its place.
pub const OVERLAP: TimeDelta = TimeDelta::days(7);

/// How long before its end a client is warned.
const SOON: TimeDelta = TimeDelta::days(30);

/// The nomenclature of the statuses of a client.
pub enum ClientStatuses {}

impl Nomenclature for ClientStatuses {
    const NAME: &'static str = "client_statuses";
}

/// Un client, sans ses secrets.
#[derive(Debug, Clone, Serialize, HasQuery, ToSchema)]
#[diesel(table_name = clients)]
pub struct ClientRecord {
    /// Identifiant, aussi le `client_id` d'OAuth.
    pub id: ClientId,
    /// Nom du programme.
    #[schema(example = "Portail de l'UIMM")]
    pub name: Text<100>,
    /// À qui écrire à son sujet.
    #[schema(example = "portail@exemple.fr")]
    pub contact_email: Email,
    /// Rôle de ses jetons.
    #[schema(example = "reader")]
    pub role: ClientRole,
    /// Avec le rôle `academy` : ses académies ou régions académiques.
    #[schema(example = json!([]))]
    pub territories: Vec<AcademyCode>,
    /// Avec le rôle `establishment` : ses établissements.
    #[schema(example = json!([]))]
    pub uais: Vec<Uai>,
    /// Avec le rôle `partner` : son partenaire.
    pub partner_id: Option<PartnerId>,
    /// Ce que ses jetons permettent.
    #[schema(example = json!(["read"]))]
    pub scopes: Vec<ClientScope>,
    /// `active` ou `revoked`.
    #[schema(example = "active")]
    pub status: Status,
    /// Fin de validité ; null : aucune.
    #[schema(example = "2030-12-31T23:59:59Z")]
    pub expires_at: Option<DateTime<Utc>>,
    /// Dernier usage, à la minute près.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Date de création.
    pub created_at: DateTime<Utc>,
    /// Date de dernière modification.
    pub updated_at: DateTime<Utc>,
    /// Its version, in its `ETag`.
    #[serde(skip)]
    #[schema(ignore)]
    pub version: i64,
}

/// Un secret en service ; il n'est montré qu'à sa création.
#[derive(Debug, Clone, Serialize, HasQuery, ToSchema)]
#[diesel(table_name = client_secrets)]
#[schema(as = ClientSecret)]
pub struct SecretRecord {
    /// Identifiant.
    pub id: SecretId,
    /// Ses premiers caractères, pour le reconnaître.
    #[schema(example = "ree_sk_3Q9m")]
    pub hint: String,
    /// Date de création.
    pub created_at: DateTime<Utc>,
    /// Fin de validité ; null : aucune.
    pub expires_at: Option<DateTime<Utc>>,
    /// Dernier usage, à la minute près.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Whose it is.
    #[serde(skip)]
    #[schema(ignore)]
    pub client_id: ClientId,
}

/// Un client et ses secrets en service.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ClientFields)]
pub struct Client {
    /// Ses champs.
    #[serde(flatten)]
    #[schema(inline)]
    pub record: ClientRecord,
    /// Ses secrets en service, deux au plus.
    pub secrets: Vec<SecretRecord>,
    /// How much of it is in the caller's perimeter.
    #[serde(skip)]
    #[schema(ignore)]
    pub overlap: Overlap,
}

/// A client's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub enum Status {
    /// Obtains tokens, until `expires_at`.
    Active,
    /// Obtains none, for good.
    Revoked,
}

text_type!([] Status);

impl TextValue for Status {
    fn as_str(&self) -> &str {
        match self {
            Self::Active => "active",
            Self::Revoked => "revoked",
        }
    }

    /// What is not known to be active is not.
    fn stored(text: String) -> Self {
        if text == "active" {
            Self::Active
        } else {
            Self::Revoked
        }
    }

    fn describe() -> utoipa::openapi::ObjectBuilder {
        Code::<ClientStatuses>::describe()
    }

    fn schema_name() -> String {
        "ClientStatus".into()
    }
}

/// A step of a client's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Change its fields.
    Update,
    /// Give it a new secret.
    RotateSecret,
    /// Put an end to it.
    Revoke,
}

impl steps::Step for Step {
    type Status = Status;

    const STATUSES: &'static [Status] = &[Status::Active, Status::Revoked];

    const ALL: &'static [Self] = &[Self::Update, Self::RotateSecret, Self::Revoke];

    fn as_str(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::RotateSecret => "rotate-secret",
            Self::Revoke => "revoke",
        }
    }

    /// The transition table: what a client becomes by this step, if its status allows it.
    fn from(self, status: Status) -> Option<Status> {
        match (self, status) {
            (Self::Update | Self::RotateSecret, Status::Active) => Some(Status::Active),
            (Self::Revoke, Status::Active) => Some(Status::Revoked),
            (_, Status::Revoked) => None,
        }
    }
}

impl Client {
    /// The status after a step.
    ///
    /// # Errors
    /// `invalid_transition`, naming the status and the steps it allows.
    pub fn step(&self, step: Step) -> Result<Status> {
        step.take(self.record.status)
    }

    /// The client, where it may be its own reader.
    #[must_use]
    pub fn seen_by_itself(self, itself: bool) -> Self {
        let overlap = if itself {
            Overlap::Itself
        } else {
            self.overlap
        };
        Self { overlap, ..self }
    }

    /// The client as its reader is answered.
    pub fn answer(self, language: Language, now: DateTime<Utc>) -> ClientAnswer {
        let allowed_actions = Step::allowed(self.record.status, |step| match self.overlap {
            Overlap::All => true,
            Overlap::Itself => step == Step::RotateSecret,
            Overlap::Nothing | Overlap::Some => false,
        });
        let warnings = self.record.ends_soon(language, now).into_iter().collect();
        ClientAnswer {
            client: self,
            allowed_actions,
            warnings,
        }
    }
}

impl ClientRecord {
    /// The content of a request that would create it as it is.
    pub fn as_input(&self) -> NewClient {
        NewClient {
            name: self.name.clone(),
            contact_email: self.contact_email.clone(),
            role: self.role.clone(),
            territories: self.territories.clone(),
            uais: self.uais.clone(),
            partner_id: self.partner_id,
            scopes: self.scopes.clone(),
            expires_at: self.expires_at,
        }
    }

    /// Whether it may obtain tokens.
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.status == Status::Active && is_ahead(self.expires_at, now)
    }

    /// As whom its tokens act.
    ///
    /// # Errors
    /// `internal_error` when what is stored makes no sense.
    pub fn identity(&self) -> Result<Identity> {
        let role = self.role.as_str().parse().map_err(Error::internal)?;
        let texts = |codes: Vec<String>| Some(codes).filter(|codes| !codes.is_empty());
        let perimeter = Perimeter {
            territories: texts(self.territories.iter().map(ToString::to_string).collect()),
            uais: texts(self.uais.iter().map(ToString::to_string).collect()),
            partner_id: self.partner_id.map(Id::uuid),
        };
        Identity::new(role, perimeter).map_err(Error::internal)
    }

    /// What its tokens allow at most.
    ///
    /// # Errors
    /// `internal_error` when what is stored makes no sense.
    pub fn allowed_scopes(&self) -> Result<Scopes> {
        let words: Vec<&str> = self.scopes.iter().map(TextValue::as_str).collect();
        words.join(" ").parse().map_err(Error::internal)
    }

    fn ends_soon(&self, language: Language, now: DateTime<Utc>) -> Option<Warning> {
        const EXPIRED: Bilingual = Bilingual {
            fr: "Le client a expiré : il n'obtient plus de jeton.",
            en: "The client has expired: it obtains no more tokens.",
        };
        const SOON_OVER: Bilingual = Bilingual {
            fr: "Le client expire dans moins de 30 jours.",
            en: "The client expires in less than 30 days.",
        };
        let end = self
            .expires_at
            .filter(|end| self.status == Status::Active && *end <= now + SOON)?;
        let (code, detail) = if end <= now {
            ("expired", EXPIRED)
        } else {
            ("expires_soon", SOON_OVER)
        };
        Some(Warning {
            pointer: "/expires_at".to_owned(),
            code,
            detail: detail.get(language).to_owned(),
        })
    }
}

impl SecretRecord {
    /// Whether it still serves.
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        is_ahead(self.expires_at, now)
    }
}

fn is_ahead(end: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    end.is_none_or(|end| end > now)
}

impl ObjectType for Client {
    const TYPE: &'static str = "client";
    const VERBS: &'static [&'static str] = &["created", "updated", "secret_rotated", "revoked"];
}

impl Journaled for Client {
    /// The journal records that secrets changed and nothing else of them.
    const PERSONAL: &'static [&'static str] = &["contact_email", "secrets"];

    fn id(&self) -> Uuid {
        self.record.id.uuid()
    }

    fn version(&self) -> i64 {
        self.record.version
    }
}

/// Un client.
#[derive(Debug, Clone, Serialize, ToSchema)]
// `Client` is what generators call their own class.
#[schema(as = RegisteredClient)]
pub struct ClientAnswer {
    /// Ses champs.
    #[serde(flatten)]
    #[schema(inline)]
    pub client: Client,
    /// Ce que l'appelant peut en faire maintenant.
    #[schema(example = json!(["update", "rotate-secret", "revoke"]))]
    pub allowed_actions: Vec<&'static str>,
    /// Ce qui mérite attention sans être une erreur.
    #[schema(example = json!([]))]
    pub warnings: Vec<Warning>,
}

/// Un client et son nouveau secret, montré cette seule fois.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ClientWithSecret {
    /// Le client.
    #[serde(flatten)]
    #[schema(inline)]
    pub client: ClientAnswer,
    /// Le secret ; null quand la même requête est répétée.
    #[schema(example = "ree_sk_3Q9mB0000000000000000000000000000000000000000k0aZ1c")]
    pub client_secret: Option<String>,
}

/// How much of a client is in a caller's perimeter: reading needs some, writing needs all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// Nothing: it is as if it did not exist.
    Nothing,
    /// One of its schools at least.
    Some,
    /// All of it.
    All,
    /// It is the caller itself, which reads itself and has its secret replaced.
    Itself,
}

/// Where a school is.
#[derive(Debug, Clone, Queryable)]
pub struct School {
    /// Its UAI.
    pub uai: Uai,
    /// Its academy, where the directory knows it.
    pub academy: Option<String>,
    /// Its academic region, where the directory knows it.
    pub academic_region: Option<String>,
}

impl School {
    /// Whether it is in the territories of a scope.
    pub fn is_within(&self, scope: &Scope) -> bool {
        let (named, _) = scope.territories().unwrap_or_default();
        let mut places = self.academy.iter().chain(&self.academic_region);
        scope.is_everything() || places.any(|place| named.contains(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revoked_client_takes_no_step() {
        for step in Step::ALL {
            assert!(step.from(Status::Active).is_some(), "{step:?}");
            assert!(step.from(Status::Revoked).is_none(), "{step:?}");
        }
        assert_eq!(Step::Revoke.from(Status::Active), Some(Status::Revoked));
    }

    #[test]
    fn an_end_is_the_first_moment_without() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        assert!(is_ahead(None, now));
        assert!(is_ahead(Some(now + TimeDelta::microseconds(1)), now));
        assert!(!is_ahead(Some(now), now));
    }
}
