//! A nomenclature.

use chrono::{DateTime, Utc};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::sql_types::Jsonb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::schema::nomenclatures;

/// Une nomenclature : des codes et leurs libellés.
#[derive(Debug, Clone, Serialize, HasQuery, ToSchema)]
#[diesel(table_name = nomenclatures)]
pub struct Nomenclature {
    /// Son nom.
    #[schema(example = "partner_kinds")]
    pub name: String,
    /// Ses entrées, dans leur ordre de présentation.
    #[schema(value_type = Vec<Entry>)]
    pub entries: Entries,
    /// Date de création.
    pub created_at: DateTime<Utc>,
    /// Date de dernière modification.
    pub updated_at: DateTime<Utc>,
}

/// Une entrée d'une nomenclature. Certaines nomenclatures en disent plus : la portée d'un type
/// d'action (`scale`), le cycle d'un niveau (`stage`).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = NomenclatureEntry)]
pub struct Entry {
    /// Le code.
    #[schema(example = "company")]
    code: String,
    /// Son libellé en français.
    #[schema(example = "Entreprise")]
    label_fr: String,
    /// Son libellé en anglais.
    #[schema(example = "Company")]
    label_en: String,
    /// Ce que la nomenclature en dit encore.
    #[serde(flatten)]
    more: std::collections::BTreeMap<String, String>,
}

/// The entries, in their order of display.
#[derive(Debug, Clone, Serialize, FromSqlRow)]
pub struct Entries(Vec<Entry>);

impl FromSql<Jsonb, Pg> for Entries {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        let value = <serde_json::Value as FromSql<Jsonb, Pg>>::from_sql(bytes)?;
        Ok(Self(serde_json::from_value(value)?))
    }
}
