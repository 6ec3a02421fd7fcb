//! The row of a partner, its statuses, what each step needs, how it is answered.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::content::{NewPartner, Origin};
use crate::auth::policy::Scope;
use crate::db::journal::{Journaled, ObjectType};
use crate::db::schema::partners;
use crate::error::warning::Warning;
use crate::error::{Notice, Result, notice};
use crate::language::Language;
use crate::steps::{self, Step as _};
use crate::values::ids::PartnerId;
use crate::values::{Code, Nomenclature, TextValue, text_type};

/// The nomenclature of the statuses of a partner.
pub enum PartnerStatuses {}

impl Nomenclature for PartnerStatuses {
    const NAME: &'static str = "partner_statuses";
}

/// Un partenaire.
#[derive(Debug, Clone, Serialize, HasQuery, ToSchema)]
#[diesel(table_name = partners)]
pub struct Partner {
    /// Identifiant.
    pub id: PartnerId,
    /// Its fields.
    #[diesel(embed)]
    #[serde(flatten)]
    #[schema(inline)]
    pub content: NewPartner,
    /// `active` ou `archived`.
    #[schema(example = "active")]
    pub status: Status,
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
    /// What `sort=legal_name` orders by.
    #[serde(skip)]
    #[schema(ignore)]
    pub sort_name: String,
    /// The territory of a local one and all above it.
    #[serde(skip)]
    #[schema(ignore)]
    #[diesel(column_name = reach)]
    pub ancestors: Vec<String>,
}

/// A partner's status.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub enum Status {
    /// In use.
    Active,
    /// Kept, no longer in use.
    Archived,
}

text_type!([] Status);

impl TextValue for Status {
    fn as_str(&self) -> &str {
        match self {
            Self::Active => "active",
            Self::Archived => "archived",
        }
    }

    fn stored(text: String) -> Self {
        if text == "archived" {
            Self::Archived
        } else {
            Self::Active
        }
    }

    fn describe() -> utoipa::openapi::ObjectBuilder {
        Code::<PartnerStatuses>::describe()
    }

    fn schema_name() -> String {
        "PartnerStatus".into()
    }
}

static UNIDENTIFIED: Notice = notice(
    "not_identified",
    "Ni SIREN ni RNA : l'organisme ne peut pas être rapproché des répertoires officiels.",
    "Neither SIREN nor RNA: the organisation cannot be matched with the official directories.",
);

static LOOKS_LIKE: Notice = notice(
    "looks_like",
    "Un partenaire de nom semblable existe : vérifiez qu'il ne s'agit pas du même.",
    "There is a partner with a like name: check that it is not the same.",
);

/// A step of a partner's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Change its fields.
    Update,
    /// Remove it, if nothing refers to it.
    Delete,
    /// Put it out of use.
    Archive,
    /// Put it back in use.
    Restore,
}

impl steps::Step for Step {
    type Status = Status;

    const STATUSES: &'static [Status] = &[Status::Active, Status::Archived];

    const ALL: &'static [Self] = &[Self::Update, Self::Delete, Self::Archive, Self::Restore];

    fn as_str(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Archive => "archive",
            Self::Restore => "restore",
        }
    }

    /// The transition table: what a partner becomes by this step, if its status allows it.
    fn from(self, status: Status) -> Option<Status> {
        match (self, status) {
            (Self::Update | Self::Delete, status) => Some(status),
            (Self::Archive, Status::Active) => Some(Status::Archived),
            (Self::Restore, Status::Archived) => Some(Status::Active),
            (Self::Archive, Status::Archived) | (Self::Restore, Status::Active) => None,
        }
    }
}

impl Step {
    /// Whether this caller may ever take it on this partner.
    fn is_for(self, scope: &Scope, partner: &Partner) -> bool {
        match self {
            Self::Update => partner.is_kept_by(scope) || scope.may_write_for(partner.id.uuid()),
            Self::Delete | Self::Archive | Self::Restore => partner.is_kept_by(scope),
        }
    }
}

/// A partner with a like name.
#[derive(Debug, Clone, Queryable)]
pub struct Like {
    /// Which one.
    pub id: PartnerId,
    /// Its legal name.
    pub legal_name: String,
}

impl Partner {
    /// The status after a step.
    ///
    /// # Errors
    /// `invalid_transition`, naming the status and the steps it allows.
    pub fn step(&self, step: Step) -> Result<Status> {
        step.take(self.status)
    }

    /// Whether this caller keeps the partner: the ministry all, the others the local ones whose
    /// territory they have in charge.
    pub fn is_kept_by(&self, scope: &Scope) -> bool {
        scope.is_everything()
            || (self.content.origin == Origin::Local
                && scope.covers_all(std::slice::from_ref(&self.ancestors)))
    }

    /// The partner as this caller is answered.
    pub fn answer_for(self, scope: &Scope, language: Language) -> PartnerAnswer {
        let allowed_actions = Step::allowed(self.status, |step| step.is_for(scope, &self));
        let unidentified = self.content.siren.is_none() && self.content.rna.is_none();
        let warnings = if unidentified {
            vec![UNIDENTIFIED.at("/siren", language)]
        } else {
            Vec::new()
        };
        PartnerAnswer {
            partner: self,
            allowed_actions,
            warnings,
        }
    }
}

impl PartnerAnswer {
    /// With a warning for each partner that has a like name.
    #[must_use]
    pub fn warned_of(mut self, like: &[Like], language: Language) -> Self {
        let warnings = like.iter().map(|like| {
            let named = format!("{}, {}", like.legal_name, like.id);
            Warning {
                detail: LOOKS_LIKE.about(&named, language),
                ..LOOKS_LIKE.at("/legal_name", language)
            }
        });
        self.warnings.extend(warnings);
        self
    }
}

impl ObjectType for Partner {
    const TYPE: &'static str = "partner";
    const VERBS: &'static [&'static str] =
        &["created", "updated", "archived", "restored", "deleted"];
}

impl Journaled for Partner {
    const PERSONAL: &'static [&'static str] = &[];

    fn id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }
}

/// Un partenaire.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Partner)]
pub struct PartnerAnswer {
    /// Ses champs.
    #[serde(flatten)]
    #[schema(inline)]
    pub partner: Partner,
    /// Ce que l'appelant peut en faire maintenant.
    #[schema(example = json!(["update", "archive", "delete"]))]
    pub allowed_actions: Vec<&'static str>,
    /// Ce qui mérite attention sans être une erreur.
    #[schema(example = json!([]))]
    pub warnings: Vec<Warning>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archiving_and_restoring_undo_each_other() {
        for status in [Status::Active, Status::Archived] {
            let moves: Vec<Status> = [Step::Archive, Step::Restore]
                .iter()
                .filter_map(|step| step.from(status))
                .collect();
            assert_eq!(moves.len(), 1, "one way out of {status}");
            assert_ne!(moves[0], status);
        }
    }
}
