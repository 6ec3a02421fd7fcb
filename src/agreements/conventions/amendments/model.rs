//! The row of an amendment, its statuses, the steps between them, who may see it.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::content::{Change, Field, NewAmendment};
use super::rules;
use crate::agreements::conventions::acts::Amended;
use crate::agreements::conventions::content::Document;
use crate::agreements::conventions::content_hash::digest;
use crate::agreements::conventions::model::Convention;
use crate::agreements::conventions::signing::{Signatory, VoidedSignature};
use crate::auth::policy::Scope;
use crate::db::journal::{Audience, Journaled, ObjectType};
use crate::db::schema::amendments;
use crate::error::warning::Warning;
use crate::error::{Error, Notice, Result, notice};
use crate::language::Language;
use crate::steps::{self, Alternative, Step as _, alternative};
use crate::values::ids::{AmendmentId, ConventionId, PartnerId};
use crate::values::{Json, Sha256Hex, Text, code_enum};

code_enum! {
    /// An amendment's status.
    Status of "amendment_statuses" {
        /// Being written.
        Draft = "draft",
        /// Agreed; the signatures are being given.
        ToSign = "to_sign",
        /// Signed by all: part of the convention.
        Signed = "signed",
        /// Given up before it was signed.
        Abandoned = "abandoned",
    }
}

/// A step of an amendment's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Change its fields.
    Update,
    /// Remove a draft.
    Delete,
    /// Agree on its content.
    SendForSignature,
    /// Record a signature.
    Sign,
    /// Give it up.
    Abandon,
}

impl steps::Step for Step {
    type Status = Status;

    const STATUSES: &'static [Status] = Status::ALL;

    const ALL: &'static [Self] = &[
        Self::Update,
        Self::Delete,
        Self::SendForSignature,
        Self::Sign,
        Self::Abandon,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Delete => "delete",
            Self::SendForSignature => "send-for-signature",
            Self::Sign => "sign",
            Self::Abandon => "abandon",
        }
    }

    /// The transition table: what an amendment becomes by this step, if its status allows it.
    fn from(self, status: Status) -> Option<Status> {
        use Status::{Abandoned, Draft, Signed, ToSign};
        match (self, status) {
            (Self::Update, Draft | ToSign | Signed) | (Self::Delete, Draft) => Some(status),
            (Self::SendForSignature, Draft) | (Self::Sign, ToSign) => Some(ToSign),
            (Self::Abandon, Draft | ToSign) => Some(Abandoned),
            (Self::Update, Abandoned)
            | (Self::Delete, ToSign | Signed | Abandoned)
            | (Self::SendForSignature, ToSign | Signed | Abandoned)
            | (Self::Sign, Draft | Signed | Abandoned)
            | (Self::Abandon, Signed | Abandoned) => None,
        }
    }

    fn alternative(self, status: Status) -> Option<Alternative<Status>> {
        match (self, status) {
            (Self::Update, Status::ToSign) => alternative(
                Status::Draft,
                "contenu ou signataires modifiés",
                "content or signatories changed",
            ),
            (Self::Sign, Status::ToSign) => {
                alternative(Status::Signed, "dernière signature", "last signature")
            }
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
            Self::SendForSignature => "sent_for_signature",
            Self::Sign => "signature_recorded",
            Self::Abandon => "abandoned",
        }
    }
}

/// Un avenant.
#[derive(Debug, Clone, Serialize, HasQuery, ToSchema)]
#[diesel(table_name = amendments)]
pub struct Amendment {
    /// Identifiant.
    pub id: AmendmentId,
    /// La convention qu'il modifie.
    pub convention_id: ConventionId,
    /// Son numéro parmi les avenants de la convention.
    #[schema(example = 1)]
    pub number: i32,
    /// Statut.
    #[schema(example = "draft")]
    pub status: Status,
    /// Intitulé.
    #[schema(example = "Prolongation d'un an")]
    pub title: Text<300>,
    /// Le jour où il prend effet.
    #[schema(example = "2027-01-01")]
    pub effective_on: NaiveDate,
    /// Ce qu'il change.
    #[schema(value_type = Vec<Change>)]
    pub changes: Json<Vec<Change>>,
    /// Les signataires des deux côtés, avec leurs signatures.
    #[schema(value_type = Vec<Signatory>)]
    pub signatories: Json<Vec<Signatory>>,
    /// Le texte de l'avenant, ses annexes.
    #[schema(value_type = Vec<Document>)]
    pub documents: Json<Vec<Document>>,
    /// Les signatures qui ne valent plus, le texte ayant changé après elles ; montrées aux parties et à qui suit la convention.
    #[schema(value_type = Vec<VoidedSignature>)]
    pub voided_signatures: Json<Vec<VoidedSignature>>,
    /// Le jour de la dernière signature.
    #[schema(example = "2026-12-15")]
    pub signed_on: Option<NaiveDate>,
    /// SHA-256 de ce qu'il dit, en hexadécimal.
    pub content_hash: Sha256Hex,
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
}

/// The members of an amendment's canonical form: see [`crate::agreements::conventions::content_hash`].
pub const CONTRACTUAL: &[&str] = &[
    "convention_id",
    "number",
    "title",
    "effective_on",
    "changes",
];

/// The digest of the content of an amendment.
///
/// # Errors
/// `internal_error` when it cannot be serialised.
pub fn content_hash(
    convention: ConventionId,
    number: i32,
    new: &NewAmendment,
) -> Result<Sha256Hex> {
    let mut value = serde_json::to_value(new).map_err(Error::internal)?;
    if let Some(members) = value.as_object_mut() {
        members.insert("convention_id".to_owned(), convention.to_string().into());
        members.insert("number".to_owned(), number.into());
    }
    Ok(digest(&value, CONTRACTUAL))
}

static RETROACTIVE: Notice = notice(
    "retroactive",
    "L'avenant prend effet avant sa dernière signature.",
    "The amendment takes effect before its last signature.",
);

impl Amendment {
    /// What created it, or would create it as it is now.
    pub fn as_input(&self) -> NewAmendment {
        NewAmendment {
            title: self.title.clone(),
            effective_on: self.effective_on,
            changes: self.changes.0.clone(),
            signatories: self.signatories.iter().map(|one| one.who.clone()).collect(),
            documents: self.documents.0.clone(),
        }
    }

    /// The status after a step.
    ///
    /// # Errors
    /// `invalid_transition`, naming the status and the steps it allows.
    pub fn step(&self, step: Step) -> Result<Status> {
        step.take(self.status)
    }

    /// As its convention carries it once it is signed.
    pub fn as_carried(&self) -> Amended {
        Amended {
            id: self.id,
            number: self.number,
            title: self.title.clone(),
            effective_on: self.effective_on,
            signed_on: self.signed_on,
            changes: self.changes.0.clone(),
            ends_on: None,
        }
    }

    /// Those who sign it, besides the ministry's side: the parties on the eve of its effect, and
    /// those who join.
    pub fn parties(&self, convention: &Convention) -> Vec<PartnerId> {
        parties(convention, self.effective_on, &self.changes)
    }

    /// Whether this caller's side signs it.
    pub fn has_party(&self, scope: &Scope, convention: &Convention) -> bool {
        let own = scope.partner();
        let parties = self.parties(convention);
        own.is_some() && parties.iter().any(|party| Some(party.uuid()) == own)
    }

    /// Whether this caller, who sees its convention, sees it: once signed everyone does; before, those
    /// who keep the convention, are a party to it that day, sign the amendment, or are named by it.
    pub fn is_visible_to(&self, scope: &Scope, convention: &Convention, day: NaiveDate) -> bool {
        let is_named = |own| {
            let party = Field::Party(PartnerId::new(own));
            self.changes.iter().any(|change| change.field() == party)
        };
        self.status == Status::Signed
            || convention.is_kept_by(scope)
            || convention.has_party(scope, day)
            || self.has_party(scope, convention)
            || scope.partner().is_some_and(is_named)
    }

    /// Whether this caller may ever take the step.
    fn is_for(&self, step: Step, scope: &Scope, convention: &Convention) -> bool {
        let unsigned_own = || {
            let mut own = self
                .signatories
                .iter()
                .filter(|one| one.who.partner_id.map(PartnerId::uuid) == scope.partner());
            own.any(|one| one.signature.is_none())
        };
        convention.is_kept_by(scope)
            || (step == Step::Sign && self.has_party(scope, convention) && unsigned_own())
    }

    /// The amendment as this caller is answered.
    pub fn answer_for(
        mut self,
        scope: &Scope,
        convention: &Convention,
        language: Language,
    ) -> AmendmentAnswer {
        let concerned = convention.is_kept_by(scope) || self.has_party(scope, convention);
        if !concerned {
            self.voided_signatures.0.clear();
        }
        let may = |step| self.is_for(step, scope, convention);
        AmendmentAnswer {
            allowed_actions: Step::allowed(self.status, may),
            warnings: self.warnings(convention, language),
            amendment: self,
        }
    }

    fn warnings(&self, convention: &Convention, language: Language) -> Vec<Warning> {
        let is_late = self.signed_on.is_some_and(|day| day > self.effective_on);
        let late = is_late.then(|| RETROACTIVE.at("/effective_on", language));
        let mut found: Vec<Warning> = late.into_iter().collect();
        if matches!(self.status, Status::Draft | Status::ToSign) {
            let in_the_way = rules::contradictions(convention, &self.as_carried());
            found.extend(in_the_way.into_iter().map(|one| one.as_warning(language)));
        }
        found
    }
}

/// The partners that these changes make parties.
pub fn joining(changes: &[Change]) -> impl Iterator<Item = PartnerId> {
    changes.iter().filter_map(|change| match change {
        Change::AddPartner { partner_id } => Some(*partner_id),
        _ => None,
    })
}

/// Those who sign an amendment that takes effect on this day and changes this.
pub fn parties(
    convention: &Convention,
    effective_on: NaiveDate,
    changes: &[Change],
) -> Vec<PartnerId> {
    let eve = effective_on.pred_opt().unwrap_or(effective_on);
    let mut parties = convention.parties(eve);
    for partner in joining(changes) {
        if !parties.contains(&partner) {
            parties.push(partner);
        }
    }
    parties
}

/// An amendment with the convention it belongs to, as it is journaled: who may know of it depends
/// on both.
#[derive(Debug, Serialize)]
pub struct Filed<'a> {
    /// The amendment.
    #[serde(flatten)]
    pub amendment: &'a Amendment,
    /// Its convention.
    #[serde(skip)]
    pub convention: &'a Convention,
}

impl ObjectType for Filed<'_> {
    const TYPE: &'static str = "amendment";
    const VERBS: &'static [&'static str] = &[
        "created",
        "updated",
        "sent_for_signature",
        "signature_recorded",
        "signed",
        "abandoned",
        "deleted",
        "moved",
    ];
    const PARENT: Option<&'static str> = Some("conventions");
}

impl Journaled for Filed<'_> {
    const PERSONAL: &'static [&'static str] = &[];

    fn id(&self) -> Uuid {
        self.amendment.id.uuid()
    }

    fn version(&self) -> i64 {
        self.amendment.version
    }

    fn parent(&self) -> Option<Uuid> {
        Some(self.convention.id.uuid())
    }

    fn audience(&self) -> Audience {
        if self.amendment.status == Status::Signed {
            return Audience::everyone();
        }
        let parties = self.amendment.parties(self.convention);
        self.convention
            .keepers()
            .and_partners(parties.into_iter().map(PartnerId::uuid))
    }
}

/// Un avenant.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Amendment)]
pub struct AmendmentAnswer {
    /// Ses champs.
    #[serde(flatten)]
    #[schema(inline)]
    pub amendment: Amendment,
    /// Ce que l'appelant peut en faire maintenant.
    #[schema(example = json!(["update", "delete", "send-for-signature", "abandon"]))]
    pub allowed_actions: Vec<&'static str>,
    /// Ce qui mérite attention sans être une erreur, dont ce qui l'empêcherait d'être signé.
    #[schema(example = json!([]))]
    pub warnings: Vec<Warning>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_or_given_up_stays_so() {
        for step in Step::ALL {
            let after = step.from(Status::Signed);
            assert!(after.is_none_or(|status| status == Status::Signed));
            assert_eq!(step.from(Status::Abandoned), None, "{step:?}");
        }
    }
}
