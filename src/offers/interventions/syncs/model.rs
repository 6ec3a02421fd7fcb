//! What a full synchronisation is, and what can be done with it.

use std::collections::HashSet;

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
use crate::offers::interventions::model::ExternalId;
use crate::values::code_enum;
use crate::values::ids::{InterventionId, PartnerId, SyncId};

/// The share of what is offered that a synchronisation withdraws without consent, in percent.
const THRESHOLD: i32 = 20;

/// So many withdrawals never ask for consent, however little is offered.
const FEW: usize = 2;

/// The most interventions that the answer to a commit names.
const NAMED: usize = 1_000;

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
    /// Parmi les refusées, celles dont l'identifiant ne se lit pas : terminer demande `confirm=true`.
    #[schema(example = 0)]
    pub unidentified: i32,
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

    /// Why committing asks for consent: all of it.
    pub fn objections(&self, withdrawals: usize, offered: usize) -> Vec<Objection> {
        let percent = usize::try_from(self.threshold_percent).unwrap_or_default();
        let is_much = withdrawals.saturating_mul(100) > offered.saturating_mul(percent);
        let unidentified = (self.unidentified > 0).then(|| Objection {
            code: Code::UnidentifiedItems,
            subject: format!("{} : {}/batches", self.unidentified, self.path()),
        });
        let too_many = (withdrawals > FEW && is_much).then(|| Objection {
            code: Code::TooManyWithdrawals,
            subject: format!("{withdrawals} / {offered} > {percent} %"),
        });
        unidentified.into_iter().chain(too_many).collect()
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

/// Why committing a synchronisation asks for consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// The refusal.
    pub code: Code,
    /// What it is about.
    pub subject: String,
}

impl Objection {
    /// As a refusal.
    pub fn refusal(self) -> Error {
        Error::new(self.code).about(self.subject)
    }
}

/// What a batch sent.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    /// The interventions that its items are, or may be, about.
    pub interventions: HashSet<InterventionId>,
    /// How many items may be about any intervention.
    pub unidentified: usize,
}

/// What a commit withdraws, or would.
#[derive(Debug)]
pub struct Committed {
    /// The synchronisation: closed, or open as it was.
    pub sync: Sync,
    /// The external ids of what is withdrawn.
    pub withdrawals: Vec<ExternalId>,
    /// Why it asks for consent, or would have.
    pub objections: Vec<Objection>,
}

impl ObjectType for Sync {
    const TYPE: &'static str = "sync";
    const VERBS: &'static [&'static str] = &["created", "committed", "abandoned"];
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

/// Ce que terminer une synchronisation retire, ou retirerait.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SyncCommit {
    /// The synchronisation.
    #[serde(flatten)]
    #[schema(inline)]
    pub sync: SyncAnswer,
    /// Vrai : rien n'a été retiré, et la synchronisation reste ouverte.
    #[schema(example = false)]
    pub dry_run: bool,
    /// Les identifiants donnés par le partenaire de ce qui est retiré : les 1 000 premiers.
    #[schema(value_type = Vec<String>, example = json!(["visite-42"]))]
    pub withdrawals: Vec<ExternalId>,
    /// Les refus que `confirm=true` lève : `unidentified_items`, `too_many_withdrawals`.
    #[schema(value_type = Vec<String>, example = json!([]))]
    pub needs_confirmation: Vec<&'static str>,
}

impl Committed {
    /// As a caller is answered.
    pub fn answer_for(mut self, scope: &Scope, is_dry_run: bool) -> SyncCommit {
        self.withdrawals.truncate(NAMED);
        SyncCommit {
            sync: self.sync.answer_for(scope),
            dry_run: is_dry_run,
            withdrawals: self.withdrawals,
            needs_confirmation: self
                .objections
                .iter()
                .map(|one| one.code.as_str())
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consent_is_asked_for_above_the_share_and_from_three_withdrawals_on() {
        for (percent, withdrawals, offered, is_much) in [
            (20, 0, 0, false),
            (20, 2, 2, false),
            (20, 3, 3, true),
            (20, 3, 15, false),
            (20, 3, 14, true),
            (20, 10, 50, false),
            (20, 10, 49, true),
            (0, 2, 1_000, false),
            (0, 3, 1_000, true),
            (100, 1_000, 1_000, false),
        ] {
            let objections = sync(percent, 0).objections(withdrawals, offered);
            let is_objected = !objections.is_empty();
            assert_eq!(
                is_objected, is_much,
                "{withdrawals} of {offered}, {percent} %"
            );
        }
    }

    #[test]
    fn an_item_that_may_be_any_asks_for_consent_whatever_is_withdrawn() {
        let codes = |withdrawals| {
            let objections = sync(20, 1).objections(withdrawals, 10);
            objections
                .into_iter()
                .map(|one| one.code)
                .collect::<Vec<_>>()
        };
        assert_eq!(codes(0), [Code::UnidentifiedItems]);
        assert_eq!(
            codes(9),
            [Code::UnidentifiedItems, Code::TooManyWithdrawals]
        );
    }

    fn sync(threshold_percent: i32, unidentified: i32) -> Sync {
        Sync {
            id: SyncId::new(Uuid::nil()),
            partner_id: PartnerId::new(Uuid::nil()),
            status: Status::Open,
            threshold_percent,
            received: 0,
            created: 0,
            updated: 0,
            unchanged: 0,
            rejected: unidentified,
            unidentified,
            withdrawn: 0,
            closed_at: None,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
            version: 1,
        }
    }
}
