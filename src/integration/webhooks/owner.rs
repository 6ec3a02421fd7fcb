//! Whose a webhook is, and with which rights it reads.
//!
//! A machine client's webhook reads with what the client may read at that moment. Other tokens are made
//! by whoever holds the data directory, and have no life of their own: what such a token was, its webhook
//! stays.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::DisabledReason;
use crate::app::App;
use crate::auth::policy::Scope;
use crate::auth::{Claims, Identity, Perimeter, Role};
use crate::error::{Code, Error, Result};
use crate::register::clients::model::{ClientRecord, Status};
use crate::register::clients::store as clients;
use crate::values::TextValue;
use crate::values::ids::ClientId;

/// Whose a new webhook is.
#[derive(Debug, Clone)]
pub struct Owner {
    /// The caller, told apart from all others.
    pub key: String,
    /// The id of its client, if it may be one's.
    pub client: Option<ClientId>,
    /// As whom it acts.
    pub acts_as: ActsAs,
}

impl Owner {
    /// Whoever sends this token.
    ///
    /// # Errors
    /// `insufficient_scope` for a token that may not read: it would be told of nothing.
    pub fn of(claims: &Claims) -> Result<Self> {
        if !claims.scope.can_read() {
            return Err(Error::new(Code::InsufficientScope));
        }
        Self::new(&claims.sub, &claims.identity)
    }

    /// Whoever acts as this.
    ///
    /// # Errors
    /// `internal_error` for a caller that cannot be named.
    pub fn new(subject: &str, identity: &Identity) -> Result<Self> {
        Ok(Self {
            key: Scope::of(identity).acting_as(subject).named_caller()?,
            client: Uuid::try_parse(subject).ok().map(ClientId::new),
            acts_as: ActsAs::of(subject, identity),
        })
    }
}

/// A subject, its role and its perimeter, as they are kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActsAs {
    subject: String,
    role: Role,
    territories: Option<Vec<String>>,
    uais: Option<Vec<String>>,
    partner_id: Option<Uuid>,
}

impl ActsAs {
    fn of(subject: &str, identity: &Identity) -> Self {
        let mut acts_as = Self {
            subject: subject.to_owned(),
            role: identity.role(),
            territories: None,
            uais: None,
            partner_id: None,
        };
        match identity {
            Identity::Academy { territories } => {
                acts_as.territories = Some(territories.iter().map(ToString::to_string).collect());
            }
            Identity::Establishment { uais } => {
                acts_as.uais = Some(uais.iter().map(|uai| uai.as_str().to_owned()).collect());
            }
            Identity::Partner { partner_id } => acts_as.partner_id = Some(*partner_id),
            Identity::Ministry | Identity::Reader => {}
        }
        acts_as
    }

    fn identity(self) -> Result<Identity> {
        let perimeter = Perimeter {
            territories: self.territories,
            uais: self.uais,
            partner_id: self.partner_id,
        };
        Identity::new(self.role, perimeter).map_err(Error::internal)
    }
}

/// What an owner may read now: of its client, if it is one's, else of what its token was.
///
/// # Errors
/// `service_unavailable` when the database is away, `internal_error` when what is stored makes no sense.
/// The inner error is why it may read nothing.
pub async fn rights_now(
    app: &App,
    client: Option<Uuid>,
    acts_as: ActsAs,
) -> Result<std::result::Result<Scope, DisabledReason>> {
    let (reader, now) = (app.db.reader().await?, app.now());
    let ids: Vec<ClientId> = client.map(ClientId::new).into_iter().collect();
    let found = clients::find_all(&reader, &Scope::of_operator(), &ids, now).await?;
    rights(found.first().map(|client| &client.record), acts_as, now)
}

fn rights(
    client: Option<&ClientRecord>,
    acts_as: ActsAs,
    now: DateTime<Utc>,
) -> Result<std::result::Result<Scope, DisabledReason>> {
    let subject = acts_as.subject.clone();
    let identity = match client {
        None => acts_as.identity()?,
        Some(client) if client.status == Status::Revoked => {
            return Ok(Err(DisabledReason::ClientRevoked));
        }
        Some(client) if !client.is_live(now) => return Ok(Err(DisabledReason::ClientExpired)),
        Some(client) if !client.allowed_scopes()?.can_read() => {
            return Ok(Err(DisabledReason::ClientCannotRead));
        }
        Some(client) => client.identity()?,
    };
    Ok(Ok(Scope::of(&identity).acting_as(&subject)))
}
