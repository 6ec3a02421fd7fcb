//! A territory.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::schema::territory_tree;
use crate::values::{Code, Nomenclature, TerritoryCode};

/// The nomenclature of the kinds of territory.
pub enum TerritoryKinds {}

impl Nomenclature for TerritoryKinds {
    const NAME: &'static str = "territory_kinds";
}

/// The kind of a territory.
pub type TerritoryKind = Code<TerritoryKinds>;

/// Un territoire : le pays, une région académique, une académie, un service d'outre-mer, un
/// département ou un établissement.
#[derive(Debug, Clone, Serialize, HasQuery, ToSchema)]
#[diesel(table_name = territory_tree)]
pub struct Territory {
    /// Son code, tel que tous les champs et filtres l'écrivent.
    #[schema(example = "academy:10")]
    pub code: TerritoryCode,
    /// Sa nature.
    #[schema(example = "academy")]
    pub kind: TerritoryKind,
    /// Son nom.
    #[schema(example = "Lyon")]
    pub name: String,
    /// Le territoire juste au-dessus ; null pour le pays, et pour un établissement que l'annuaire
    /// ne situe pas.
    #[schema(example = "region:84")]
    pub parent: Option<TerritoryCode>,
    /// Son code officiel (INSEE, ministère ou UAI).
    #[schema(example = "10")]
    pub official_code: String,
    /// Date de création.
    pub created_at: DateTime<Utc>,
    /// Date de dernière modification.
    pub updated_at: DateTime<Utc>,
}
