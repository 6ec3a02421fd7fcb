//! Where an intervention takes place: a point, or a commune or a postal code that the register finds
//! a point for.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::fields::{Body, Fields};
use crate::reference::communes;
use crate::values::{CityCode, PostalCode, TerritoryCode, Text, TextValue, code_enum};

/// The largest radius, in kilometres.
const MAX_RADIUS: i32 = 1_000;

code_enum! {
    /// Of what a point is the middle, where nobody gave it.
    Precision of "place_precisions" {
        /// Of the schools of the commune, or of those with the postal code.
        City = "city",
        /// Of the schools of the department: there are none in the commune.
        Department = "department",
    }
}

/// Un lieu et ses environs : un point, ou une commune ou un code postal dont le registre trouve le
/// milieu.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InterventionPlace {
    /// Latitude, en degrés (WGS 84) ; à défaut, celle du milieu de la commune ou du code postal.
    #[schema(value_type = f64, example = 45.75, minimum = -90, maximum = 90)]
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "crate::values::optional_number"
    )]
    pub latitude: Option<f64>,
    /// Longitude, en degrés (WGS 84) ; donnée avec la latitude.
    #[schema(value_type = f64, example = 4.85, minimum = -180, maximum = 180)]
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "crate::values::optional_number"
    )]
    pub longitude: Option<f64>,
    /// Rayon autour du lieu, en kilomètres.
    #[schema(example = 30, minimum = 0, maximum = 1000)]
    #[serde(serialize_with = "crate::values::optional_number")]
    pub radius_km: Option<f64>,
    /// Le nom du lieu.
    #[schema(example = "Atelier de Vénissieux")]
    pub label: Option<Text<200>>,
    /// Code INSEE de la commune ; absent si le lieu n'en dit pas.
    #[schema(example = "69259")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city_code: Option<CityCode>,
    /// Code postal ; absent si le lieu n'en dit pas.
    #[schema(example = "69200")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<PostalCode>,
    /// Le département de la commune ou du code postal, écrit par le registre ; absent sans l'une ni
    /// l'autre.
    #[schema(example = "department:069")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<TerritoryCode>,
    /// De quoi le point est le milieu, écrit par le registre ; absent d'un point donné.
    #[schema(example = json!(null))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precision: Option<Precision>,
}

impl InterventionPlace {
    /// Whether the register is to find its point.
    pub const fn is_to_be_found(&self) -> bool {
        self.latitude.is_none() && (self.city_code.is_some() || self.postal_code.is_some())
    }

    /// The same as its partner gave it, without what the register found.
    #[must_use]
    pub fn given(&self) -> Self {
        let is_given = self.precision.is_none();
        Self {
            latitude: self.latitude.filter(|_| is_given),
            longitude: self.longitude.filter(|_| is_given),
            department: None,
            precision: None,
            ..self.clone()
        }
    }

    fn in_department(self) -> Self {
        let commune = self.city_code.as_ref().map(TextValue::as_str);
        let postal_code = self.postal_code.as_ref().map(TextValue::as_str);
        let department = match commune {
            Some(code) => communes::department_of_commune(code),
            None => postal_code.and_then(communes::department_of_postal_code),
        };
        Self {
            department: department.map(|code| TerritoryCode::stored(code.to_owned())),
            ..self
        }
    }
}

impl Body for InterventionPlace {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let names_commune = fields.gives("city_code") || fields.gives("postal_code");
        // What the register found is found again where it is sent back.
        let is_found = names_commune && fields.gives("precision");
        fields.passed_over(&[
            "department",
            "department_label",
            "precision",
            "precision_label",
        ]);
        let latitude = fields.number("latitude", -90, 90);
        let longitude = fields.number("longitude", -180, 180);
        let gives_point = fields.gives("latitude") || fields.gives("longitude");
        if gives_point || !names_commune {
            fields.needs("latitude");
            fields.needs("longitude");
        }
        let place = Self {
            latitude: latitude.filter(|_| !is_found),
            longitude: longitude.filter(|_| !is_found),
            radius_km: fields.number("radius_km", 0, MAX_RADIUS),
            label: fields.optional("label"),
            city_code: fields.optional("city_code"),
            postal_code: fields.optional("postal_code"),
            department: None,
            precision: None,
        };
        Some(place.in_department())
    }
}

/// What schools are looked for by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Wanted {
    /// The codes of the communes.
    pub city_codes: Vec<String>,
    /// The postal code: schools that have it come before those of its communes.
    pub postal_code: Option<String>,
    /// The department they lie in.
    pub department: Option<String>,
}

/// The middle of some schools.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Center {
    /// Its latitude.
    pub latitude: f64,
    /// Its longitude.
    pub longitude: f64,
    /// Which schools.
    pub precision: Precision,
}

impl Wanted {
    /// Where a place is to be found.
    pub fn of(place: &InterventionPlace) -> Self {
        let (city_codes, postal_code) = match (&place.city_code, &place.postal_code) {
            (Some(code), _) => (communes::districts_of(code.as_str()), None),
            (None, Some(code)) => (communes::communes_of(code.as_str()), Some(code)),
            (None, None) => (Vec::new(), None),
        };
        Self {
            city_codes: city_codes.into_iter().map(str::to_owned).collect(),
            postal_code: postal_code.map(ToString::to_string),
            department: place.department.as_ref().map(ToString::to_string),
        }
    }

    /// The middle of the department as it ships with the program: this directory has no school there.
    pub fn shipped(&self) -> Option<Center> {
        let (latitude, longitude) = communes::center_of(self.department.as_deref()?)?;
        Some(Center {
            latitude,
            longitude,
            precision: Precision::Department,
        })
    }
}
