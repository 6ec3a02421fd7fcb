//! The content of a representative.

use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::schema::representatives;
use crate::http::fields::{Body, Fields};
use crate::http::merge::Patch;
use crate::values::{Email, Phone, TerritoryCode, Text};

/// Ce qu'il faut pour enregistrer un représentant.
#[derive(
    Debug, Clone, PartialEq, Serialize, Queryable, Selectable, Insertable, AsChangeset, ToSchema,
)]
#[diesel(table_name = representatives, treat_none_as_default_value = false, treat_none_as_null = true)]
#[diesel(check_for_backend(diesel::pg::Pg))]
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

/// A change of a representative.
pub type RepresentativePatch = Patch<NewRepresentative>;

/// Fields of the answer that input may not set.
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
