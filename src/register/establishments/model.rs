//! The row of an establishment: its fields, as the directory gives them.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::sql_types::Jsonb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::levels::Tracks;
use crate::db::schema::establishments;
use crate::values::ids::EstablishmentId;
use crate::values::{Code, Level, Nomenclature, TerritoryCode, Uai};

/// The nomenclature of the types, in the ministry's own words.
pub enum EstablishmentTypes {}

impl Nomenclature for EstablishmentTypes {
    const NAME: &'static str = "establishment_types";
}

/// The type of an establishment.
pub type EstablishmentType = Code<EstablishmentTypes>;

/// The nomenclature of the sectors of education.
pub enum EstablishmentSectors {}

impl Nomenclature for EstablishmentSectors {
    const NAME: &'static str = "establishment_sectors";
}

/// Public or private.
pub type EstablishmentSector = Code<EstablishmentSectors>;

/// The nomenclature of the states.
pub enum EstablishmentStates {}

impl Nomenclature for EstablishmentStates {
    const NAME: &'static str = "establishment_states";
}

/// The state of an establishment.
pub type EstablishmentState = Code<EstablishmentStates>;

/// The nomenclature of priority education.
pub enum PriorityEducation {}

impl Nomenclature for PriorityEducation {
    const NAME: &'static str = "priority_education";
}

/// A programme of priority education.
pub type Priority = Code<PriorityEducation>;

/// Un établissement tel que l'annuaire le donne.
#[derive(Debug, Clone, Serialize, HasQuery, ToSchema)]
#[diesel(table_name = establishments)]
pub struct Establishment {
    /// Identifiant.
    pub id: EstablishmentId,
    /// Numéro UAI.
    #[schema(example = "0311131L")]
    pub uai: Uai,
    /// Nom ; null pour un établissement à ouvrir que l'annuaire ne nomme pas encore.
    #[schema(example = "Lycée privé Sainte-Thérèse")]
    pub name: Option<String>,
    /// Type, dans les termes du ministère.
    #[serde(rename = "type")]
    #[diesel(column_name = type_)]
    #[schema(example = "Lycée")]
    pub kind: Option<EstablishmentType>,
    /// `public` ou `private`.
    #[schema(example = "private")]
    pub sector: Option<EstablishmentSector>,
    /// Contrat d'un établissement privé.
    #[schema(example = "CONTRAT D'ASSOCIATION TOUTES CLASSES")]
    pub contract: Option<String>,
    /// Code de nature du ministère.
    #[schema(example = "306")]
    pub nature_code: Option<String>,
    /// Adresse.
    #[schema(example = "16 rue du Bugatet")]
    pub address: Option<String>,
    /// Code postal.
    #[schema(example = "31800")]
    pub postal_code: Option<String>,
    /// Commune.
    #[schema(example = "Saint-Gaudens")]
    pub city: Option<String>,
    /// Code INSEE de la commune.
    #[schema(example = "31483")]
    pub city_code: Option<String>,
    /// Département.
    #[schema(example = "department:031")]
    pub department: Option<TerritoryCode>,
    /// Académie ou service d'outre-mer.
    #[schema(example = "academy:16")]
    pub academy: Option<TerritoryCode>,
    /// Région académique.
    #[schema(example = "region:76")]
    pub academic_region: Option<TerritoryCode>,
    /// Latitude, en degrés (WGS 84).
    #[schema(example = 43.1079)]
    pub latitude: Option<f64>,
    /// Longitude, en degrés (WGS 84).
    #[schema(example = 0.7223)]
    pub longitude: Option<f64>,
    /// Téléphone.
    #[schema(example = "05 62 00 95 10")]
    pub phone: Option<String>,
    /// Adresse électronique de l'établissement.
    #[schema(example = "0311131l@ac-toulouse.fr")]
    pub email: Option<String>,
    /// Site internet, tel que l'annuaire le donne.
    #[schema(example = "https://www.exemple.fr")]
    pub website: Option<String>,
    /// Numéro SIRET.
    #[schema(example = "77684512500058")]
    pub siret: Option<String>,
    /// `REP`, `REP+`, ou null hors de l'éducation prioritaire.
    #[schema(example = "REP")]
    pub priority_education: Option<Priority>,
    /// Niveaux, déduits du type et des voies ; une voie inconnue est tenue pour possible.
    #[schema(example = json!(["2de_gt", "1re_generale", "tle_generale", "staff"]))]
    pub levels: Vec<Level>,
    /// `open`, `opening`, `closing` ou `closed`.
    #[schema(example = "open")]
    pub state: EstablishmentState,
    /// Établissement de rattachement.
    #[schema(example = "0311131L")]
    pub parent_uai: Option<Uai>,
    /// Les autres adresses de cet UAI.
    #[schema(value_type = Vec<Site>, example = json!([]))]
    pub sites: Sites,
    /// Date de mise à jour dans l'annuaire.
    #[schema(example = "2024-11-26")]
    pub source_updated_on: Option<NaiveDate>,
    /// Date de création.
    pub created_at: DateTime<Utc>,
    /// Date de dernière modification.
    pub updated_at: DateTime<Utc>,
    /// What it teaches, answered flat.
    #[serde(skip)]
    #[schema(ignore)]
    pub tracks: Tracks,
    /// Its version, in its `ETag`.
    #[serde(skip)]
    #[schema(ignore)]
    pub version: i64,
}

/// Un établissement de l'annuaire du ministère.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Establishment)]
pub struct EstablishmentAnswer {
    /// Ses champs.
    #[serde(flatten)]
    #[schema(inline)]
    pub establishment: Establishment,
    /// Ses voies.
    #[serde(flatten)]
    #[schema(inline)]
    pub tracks: Tracks,
}

impl From<Establishment> for EstablishmentAnswer {
    fn from(establishment: Establishment) -> Self {
        Self {
            tracks: establishment.tracks,
            establishment,
        }
    }
}

/// Une autre adresse d'un établissement.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Site {
    /// Nom.
    #[schema(example = "Lycée privé Sainte-Thérèse - annexe")]
    pub name: Option<String>,
    /// Adresse.
    #[schema(example = "2 rue des Écoles")]
    pub address: Option<String>,
    /// Code postal.
    #[schema(example = "31800")]
    pub postal_code: Option<String>,
    /// Commune.
    #[schema(example = "Saint-Gaudens")]
    pub city: Option<String>,
    /// Code INSEE de la commune.
    #[schema(example = "31483")]
    pub city_code: Option<String>,
    /// Latitude, en degrés (WGS 84).
    #[schema(example = 43.1079)]
    pub latitude: Option<f64>,
    /// Longitude, en degrés (WGS 84).
    #[schema(example = 0.7223)]
    pub longitude: Option<f64>,
    /// Téléphone.
    #[schema(example = "05 62 00 95 11")]
    pub phone: Option<String>,
    /// Adresse électronique.
    #[schema(example = "0311131l@ac-toulouse.fr")]
    pub email: Option<String>,
    /// Site internet.
    #[schema(example = "https://www.exemple.fr")]
    pub website: Option<String>,
}

/// The further addresses of an establishment.
#[derive(Debug, Clone, Serialize, FromSqlRow)]
pub struct Sites(Vec<Site>);

impl FromSql<Jsonb, Pg> for Sites {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        let value = <serde_json::Value as FromSql<Jsonb, Pg>>::from_sql(bytes)?;
        Ok(Self(serde_json::from_value(value)?))
    }
}

impl FromSql<Jsonb, Pg> for Tracks {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        let value = <serde_json::Value as FromSql<Jsonb, Pg>>::from_sql(bytes)?;
        Ok(serde_json::from_value(value)?)
    }
}
