//! The content of a report: its key, its lines, the schools that took part, a narrative.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::line::{self, Line};
use crate::error::{Faults, Rule};
use crate::http::fields::{Body, Field, Fields};
use crate::http::pointer::Pointer;
use crate::values::ids::{ConventionId, DeclinationId};
use crate::values::{FromText, SchoolYear, TerritoryCode, Text, Uai};

/// The most lines of a report.
pub const MAX_LINES: usize = 1_000;

/// The most schools a report names: more than an academy has.
pub const MAX_SCHOOLS: usize = 5_000;

/// The fields of the key of a report.
pub const KEY: [&str; 4] = [
    "convention_id",
    "declination_id",
    "territory",
    "school_year",
];

/// Le récit : résultats, difficultés, perspectives.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Narrative {
    /// Résultats.
    #[schema(example = "Douze visites, bien suivies.")]
    pub results: Option<Text<10000>>,
    /// Difficultés.
    #[schema(example = "Transports.")]
    pub difficulties: Option<Text<10000>>,
    /// Perspectives.
    #[schema(example = "Étendre aux classes de seconde.")]
    pub outlook: Option<Text<10000>>,
}

impl Body for Narrative {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            results: fields.optional("results"),
            difficulties: fields.optional("difficulties"),
            outlook: fields.optional("outlook"),
        })
    }
}

/// The schools of a report, each once: a list that may be longer than the others.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Schools(pub Vec<Uai>);

impl Field for Schools {
    fn read(value: &serde_json::Value, at: Pointer<'_>, faults: &mut Faults) -> Option<Self> {
        let Some(items) = value.as_array() else {
            faults.add(at.place(), Rule::WrongType("array"));
            return None;
        };
        if items.len() > MAX_SCHOOLS {
            faults.add(at.place(), Rule::TooManyItems(MAX_SCHOOLS));
            return None;
        }
        let mut seen = HashSet::new();
        let mut schools = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let text = item.as_str().ok_or(Rule::WrongType("string"));
            match text.and_then(Uai::from_text) {
                Ok(uai) if seen.insert(uai.to_string()) => schools.push(uai),
                Ok(_) => faults.add(at.item(index).place(), Rule::RepeatedItem),
                Err(rule) => faults.add(at.item(index).place(), rule),
            }
        }
        Some(Self(schools))
    }
}

/// Ce qu'il faut pour créer un bilan.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NewReport {
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
    /// Les lignes : seulement ce qu'aucun bilan d'un territoire inclus ne dit déjà. 1 000 au plus.
    #[schema(required = false, max_items = 1000)]
    pub lines: Vec<Line>,
    /// Les établissements qui ont pris part (UAI), 5 000 au plus.
    #[schema(value_type = Vec<Uai>, required = false, max_items = 5000, example = json!([]))]
    pub establishments: Schools,
    /// Le récit.
    #[schema(required = false)]
    pub narrative: Narrative,
}

/// Fields of the answer that input may not set.
pub const SET_BY_SERVICE: &[&str] = &[
    "id",
    "version",
    "supersedes_id",
    "superseded",
    "status",
    "consolidated",
    "authors",
    "submitted_at",
    "validated_at",
    "return_reason",
    "confirmed",
    "prefilled",
    "created_at",
    "updated_at",
    "allowed_actions",
    "warnings",
];

impl Body for NewReport {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.read_only(SET_BY_SERVICE);
        let convention_id = fields.required("convention_id");
        let declination_id = fields.optional("declination_id");
        let territory: Option<TerritoryCode> = fields.required("territory");
        let school_year = fields.required("school_year");
        let lines: Vec<Option<Line>> = fields.objects_in_place("lines", MAX_LINES);
        for (below, rule) in line::between(territory.as_ref(), &lines) {
            fields.fault_below("lines", &below, rule);
        }
        let establishments = fields.optional("establishments");
        let narrative = fields.object("narrative");
        Some(Self {
            convention_id: convention_id?,
            declination_id,
            territory: territory?,
            school_year: school_year?,
            lines: lines.into_iter().flatten().collect(),
            establishments: establishments.unwrap_or_default(),
            narrative: narrative.unwrap_or_default(),
        })
    }
}

/// Pourquoi un bilan est renvoyé.
#[derive(Debug, Clone, ToSchema)]
pub struct Return {
    /// Le motif, que l'auteur lira.
    #[schema(example = "Précisez le nombre de filles.")]
    pub reason: Text<2000>,
}

impl Body for Return {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            reason: fields.required("reason")?,
        })
    }
}
