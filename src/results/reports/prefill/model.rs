//! The request for a prefilled report, and the record of what it was prefilled with.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::fields::{Body, Fields};
use crate::results::reports::content::{MAX_SCHOOLS, Narrative, NewReport, Schools};
use crate::results::reports::line::Line;
use crate::values::ids::{ConventionId, DeclinationId};
use crate::values::{SchoolYear, TerritoryCode, Uai};

/// La clé du bilan à préremplir.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReportKey {
    /// La convention.
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
}

impl Body for ReportKey {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let convention_id = fields.required("convention_id");
        let declination_id = fields.optional("declination_id");
        let territory = fields.required("territory");
        let school_year = fields.required("school_year");
        Some(Self {
            convention_id: convention_id?,
            declination_id,
            territory: territory?,
            school_year: school_year?,
        })
    }
}

impl ReportKey {
    /// A report of this key without content yet.
    pub fn empty(self) -> NewReport {
        NewReport {
            convention_id: self.convention_id,
            declination_id: self.declination_id,
            territory: self.territory,
            school_year: self.school_year,
            lines: Vec::new(),
            establishments: Schools::default(),
            narrative: Narrative::default(),
        }
    }
}

/// Ce dont un bilan est parti, tel que prérempli : les demandes qui ont eu lieu.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Prefilled {
    /// Quand.
    #[serde(serialize_with = "crate::values::moment")]
    pub prefilled_at: DateTime<Utc>,
    /// Combien de demandes ont eu lieu.
    #[schema(example = 18)]
    pub solicitations: i64,
    /// Combien d'entre elles ne sont dans aucune ligne, leur type d'action n'étant pas connu : celles qui ne portent sur aucune intervention.
    #[schema(example = 0)]
    pub unplaced: i64,
    /// Combien d'établissements dépassent les 5 000 qu'un bilan nomme.
    #[schema(example = 0)]
    pub establishments_left_out: i64,
    /// Les lignes telles que préremplies.
    pub lines: Vec<Line>,
    /// Les établissements tels que préremplis (UAI).
    #[schema(example = json!(["0690001B"]))]
    pub establishments: Vec<Uai>,
}

/// What took place, as the database adds it up.
#[derive(Debug, Clone, Deserialize)]
pub struct TookPlace {
    /// How many solicitations.
    pub solicitations: i64,
    /// Those of them that no line can be made of.
    pub unplaced: i64,
    /// How many schools.
    pub schools: i64,
    /// The schools.
    pub establishments: Vec<Uai>,
    /// The sums.
    pub lines: Vec<Line>,
}

impl TookPlace {
    /// What a report begins with at this moment.
    pub fn prefilled(self, now: DateTime<Utc>) -> Prefilled {
        let establishments: Vec<Uai> = self.establishments.into_iter().take(MAX_SCHOOLS).collect();
        let named = i64::try_from(establishments.len()).unwrap_or(i64::MAX);
        Prefilled {
            prefilled_at: now,
            solicitations: self.solicitations,
            unplaced: self.unplaced,
            establishments_left_out: self.schools - named,
            lines: self.lines,
            establishments,
        }
    }
}
