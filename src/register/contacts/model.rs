//! What a contact is, who may write it, who may see the person.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::person_viewer::Viewer;
use crate::auth::policy::Scope;
use crate::db::journal::{Journaled, ObjectType};
use crate::db::schema::contacts;
use crate::error::{Code as ErrorCode, Error, Notice, Place, Result, Rule, notice};
use crate::http::fields::{Body, Fields};
use crate::http::merge::Patch;
use crate::values::ids::Id;
use crate::values::{Code, Email, Nomenclature, Phone, TerritoryCode, Text, TextValue};

/// The id of a contact.
pub type ContactId = Id<Contact>;

/// The nomenclature of what contacts are.
pub enum ContactRoles {}

impl Nomenclature for ContactRoles {
    const NAME: &'static str = "contact_roles";
}

/// What a contact is where it serves.
pub type ContactRole = Code<ContactRoles>;

/// The territories that contacts serve.
const KINDS: [&str; 3] = ["academy:", "department:", "uai:"];

static NO_CONTACTS_THERE: Notice = notice(
    "no_contacts_there",
    "Un contact est celui d'une académie, d'un département ou d'un établissement.",
    "A contact is that of an academy, a department or a school.",
);

/// A contact as it is stored.
#[derive(Debug, Clone, Serialize, HasQuery)]
#[diesel(table_name = contacts)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// Its fields.
    #[diesel(embed)]
    #[serde(flatten)]
    pub content: NewContact,
    /// When it was created.
    #[serde(serialize_with = "crate::values::moment")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[serde(serialize_with = "crate::values::moment")]
    pub updated_at: DateTime<Utc>,
    /// The territory and all above it.
    #[serde(skip)]
    pub reach: Vec<String>,
    /// Its version, in its `ETag`.
    #[serde(skip)]
    pub version: i64,
}

/// Ce qu'il faut pour enregistrer un contact.
#[derive(
    Debug, Clone, PartialEq, Serialize, Queryable, Selectable, Insertable, AsChangeset, ToSchema,
)]
#[diesel(table_name = contacts, treat_none_as_default_value = false, treat_none_as_null = true)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct NewContact {
    /// L'académie, le département ou l'établissement.
    #[schema(example = "academy:10")]
    pub territory: TerritoryCode,
    /// `cell` (cellule école-entreprise), `clee` (comité local école-entreprise), `bde` (bureau des
    /// entreprises) ou `head` (chef d'établissement).
    #[schema(example = "cell")]
    pub role: ContactRole,
    /// Nom de la personne.
    #[schema(example = "Dominique Petit")]
    pub name: Option<Text<120>>,
    /// Courriel.
    #[schema(example = "ecole-entreprise@ac-lyon.example")]
    pub email: Option<Email>,
    /// Téléphone.
    #[schema(example = "04 72 80 60 60")]
    pub phone: Option<Phone>,
    /// Intitulé du service, lu par tous : n'y nommez personne.
    #[schema(example = "Cellule école-entreprise du rectorat de Lyon")]
    pub label: Option<Text<200>>,
}

/// A change of a contact.
pub type ContactPatch = Patch<NewContact>;

impl Body for NewContact {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.read_only(&["id", "created_at", "updated_at"]);
        let territory: Option<TerritoryCode> = fields.required("territory");
        let serves =
            |code: &TerritoryCode| KINDS.iter().any(|kind| code.as_str().starts_with(kind));
        if territory.as_ref().is_some_and(|code| !serves(code)) {
            fields.fault("territory", Rule::Own(&NO_CONTACTS_THERE));
        }
        let role = fields.required("role");
        let (name, email) = (fields.optional("name"), fields.optional("email"));
        let (phone, label) = (fields.optional("phone"), fields.optional("label"));
        Some(Self {
            territory: territory?,
            role: role?,
            name,
            email,
            phone,
            label,
        })
    }
}

impl NewContact {
    /// Whether it says nothing else of the person.
    pub fn names_the_same(&self, other: &Self) -> bool {
        (&self.name, &self.email, &self.phone) == (&other.name, &other.email, &other.phone)
    }
}

/// Un contact du côté de l'éducation. La personne (nom, courriel, téléphone) n'est montrée qu'au
/// ministère, aux académies et aux établissements concernés ; les autres la lisent `null`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Contact)]
pub struct ContactAnswer {
    /// Identifiant.
    pub id: ContactId,
    /// Its fields.
    #[serde(flatten)]
    #[schema(inline)]
    pub content: NewContact,
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

/// Refuses a contact of a territory, given with all above it, that is not in charge of the caller.
///
/// # Errors
/// `forbidden`.
pub fn must_be_kept_by(scope: &Scope, reach: &[String]) -> Result<()> {
    if scope.holds_all(&[reach.to_vec()]) {
        return Ok(());
    }
    let place = Place::field("territory");
    Err(Error::at(
        ErrorCode::Forbidden,
        place,
        Rule::OutsidePerimeter,
    ))
}

impl Contact {
    /// The contact as this caller is answered.
    pub fn seen_by(self, viewer: &Viewer<'_>) -> ContactAnswer {
        let territory = std::slice::from_ref(&self.content.territory);
        let shown = viewer.is_concerned_by(territory, &self.reach);
        let content = NewContact {
            name: self.content.name.filter(|_| shown),
            email: self.content.email.filter(|_| shown),
            phone: self.content.phone.filter(|_| shown),
            ..self.content
        };
        ContactAnswer {
            id: self.id,
            content,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        }
    }
}

impl ObjectType for Contact {
    const TYPE: &'static str = "contact";
    const VERBS: &'static [&'static str] = &["created", "updated", "erased"];
}

impl Journaled for Contact {
    const PERSONAL: &'static [&'static str] = &["name", "email", "phone"];

    fn id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }
}
