//! What a representative is, and who may see the person.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::person_viewer::Viewer;
use crate::db::journal::{Journaled, ObjectType};
use crate::db::schema::representatives;
use crate::http::fields::{Body, Fields};
use crate::register::partners::model::{PartnerId, same};
use crate::values::ids::Id;
use crate::values::{Email, Phone, TerritoryCode, Text};

/// The id of a representative.
pub type RepresentativeId = Id<Representative>;

/// A representative as it is stored.
#[derive(Debug, Clone, Serialize, HasQuery)]
#[diesel(table_name = representatives)]
pub struct Representative {
    /// Its id.
    pub id: RepresentativeId,
    /// The partner it represents.
    pub partner_id: PartnerId,
    /// The person's name.
    pub name: Text<120>,
    /// What the person does.
    pub function: Option<Text<200>>,
    /// The person's e-mail.
    pub email: Option<Email>,
    /// The person's phone.
    pub phone: Option<Phone>,
    /// Where the person represents the partner.
    pub territories: Vec<TerritoryCode>,
    /// When it was created.
    #[serde(serialize_with = "crate::values::moment")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[serde(serialize_with = "crate::values::moment")]
    pub updated_at: DateTime<Utc>,
    /// The territories and all above them.
    #[serde(skip)]
    pub reach: Vec<String>,
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
            || viewer.is_concerned_by(&self.territories, &self.reach)
    }

    /// The representative as this caller is answered.
    pub fn seen_by(self, viewer: &Viewer<'_>) -> RepresentativeAnswer {
        let shown = self.is_shown_to(viewer);
        RepresentativeAnswer {
            id: self.id,
            partner_id: self.partner_id,
            name: Some(self.name).filter(|_| shown),
            function: self.function,
            email: self.email.filter(|_| shown),
            phone: self.phone.filter(|_| shown),
            territories: self.territories,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        }
    }
}

impl ObjectType for Representative {
    const TYPE: &'static str = "representative";
    const VERBS: &'static [&'static str] = &["created", "updated", "erased"];
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

/// Ce qu'il faut pour enregistrer un représentant.
#[derive(Debug, Insertable, ToSchema)]
#[diesel(table_name = representatives, treat_none_as_default_value = false, check_for_backend(diesel::pg::Pg))]
pub struct NewRepresentative {
    /// Nom de la personne.
    #[schema(example = "Camille Martin")]
    pub name: Text<120>,
    /// Fonction.
    #[schema(example = "Déléguée territoriale")]
    pub function: Option<Text<200>>,
    /// Courriel.
    #[schema(example = "camille.martin@exemple.fr")]
    pub email: Option<Email>,
    /// Téléphone.
    #[schema(example = "01 23 45 67 89")]
    pub phone: Option<Phone>,
    /// Territoires couverts, un au moins.
    #[schema(example = json!(["academy:10"]), min_items = 1)]
    pub territories: Vec<TerritoryCode>,
}

const SET_BY_SERVICE: &[&str] = &["id", "partner_id", "created_at", "updated_at"];

impl Body for NewRepresentative {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.read_only(SET_BY_SERVICE);
        let name = fields.required("name");
        let function = fields.optional("function");
        let email = fields.optional("email");
        let phone = fields.optional("phone");
        let territories = fields.required_list("territories");
        Some(Self {
            name: name?,
            function,
            email,
            phone,
            territories: territories?,
        })
    }
}

/// Ce qu'on change d'un représentant (RFC 7396).
#[derive(Debug, AsChangeset, ToSchema)]
#[diesel(table_name = representatives)]
pub struct RepresentativePatch {
    /// Nom de la personne.
    #[schema(nullable = false)]
    pub name: Option<Text<120>>,
    /// Fonction.
    #[schema(value_type = Option<Text<200>>, example = "Déléguée régionale")]
    pub function: Option<Option<Text<200>>>,
    /// Courriel.
    #[schema(value_type = Option<Email>, example = "camille.martin@exemple.fr")]
    pub email: Option<Option<Email>>,
    /// Téléphone.
    #[schema(value_type = Option<Phone>)]
    pub phone: Option<Option<Phone>>,
    /// Territoires couverts, un au moins.
    #[schema(nullable = false, min_items = 1)]
    pub territories: Option<Vec<TerritoryCode>>,
}

impl Body for RepresentativePatch {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.read_only(SET_BY_SERVICE);
        Some(Self {
            name: fields.change("name"),
            function: fields.clearable("function"),
            email: fields.clearable("email"),
            phone: fields.clearable("phone"),
            territories: if fields.names("territories") {
                fields.required_list("territories")
            } else {
                None
            },
        })
    }
}

impl RepresentativePatch {
    /// Whether it leaves the representative as it is.
    pub fn changes_nothing(&self, representative: &Representative) -> bool {
        same(&self.name, &representative.name)
            && same(&self.function, &representative.function)
            && same(&self.email, &representative.email)
            && same(&self.phone, &representative.phone)
            && same(&self.territories, &representative.territories)
    }
}
