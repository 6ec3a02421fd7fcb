//! The content of a contact.

use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::schema::contacts;
use crate::error::{Notice, Rule, notice};
use crate::http::fields::{Body, Fields};
use crate::http::merge::Patch;
use crate::values::{Code, Email, Nomenclature, Phone, TerritoryCode, TerritoryKind, Text};

/// The nomenclature of what contacts are.
pub enum ContactRoles {}

impl Nomenclature for ContactRoles {
    const NAME: &'static str = "contact_roles";
}

/// What a contact is where it serves.
pub type ContactRole = Code<ContactRoles>;

/// The territories that contacts serve.
const KINDS: [TerritoryKind; 3] = [
    TerritoryKind::Academy,
    TerritoryKind::Department,
    TerritoryKind::School,
];

static NO_CONTACTS_THERE: Notice = notice(
    "no_contacts_there",
    "Un contact est celui d'une académie, d'un département ou d'un établissement.",
    "A contact is that of an academy, a department or a school.",
);

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
    /// Nom de la personne ; sans nom, le contact est un service, dont l'adresse est lue par tous.
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

/// Fields of the answer that input may not set.
pub const SET_BY_SERVICE: &[&str] = &["id", "created_at", "updated_at"];

impl Body for NewContact {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.read_only(SET_BY_SERVICE);
        let territory: Option<TerritoryCode> = fields.required("territory");
        let serves = |code: &TerritoryCode| KINDS.iter().any(|kind| code.is_of(*kind));
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
    /// Whether it has no other data of the person.
    pub fn names_the_same(&self, other: &Self) -> bool {
        (&self.name, &self.email, &self.phone) == (&other.name, &other.email, &other.phone)
    }
}
