//! A publication.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::journal::{Journaled, ObjectType};
use crate::db::schema::publications;
use crate::http::fields::{Body, Fields};
use crate::values::ids::PublicationId;
use crate::values::{Json, SchoolYear, Text, code_enum};

code_enum! {
    /// What is said of the figures of a publication.
    Status of "publication_statuses" {
        /// They may still change.
        Provisional = "provisional",
        /// They are what remains.
        Final = "final",
    }
}

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
    /// `provisional` ou `final`.
    #[schema(example = "provisional")]
    pub status: Status,
    /// La publication de la même année qui valait avant elle.
    #[schema(example = json!(null))]
    pub revises: Option<PublicationId>,
    /// Quand elle a été retirée : elle reste lisible par son numéro, et par `as_of` aux jours où elle valait ; elle ne répond plus d'elle-même.
    #[serde(serialize_with = "crate::values::optional_moment")]
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// Pourquoi.
    #[schema(example = json!(null))]
    pub withdrawal_reason: Option<Text<2000>>,
    /// Ce que le ministère en dit.
    #[schema(example = "Chiffres provisoires, avant la clôture de la campagne.")]
    pub note: Option<Text<2000>>,
    /// Date de création.
    #[serde(serialize_with = "crate::values::moment")]
    pub created_at: DateTime<Utc>,
    /// Date de dernière modification : celle de création, ou du retrait.
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
    /// Combien ont au moins une mesure restée celle d'une publication antérieure.
    #[serde(default)]
    #[schema(example = 0)]
    pub carried_cells: i64,
}

/// Ce qu'il faut pour publier.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NewPublication {
    /// L'année scolaire à publier.
    #[schema(example = "2025-2026")]
    pub school_year: SchoolYear,
    /// `provisional` (par défaut) ou `final`.
    #[schema(value_type = Option<Status>, example = "provisional")]
    pub status: Status,
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
            "revises",
            "withdrawn_at",
            "withdrawal_reason",
            "tables",
            "created_at",
            "updated_at",
        ]);
        let school_year = fields.required("school_year");
        let status = fields.optional("status");
        let note = fields.optional("note");
        Some(Self {
            school_year: school_year?,
            status: status.unwrap_or(Status::Provisional),
            note,
        })
    }
}

/// Le retrait d'une publication.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PublicationWithdrawal)]
pub struct Withdrawal {
    /// Le motif, gardé avec la publication et dans son journal.
    #[schema(example = "Deux bilans comptés deux fois.")]
    pub reason: Text<2000>,
}

impl Body for Withdrawal {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            reason: fields.required("reason")?,
        })
    }
}

/// Ce qu'une publication dirait, si elle était faite maintenant.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicationPreview {
    /// L'année scolaire.
    #[schema(example = "2025-2026")]
    pub school_year: SchoolYear,
    /// `provisional` ou `final`.
    #[schema(example = "provisional")]
    pub status: Status,
    /// La publication qu'elle remplacerait.
    pub revises: Option<PublicationId>,
    /// Ses tableaux, avec le nombre de leurs chiffres.
    pub tables: Vec<PreviewTable>,
    /// Les chiffres du pays, avant et après.
    pub headline: Headline,
}

/// Un tableau qui serait publié.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewTable {
    /// Ses dimensions.
    #[schema(example = json!(["school_year", "academy"]))]
    pub dimensions: Vec<String>,
    /// Combien il aurait de cases.
    #[schema(example = 31)]
    pub cells: i64,
    /// Combien de chiffres y seraient montrés.
    #[schema(example = 580)]
    pub shown: i64,
    /// Combien resteraient ceux d'une publication antérieure.
    #[schema(example = 8)]
    pub carried: i64,
    /// Combien seraient masqués.
    #[schema(example = 1)]
    pub hidden: i64,
}

/// Les chiffres du pays.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublicationHeadline)]
pub struct Headline {
    /// Ceux de la publication qui vaut ; null s'il n'y en a pas.
    #[schema(value_type = Option<HashMap<String, Option<f64>>>, example = json!({ "pupils": 18250 }))]
    pub before: Option<Map<String, Value>>,
    /// Ceux qui seraient publiés.
    #[schema(value_type = HashMap<String, Option<f64>>, example = json!({ "pupils": 18310 }))]
    pub after: Map<String, Value>,
}

impl ObjectType for Publication {
    const TYPE: &'static str = "publication";
    const VERBS: &'static [&'static str] = &["created", "withdrawn"];
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
