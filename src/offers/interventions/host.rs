//! Who receives or comes: the company, or the other place of work, that an intervention is with.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::fields::{Body, Fields};
use crate::values::{CityCode, PostalCode, Siret, Text};

/// L'organisation qui accueille les élèves ou qui vient à eux.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Host {
    /// Nom.
    #[schema(example = "Ateliers du Rhône")]
    pub name: Option<Text<200>>,
    /// Numéro SIRET.
    #[schema(example = "77684512500058")]
    pub siret: Option<Siret>,
    /// Commune.
    #[schema(example = "Vénissieux")]
    pub city: Option<Text<100>>,
    /// Code postal.
    #[schema(example = "69200")]
    pub postal_code: Option<PostalCode>,
    /// Code INSEE de la commune.
    #[schema(example = "69259")]
    pub city_code: Option<CityCode>,
}

impl Host {
    /// Whether it says anything.
    pub const fn says_something(&self) -> bool {
        self.name.is_some()
            || self.siret.is_some()
            || self.city.is_some()
            || self.postal_code.is_some()
            || self.city_code.is_some()
    }
}

impl Body for Host {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            name: fields.optional("name"),
            siret: fields.optional("siret"),
            city: fields.optional("city"),
            postal_code: fields.optional("postal_code"),
            city_code: fields.optional("city_code"),
        })
    }
}
