//! A publication.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::journal::{Journaled, ObjectType};
use crate::db::schema::publications;
use crate::http::fields::{Body, Fields};
use crate::values::ids::PublicationId;
use crate::values::{Json, SchoolYear, Text};

/// Les chiffres d'une année scolaire, tels qu'ils ont été publiés : ils ne changent plus. Leurs
/// valeurs se lisent à `/v1/indicators/values`, avec `publication=`.
#[derive(Debug, Clone, Serialize, HasQuery, ToSchema)]
#[diesel(table_name = publications)]
pub struct Publication {
    /// Identifiant.
    pub id: PublicationId,
    /// L'année scolaire.
    #[schema(example = "2025-2026")]
    pub school_year: SchoolYear,
    /// Son numéro, de 1 en 1, toutes années confondues.
    #[schema(example = 3)]
    pub number: i32,
    /// Le moment dont datent les chiffres.
    #[serde(serialize_with = "crate::values::moment")]
    pub published_at: DateTime<Utc>,
    /// Ses tableaux.
    #[schema(value_type = Vec<Table>)]
    pub tables: Json<Vec<Table>>,
    /// Ce que le ministère en dit.
    #[schema(example = "Chiffres provisoires, avant la clôture de la campagne.")]
    pub note: Option<Text<2000>>,
    /// Date de création.
    #[serde(serialize_with = "crate::values::moment")]
    pub created_at: DateTime<Utc>,
    /// Date de dernière modification : celle de création.
    #[serde(serialize_with = "crate::values::moment")]
    pub updated_at: DateTime<Utc>,
    /// Its version, in its `ETag`.
    #[serde(skip)]
    #[schema(ignore)]
    pub version: i64,
}

/// Un tableau d'une publication.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = PublicationTable)]
pub struct Table {
    /// Ses dimensions, à demander dans `group_by`.
    #[schema(example = json!(["school_year", "academy"]))]
    pub dimensions: Vec<String>,
    /// Ses mesures.
    #[schema(example = json!(["pupils", "girls", "girls_share"]))]
    pub measures: Vec<String>,
    /// Combien il a de cases.
    #[schema(example = 31)]
    pub cells: i64,
    /// Combien ont au moins une mesure masquée.
    #[schema(example = 2)]
    pub hidden_cells: i64,
}

/// Ce qu'il faut pour publier.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NewPublication {
    /// L'année scolaire à publier.
    #[schema(example = "2025-2026")]
    pub school_year: SchoolYear,
    /// Ce que le ministère en dit.
    #[schema(example = "Chiffres provisoires, avant la clôture de la campagne.")]
    pub note: Option<Text<2000>>,
}

impl Body for NewPublication {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.read_only(&[
            "id",
            "number",
            "published_at",
            "tables",
            "created_at",
            "updated_at",
        ]);
        let school_year = fields.required("school_year");
        let note = fields.optional("note");
        Some(Self {
            school_year: school_year?,
            note,
        })
    }
}

impl ObjectType for Publication {
    const TYPE: &'static str = "publication";
    const VERBS: &'static [&'static str] = &["created"];
}

impl Journaled for Publication {
    const PERSONAL: &'static [&'static str] = &[];

    fn id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }
}
