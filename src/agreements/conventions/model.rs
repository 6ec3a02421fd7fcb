//! The row of a convention, its statuses, the steps between them, how it is answered.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::acts::{Amended, Termination};
use super::content::{Content, ConventionScope, NewConvention};
use super::signing::{Signatory, VoidedSignature};
use super::store::neighbours::{predecessor_until, successor_under_way};
use crate::agreements::conventions::acts::Imported;
use crate::auth::policy::Scope;
use crate::db::journal::{Audience, Journaled, ObjectType};
use crate::db::schema::conventions;
use crate::error::Result;
use crate::steps::{self, Alternative, Step as _, alternative};
use crate::values::ids::{ConventionId, PartnerId};
use crate::values::{Json, Sha256Hex, TerritoryKind, TextValue, code_enum};

code_enum! {
    /// A convention's status.
    Status of "convention_statuses" {
        /// Being written.
        Draft = "draft",
        /// Discussed between the parties.
        Negotiation = "negotiation",
        /// Agreed; the signatures are being given.
        ToSign = "to_sign",
        /// Signed by all.
        Signed = "signed",
        /// Given up before it was signed.
        Abandoned = "abandoned",
        /// Ended by a party.
        Terminated = "terminated",
        /// Followed by another one.
        Replaced = "replaced",
    }
}

impl Status {
    /// Whether it was ever signed.
    pub const fn was_signed(self) -> bool {
        matches!(self, Self::Signed | Self::Terminated | Self::Replaced)
    }
}

/// A step of a convention's life; `docs/LIFECYCLES.md` draws them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Change its fields.
    Update,
    /// Remove a draft.
    Delete,
    /// Begin to discuss it.
    OpenNegotiation,
    /// Agree on its content.
    SendForSignature,
    /// Record a signature.
    Sign,
    /// Give it up.
    Abandon,
    /// End it before its time, or refuse that it goes on.
    Terminate,
    /// Draft the one that will succeed it.
    Renew,
}

impl steps::Step for Step {
    type Status = Status;

    const STATUSES: &'static [Status] = Status::ALL;

    const ALL: &'static [Self] = &[
        Self::Update,
        Self::Delete,
        Self::OpenNegotiation,
        Self::SendForSignature,
        Self::Sign,
        Self::Abandon,
        Self::Terminate,
        Self::Renew,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Delete => "delete",
            Self::OpenNegotiation => "open-negotiation",
            Self::SendForSignature => "send-for-signature",
            Self::Sign => "sign",
            Self::Abandon => "abandon",
            Self::Terminate => "terminate",
            Self::Renew => "renew",
        }
    }

    /// The transition table: what a convention becomes by this step, if its status allows it.
    fn from(self, status: Status) -> Option<Status> {
        use Status::{Abandoned, Draft, Negotiation, Replaced, Signed, Terminated, ToSign};
        match (self, status) {
            (Self::Update, Abandoned) => None,
            (Self::Update, Draft | Negotiation | ToSign | Signed | Terminated | Replaced)
            | (Self::Delete, Draft) => Some(status),
            (Self::OpenNegotiation, Draft) => Some(Negotiation),
            (Self::SendForSignature, Negotiation) | (Self::Sign, ToSign) => Some(ToSign),
            (Self::Abandon, Draft | Negotiation | ToSign) => Some(Abandoned),
            (Self::Terminate, Signed) => Some(Terminated),
            (Self::Renew, Signed) => Some(Signed),
            (
                Self::Delete
                | Self::OpenNegotiation
                | Self::SendForSignature
                | Self::Sign
                | Self::Abandon
                | Self::Terminate
                | Self::Renew,
                _,
            ) => None,
        }
    }

    fn alternative(self, status: Status) -> Option<Alternative<Status>> {
        match (self, status) {
            (Self::Update, Status::ToSign) => alternative(
                Status::Negotiation,
                "contenu ou signataires modifiés",
                "content or signatories changed",
            ),
            (Self::Sign, Status::ToSign) => {
                alternative(Status::Signed, "dernière signature", "last signature")
            }
            (Self::Renew, Status::Signed) => alternative(
                Status::Replaced,
                "une fois la suivante signée, de son premier jour",
                "once the next is signed, from its first day",
            ),
            _ => None,
        }
    }
}

impl Step {
    /// Its name in the journal, as what was done.
    pub const fn past(self) -> &'static str {
        match self {
            Self::Update => "updated",
            Self::Delete => "deleted",
            Self::OpenNegotiation => "negotiation_opened",
            Self::SendForSignature => "sent_for_signature",
            Self::Sign => "signature_recorded",
            Self::Abandon => "abandoned",
            Self::Terminate => "terminated",
            Self::Renew => "renewed",
        }
    }
}

/// Une convention.
#[derive(Debug, Clone, Serialize, HasQuery, ToSchema)]
#[diesel(table_name = conventions)]
pub struct Convention {
    /// Identifiant.
    pub id: ConventionId,
    /// Référence donnée par le service.
    #[schema(example = "CN-2026-0001")]
    pub reference: String,
    /// Statut.
    #[schema(example = "draft")]
    pub status: Status,
    /// Its fields as they were signed first; in an answer, as its amendments make them on the day.
    #[diesel(embed)]
    #[serde(flatten)]
    #[schema(inline)]
    pub original: Content,
    /// Les signataires des deux côtés, avec leurs signatures.
    #[schema(value_type = Vec<Signatory>)]
    pub signatories: Json<Vec<Signatory>>,
    /// Les signatures qui ne valent plus, le texte ayant changé après elles ; montrées aux parties et à qui suit la convention.
    #[schema(value_type = Vec<VoidedSignature>)]
    pub voided_signatures: Json<Vec<VoidedSignature>>,
    /// La convention qui succède à celle-ci : signée ou, pour qui suit celle-ci, en préparation.
    pub successor_id: Option<ConventionId>,
    /// Le jour de la dernière signature.
    #[schema(example = "2026-01-15")]
    pub signed_on: Option<NaiveDate>,
    /// SHA-256 du contenu contractuel de ce jour, en hexadécimal.
    pub content_hash: Sha256Hex,
    /// La fin qu'une partie y a mise.
    #[schema(value_type = Option<Termination>)]
    pub termination: Option<Json<Termination>>,
    /// Les avenants signés qui ont pris effet ce jour-là, dans l'ordre de leur effet.
    #[schema(value_type = Vec<Amended>)]
    pub amendments: Json<Vec<Amended>>,
    /// Date de création.
    #[serde(serialize_with = "crate::values::moment")]
    pub created_at: DateTime<Utc>,
    /// Date de dernière modification.
    #[serde(serialize_with = "crate::values::moment")]
    pub updated_at: DateTime<Utc>,
    /// Its version, in its `ETag`.
    #[serde(skip)]
    #[schema(ignore)]
    pub version: i64,
    /// The territory and all above it.
    #[serde(skip)]
    #[schema(ignore)]
    #[diesel(column_name = reach)]
    pub ancestors: Vec<String>,
    /// The first day of its successor.
    #[serde(skip)]
    #[schema(ignore)]
    pub replaced_on: Option<NaiveDate>,
    /// Where it comes from.
    #[serde(skip)]
    #[schema(ignore)]
    pub imported: Option<Json<Imported>>,
    /// The last day it can be in force, all its amendments counted; null when nothing ends it.
    #[serde(skip)]
    #[schema(ignore)]
    pub in_force_until: Option<NaiveDate>,
    /// The successor that is being prepared.
    #[diesel(select_expression = successor_under_way())]
    #[diesel(select_expression_type = successor_under_way)]
    #[serde(skip)]
    #[schema(ignore)]
    pub successor_under_way: Option<ConventionId>,
    /// The last day its predecessor is in force.
    #[diesel(select_expression = predecessor_until())]
    #[diesel(select_expression_type = predecessor_until)]
    #[serde(skip)]
    #[schema(ignore)]
    pub predecessor_until: Option<NaiveDate>,
}

impl Convention {
    /// What a change starts from: the text of a day, with those of its signatories who sign for its
    /// parties then.
    pub fn as_input_on(&self, day: NaiveDate) -> NewConvention {
        let content = self.on(day).content;
        let is_party = |id: &PartnerId| content.partner_ids.contains(id);
        let people = self
            .signatories
            .iter()
            .map(|one| one.who.clone())
            .filter(|one| one.partner_id.as_ref().is_none_or(is_party));
        NewConvention {
            signatories: people.collect(),
            content,
        }
    }

    /// The status after a step.
    ///
    /// # Errors
    /// `invalid_transition`, naming the status and the steps it allows.
    pub fn step(&self, step: Step) -> Result<Status> {
        step.take(self.status)
    }

    /// Whether this caller keeps the convention: the ministry, and for a local one those who have
    /// its territory in charge.
    pub fn is_kept_by(&self, scope: &Scope) -> bool {
        match self.original.scope {
            ConventionScope::National => scope.is_everything(),
            ConventionScope::Local => scope.covers_all(std::slice::from_ref(&self.ancestors)),
        }
    }

    /// Those who keep it, as an audience.
    pub fn keepers(&self) -> Audience {
        let school = self.original.territory.iter().map(TextValue::as_str);
        Audience::ministry()
            .and_within(&self.ancestors)
            .and_schools_under(school.filter(|code| TerritoryKind::School.is_of(code)))
    }

    /// Whether this caller's side is a party to it on a day.
    pub fn has_party(&self, scope: &Scope, day: NaiveDate) -> bool {
        let is_party = |id: Uuid| self.parties(day).contains(&PartnerId::new(id));
        scope.partner().is_some_and(is_party)
    }
}

impl ObjectType for Convention {
    const TYPE: &'static str = "convention";
    const VERBS: &'static [&'static str] = &[
        "created",
        "updated",
        "negotiation_opened",
        "sent_for_signature",
        "signature_recorded",
        "signed",
        "replaced",
        "abandoned",
        "deleted",
        "amended",
        "terminated",
        "moved",
    ];
}

impl Journaled for Convention {
    const PERSONAL: &'static [&'static str] = &[];

    fn id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn audience(&self) -> Audience {
        if self.status.was_signed() {
            return Audience::everyone();
        }
        let parties = self.original.partner_ids.iter().map(|id| id.uuid());
        self.keepers().and_partners(parties)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_signed_never_becomes_unsigned() {
        for status in Status::ALL.iter().filter(|status| status.was_signed()) {
            for step in Step::ALL {
                assert!(step.from(*status).is_none_or(Status::was_signed));
            }
        }
    }

    #[test]
    fn every_status_before_the_end_has_a_way_out() {
        for status in [Status::Draft, Status::Negotiation, Status::ToSign] {
            assert_eq!(Step::Abandon.from(status), Some(Status::Abandoned));
        }
        for step in Step::ALL {
            assert_eq!(step.from(Status::Abandoned), None, "{step:?}");
        }
    }
}
