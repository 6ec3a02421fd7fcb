//! What a partner is: its fields, its statuses, what each step needs.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::policy::Scope;
use crate::db::journal::{Journaled, ObjectType};
use crate::db::schema::partners;
use crate::error::warning::Warning;
use crate::error::{Code as ErrorCode, Error, Notice, Result, Rule, notice};
use crate::http::fields::{Body, Fields};
use crate::language::Language;
use crate::steps::{self, Step as _};
use crate::values::ids::Id;
use crate::values::{Code, HttpsUrl, Nomenclature, Rna, Siren, Text, TextValue, text_type};

/// The id of a partner.
pub type PartnerId = Id<Partner>;

/// The nomenclature of the kinds of partner.
pub enum PartnerKinds {}

impl Nomenclature for PartnerKinds {
    const NAME: &'static str = "partner_kinds";
}

/// The kind of a partner.
pub type PartnerKind = Code<PartnerKinds>;

/// The nomenclature of the sectors.
pub enum Sectors {}

impl Nomenclature for Sectors {
    const NAME: &'static str = "sectors";
}

/// A sector.
pub type Sector = Code<Sectors>;

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
    /// Dénomination légale.
    #[schema(example = "Union des industries et métiers de la métallurgie")]
    pub legal_name: Text<200>,
    /// Nom d'usage.
    #[schema(example = "UIMM La Fabrique de l'avenir")]
    pub usual_name: Option<Text<200>>,
    /// Sigle.
    #[schema(example = "UIMM")]
    pub acronym: Option<Text<30>>,
    /// Nature de l'organisme.
    #[schema(example = "professional_branch")]
    pub kind: PartnerKind,
    /// Numéro SIREN, unique lorsqu'il est connu.
    #[schema(example = "552049447")]
    pub siren: Option<Siren>,
    /// Numéro au répertoire national des associations, unique lorsqu'il est connu.
    #[schema(example = "W751234567")]
    pub rna: Option<Rna>,
    /// Secteurs d'activité.
    #[schema(example = json!(["metal_industry"]))]
    pub sectors: Vec<Sector>,
    /// Les réseaux nationaux dont il est membre.
    #[schema(example = json!([]))]
    pub member_of: Vec<PartnerId>,
    /// Site internet, en https.
    #[schema(example = "https://uimm.fr")]
    pub website: Option<HttpsUrl>,
    /// Présentation, en français.
    #[schema(example = "Fédération des entreprises de la métallurgie.")]
    pub description: Option<Text<5000>>,
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
    fn is_for(self, scope: &Scope, partner: PartnerId) -> bool {
        match self {
            Self::Update => scope.may_write_for(partner.uuid()),
            Self::Delete | Self::Archive | Self::Restore => scope.is_everything(),
        }
    }
}

impl Partner {
    /// The status after a step.
    ///
    /// # Errors
    /// `invalid_transition`, naming the status and the steps it allows.
    pub fn step(&self, step: Step) -> Result<Status> {
        step.take(self.status)
    }

    /// The partner as this caller is answered.
    pub fn seen_by(self, scope: &Scope, language: Language) -> PartnerAnswer {
        let allowed_actions = Step::allowed(self.status, |step| step.is_for(scope, self.id));
        let unidentified = self.siren.is_none() && self.rna.is_none();
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

/// Ce qu'il faut pour créer un partenaire.
// An absent value is bound as NULL: a `DEFAULT` would make the statement one that is prepared anew each time.
#[derive(Debug, Insertable, ToSchema)]
#[diesel(table_name = partners, treat_none_as_default_value = false, check_for_backend(diesel::pg::Pg))]
pub struct NewPartner {
    /// Dénomination légale.
    #[schema(example = "Union des industries et métiers de la métallurgie")]
    pub legal_name: Text<200>,
    /// Nom d'usage.
    #[schema(example = "UIMM La Fabrique de l'avenir")]
    pub usual_name: Option<Text<200>>,
    /// Sigle.
    #[schema(example = "UIMM")]
    pub acronym: Option<Text<30>>,
    /// Nature de l'organisme.
    #[schema(example = "professional_branch")]
    pub kind: PartnerKind,
    /// Numéro SIREN : 9 chiffres, dont une clé de Luhn.
    #[schema(example = "552049447")]
    pub siren: Option<Siren>,
    /// Numéro au répertoire national des associations.
    #[schema(example = "W751234567")]
    pub rna: Option<Rna>,
    /// Secteurs d'activité.
    #[schema(example = json!(["metal_industry"]), required = false)]
    pub sectors: Vec<Sector>,
    /// Les réseaux nationaux dont il est membre.
    #[schema(example = json!([]), required = false)]
    pub member_of: Vec<PartnerId>,
    /// Site internet, en https.
    #[schema(example = "https://uimm.fr")]
    pub website: Option<HttpsUrl>,
    /// Présentation, en français.
    #[schema(example = "Fédération des entreprises de la métallurgie.")]
    pub description: Option<Text<5000>>,
}

/// Fields of the answer that input may not set.
pub const SET_BY_SERVICE: &[&str] = &[
    "id",
    "status",
    "created_at",
    "updated_at",
    "allowed_actions",
    "warnings",
];

impl Body for NewPartner {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.read_only(SET_BY_SERVICE);
        let legal_name = fields.required("legal_name");
        let usual_name = fields.optional("usual_name");
        let acronym = fields.optional("acronym");
        let kind = fields.required("kind");
        let siren = fields.optional("siren");
        let rna = fields.optional("rna");
        let sectors = fields.list("sectors");
        let member_of = fields.list("member_of");
        let website = fields.optional("website");
        let description = fields.optional("description");
        Some(Self {
            legal_name: legal_name?,
            usual_name,
            acronym,
            kind: kind?,
            siren,
            rna,
            sectors,
            member_of,
            website,
            description,
        })
    }
}

/// Ce qu'on change d'un partenaire (RFC 7396) : un champ absent reste, `null` vide.
#[derive(Debug, AsChangeset, ToSchema)]
#[diesel(table_name = partners)]
pub struct PartnerPatch {
    /// Dénomination légale.
    #[schema(nullable = false)]
    pub legal_name: Option<Text<200>>,
    /// Nom d'usage.
    #[schema(value_type = Option<Text<200>>)]
    pub usual_name: Option<Option<Text<200>>>,
    /// Sigle.
    #[schema(value_type = Option<Text<30>>)]
    pub acronym: Option<Option<Text<30>>>,
    /// Nature de l'organisme.
    #[schema(nullable = false)]
    pub kind: Option<PartnerKind>,
    /// Numéro SIREN.
    #[schema(value_type = Option<Siren>)]
    pub siren: Option<Option<Siren>>,
    /// Numéro au répertoire national des associations.
    #[schema(value_type = Option<Rna>)]
    pub rna: Option<Option<Rna>>,
    /// Secteurs d'activité.
    pub sectors: Option<Vec<Sector>>,
    /// Les réseaux nationaux dont il est membre.
    pub member_of: Option<Vec<PartnerId>>,
    /// Site internet, en https.
    #[schema(value_type = Option<HttpsUrl>, example = "https://uimm.fr")]
    pub website: Option<Option<HttpsUrl>>,
    /// Présentation, en français.
    #[schema(value_type = Option<Text<5000>>, example = "Fédération des entreprises de la métallurgie.")]
    pub description: Option<Option<Text<5000>>>,
}

impl Body for PartnerPatch {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.read_only(SET_BY_SERVICE);
        Some(Self {
            legal_name: fields.change("legal_name"),
            usual_name: fields.clearable("usual_name"),
            acronym: fields.clearable("acronym"),
            kind: fields.change("kind"),
            siren: fields.clearable("siren"),
            rna: fields.clearable("rna"),
            sectors: fields.change_list("sectors"),
            member_of: fields.change_list("member_of"),
            website: fields.clearable("website"),
            description: fields.clearable("description"),
        })
    }
}

impl PartnerPatch {
    /// The fields it names that only the ministry writes; a partner writes its own description and
    /// website.
    fn reserved(&self) -> impl Iterator<Item = &'static str> {
        let named = [
            ("legal_name", self.legal_name.is_some()),
            ("usual_name", self.usual_name.is_some()),
            ("acronym", self.acronym.is_some()),
            ("kind", self.kind.is_some()),
            ("siren", self.siren.is_some()),
            ("rna", self.rna.is_some()),
            ("sectors", self.sectors.is_some()),
            ("member_of", self.member_of.is_some()),
        ];
        named
            .into_iter()
            .filter(|(_, is_named)| *is_named)
            .map(|(name, _)| name)
    }

    /// Refuses a change this caller may not make of this partner.
    ///
    /// # Errors
    /// `forbidden`, naming the fields.
    pub fn may_be_made_by(&self, scope: &Scope, partner: PartnerId) -> Result<()> {
        scope.must_write_for(partner.uuid())?;
        if scope.is_everything() || self.reserved().next().is_none() {
            return Ok(());
        }
        let faults = self.reserved().map(|name| crate::error::Fault {
            place: crate::error::Place::field(name),
            rule: Rule::NotYours,
        });
        Err(Error::new(ErrorCode::Forbidden).with(faults.collect()))
    }

    /// Whether it leaves the partner as it is.
    pub fn changes_nothing(&self, partner: &Partner) -> bool {
        same(&self.legal_name, &partner.legal_name)
            && same(&self.usual_name, &partner.usual_name)
            && same(&self.acronym, &partner.acronym)
            && same(&self.kind, &partner.kind)
            && same(&self.siren, &partner.siren)
            && same(&self.rna, &partner.rna)
            && same(&self.sectors, &partner.sectors)
            && same(&self.member_of, &partner.member_of)
            && same(&self.website, &partner.website)
            && same(&self.description, &partner.description)
    }
}

/// Whether a change leaves a field as it is.
pub fn same<T: PartialEq>(change: &Option<T>, present: &T) -> bool {
    change.as_ref().is_none_or(|value| value == present)
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
