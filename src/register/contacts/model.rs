//! The row of a contact, who may write it, who may see the person.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::content::NewContact;
use crate::auth::person_viewer::Viewer;
use crate::auth::policy::Scope;
use crate::db::journal::{Journaled, ObjectType};
use crate::db::schema::contacts;
use crate::error::{Code, Error, Place, Result, Rule};
use crate::values::ids::ContactId;

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
    #[diesel(column_name = reach)]
    pub ancestors: Vec<String>,
    /// Its version, in its `ETag`.
    #[serde(skip)]
    pub version: i64,
}

/// Un contact du côté de l'éducation. Une personne (nom, courriel, téléphone) n'est montrée qu'au
/// ministère, aux académies et aux établissements concernés ; les autres la lisent `null`. Sans nom,
/// c'est un service : son courriel et son téléphone sont montrés à tous.
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
pub fn must_be_kept_by(scope: &Scope, ancestors: &[String]) -> Result<()> {
    if scope.covers_all(&[ancestors.to_vec()]) {
        return Ok(());
    }
    let place = Place::field("territory");
    Err(Error::at(Code::Forbidden, place, Rule::OutsidePerimeter))
}

impl Contact {
    /// The contact as this caller is answered.
    pub fn answer_for(self, viewer: &Viewer<'_>) -> ContactAnswer {
        let territory = std::slice::from_ref(&self.content.territory);
        // Without a name it is a service: an address that everyone writes to.
        let is_service = self.content.name.is_none();
        let shown = is_service || viewer.is_concerned_by(territory, &self.ancestors);
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
    const VERBS: &'static [&'static str] = &["created", "updated", "erased", "moved"];
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
