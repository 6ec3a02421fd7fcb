//! What a full synchronisation is, and what can be done with it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::policy::Scope;
use crate::db::journal::{Audience, Journaled, ObjectType};
use crate::db::schema::sync_runs;
use crate::error::{Code, Error, Result};
use crate::http::fields::{Body, Fields};
use crate::values::code_enum;
use crate::values::ids::{PartnerId, SyncId};

/// The share of what is offered that a synchronisation withdraws without consent, in percent.
const THRESHOLD: i32 = 20;

/// So many withdrawals never ask for consent, however little is offered.
const FEW: usize = 9;

code_enum! {
    /// What a synchronisation is.
    Status of "sync_statuses" {
        /// Batches are sent.
        Open = "open",
        /// What was not sent is withdrawn.
        Committed = "committed",
        /// Nothing is.
        Abandoned = "abandoned",
    }
}

/// Ce qu'une synchronisation demande.
#[derive(Debug, Clone, Copy, ToSchema)]
pub struct NewSync {
    /// Part de l'offre, en pour cent, au-delà de laquelle terminer demande `confirm=true`.
    #[schema(
        required = false,
        default = 20,
        minimum = 0,
        maximum = 100,
        example = 20
    )]
    pub threshold_percent: i32,
}

impl Body for NewSync {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let percent = fields.integer("threshold_percent", 0, 100);
        Some(Self {
            threshold_percent: percent.unwrap_or(THRESHOLD),
        })
    }
}

/// Une synchronisation complète.
#[derive(Debug, Clone, Serialize, HasQuery, ToSchema)]
#[diesel(table_name = sync_runs)]
pub struct Sync {
    /// Identifiant.
    pub id: SyncId,
    /// Le partenaire.
    pub partner_id: PartnerId,
    /// `open`, `committed` ou `abandoned`.
    pub status: Status,
    /// Part de l'offre, en pour cent, au-delà de laquelle terminer demande `confirm=true`.
    #[schema(example = 20)]
    pub threshold_percent: i32,
    /// Interventions reçues dans ses lots.
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
    /// Celles qui ont été retirées, faute d'avoir été envoyées.
    #[schema(example = 0)]
    pub withdrawn: i32,
    /// Quand elle a été terminée ou abandonnée.
    #[serde(serialize_with = "crate::values::optional_moment")]
    pub closed_at: Option<DateTime<Utc>>,
    /// Quand elle a été ouverte.
    #[serde(serialize_with = "crate::values::moment")]
    pub created_at: DateTime<Utc>,
    /// Date de dernière modification.
    #[serde(serialize_with = "crate::values::moment")]
    pub updated_at: DateTime<Utc>,
    /// Its version, in its `ETag`.
    #[serde(skip)]
    #[schema(ignore)]
    pub version: i64,
}

impl Sync {
    /// Its path.
    pub fn path(&self) -> String {
        format!("/v1/partners/{}/syncs/{}", self.partner_id, self.id)
    }

    /// Refuses a step of one that is closed.
    ///
    /// # Errors
    /// `invalid_transition`.
    pub fn must_be_open(&self) -> Result<()> {
        match self.status {
            Status::Open => Ok(()),
            Status::Committed | Status::Abandoned => Err(Error::impossible(self.status, &[])),
        }
    }

    /// Refuses to withdraw so many of what is offered without consent.
    ///
    /// # Errors
    /// `too_many_withdrawals`.
    pub fn may_withdraw(&self, withdrawn: usize, offered: usize) -> Result<()> {
        let percent = usize::try_from(self.threshold_percent).unwrap_or_default();
        let is_much = withdrawn.saturating_mul(100) > offered.saturating_mul(percent);
        if withdrawn > FEW && is_much {
            let detail = format!("{withdrawn} / {offered} > {percent} %");
            return Err(Error::new(Code::TooManyWithdrawals).about(detail));
        }
        Ok(())
    }

    /// As a caller is answered.
    pub fn answer_for(self, scope: &Scope) -> SyncAnswer {
        let is_own = scope.partner() == Some(self.partner_id.uuid());
        let allowed: &[&str] = if is_own && self.status == Status::Open {
            &["commit", "abandon"]
        } else {
            &[]
        };
        SyncAnswer {
            allowed_actions: allowed.to_vec(),
            sync: self,
        }
    }
}

impl ObjectType for Sync {
    const TYPE: &'static str = "sync";
    // A portal follows what it pushes itself: nobody has asked for these changes alone.
    const VERBS: &'static [&'static str] = &[];
    const PARENT: Option<&'static str> = Some("partners");
}

impl Journaled for Sync {
    const PERSONAL: &'static [&'static str] = &[];

    fn id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn parent(&self) -> Option<Uuid> {
        Some(self.partner_id.uuid())
    }

    fn audience(&self) -> Audience {
        Audience::ministry().and_partners([self.partner_id.uuid()])
    }
}

/// Une synchronisation complète.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Sync)]
pub struct SyncAnswer {
    /// Its fields.
    #[serde(flatten)]
    #[schema(inline)]
    pub sync: Sync,
    /// Ce que l'appelant peut en faire maintenant.
    #[schema(example = json!(["commit", "abandon"]))]
    pub allowed_actions: Vec<&'static str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consent_is_asked_for_above_the_share_and_never_below_ten() {
        let sync = |threshold_percent| Sync {
            id: SyncId::new(Uuid::nil()),
            partner_id: PartnerId::new(Uuid::nil()),
            status: Status::Open,
            threshold_percent,
            received: 0,
            created: 0,
            updated: 0,
            unchanged: 0,
            rejected: 0,
            withdrawn: 0,
            closed_at: None,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
            version: 1,
        };
        for (percent, withdrawn, offered, is_let) in [
            (20, 0, 0, true),
            (20, 9, 9, true),
            (20, 10, 10, false),
            (20, 10, 50, true),
            (20, 10, 49, false),
            (20, 11, 54, false),
            (0, 10, 1_000, false),
            (100, 1_000, 1_000, true),
        ] {
            let let_through = sync(percent).may_withdraw(withdrawn, offered).is_ok();
            assert_eq!(let_through, is_let, "{withdrawn} of {offered}, {percent} %");
        }
    }
}
