//! The row of a representative, and who may see the person.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::content::NewRepresentative;
use crate::auth::person_viewer::Viewer;
use crate::db::journal::{Journaled, ObjectType};
use crate::db::schema::representatives;
use crate::values::ids::{PartnerId, RepresentativeId};
use crate::values::{Email, Phone, TerritoryCode, Text};

/// A representative as it is stored.
#[derive(Debug, Clone, Serialize, HasQuery)]
#[diesel(table_name = representatives)]
pub struct Representative {
    /// Its id.
    pub id: RepresentativeId,
    /// The partner it represents.
    pub partner_id: PartnerId,
    /// Its fields.
    #[diesel(embed)]
    #[serde(flatten)]
    pub content: NewRepresentative,
    /// When it was created.
    #[serde(serialize_with = "crate::values::moment")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[serde(serialize_with = "crate::values::moment")]
    pub updated_at: DateTime<Utc>,
    /// The territories and all above them.
    #[serde(skip)]
    #[diesel(column_name = reach)]
    pub ancestors: Vec<String>,
    /// Its version, in its `ETag`.
    #[serde(skip)]
    pub version: i64,
}

/// Un représentant d'un partenaire. La personne (nom, courriel, téléphone) n'est montrée qu'à qui
/// en a l'usage ; les autres la lisent `null`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Representative)]
pub struct RepresentativeAnswer {
    /// Identifiant.
    pub id: RepresentativeId,
    /// Le partenaire représenté.
    pub partner_id: PartnerId,
    /// Nom de la personne.
    #[schema(example = "Camille Martin")]
    pub name: Option<Text<120>>,
    /// Fonction.
    #[schema(example = "Déléguée territoriale")]
    pub function: Option<Text<200>>,
    /// Courriel.
    #[schema(example = "camille.martin@exemple.fr")]
    pub email: Option<Email>,
    /// Téléphone.
    #[schema(example = "01 23 45 67 89")]
    pub phone: Option<Phone>,
    /// Territoires couverts.
    #[schema(example = json!(["academy:10"]))]
    pub territories: Vec<TerritoryCode>,
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

impl Representative {
    /// Whether the person is shown: to the ministry, to their own partner, and to those whose
    /// territory they cover.
    fn is_shown_to(&self, viewer: &Viewer<'_>) -> bool {
        viewer.scope.may_write_for(self.partner_id.uuid())
            || viewer.is_concerned_by(&self.content.territories, &self.ancestors)
    }

    /// The representative as this caller is answered.
    pub fn answer_for(self, viewer: &Viewer<'_>) -> RepresentativeAnswer {
        let shown = self.is_shown_to(viewer);
        RepresentativeAnswer {
            id: self.id,
            partner_id: self.partner_id,
            name: Some(self.content.name).filter(|_| shown),
            function: self.content.function,
            email: self.content.email.filter(|_| shown),
            phone: self.content.phone.filter(|_| shown),
            territories: self.content.territories,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        }
    }
}

impl ObjectType for Representative {
    const TYPE: &'static str = "representative";
    const VERBS: &'static [&'static str] = &["created", "updated", "erased", "moved"];
    const PARENT: Option<&'static str> = Some("partners");
}

impl Journaled for Representative {
    const PERSONAL: &'static [&'static str] = &["name", "email", "phone"];

    fn id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn parent(&self) -> Option<Uuid> {
        Some(self.partner_id.uuid())
    }
}
