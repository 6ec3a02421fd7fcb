//! What a batch of reports is in JSON, as it is documented.

use serde::Serialize;
use utoipa::ToSchema;

use crate::results::reports::content::Narrative;
use crate::results::reports::line::Line;
use crate::values::ids::{ConventionId, DeclinationId};
use crate::values::{SchoolYear, TerritoryCode, Uai};

/// Des lignes de bilans.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportRows {
    /// De 1 à 5 000 lignes ; ou, sous `data`, une page de `/v1/reports/lines` telle que le registre la donne.
    #[schema(min_items = 1, max_items = 5000)]
    pub items: Vec<ReportRow>,
}

/// Une ligne, avec le bilan dont elle est. À sa place, `lines` peut avoir toutes celles du bilan.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportRow {
    /// La convention, par son identifiant ou sa référence.
    #[schema(value_type = String, example = "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03")]
    pub convention_id: ConventionId,
    /// La déclinaison de cette convention, s'il en est une.
    #[schema(example = json!(null))]
    pub declination_id: Option<DeclinationId>,
    /// Le territoire dont c'est le bilan.
    #[schema(example = "academy:10")]
    pub territory: TerritoryCode,
    /// L'année scolaire.
    #[schema(example = "2025-2026")]
    pub school_year: SchoolYear,
    /// The line.
    #[serde(flatten)]
    #[schema(inline)]
    pub line: Line,
    /// Les établissements qui ont pris part (UAI) : ceux de toutes les lignes d'un bilan sont les siens.
    #[schema(required = false, example = json!([]))]
    pub establishments: Vec<Uai>,
    /// Le récit, dit une fois dans le bilan.
    #[schema(required = false)]
    pub narrative: Option<Narrative>,
}
